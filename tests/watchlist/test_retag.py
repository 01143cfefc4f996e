"""A change of the dictionary tags the past again: quietly, once, also after a kill, and says what changed and why."""

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from archive.joins import Joiner
from archive.readers import cursor, drive
from archive.store import Archive
from archive.takedowns import take_down
from noticewatch.models import EventKind
from noticewatch.settings import Settings
from tests.archive.making import append, events, head, reading, title
from tests.databases import settings_at
from tests.faults.killing import Acknowledge, child, spread
from tests.faults.scale import KILLS
from tests.watchlist.changing import changed_dictionary
from watchlist import queries, retag
from watchlist.dictionary import Dictionary, load_dictionary
from watchlist.matcher import Matcher
from watchlist.retag import Retagger
from watchlist.tables import retags
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases

CELLEBRITE, PAPER = "Cellebrite UFED licences", "Zyphertrace licences"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    """The dictionary with a product more, Zyphertrace of Axon, and without the product UFED."""
    return load_dictionary(changed_dictionary(tmp_path_factory.mktemp("dictionary")))


def tag(archive: Archive, dictionary: Dictionary) -> None:
    drive(archive, [Joiner(), Tagger(Matcher(dictionary))])


def retag_all(archive: Archive, dictionary: Dictionary) -> int:
    retagger, steps = Retagger(Matcher(dictionary)), 0
    while retagger.advance(archive):
        steps += 1
    return steps


def tags(archive: Archive) -> dict[int, set[tuple[str, str]]]:
    with archive.reading() as connection:
        return {
            number: {(one.id, one.role) for one in some}
            for number, some in queries.tags_of(connection, range(1, 99)).items()
        }


def retagged(archive: Archive) -> list[int]:
    found = [event for event in events(archive) if EventKind.RETAGGED in event.kinds]
    assert all(event.quiet for event in found)
    return [event.notice_number for event in found]


def test_the_past_is_tagged_again_quietly_and_once(archive: Archive, dictionary: Dictionary, other: Dictionary) -> None:
    append(archive, [reading("a", CELLEBRITE), reading("b", PAPER), reading("c", "Pens")])
    tag(archive, dictionary)
    assert retag_all(archive, other) == 1
    assert ("axon", "product") in tags(archive)[2]
    assert ("cellebrite", "product") not in tags(archive)[1]
    assert retagged(archive) == [1, 2]
    before = head(archive)
    assert (retag_all(archive, other), head(archive)) == (0, before)


def test_it_says_what_changed_and_why(archive: Archive, dictionary: Dictionary, other: Dictionary) -> None:
    append(archive, [reading("a", CELLEBRITE), reading("b", PAPER)])
    tag(archive, dictionary)
    retag_all(archive, other)
    with archive.reading() as connection:
        last = retag.latest(connection)
        assert last is not None
        assert (last.dictionary, last.notices, bool(last.ended_at)) == (other.version, 2, True)
        sums = {(one.kind, one.id): one for one in retag.sums(connection, last.number)}
    axon = sums["vendor", "axon"]
    assert (axon.added, axon.removed) == (2, 0)
    assert {piece.quote for change in axon.samples for piece in change.evidence} == {"Zyphertrace"}
    gone = sums["vendor", "cellebrite"]
    assert (gone.added, gone.removed) == (0, 1)
    assert [(one.before, one.after, one.role, one.evidence[0].quote) for one in gone.samples] == [
        ("alert", "", "product", "UFED")
    ]


def test_a_preview_says_the_same_and_writes_nothing(
    archive: Archive, dictionary: Dictionary, other: Dictionary
) -> None:
    append(archive, [reading("a", CELLEBRITE), reading("b", PAPER)])
    tag(archive, dictionary)
    before, held = head(archive), tags(archive)
    changes = [change for _, some in retag.preview(archive, Matcher(other)) for change in some]
    assert (head(archive), tags(archive)) == (before, held)
    retag_all(archive, other)
    with archive.reading() as connection:
        last = retag.latest(connection)
        assert last is not None
        assert retag.sums_of(changes) == retag.sums(connection, last.number)


