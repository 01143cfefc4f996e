"""Whether a source still lists a notice: three complete walks without it say no, nothing less does."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import delete, event, select, text

from archive import listing_tables as lt
from archive import tables as t
from archive.absence import Rules
from archive.proof.extent import extent
from archive.proof.history_check import check_histories
from archive.proof.log_check import LogCheck, check_tree
from archive.store import Archive
from noticewatch.models import EventKind, Listing, RunKind, Verdict
from tests.archive.making import DAY_0, append, events, open_archive, reading, title

pytestmark = pytest.mark.both_databases

RULES = Rules(absence=True)
KEY = "2026-07-01"
PAGES = frozenset({"kind", "status", "title", "dates"})


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    held = open_archive(tmp_path / "data")
    yield held
    held.close()


def walk(
    archive: Archive, day: float, names: str, *, key: str = KEY, scope: str = "7012", kind: RunKind = "crawl",
    verdict: Verdict = Verdict.COMPLETE, rules: Rules = RULES, **more: object,
) -> None:  # fmt: skip
    """One run that saw these notices (a letter each) under a key on a day."""
    seen = [reading(name, name, index=index) for index, name in enumerate(names)]
    append(
        archive, [], day=day, kind=kind, windows={key: seen}, scope=scope, verdict=verdict,
        walked=verdict is Verdict.COMPLETE, rules=rules, **more,
    )  # type: ignore[arg-type]  # fmt: skip


def listing(archive: Archive, name: str) -> str:
    with archive.reading() as connection:
        return str(
            connection.scalar(
                select(t.notices.c.listing).where(t.notices.c.id.in_([f"us-action:{name}", f"sam:{name}"]))
            )
        )


def told(archive: Archive) -> list[EventKind]:
    kinds = {EventKind.UNLISTED, EventKind.RELISTED, EventKind.ARCHIVED_BY_SOURCE, EventKind.WITHDRAWN}
    return [kind for event in events(archive) for kind in event.kinds if kind in kinds]


def test_a_notice_is_unlisted_at_the_third_complete_walk_without_it(archive: Archive) -> None:
    walk(archive, 0, "ab")
    for day in (1, 2):
        walk(archive, day, "a")
        assert listing(archive, "b") == Listing.LISTED
    walk(archive, 3, "a")
    assert (listing(archive, "a"), listing(archive, "b")) == (Listing.LISTED, Listing.UNLISTED)
    event = events(archive)[-1]
    assert (event.kinds, event.version, event.changed) == (
        (EventKind.UNLISTED,), 1, (("listing", "listed", "unlisted"),)
    )  # fmt: skip
    walk(archive, 4, "a")
    assert told(archive) == [EventKind.UNLISTED]


def test_one_that_is_seen_again_is_relisted(archive: Archive) -> None:
    for day, names in enumerate(("ab", "a", "a", "a", "ab")):
        walk(archive, day, names)
    assert listing(archive, "b") == Listing.LISTED
    assert told(archive) == [EventKind.UNLISTED, EventKind.RELISTED]
    for day in (5, 6, 7):
        walk(archive, day, "a")
    assert told(archive)[2:] == [EventKind.UNLISTED]


def test_one_seen_again_in_the_meantime_begins_anew(archive: Archive) -> None:
    for day, names in enumerate(("ab", "a", "a", "ab", "a", "a")):
        walk(archive, day, names)
    assert told(archive) == []


@pytest.mark.parametrize(
    "verdict", [Verdict.PARTIAL, Verdict.FAILED, Verdict.CANCELLED, Verdict.BLOCKED, Verdict.EMPTY_SUSPICIOUS]
)
def test_a_walk_that_is_not_complete_says_nothing_of_who_is_missing(archive: Archive, verdict: Verdict) -> None:
    walk(archive, 0, "ab")
    for day in range(1, 6):
        walk(archive, day, "a", verdict=verdict)
    assert told(archive) == []


@pytest.mark.parametrize("kind", ["import", "starter", "reparse"])
def test_what_is_no_crawl_takes_no_part(archive: Archive, kind: RunKind) -> None:
    walk(archive, 0, "ab")
    for day in range(1, 4):
        walk(archive, day, "a", kind=kind)
    assert told(archive) == []
    for day in range(4, 7):
        walk(archive, day, "a")
    walk(archive, 7, "ab", kind=kind, reread=lambda *_: {})
    assert (told(archive), listing(archive, "b")) == ([EventKind.UNLISTED], Listing.UNLISTED)


def test_what_only_an_import_holds_is_never_missed(archive: Archive) -> None:
    walk(archive, 0, "ab", kind="import")
    for day in range(1, 6):
        walk(archive, day, "a")
    assert told(archive) == []


def test_an_import_in_between_does_not_hide_that_crawls_miss_a_notice(archive: Archive) -> None:
    walk(archive, 0, "ab")
    walk(archive, 0.5, "ab", kind="import")
    for day in (1, 2, 3):
        walk(archive, day, "a")
    assert told(archive) == [EventKind.UNLISTED]


def test_a_source_whose_absence_means_nothing_loses_none(archive: Archive) -> None:
    walk(archive, 0, "ab", rules=Rules())
    for day in range(1, 6):
        walk(archive, day, "a", rules=Rules())
    assert told(archive) == []


def test_one_that_moved_to_another_window_is_still_listed(archive: Archive) -> None:
    walk(archive, 0, "ab", key="2026-07-06")
    walk(archive, 0.5, "", key="2026-07-07")
    for day in (1, 2, 3):
        walk(archive, day, "a", key="2026-07-06")
        walk(archive, day + 0.5, "b", key="2026-07-07")
    assert told(archive) == []
    for day in (4, 5, 6):
        walk(archive, day, "", key="2026-07-07")
    assert told(archive) == [EventKind.UNLISTED]


def test_an_older_walk_changes_no_listing(archive: Archive) -> None:
    walk(archive, 0, "ab")
    for day in (3, 4, 1):
        walk(archive, day, "a", kind="replay")
    assert told(archive) == []
    walk(archive, 5, "a")
    assert told(archive) == [EventKind.UNLISTED]
    walk(archive, 2, "ab", kind="replay")
    assert (told(archive), listing(archive, "b")) == ([EventKind.UNLISTED], Listing.UNLISTED)


def test_what_an_older_walk_brings_is_missing_from_the_next_new_one(archive: Archive) -> None:
    for day in (5, 6, 7, 8):
        walk(archive, day, "a")
    walk(archive, 1, "ab", kind="replay")
    assert told(archive) == []
    walk(archive, 9, "a")
    assert told(archive) == [EventKind.UNLISTED]


def test_the_same_walk_again_changes_nothing(archive: Archive) -> None:
    for _ in range(2):
        for day, names in enumerate(("ab", "a", "a", "a")):
            walk(archive, day, names, kind="replay")
    before = len(events(archive))
    assert told(archive) == [EventKind.UNLISTED]
    for _ in range(2):
        walk(archive, 4, "ab", kind="replay")
    assert told(archive) == [EventKind.UNLISTED, EventKind.RELISTED]
    assert len(events(archive)) == before + 1


def test_a_notice_past_its_archive_date_is_archived_by_its_source(archive: Archive) -> None:
    dates = {name: (DAY_0 + timedelta(days=day)).date().isoformat() for name, day in (("b", 1), ("c", 9))}
    rows = [
        reading(name, title(name, dates=[{"role": "archive", "value": date}]), index=index)
        for index, (name, date) in enumerate(dates.items())
    ]
    append(archive, [], day=0, kind="crawl", windows={KEY: rows}, rules=RULES)
    for day in (2, 3, 4):
        walk(archive, day, "a")
    assert listing(archive, "b") == Listing.ARCHIVED_BY_SOURCE
    assert listing(archive, "c") == Listing.UNLISTED


def file_of(archive: Archive, day: float, *ids: int) -> None:
    """A crawl of SAM.gov's file that lists these NoticeIds of one chain."""
    said = title(
        "Licence plate readers for the north",
        buyers=[{"role": "contracting", "name": "ICE", "codes": {"cgac": "070", "aac": "70CDCR"}}],
        numbers=[{"type": "solicitation", "printed": "70B03C26R00000001", "plain": "70B03C26R00000001"}],
    )
    listed = [reading(f"id{number}", said, key=None, revision=f"{number}", index=number) for number in ids]
    append(
        archive, [], day=day, kind="crawl", windows={KEY: listed}, rules=RULES, source="sam_gov_bulk", register="sam"
    )  # fmt: skip


