"""Reads FPDS feeds: ATOM pages, lists of records, and the JSON that others have made of them.

A cut feed is a failure. A feed of deleted records says which actions the register has taken back.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from crawlers.federal_actions import WITHDRAWN_CARRIES, Identity, withdrawn
from crawlers.json_rows import decoded, elements_in
from crawlers.parsing import Row, Shape
from crawlers.sources.fpds_atom.feed import Entry, digest, entries, entry_of, says_deleted
from crawlers.sources.fpds_atom.fields import CARRIED
from crawlers.sources.fpds_atom.mapping import Record, identity_of, notice_of
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

_HEAD: Final = 4096
_ATTRIBUTES: Final = frozenset(
    {"name", "description", "departmentID", "departmentName", "regionCode", "country", "city", "county",
     "productOrServiceType", "version"}
)  # fmt: skip
"""Attributes of a record's elements; in flattened JSON they cannot be told from children otherwise."""


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:  # noqa: ARG001 - what a record lacks is said by read_row
    """Records of a feed with their byte ranges. Raises SourceDrift where it is not what was due, or cut off."""
    for index, entry in enumerate(_entries(stream)):
        identity = identity_of(Record(entry.kind, entry.body)) if entry.kind else None
        if identity is None:
            raise SourceDrift(f"Entry {index + 1} of the feed has no agency, contract number or modification number.")
        yield Row(index, entry.start, entry.end, entry.sha256, identity.key, "", entry)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:
    """The reading of a record. Raises SourceDrift where it cannot be an action."""
    entry: Entry = row.raw
    record = Record(entry.kind, entry.body)
    identity = identity_of(record)
    if identity is None:
        raise SourceDrift(f"Entry {row.index + 1} of the feed has no agency, contract number or modification number.")
    deleted = entry.deleted or says_deleted(capture.url)
    return Reading(
        source_number=row.source_number,
        key=identity.key,
        revision="",
        notice=_withdrawn(record, identity, entry) if deleted else notice_of(record, identity, shape),
        carried=WITHDRAWN_CARRIES if deleted else CARRIED,
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


def _withdrawn(record: Record, identity: Identity, entry: Entry) -> Any:
    return withdrawn(identity, entry.modified or record.text("transactionInformation/lastModifiedDate"))


def _entries(stream: BinaryIO) -> Iterator[Entry]:
    """Entries of XML as they come by; of JSON once it is whole."""
    start = stream.read(_HEAD)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        yield from _from_json(start + stream.read())
    else:
        yield from entries(start, stream)


def _from_json(payload: bytes) -> Iterator[Entry]:
    text, whole = decoded(payload)
    path = ("entry",) if isinstance(whole, dict) and "entry" in whole else ()
    for start, end, value in elements_in(payload, text, whole, path):
        members = value if isinstance(value, dict) else {}
        nested, deleted = members if "content" in members else _nested(members), _is_deleted(members)
        yield entry_of(nested, start, end, digest(payload[start:end], deleted=deleted), deleted=deleted)


def _is_deleted(members: Mapping[str, Any]) -> bool:
    link = members.get("link") or members.get("link__href") or ""
    return says_deleted(str(link))


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """A record flattened to ``content__award__awardID__…`` as nested elements again."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *above, last = name.split("__")
        at = nested
        for part in above:
            below = at.get(part)
            if not isinstance(below, dict):
                below = at[part] = {} if below is None else {"#text": below}
            at = below
        at[f"@{last}" if above and last in _ATTRIBUTES else last] = value
    return nested
