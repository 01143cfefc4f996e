"""The index on the server: strict mapping, our own tokens, nothing stored that the record holds."""

from typing import Any, Final

from indexer.documents import CODES, NUMBERS, STREAMS, Document

SENTINEL: Final = "position"
"""Id of the document that marks how far the index has come: its version is the log's ``seq``."""

ANALYZER: Final = "whitespace"
"""The server's own; it parts at white space alone and cuts what is longer than any token of ours."""


def body() -> dict[str, Any]:
    """Settings and mappings of a new index.

    One shard: a search sees one state of the whole, and a corpus of some millions fits it. It is made visible by an
    explicit refresh alone, so that documents and the mark of how far they go appear together.
    """
    return {
        "settings": {
            "number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "-1",
        },
        "mappings": {"dynamic": "strict", "_source": {"enabled": False}, "properties": dict(_properties())},
    }  # fmt: skip


def _properties() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {
        "key": {"type": "keyword"}, "scope": {"type": "keyword", "doc_values": False},
    }  # fmt: skip
    for name in STREAMS:
        for stream in ("exact", "stemmed"):
            found[f"{name}_{stream}"] = {"type": "text", "analyzer": ANALYZER}
    found |= {name: {"type": "keyword"} for name in CODES}
    found |= {name: {"type": "long"} for name in NUMBERS}
    return found


def source(document: Document) -> dict[str, Any]:
    """A document as the server takes it."""
    return {
        "key": document.key, "scope": list(document.scopes), "entry": document.number, "bucket": document.bucket,
        "hash": document.hash,
        **{name: stream for name, stream in document.streams.items() if stream},
        **{name: list(codes) for name, codes in document.codes.items() if codes},
        **document.numbers,
    }  # fmt: skip