def test_a_chain_is_missing_when_none_of_its_ids_is_listed(archive: Archive) -> None:
    for day, ids in enumerate(([1], [1, 2], [2], [2], [2], [2], [], [])):
        file_of(archive, day, *ids)
    assert told(archive) == []
    file_of(archive, 8)
    assert told(archive) == [EventKind.UNLISTED]
    file_of(archive, 9, 3)
    assert told(archive) == [EventKind.UNLISTED, EventKind.RELISTED]
    assert {event.notice_id for event in events(archive)} == {"sam:id1"}


def test_what_another_source_of_the_register_lists_is_listed(archive: Archive) -> None:
    walk(archive, 0, "ab")
    for day in (1, 2, 3, 4):
        walk(archive, day - 0.5, "b", source="fpds_atom", rules=Rules())
        walk(archive, day, "a")
    assert told(archive) == []
    for day in (5, 6):
        walk(archive, day, "a")
    assert told(archive) == [EventKind.UNLISTED]


def test_a_row_in_what_the_source_has_archived_is_no_listing(archive: Archive) -> None:
    rules = Rules(absence=True, apart=frozenset({"archive"}))
    for day, names in enumerate(("ab", "a", "a", "a")):
        walk(archive, day, names, rules=rules)
    walk(archive, 4, "b", scope="archive", key="2025-10-01", rules=rules)
    assert (told(archive), listing(archive, "b")) == ([EventKind.UNLISTED], Listing.UNLISTED)


