"""A sighting that names its record is filed as one that does not, whatever the archive holds by then."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from archive import log, tables
from archive.batches import Sighting
from archive.sightings import LAST_CAPTURE, LAST_SEEN, WITH_LAST
from archive.store import Archive
from noticewatch.models import Reading
from tests.archive.making import SOURCE, append, events, open_archive, reading, sighting

pytestmark = pytest.mark.both_databases

A, B = reading("A", "one", index=1), reading("A", "two", index=1)
OTHER = reading("Z", "other", index=2)


def named(archive: Archive, of: Reading) -> Sighting:
    """A sighting with the record that is the latest of its number."""
    with archive.reading() as connection:
        latest = [record for _, _, _, record in log.latest_hashes(connection, SOURCE, [of.source_number])]
    return replace(sighting(of, of.index), record=latest[-1] if latest else 0)


def intervals(archive: Archive) -> list[tuple[Any, ...]]:
    r, s, first, last = tables.records.c, tables.sightings.c, tables.captures.alias(), tables.captures.alias()
    query = (
        select(r.source_number, r.sha256, r.first_seen, LAST_SEEN, first.c.id, last.c.id, s.row, s.start, s.end)
        .select_from(WITH_LAST)
        .join(first, first.c.number == r.capture)
        .join(last, last.c.number == LAST_CAPTURE)
        .order_by(r.source_number, r.first_seen)
    )  # fmt: skip
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def again(capture: int, rows: Any) -> dict[int, Reading]:
    """Whatever is read again says what A says."""
    return {row: replace(A, index=row) for row in rows}


@pytest.mark.sqlite_suffices
@settings(max_examples=40)
@given(
    before=st.lists(st.tuples(st.integers(0, 9), st.sampled_from([A, B])), min_size=1, max_size=4),
    day=st.integers(0, 10),
    both=st.booleans(),
)
def test_naming_the_record_changes_no_interval(
    before: list[tuple[int, Reading]], day: int, both: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("sightings")
    one, other = open_archive(folder / "a"), open_archive(folder / "b")
    for archive in (one, other):
        append(archive, [OTHER], day=0)
        for earlier, seen in before:
            append(archive, [seen], day=earlier, reread=again)
    more = [sighting(A, 1), sighting(OTHER, 2)] if both else [sighting(A, 1)]
    append(one, more, day=day, reread=again)
    append(other, [named(other, A) if seen.source_number == "A" else named(other, OTHER) for seen in more], day=day,
           reread=again)  # fmt: skip
    assert intervals(one) == intervals(other)
    assert [(e.kinds, e.notice_id) for e in events(one)] == [(e.kinds, e.notice_id) for e in events(other)]
    one.close()
    other.close()


def updates(archive: Archive) -> list[str]:
    """Statements sent from now on that change records or where they were seen."""
    sent: list[str] = []

    @event.listens_for(archive.engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("UPDATE records", "INSERT INTO sightings")):
            sent.append(statement)

    return sent


def test_known_rows_seen_again_are_one_statement_and_nothing_is_read(archive: Archive) -> None:
    append(archive, [A, OTHER], day=0)
    seen = [named(archive, A), named(archive, OTHER)]
    sent = updates(archive)
    done = append(archive, seen, day=1)
    assert (done.sightings, done.records, done.events) == (2, 0, 0)
    assert len(sent) == 1
    assert [row[3][:10] for row in intervals(archive)] == ["2026-08-02", "2026-08-02"]


def test_a_sighting_of_a_wording_that_is_no_longer_the_latest_is_not_put_to_the_old_interval(archive: Archive) -> None:
    append(archive, [A], day=0)
    stale = named(archive, A)
    append(archive, [B], day=1)
    append(archive, [stale], day=2, reread=again)
    assert [(row[1], row[2][:10]) for row in intervals(archive)] == [
        (A.sha256, "2026-08-01"), (B.sha256, "2026-08-02"), (A.sha256, "2026-08-03"),
    ]  # fmt: skip