def test_what_arrives_while_the_past_is_tagged_again_does_not_wait(
    archive: Archive, dictionary: Dictionary, other: Dictionary
) -> None:
    append(archive, [reading(f"n{number}", title(f"{CELLEBRITE} {number}")) for number in range(1_200)])
    tag(archive, dictionary)
    retagger = Retagger(Matcher(other))
    assert retagger.advance(archive)
    append(archive, [reading("late", PAPER)], day=1)
    tag(archive, other)
    with archive.reading() as connection:
        assert queries.tagged_notices(connection, "vendor", "axon") == [1_201]
        assert cursor(connection, "tagger") == head(archive)
        assert retag.stale(connection, other.version) == 700
    while retagger.advance(archive):
        pass
    with archive.reading() as connection:
        assert retag.stale(connection, other.version) == 0


def test_a_version_that_comes_between_two_steps_is_not_overwritten(
    archive: Archive, dictionary: Dictionary, other: Dictionary
) -> None:
    append(archive, [reading("a", CELLEBRITE)])
    tag(archive, dictionary)
    inner = archive.writing

    def writing_late() -> object:
        object.__setattr__(archive, "writing", inner)
        append(archive, [reading("a", PAPER)], day=1)
        tag(archive, other)
        return inner()

    object.__setattr__(archive, "writing", writing_late)
    retag_all(archive, other)
    assert {one for one, _ in tags(archive)[1]} >= {"axon"}
    assert retagged(archive) == [1]


def test_samples_leave_out_what_was_taken_down(archive: Archive, dictionary: Dictionary, other: Dictionary) -> None:
    append(archive, [reading("a", PAPER), reading("b", PAPER)])
    tag(archive, dictionary)
    take_down(archive, [next(event.notice_id for event in events(archive))], "Names a private person.")
    tag(archive, dictionary)
    changes = [change for _, some in retag.preview(archive, Matcher(other)) for change in some]
    assert {change.notice for change in changes} == {2}
    retag_all(archive, other)
    with archive.reading() as connection:
        last = retag.latest(connection)
        assert last is not None
        shown = [change.notice for one in retag.sums(connection, last.number) for change in one.samples]
    assert set(shown) == {2}


def test_a_retag_that_another_dictionary_overtakes_is_ended(
    archive: Archive, dictionary: Dictionary, other: Dictionary
) -> None:
    append(archive, [reading(f"n{number}", title(f"{CELLEBRITE} {number}")) for number in range(600)])
    tag(archive, dictionary)
    Retagger(Matcher(other)).advance(archive)
    retag_all(archive, dictionary)
    with archive.reading() as connection:
        last = retag.latest(connection)
        assert last is not None
        assert (last.dictionary, bool(last.ended_at)) == (dictionary.version, True)
        assert retag.stale(connection, dictionary.version) == 0
    assert all(("cellebrite", "product") in some for some in tags(archive).values())


def worked(_: Acknowledge, settings: Settings, folder: Path) -> None:
    archive = Archive.open(settings)
    retag.BATCH = 2  # type: ignore[misc]  # many steps, so that there are many places to be killed at
    retag_all(archive, load_dictionary(folder))
    archive.close()


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_retag_goes_on_and_says_everything_once(
    archive: Archive, dictionary: Dictionary, tmp_path: Path, number: int
) -> None:
    folder = changed_dictionary(tmp_path / "dictionary")
    other = load_dictionary(folder)
    append(archive, [reading(f"n{each}", title(f"{PAPER} {each}")) for each in range(7)])
    tag(archive, dictionary)
    settings = settings_at(archive.folder)
    at = spread(Random(number), 600)
    with child(worked, settings, folder, files=["watchlist/retag.py", "watchlist/tagger.py"], at=at) as killed:
        assert killed.wait() in {-9, 0}
    retag_all(archive, other)
    assert retagged(archive) == list(range(1, 8))
    with archive.reading() as connection:
        last = retag.latest(connection)
        assert last is not None
        assert (last.notices, bool(last.ended_at)) == (7, True)
        sums = {one.id: one.added for one in retag.sums(connection, last.number) if one.kind == "vendor"}
        assert connection.scalar(select(func.count()).select_from(retags)) == 1
    assert sums == {"axon": 14}
