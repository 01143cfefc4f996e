"""Archived captures read again: for comparisons with the same parser, and for the whole past after a better parser."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select

from archive import queries, tables
from archive.captures import open_payload, placed
from archive.store import Archive
from crawlers.held import Held
from crawlers.parsing import Parser
from crawlers.staging import read_rows
from noticewatch.models import Reading


def rereader(archive: Archive, parser: Parser) -> Callable[[int, Sequence[int]], Mapping[int, Reading]]:
    """Reads rows of an archived capture, given by its number, again with the present parser."""

    def reread(number: int, rows: Sequence[int]) -> Mapping[int, Reading]:
        return read_rows(parser, filed(archive, number), rows)

    return reread


def filed(archive: Archive, number: int) -> Held:
    """The archived capture with this number."""
    captures = tables.captures.c
    with archive.reading() as connection:
        capture_id = connection.scalar(select(captures.id).where(captures.number == number))
        row = queries.capture(connection, str(capture_id))
    assert row is not None, f"capture {number} is not filed"
    return Held(row.capture, placed(row), lambda: open_payload(archive, row), number)


def outdated(archive: Archive, source: str, parser_version: int) -> dict[int, list[int]]:
    """Rows whose records were read with an older parser, by the number of their capture, in order of time."""
    records, captures = tables.records.c, tables.captures.c
    query = (
        select(records.capture, records.row)
        .join(tables.captures, captures.number == records.capture)
        .where(records.source == source, records.parser_version < parser_version)
        .order_by(captures.fetched_at, records.capture, records.row)
    )
    found: dict[int, list[int]] = {}
    with archive.reading() as connection:
        for capture, row in connection.execute(query):
            found.setdefault(capture, []).append(row)
    return found
