"""Five days of USAspending, replayed in order: what is new, late and changed on each is what the records show."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from archive import queries
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.importing import import_files
from crawlers.reparsing import reparse
from crawlers.source import read_source, source
from noticewatch.models import Event, EventKind, Verdict
from noticewatch.settings import Settings
from tests.sources.states import DAYS

pytestmark = pytest.mark.xdist_group("usaspending_states")

NEW = (73, 112, 50, 64, 146)
LATE = (58, 40, 1, 0, 47)
AMENDED = (0, 2, 1, 7, 7)
SOURCE = source("usaspending_transactions")


@dataclass
class Replayed:
    archive: Archive
    settings: Settings
    verdicts: dict[date, Verdict]
    events: dict[date, list[Event]]
    history: dict[str, list[str]]


def _settings(folder: Path) -> Settings:
    return Settings(home=folder, contact="test@example.org")


def _events(archive: Archive, after: int) -> list[Event]:
    with archive.reading() as connection:
        return queries.events(connection, after, 1_000_000)


def _history(archive: Archive) -> dict[str, list[str]]:
    """The contents of each notice in version order, as their hashes; the last is the current one."""
    found = {}
    with archive.reading() as connection:
        numbers = sorted({event.notice_number for event in queries.events(connection, 0, 1_000_000)})
        for number, row in queries.notices(connection, numbers).items():
            held = queries.versions(connection, number) if row.versions > 1 else []
            found[row.id] = [version.content_sha256 for version in held] or [row.content_sha256]
            assert found[row.id][-1] == row.content_sha256
    return found


@pytest.fixture(scope="module")
def replayed(states: dict[date, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    settings = _settings(tmp_path_factory.mktemp("replayed"))
    archive = Archive.open(settings)
    verdicts, events, after = {}, {}, 0
    for day in DAYS:
        verdicts[day] = crawl(archive, settings, SOURCE, kind="replay", recordings=states[day]).verdict
        events[day] = _events(archive, after)
        after = max([after, *(event.seq for event in events[day])])
    yield Replayed(archive, settings, verdicts, events, _history(archive))
    archive.close()


def test_the_first_state_is_taken_in_quietly(replayed: Replayed) -> None:
    first = replayed.events[DAYS[0]]
    assert len(first) == 6_826
    assert all(event.quiet for event in first)


def test_every_state_is_partial_for_drift(replayed: Replayed) -> None:
    assert set(replayed.verdicts.values()) == {Verdict.PARTIAL}


@pytest.mark.parametrize("place", range(5))
def test_a_day_tells_what_is_new_late_and_amended(replayed: Replayed, place: int) -> None:
    events = replayed.events[DAYS[place + 1]]
    kinds = Counter(kind for event in events if not event.quiet for kind in event.kinds)
    assert kinds == +Counter({EventKind.NEW: NEW[place], EventKind.AMENDED: AMENDED[place]})
    assert sum(event.late for event in events) == LATE[place]


def test_an_order_that_moved_to_another_vehicle_is_one_amendment(replayed: Replayed) -> None:
    amended = [event for day in DAYS[1:] for event in replayed.events[day] if event.kinds == (EventKind.AMENDED,)]
    moved = [event for event in amended if event.notice_id == "us-action:7014:70B03C26F00000640:0"]
    assert len(moved) == 1
    assert "numbers.parent_piid" in {path for path, _, _ in moved[0].changed}


def test_the_same_replay_again_appends_no_event(replayed: Replayed, states: dict[date, Path]) -> None:
    after = max(event.seq for day in DAYS for event in replayed.events[day])
    crawl(replayed.archive, replayed.settings, SOURCE, kind="replay", recordings=states[DAYS[-1]])
    assert _events(replayed.archive, after) == []


def test_states_imported_in_any_order_give_the_same_history_and_nothing_loud(
    replayed: Replayed, states: dict[date, Path], tmp_path: Path
) -> None:
    settings = _settings(tmp_path)
    archive = Archive.open(settings)
    for place in (3, 0, 5, 1, 4, 2):
        import_files(archive, settings, SOURCE, [states[DAYS[place]]])
    assert all(event.quiet for event in _events(archive, 0))
    assert _history(archive) == replayed.history
    archive.close()


BETTER_PARSER = """
from dataclasses import replace
from crawlers.sources.usaspending_transactions import parser
from noticewatch.models import Text
rows = parser.rows
def read_row(row, capture, shape):
    read = parser.read_row(row, capture, shape)
    title = tuple(Text(text=text.text.title()) for text in read.notice.title)
    return replace(read, notice=read.notice.model_copy(update={"title": title}))
"""


def test_a_parser_that_was_bettered_tells_nobody(replayed: Replayed, states: dict[date, Path], tmp_path: Path) -> None:
    folder = tmp_path / SOURCE.name
    folder.mkdir()
    version = SOURCE.parser_version
    stated = (SOURCE.folder / "source.toml").read_text()
    stated = stated.replace(f"parser_version = {version}", f"parser_version = {version + 1}")
    (folder / "source.toml").write_text(stated)
    (folder / "parser.py").write_text(BETTER_PARSER)
    (folder / "spider.py").write_text((SOURCE.folder / "spider.py").read_text())
    before = max(event.seq for event in _events(replayed.archive, 0))
    reparse(replayed.archive, read_source(folder))
    events = _events(replayed.archive, before)
    assert {event.kinds for event in events} == {(EventKind.REPARSED,)}
    assert all(event.quiet for event in events)
    crawl(replayed.archive, replayed.settings, read_source(folder), kind="replay", recordings=states[DAYS[-1]])
    assert all(event.quiet for event in _events(replayed.archive, before))