def test_the_proof_holds_what_was_unlisted_and_relisted(archive: Archive) -> None:
    for day, names in enumerate(("ab", "a", "a", "a", "ab")):
        walk(archive, day, names)
    with archive.reading() as connection:
        end = extent(connection)
    LogCheck(archive, 0, end).run(lambda _: None)
    check_histories(archive, 0, end.events)
    check_tree(archive, 0, end.leaves)


def withdrawn(archive: Archive, day: float, kind: RunKind = "crawl", status: str = "withdrawn") -> None:
    seen = reading("b", title("b", status=status), carried=PAGES)
    append(archive, [], day=day, kind=kind, windows={"2026-07-02": [seen]}, source="sam_gov_contract_awards")


def test_withdrawn_is_what_the_source_says_so_of_for_more_than_a_day(archive: Archive) -> None:
    walk(archive, 0, "ab")
    for day in (1, 1.5, 2):
        withdrawn(archive, day)
        assert listing(archive, "b") == Listing.LISTED
    withdrawn(archive, 9, "import")
    assert listing(archive, "b") == Listing.LISTED
    withdrawn(archive, 2.5)
    assert listing(archive, "b") == Listing.WITHDRAWN
    assert events(archive)[-1].quiet
    walk(archive, 3, "ab")
    assert listing(archive, "b") == Listing.WITHDRAWN


def test_a_statement_that_is_taken_back_withdraws_nothing(archive: Archive) -> None:
    withdrawn(archive, 1)
    withdrawn(archive, 2, status="awarded")
    withdrawn(archive, 5)
    assert listing(archive, "b") == Listing.LISTED
    withdrawn(archive, 7)
    assert listing(archive, "b") == Listing.WITHDRAWN
    withdrawn(archive, 8, status="awarded")
    assert listing(archive, "b") == Listing.LISTED


