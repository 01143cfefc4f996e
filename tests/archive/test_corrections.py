"""The log of corrections, and take-downs in it: one transaction with their events, whose leaves prove them."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from archive import corrections, queries, takedowns, withheld
from archive.correction_tables import WHOLE, withheld_files
from archive.correction_tables import takedowns as standing_takedowns
from archive.corrections import Correction
from archive.documents.tables import documents
from archive.log import Derived
from archive.store import Archive
from archive.tables import captures, records, requests, versions, windows
from archive.witnesses import witnesses
from noticewatch.database import BATCH
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import CorrectionKind, EventKind
from tests.archive.documents.shelving import URL, answer, listing
from tests.archive.making import append, capture, events, head, history, open_archive, reading, title
from tests.archive.proving import ask, check, grow, named, proved, tamper, uuid
from tests.databases import settings_at

pytestmark = pytest.mark.both_databases

ONE, TWO = "us-action:N1", "us-action:N2"
FILE = b"Statement of work"
SHA256 = hashlib.sha256(FILE).hexdigest()


def two_notices(archive: Archive) -> None:
    """N1 in two versions, N2 in one."""
    append(archive, [reading("N1", "first"), reading("N2", "other")], day=0)
    append(archive, [reading("N1", "second")], day=1)


def log_of(archive: Archive) -> list[Correction]:
    with archive.reading() as connection:
        return corrections.latest(connection, 100)


def standing(archive: Archive) -> list[tuple[int, int]]:
    t = standing_takedowns.c
    with archive.reading() as connection:
        rows = connection.execute(select(t.version, t.correction).order_by(t.version))
        return [tuple(row) for row in rows]


def test_a_takedown_is_told_in_the_log_with_an_event_for_each_version_withheld(archive: Archive) -> None:
    two_notices(archive)
    before = head(archive)
    made = takedowns.take_down(archive, ["n-1"], "  Names a\n private person. ")
    assert log_of(archive) == [made]
    assert (made.number, made.kind, made.concerns) == (1, CorrectionKind.TAKEDOWN, (ONE,))
    assert (made.reason, made.first_seq, made.last_seq) == ("Names a private person.", before + 1, before + 2)
    told = events(archive, before)
    assert [(event.notice_id, event.version, event.kinds, event.quiet) for event in told] == [
        (ONE, 1, (EventKind.TAKEN_DOWN,), True), (ONE, 2, (EventKind.TAKEN_DOWN,), True),
    ]  # fmt: skip
    assert {event.committed_at for event in told} == {made.made_at}
    assert [event.changed for event in told] == [(("correction", None, 1),)] * 2
    assert [(one["notice"], one["version"]) for one in made.details["versions"]] == [(ONE, 1), (ONE, 2)]
    assert standing(archive) == [(WHOLE, 1)]


def test_what_is_restored_is_told_in_the_log_and_withheld_no_longer(archive: Archive) -> None:
    two_notices(archive)
    takedowns.take_down(archive, [f"{ONE}@1"], "One version.")
    takedowns.take_down(archive, [TWO, ONE], "All of it.")
    assert standing(archive) == [(WHOLE, 2)] * 2
    append(archive, [reading("N1", "third")], day=2)
    before = head(archive)
    made = takedowns.restore(archive, [ONE], "The person agreed.")
    assert [event.version for event in events(archive, before)] == [1, 2, 3]
    assert {kind for event in events(archive, before) for kind in event.kinds} == {EventKind.RESTORED}
    assert standing(archive) == [(WHOLE, 2)]
    assert [(one.number, one.kind.value) for one in log_of(archive)] == [
        (3, "restore"), (2, "takedown"), (1, "takedown"),
    ]  # fmt: skip
    assert made == log_of(archive)[0]


@pytest.mark.parametrize(
    ("named", "reason", "said"),
    [
        (["N9"], "x", "No notice 'N9' is held"),
        ([f"{ONE}@3"], "x", f"{ONE} has no version 3; noticewatch history {ONE} lists them."),
        ([f"{ONE}@0"], "x", "has no version 0"),
        ([ONE, f"{ONE}@1"], "x", "is part of"),
        ([ONE], " \n", "needs a reason"),
        ([ONE], "x" * (corrections.MOST_REASON + 1), "has 2,001 characters"),
        ([TWO], "x", f"{TWO} is taken down already, by correction 1"),
        ([ONE, f"{TWO}@1"], "x", f"{TWO}@1 is taken down already, by correction 1"),
        ([ONE, f"sha256:{'0' * 64}"], "x", "No document's file"),
        ([], "x", "Name the notice"),
    ],
)
def test_what_cannot_be_taken_down_is_one_sentence_and_nothing_is_written(
    archive: Archive, named: Sequence[str], reason: str, said: str
) -> None:
    two_notices(archive)
    takedowns.take_down(archive, [TWO], "First.")
    before = head(archive), standing(archive), log_of(archive)
    with pytest.raises(UsageError) as refused:
        takedowns.take_down(archive, named, reason)
    assert said in str(refused.value)
    assert (head(archive), standing(archive), log_of(archive)) == before


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ([ONE], f"{ONE} is not taken down; noticewatch correct list"),
        ([f"{TWO}@1"], f"{TWO} is taken down as a whole; restore it without a version."),
        ([TWO, "N9"], "No notice 'N9' is held"),
    ],
)
def test_what_is_not_withheld_by_that_name_cannot_be_restored(
    archive: Archive, named: Sequence[str], said: str
) -> None:
    two_notices(archive)
    takedowns.take_down(archive, [TWO], "First.")
    with pytest.raises(UsageError) as refused:
        takedowns.restore(archive, named, "x")
    assert said in str(refused.value)
    assert standing(archive) == [(WHOLE, 1)]


def test_a_file_is_taken_down_by_its_hash_under_every_notice_and_restored(archive: Archive) -> None:
    for number in ("N1", "N2"):
        listing(archive, URL, number=number)
    answer(archive, FILE)
    before = head(archive)
    made = takedowns.take_down(archive, [f"SHA256:{SHA256}"], "Holds a home address.")
    assert made.concerns == (f"sha256:{SHA256}",)
    told = events(archive, before)
    assert [event.notice_id for event in told] == [ONE, TWO]
    captured = {one["capture"] for one in made.details["files"]}
    assert {event.capture_id for event in told} == captured
    with archive.reading() as connection:
        assert connection.execute(select(withheld_files)).all() == [(SHA256, 1)]
    takedowns.take_down(archive, [ONE], "The notice too.")
    before = head(archive)
    takedowns.restore(archive, [f"sha256:{SHA256}"], "Blackened by its publisher.")
    assert [event.notice_id for event in events(archive, before)] == [TWO], "the other stays withheld by its notice"
    takedowns.restore(archive, [ONE], "All of it.")
    assert [event.capture_id is None for event in events(archive, before + 1)] == [True, False]


def test_a_file_whose_notices_are_all_withheld_waits_for_them(archive: Archive) -> None:
    listing(archive, URL)
    answer(archive, FILE)
    takedowns.take_down(archive, [f"sha256:{SHA256}", ONE], "Both.")
    with pytest.raises(UsageError, match="stands under notices that are taken down themselves"):
        takedowns.restore(archive, [f"sha256:{SHA256}"], "x")


def test_a_restored_notice_does_not_give_back_a_file_that_is_withheld_by_its_hash(archive: Archive) -> None:
    listing(archive, URL)
    answer(archive, FILE)
    takedowns.take_down(archive, [f"sha256:{SHA256}", ONE], "Both.")
    before = head(archive)
    takedowns.restore(archive, [ONE], "The notice alone.")
    assert {event.capture_id for event in events(archive, before)} == {None}


def test_two_at_once_take_a_notice_down_once_and_numbers_have_no_gap(tmp_path: Path) -> None:
    open_archive(tmp_path / "data").close()
    archives = [Archive.open(settings_at(tmp_path / "data")) for _ in range(2)]
    two_notices(archives[0])

    def attempt(one: Archive) -> int:
        try:
            return takedowns.take_down(one, [ONE], "At once.").number
        except UsageError as error:
            assert "is taken down already, by correction 1" in str(error)
            return 0

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, archives)) == [0, 1]
    assert takedowns.take_down(archives[1], [TWO], "Next.").number == 2
    for one in archives:
        one.close()


def test_a_correction_of_more_events_than_a_transaction_takes_is_refused(archive: Archive) -> None:
    two_notices(archive)
    with pytest.raises(UsageError, match="name fewer notices"), archive.writing() as connection:
        corrections.record(
            connection, CorrectionKind.TAKEDOWN, [ONE], "x", [Derived(1, EventKind.TAKEN_DOWN, [])] * (BATCH + 1)
        )
    assert log_of(archive) == []


def test_the_log_is_read_in_pages_newest_first(archive: Archive) -> None:
    two_notices(archive)
    steps: list[Callable[[Archive, Sequence[str], str], Correction]] = [takedowns.take_down, takedowns.restore] * 2
    for step in steps:
        step(archive, [ONE], "Back and forth.")
    with archive.reading() as connection:
        first = corrections.latest(connection, 3)
        rest = corrections.latest(connection, 3, before=first[-1].number)
        assert [one.number for one in (*first, *rest)] == [4, 3, 2, 1]
        assert (corrections.count(connection), corrections.correction(connection, 5)) == (4, None)


def test_the_proof_covers_takedowns_and_only_what_was_taken_down_may_be_missing(tmp_path: Path) -> None:
    with proved(tmp_path / "data") as archive:
        whose = "SELECT n.id FROM versions v JOIN notices n ON n.number = v.notice WHERE v.version = 2"
        notice = ask(archive, whose)
        takedowns.take_down(archive, [f"{notice}@2"], "One version.")
        check(archive)
        of_version = "FROM versions WHERE version={} AND notice=(SELECT number FROM notices WHERE id='{}')"
        second = ask(archive, f"SELECT record {of_version.format(2, notice)}")
        first = ask(archive, f"SELECT record {of_version.format(1, notice)}")
        tamper(archive, "UPDATE records SET content='{}' WHERE number=?", second)
        check(archive)
        kept = ask(archive, "SELECT content FROM records WHERE number=?".replace("?", str(first)))
        tamper(archive, "UPDATE records SET content='{}' WHERE number=?", first)
        assert f"The content of {notice}, version 1 " in named(archive)
        tamper(archive, "UPDATE records SET content=? WHERE number=?", kept, first)
        takedowns.restore(archive, [f"{notice}@2"], "Shown again.")
        assert f"The content of {notice}, version 2 " in named(archive)


def test_nothing_is_found_where_no_notice_has_that_name(archive: Archive) -> None:
    with pytest.raises(NotFound):
        takedowns.restore(archive, ["N1"], "x")


def blot_out(archive: Archive, capture_id: str) -> tuple[Path, int, bytes]:
    """Overwrite what a WARC file holds of a capture, as an operator would who must not keep it."""
    with archive.reading() as connection:
        held = connection.execute(select(captures).where(captures.c.id == capture_id)).one()
    path = archive.warc_folder / held.warc_file
    with path.open("rb+") as file:
        file.seek(held.warc_offset)
        kept = file.read(held.warc_length)
        file.seek(held.warc_offset)
        file.write(bytes(held.warc_length))
    return path, held.warc_offset, kept


def test_bytes_of_a_file_may_be_missing_only_while_it_is_taken_down(tmp_path: Path) -> None:
    with proved(tmp_path / "data") as archive:
        with archive.writing() as connection:
            connection.execute(insert(documents).values(notice=1, url=URL, place=0, added=1))
        answer(archive, FILE)
        with archive.reading() as connection:
            capture = connection.scalar(select(captures.c.id).where(captures.c.url == URL))
        path, offset, kept = blot_out(archive, str(capture))
        assert f"damaged at or behind byte {offset}: capture {capture}" in named(archive)
        takedowns.take_down(archive, [f"sha256:{SHA256}"], "Holds a home address.")
        check(archive)
        path.unlink()
        check(archive)
        path.write_bytes(bytes(offset) + bytes(len(kept)))
        takedowns.restore(archive, [f"sha256:{SHA256}"], "Blackened by its publisher.")
        assert str(capture) in named(archive) or path.name in named(archive)


def test_an_answer_may_be_missing_only_where_all_that_it_brought_was_taken_down(tmp_path: Path) -> None:
    with proved(tmp_path / "data") as archive:
        grow(archive, 500, ["First", "Second"])
        grow(archive, 501, ["First", "Second later"])
        ids = [str(uuid(day)) for day in (500, 501)]
        for capture_id in ids:
            _ledger(archive, capture_id, rows=2)
        path, offset, kept = blot_out(archive, ids[0])
        takedowns.take_down(archive, ["N0"], "One of two.")
        assert ids[0] in named(archive), "its neighbour's row is lost with it"
        takedowns.take_down(archive, [f"{TWO_OF_GROWN}@1"], "The other, as it was.")
        check(archive)
        blot_out(archive, ids[1])
        assert ids[1] in named(archive), "it says of one that stands how it is now"
        _put(path, offset, kept)
        assert ids[1] in named(archive)


def test_an_answer_may_not_be_missing_where_a_row_of_it_is_held_to_another(tmp_path: Path) -> None:
    with proved(tmp_path / "data") as archive:
        for day, titles in ((500, ["First", "Second"]), (501, ["First", "Second later"]), (502, ["First", "Third"])):
            grow(archive, day, titles)
            _ledger(archive, str(uuid(day)), rows=2)
        takedowns.take_down(archive, [f"{TWO_OF_GROWN}@2"], "What the answer in the middle says of one.")
        blot_out(archive, str(uuid(501)))
        assert str(uuid(501)) in named(archive), "it says of the other what it said before and after"


TWO_OF_GROWN = "us-action:N1"


def _put(path: Path, offset: int, kept: bytes) -> None:
    with path.open("rb+") as file:
        file.seek(offset)
        file.write(kept)


def _ledger(archive: Archive, capture_id: str, *, rows: int) -> None:
    """What the ledger has of a capture: the request that it answered, and how many rows it held."""
    with archive.writing() as connection:
        held = connection.execute(select(captures).where(captures.c.id == capture_id)).one()
        window = connection.scalar(select(windows.c.number).where(windows.c.run == held.run))
        values = {
            "window": window, "purpose": "page", "method": "GET", "url": held.url, "state": "answered",
            "capture": held.number, "rows": rows,
        }  # fmt: skip
        connection.execute(insert(requests).values(values))


def test_what_a_better_parser_reads_of_a_withheld_record_is_withheld_too(archive: Archive) -> None:
    given = capture(0)
    row = reading("N1", "Names a person", sha256="a" * 64)
    append(archive, [row], given=given)
    append(archive, [reading("N1", "another", sha256="b" * 64)], day=1)
    takedowns.take_down(archive, [f"{ONE}@1"], "Names a private person.")
    again = reading("N1", title("Names a person", status="open"), sha256="a" * 64)
    append(
        archive, [again], given=given, kind="reparse", parser_version=2,
        reread=lambda _, rows: {index: reading("N1", "read again", index=index) for index in rows},
    )  # fmt: skip
    held = {version.version: version for version in history(archive, ONE)}
    assert [number for number, version in held.items() if version.tombstone] == [3]
    assert held[3].content == {}
    assert held[3].kinds == (EventKind.REPARSED,)
    assert [number for number, version in held.items() if not version.tombstone] == [2]
    before = head(archive)
    takedowns.restore(archive, [f"{ONE}@1"], "Agreed.")
    assert [event.version for event in events(archive, before)] == [1, 3]
    assert [version.tombstone for version in history(archive, ONE)] == [None, None]


def test_a_withheld_record_stays_withheld_under_another_notice(archive: Archive) -> None:
    """As where a regrouping finds that its chain was another one."""
    two_notices(archive)
    takedowns.take_down(archive, [f"{ONE}@1"], "Names a private person.")
    with archive.writing() as connection:
        numbers = queries.numbers_of(connection, [ONE, TWO])
        moved = connection.execute(
            select(versions).where(versions.c.notice == numbers[ONE], versions.c.version == 1)
        ).one()
        connection.execute(insert(versions).values({**moved._mapping, "notice": numbers[TWO], "version": 2}))
        connection.execute(update(records).where(records.c.number == moved.record).values(notice=numbers[TWO]))
    assert [(row.version, row.tombstone is None) for row in history(archive, TWO)] == [(1, True), (2, False)]
    told = {event.notice_id: event.withheld_by for event in events(archive)}
    assert told == {ONE: 1, TWO: 1}, "what its events say of contents is left out too"
    with archive.reading() as connection:
        stones = withheld.of_records(connection, {moved.record: numbers[TWO]})
        assert witnesses(connection, numbers[TWO], {}) == []
    assert [stone.correction for stone in stones.values()] == [1]
    takedowns.restore(archive, [f"{ONE}@1"], "Agreed.")
    assert all(row.tombstone is None for row in history(archive, TWO))


def test_a_takedown_names_versions_that_say_the_same_and_still_stand(archive: Archive) -> None:
    for day, words in enumerate(("first", "second", "first", "first")):
        append(archive, [reading("N1", words, sha256=f"{day // 3 or day}" * 64)], day=day)
    with archive.reading() as connection:
        made = takedowns.take_down(archive, [f"{ONE}@1"], "Names a private person.")
    with archive.reading() as connection:
        assert takedowns.repeating(connection, made) == [f"{ONE}@3"]
    made = takedowns.take_down(archive, [f"{ONE}@3"], "Again.")
    with archive.reading() as connection:
        assert takedowns.repeating(connection, made) == []
