"""Results as a data set to cite: a file in one of several forms, and a manifest that says what it rests on."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import IO, Any, Final
from uuid import NAMESPACE_URL, uuid5

import orjson

from api.context import Context
from api.coverage import coverage_view
from api.exports import COLUMNS, csv_lines, json_lines
from api.ocds import VERSION, releases
from api.searching import every_notice
from archive.evidence.pack import SOFTWARE
from archive.evidence.rows import conversions
from archive.evidence.warc import warcinfo
from archive.proof import heads
from archive.rows import NoticeRow
from indexer.items import Item
from indexer.requests import SearchAnswer, SearchRequest
from noticewatch import words
from noticewatch.identifiers import now

Pairs = Iterable[tuple[Item, NoticeRow]]
Tell = Callable[[int, int], None]


class Form(StrEnum):
    """How the notices of a data set are written."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    OCDS = "ocds"
    WARC = "warc"


ENDINGS: Final = {
    ".parquet": Form.PARQUET, ".csv": Form.CSV, ".jsonl": Form.JSONL, ".ocds.json": Form.OCDS, ".warc.gz": Form.WARC,
}  # fmt: skip
"""The form that the end of a file's name stands for."""
_MEDIA_TYPES: Final = {
    Form.PARQUET: "application/vnd.apache.parquet", Form.CSV: "text/csv", Form.JSONL: "application/jsonl",
    Form.OCDS: "application/json", Form.WARC: "application/warc",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What was written. asked: the first answer; until: the last ``seq`` of the log when all was written; taken_down:
    ids of notices of which nothing but that is told; rebuilt: how many others rest on rebuilt records, by recorder.
    """

    request: SearchRequest
    asked: SearchAnswer
    form: Form
    created: datetime
    until: int
    notices: int
    taken_down: tuple[str, ...]
    rebuilt: Mapping[str, int]


def write(held: Context, request: SearchRequest, form: Form, file: IO[bytes], tell: Tell) -> Written:
    """Write every single notice that matches, in the order in which they were found. ``tell``: done, total.

    Raises QueryError; SearchUnavailable, also where the index is not built yet; UsageError for a value that the form
    cannot hold; CaptureDamaged, PayloadThinned for ``warc``.
    """
    created = now()
    asked = held.search.search(
        replace(request, scope="notice", sort="found", limit=1, facets=(), cursor=None), unwarned=True
    )
    counted = _Counted(every_notice(held, request), asked.total, tell)
    if form is Form.PARQUET:
        from api.parquet import write_parquet  # noqa: PLC0415 - half a second that nobody else waits for

        write_parquet(counted, held.settings.base_url, file)
    else:
        for piece in _pieces(held, counted, form, created):
            file.write(piece)
    return Written(
        request, asked, form, created, held.head(), counted.notices, tuple(counted.taken_down), counted.rebuilt
    )


class _Counted:
    """Pairs, counted as they go by."""

    def __init__(self, pairs: Pairs, total: int, tell: Tell) -> None:
        self._pairs, self._total, self._tell = pairs, total, tell
        self.notices = 0
        self.taken_down: list[str] = []
        self.rebuilt = Counter[str]()

    def __iter__(self) -> Iterator[tuple[Item, NoticeRow]]:
        for item, row in self._pairs:
            yield item, row
            self.notices += 1
            if row.tombstone is not None:
                self.taken_down.append(row.id)
            elif item.rebuilt:
                self.rebuilt[row.recorder] += 1
            self._tell(self.notices, max(self._total, self.notices))


def _pieces(held: Context, pairs: Pairs, form: Form, created: datetime) -> Iterator[bytes]:
    base = held.settings.base_url
    if form is Form.CSV:
        return (line.encode() for line in csv_lines(pairs, base))
    if form is Form.JSONL:
        return json_lines(pairs)
    if form is Form.OCDS:
        return _package(pairs, base, created)
    return _warc(held, pairs, created)


def _package(pairs: Pairs, base: str, created: datetime) -> Iterator[bytes]:
    """A release package, a release a line."""
    about = {
        "uri": f"{base}/api/v1/notices", "version": VERSION, "publishedDate": created.isoformat(),
        "publisher": {"name": f"noticewatch ({base}), from what others published", "uri": base},
    }  # fmt: skip
    yield orjson.dumps(about)[:-1] + b',"releases":['
    for place, release in enumerate(releases(pairs, base)):
        yield (b",\n" if place else b"\n") + orjson.dumps(release)
    yield b"\n]}\n"


def _warc(held: Context, pairs: Pairs, created: datetime) -> Iterator[bytes]:
    yield warcinfo(uuid5(NAMESPACE_URL, f"{held.settings.base_url}#{created.isoformat()}"), created, SOFTWARE)
    yield from conversions(held.archive, (row for _, row in pairs))


def manifest(held: Context, written: Written, name: str, length: int, sha256: str) -> dict[str, Any]:
    """What a file of ``length`` bytes with this hash is, as a Data Package (https://specs.frictionlessdata.io/)."""
    with held.archive.reading() as connection:
        head = heads.latest(connection)
    asked, request = written.asked, written.request
    resource: dict[str, Any] = {
        "name": "notices", "path": name, "format": written.form.value, "mediatype": _MEDIA_TYPES[written.form],
        "bytes": length, "hash": f"sha256:{sha256}",
    }  # fmt: skip
    if written.form is Form.CSV:
        resource |= {"encoding": "utf-8", "schema": {"fields": [{"name": column} for column in COLUMNS]}}
    return {
        "profile": "data-package", "name": "noticewatch-notices", "title": _title(request, asked),
        "homepage": held.settings.base_url, "created": f"{written.created:%Y-%m-%dT%H:%M:%SZ}", "software": SOFTWARE,
        "citation": _citation(held, written, sha256),
        "query": {
            "asked": request.query, "understood": asked.understood, "warnings": list(asked.warnings),
            "lens": request.lens,
        },
        "notices": written.notices, "taken_down": list(written.taken_down),
        "rebuilt": {"notices": sum(written.rebuilt.values()), "recorders": sorted(written.rebuilt)},
        "as_of": asked.as_of, "until": written.until, "epoch": held.archive.epoch,
        "head": head.form() if head else None, "coverage": coverage_view(held).form(),
        "resources": [resource],
    }  # fmt: skip


def _title(request: SearchRequest, asked: SearchAnswer) -> str:
    whole = "everything held" if request.lens == "everything" else "the watchlist"
    return f"Notices for {asked.understood} in {whole}" if asked.understood else f"Notices: {whole}"


def _citation(held: Context, written: Written, sha256: str) -> str:
    """A citation to copy: what was asked of whom when, how much it gave, and the hash of the file."""
    asked, rebuilt = written.asked, sum(written.rebuilt.values())
    by = f" ({rebuilt:,} of them rebuilt from records of {words.listed(sorted(written.rebuilt))})" if rebuilt else ""
    seqs = f"event {asked.as_of}" if written.until == asked.as_of else f"events {asked.as_of} to {written.until}"
    return (
        f"noticewatch ({held.settings.base_url}), “{_title(written.request, asked)}”, "
        f"{words.count_words(written.notices, 'notice')}{by}, as of {seqs} of log {held.archive.epoch}, "
        f"exported {words.day_words(written.created.date())}, SHA-256 {sha256}."
    )