def test_an_event_is_as_loud_as_the_window_that_ends(archive: Archive) -> None:
    walk(archive, 0, "ab", key="2026-08-01")
    for day in (1, 2, 3):
        walk(archive, day, "a", key="2026-08-01")
    assert told(archive) == [EventKind.UNLISTED]
    assert not events(archive)[-1].quiet
    walk(archive, 4, "b", key="2026-08-01", scope="7014")
    assert events(archive)[-1].kinds == (EventKind.RELISTED,)
    assert events(archive)[-1].quiet


def state(archive: Archive) -> list[list[tuple[object, ...]]]:
    """All that says what is listed, and the log; without the numbers of captures, which differ between attempts."""
    tables = (
        lt.departures,
        lt.undecided,
        lt.window_keys,
        lt.key_captures,
        lt.key_walks,
        lt.hidden_sightings,
        t.sightings,
    )
    queries = [
        select(t.notices.c.number, t.notices.c.listing), select(t.events.c.seq, t.events.c.kinds),
        *(select(*(column for column in table.c if column.name != "capture")) for table in tables),
    ]  # fmt: skip
    with archive.reading() as connection:
        return [sorted(map(tuple, connection.execute(query)), key=str) for query in queries]


class Cut(Exception):
    """Stands for the end of the process."""


def test_an_append_that_is_cut_off_at_any_statement_has_happened_whole_or_not_at_all(
    archive: Archive, tmp_path: Path
) -> None:
    walk(archive, 0, "abc")
    for day in (1, 2):
        walk(archive, day, "a")
    before, right = state(archive), undisturbed(tmp_path / "other")
    left = 0

    @event.listens_for(archive.engine, "before_cursor_execute")
    def cut(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Cut(statement)

    found = []
    for statements in range(1, 200):
        left = statements
        with suppress(Cut):
            walk(archive, 3, "a")
            break
        left = 0
        found.append(state(archive))
    left = 0
    assert all(one in (before, right) for one in found)
    assert found.count(before) > 20
    assert state(archive) == right
    assert told(archive) == [EventKind.UNLISTED, EventKind.UNLISTED]


def undisturbed(folder: Path) -> list[list[tuple[object, ...]]]:
    archive = open_archive(folder)
    for day, names in enumerate(("abc", "a", "a", "a")):
        walk(archive, day, names)
    found = state(archive)
    archive.close()
    return found


def test_the_migration_finds_in_the_ledger_what_crawls_have_seen(archive: Archive) -> None:
    walk(archive, 0, "ab")
    walk(archive, 1, "a", verdict=Verdict.PARTIAL)
    walk(archive, 2, "ab", kind="import")
    walk(archive, 3, "b", scope="archive", key="2025-10-01")
    walk(archive, 4, "b", key="2026-07-06", kind="replay")
    queries = [
        select(lt.window_keys.c.source, lt.window_keys.c.scope, lt.window_keys.c.key).where(
            lt.window_keys.c.scope != "archive"
        ),
        *(
            select(lt.window_keys.c.key, *(column for column in table.c if column.name != "key"))
            .join(lt.window_keys, lt.window_keys.c.number == table.c.key)
            .where(lt.window_keys.c.scope != "archive")
            for table in (lt.key_captures, lt.key_walks)
        ),
    ]
    with archive.writing() as connection:
        before = [sorted(map(tuple, connection.execute(query))) for query in queries]
        for table in (lt.key_walks, lt.key_captures, lt.window_keys):
            connection.execute(delete(table))
        migration = import_module("noticewatch.migrations.versions.0008_listing")
        for statement in migration.FILLED:
            connection.execute(text(statement))
        assert [sorted(map(tuple, connection.execute(query))) for query in queries] == before
        assert [len(found) for found in before] == [2, 3, 2]
