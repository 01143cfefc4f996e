"""What the generic suite asks of every source alike: its recordings, replayed once, and its answers, read once."""

import contextlib
import gzip
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import orjson
from lxml import etree
from sqlalchemy import select

from archive import tables
from archive.store import Archive
from archive.warc import Recorded, recorded
from crawlers.engine import RunResult, crawl
from crawlers.importing import import_files
from crawlers.loading import load_parser
from crawlers.parsing import Row, Shape
from crawlers.source import load_sources, source
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Content, Reading, Verdict
from noticewatch.settings import Settings
from tests.databases import settings_at
from tests.faults.crawling import as_recorded
from tests.faults.payloads import form_of
from tests.faults.state import State, state_of

REPLAYS: Final = Path(__file__).parents[1] / "replays"
NAMES: Final = sorted(load_sources())
LARGEST: Final = 1_500_000
"""Bytes that the recordings of one source may have together."""

_OF_A_PERSON: Final = re.compile(r"contact|officer|createdby|modifiedby|approvedby|closedby|poc\b", re.IGNORECASE)
_OF_WHAT: Final = re.compile(r"name|mail|phone|fax|by$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The recordings of a source after their replay. reasons: of all crawls; contents: current ones by id."""

    home: Path
    verdicts: list[Verdict]
    reasons: list[str]
    said: State
    contents: dict[str, Content]


@dataclass(frozen=True, slots=True)
class Answered:
    """A recorded answer that holds rows, with its rows and what the parser makes of them."""

    capture: Capture
    payload: bytes
    rows: list[Row]
    readings: list[Reading]
    shape: Shape


def recordings(name: str) -> list[Path]:
    """The recordings of a source in the order in which they are replayed."""
    return sorted((REPLAYS / name).glob("*.warc.gz"))


def answers(name: str) -> list[Answered]:
    """The recorded answers of a source that hold rows."""
    read = (_read(name, one) for path in recordings(name) for one in recorded(path) if one.capture.status == 200)
    return [one for one in read if one is not None]


def read_again(name: str, capture: Capture, payload: bytes) -> dict[str, Reading]:
    """Readings by source number, of a payload and a capture that need not be the recorded ones."""
    parser = load_parser(source(name))
    rows = parser.rows(io.BytesIO(payload), Shape())
    return {row.source_number: parser.read_row(row, capture, Shape()) for row in rows}


@contextlib.contextmanager
def archive_in(home: Path) -> Iterator[Archive]:
    archive = Archive.open(settings_at(home, contact="test@example.org"))
    try:
        yield archive
    finally:
        archive.close()


def replay_all(archive: Archive, name: str) -> list[RunResult]:
    """Replay the recordings of a source, one crawl each."""
    settings = Settings(home=archive.folder, contact="test@example.org")
    return [crawl(archive, settings, as_recorded(name), kind="replay", recordings=path) for path in recordings(name)]


def replayed_in(home: Path, name: str) -> Replayed:
    """Replay the recordings of a source into a folder."""
    with archive_in(home) as archive:
        results = replay_all(archive, name)
        reasons = [reason for result in results for reason in result.reasons]
        return Replayed(home, [one.verdict for one in results], reasons, state_of(archive), contents(archive))


def import_each(archive: Archive, name: str, paths: list[Path]) -> None:
    """Import files one by one."""
    settings = Settings(home=archive.folder, contact="test@example.org")
    for path in paths:
        import_files(archive, settings, as_recorded(name), [path])


def contents(archive: Archive) -> dict[str, Content]:
    """The current content of every notice, by id."""
    n, v, r = tables.notices.c, tables.versions.c, tables.records.c
    query = (
        select(n.id, v.content, r.content)
        .join(tables.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(tables.records, r.number == v.record)
    )
    with archive.reading() as connection:
        return {notice: orjson.loads(own or shared) for notice, own, shared in connection.execute(query)}


def rows_of_versions(archive: Archive) -> Iterator[tuple[str, bytes]]:
    """For each version the hash that its record states, and the bytes to which the record leads.

    The payload is taken out of the WARC file by nothing of ours: the member at the capture's place, and what stands in
    it behind the blank lines that end the headers of WARC and HTTP.
    """
    c, r, v = tables.captures.c, tables.records.c, tables.versions.c
    query = (
        select(c.warc_file, c.warc_offset, c.warc_length, c.payload_sha256, r.start, r.end, r.sha256)
        .select_from(tables.versions)
        .join(tables.records, r.number == v.record)
        .join(tables.captures, c.number == r.capture)
        .order_by(c.number, r.start)
    )
    with archive.reading() as connection:
        found = connection.execute(query).all()
    for (file, offset, length, digest), rows in groupby(found, key=lambda row: tuple(row[:4])):
        with (archive.warc_folder / file).open("rb") as stream:
            stream.seek(offset)
            member = gzip.decompress(stream.read(length))
        payload = member.split(b"\r\n\r\n", 2)[2].removesuffix(b"\r\n\r\n")
        assert hashlib.sha256(payload).hexdigest() == digest
        yield from ((row.sha256, payload[row.start : row.end]) for row in rows)


def is_hash_of(name: str, sha256: str, row: bytes) -> bool:
    """Whether a hash is that of the bytes of a row, as they are or without what its source declares as noise."""
    noise = getattr(load_parser(source(name)), "NOISE", None)
    return sha256 in {hashlib.sha256(one).hexdigest() for one in (row, noise.sub(b"", row) if noise else row)}


def strings(value: Any) -> Iterator[str]:
    """All texts inside JSON values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from strings(one)


def contact_values(payload: bytes) -> set[str]:
    """Values of members, columns and elements that by their names are contact data of officials."""
    match form_of(payload):
        case "json":
            found = set(_json_contacts(orjson.loads(payload), inside=False))
        case "xml":
            found = {
                (one.text or "").strip()
                for one in etree.fromstring(payload).iter(etree.Element)
                if _OF_A_PERSON.search(etree.QName(one).localname)
            }
        case "csv":
            found = set(_csv_contacts(payload))
        case _:
            found = set()
    return {value for value in found if len(value) > 4 and re.search(r"[ @]|\d{3}", value)}


def _json_contacts(value: Any, *, inside: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            person = bool(_OF_A_PERSON.search(name))
            if isinstance(one, str) and (person or (inside and _OF_WHAT.search(name))):
                yield one.strip()
            yield from _json_contacts(one, inside=inside or person)
    elif isinstance(value, list):
        for one in value:
            yield from _json_contacts(one, inside=inside)


def _csv_contacts(payload: bytes) -> Iterator[str]:
    import csv  # noqa: PLC0415 - only files need it

    table = csv.DictReader(io.StringIO(payload.decode("utf-8-sig", "replace"), newline=""))
    for row in table:
        for name, value in row.items():
            if name and isinstance(value, str) and _OF_A_PERSON.search(name) and _OF_WHAT.search(name):
                yield value.strip()


def _read(name: str, one: Recorded) -> Answered | None:
    parser, shape = load_parser(source(name)), Shape()
    with one.open() as stream:
        payload = stream.read()
    try:
        rows = list(parser.rows(io.BytesIO(payload), shape))
    except SourceDrift:
        return None
    readings = []
    for row in rows:
        with contextlib.suppress(SourceDrift):
            readings.append(parser.read_row(row, one.capture, shape))
    return Answered(one.capture, payload, rows, readings, shape)
