"""One action through USAspending, FPDS and Contract Awards is one notice, one hit, one news, one sum."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from archive import queries
from archive.fold import completed, merge
from archive.joins import Joiner
from archive.readers import LogReader, drive
from archive.rows import NoticeRow
from archive.store import Archive
from archive.totals import running_total
from crawlers.engine import crawl
from crawlers.importing import import_files
from crawlers.source import source
from crawlers.spider import Window
from indexer.documents import notice_document
from indexer.engines import open_engine
from indexer.search import Scope, Search, SearchRequest
from indexer.sync import IndexReader
from noticewatch.models import Event, EventKind, Status, Verdict
from noticewatch.settings import Settings
from tests.faults.crawling import Job, pinned, run
from tests.faults.server import Key, Reply, key_of, publisher
from tests.sources.one_action import (
    AMOUNT,
    AWARDS,
    DAY,
    EMPTY,
    FPDS,
    ID,
    PAYLOADS,
    SPIDERS,
    USASPENDING,
    WINDOWS,
    deletion,
    record,
)
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

WITNESSES = (USASPENDING, FPDS, AWARDS)
ORDERS = list(permutations(WITNESSES))


@dataclass
class World:
    """An archive in which every witness's window was walked once, empty, so that what comes now is news."""

    archive: Archive
    settings: Settings
    folder: Path

    def replay(self, name: str, payload: bytes, day: int, window: Window | None = None) -> None:
        recordings = record(self.folder, name, payload, day, window)
        crawl(self.archive, self.settings, source(name), kind="replay", recordings=recordings)

    def bring_in(self, name: str, payload: bytes, day: int) -> None:
        import_files(self.archive, self.settings, source(name), [record(self.folder, name, payload, day)])

    def events(self) -> list[Event]:
        with self.archive.reading() as connection:
            return queries.events(connection, 0, 1_000)

    def loud(self) -> list[Event]:
        return [event for event in self.events() if not event.quiet]

    def notice(self) -> NoticeRow:
        with self.archive.reading() as connection:
            assert queries.counts(connection).notices == 1
            held = queries.notice(connection, ID)
        assert held is not None
        return held


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which every witness's window was walked once, empty."""
    home = tmp_path_factory.mktemp("walked")
    with closing(Archive.open(Settings(home=home))) as archive:
        for name in WITNESSES:
            World(archive, Settings(home=home), home / "recordings").replay(name, EMPTY[name], 0)
    return home


@pytest.fixture
def world(walked: Path, tmp_path: Path) -> Iterator[World]:
    settings = Settings(home=tmp_path / "home", contact="test@example.org")
    shutil.copytree(walked, settings.home)
    with closing(Archive.open(settings)) as archive:
        yield World(archive, settings, tmp_path / "recordings")


def shown(row: NoticeRow) -> dict[str, Any]:
    """What readers see of the notice, whoever came when."""
    return row.notice.content()


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_whoever_comes_first_tells_the_news_and_nobody_tells_it_twice(world: World, order: Sequence[str]) -> None:
    for day, name in enumerate(order, start=1):
        world.replay(name, PAYLOADS[name](), day)
    assert [event.kinds for event in world.loud()] == [(EventKind.NEW,)]
    assert [event.kinds for event in world.events() if event.quiet] in (
        [(EventKind.ENRICHED,)], [(EventKind.ENRICHED,)] * 2,
    )  # fmt: skip


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_all_orders_of_arrival_end_with_the_same_notice(world: World, order: Sequence[str]) -> None:
    for day, name in enumerate(order, start=1):
        world.replay(name, PAYLOADS[name](), day)
    content = shown(world.notice())
    amounts = [(one["kind"], one["basis"], one["value"]) for one in content["amounts"]]
    assert amounts == [("obligated", "change", AMOUNT), ("obligated", "state", AMOUNT)]
    assert content["kind"] == "order"
    assert content["title_from"] == "made from description"
    (supplier,) = content["parties"]
    assert (supplier["uei"], supplier["cage"]) == ("AAAAAAAAAAA1", "0AAA1")
    (buyer,) = content["buyers"]
    assert buyer["codes"] == {"fpds": "7012", "aac": "70CMSD"}
    psc = [one for one in content["classifications"] if one["scheme"] == "psc"]
    assert [one["code"] for one in psc] == ["7A21"]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("imported", WITNESSES)
def test_an_import_between_crawls_changes_neither_the_end_nor_the_news(
    world: World, order: Sequence[str], imported: str
) -> None:
    for day, name in enumerate(order, start=1):
        (world.bring_in if name == imported else world.replay)(name, PAYLOADS[name](), day)
    assert len(world.loud()) == (0 if order[0] == imported else 1)
    assert [kinds for event in world.events() if EventKind.NEW in (kinds := event.kinds)] == [(EventKind.NEW,)]
    assert world.notice().notice.amounts[0].value == Decimal(AMOUNT)


def test_older_recordings_brought_in_later_end_with_the_same_notice(world: World) -> None:
    for day, name in ((9, USASPENDING), (5, FPDS), (2, AWARDS)):
        world.bring_in(name, PAYLOADS[name](), day)
    late = shown(world.notice())
    assert world.loud() == []
    assert len(late["parties"]) == 1
    assert len(late["amounts"]) == 2


def served(name: str, payload: bytes) -> dict[Key, Reply]:
    """Answers to all first requests of the day: the payload to the action's window, nothing to the others."""
    day = date.fromisoformat(DAY)
    spider = SPIDERS[name](source(name))
    found = {}
    for window in spider.windows(day, day, day):
        asked = next(iter(spider.requests(window)))
        answer = payload if window == WINDOWS[name] else EMPTY[name]
        found[key_of(asked.method, asked.url, asked.body)] = Reply(payload=answer)
    return found


@pytest.mark.parametrize(("first", "second"), [(USASPENDING, AWARDS), (AWARDS, USASPENDING)])
def test_live_crawls_and_an_import_tell_of_it_once(world: World, tmp_path: Path, first: str, second: str) -> None:
    with publisher() as server:
        for name in (first, second):
            server.serve(served(name, PAYLOADS[name]()))
            folder = pinned(name, tmp_path / "pinned", DAY, DAY)
            job = Job(world.settings.home, name, folder, through=server.address, facts={"delay": 0.0})
            result = run(job)
            assert result.verdict is Verdict.COMPLETE, result.said
    world.bring_in(FPDS, PAYLOADS[FPDS](), 5)
    assert [event.kinds for event in world.loud()] == [(EventKind.NEW,)]
    held = world.notice().notice
    assert [(one.basis, one.value) for one in held.amounts] == [
        ("change", Decimal(AMOUNT)), ("state", Decimal(AMOUNT)),
    ]  # fmt: skip
    assert len(held.buyers) == len(held.parties) == 1


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_search_facets_and_totals_count_it_once(world: World, dictionary: Dictionary, order: Sequence[str]) -> None:
    engine = open_engine(world.settings, world.archive)
    readers: list[LogReader] = [Joiner(), Tagger(Matcher(dictionary)), IndexReader(engine)]
    for day, name in enumerate(order, start=1):
        world.replay(name, PAYLOADS[name](), day)
        drive(world.archive, readers)
    search = Search(world.archive, engine, dictionary)
    scopes: tuple[Scope, ...] = ("procurement", "notice")
    for scope in scopes:
        answer = search.search(SearchRequest("fivecast", scope=scope))
        assert answer.total == 1
        assert {name: [one.count for one in values] for name, values in answer.facets.items() if values} == {
            name: [1] * len(values) for name, values in answer.facets.items() if values
        }
    for bound, found in ((Decimal(AMOUNT), 1), (Decimal(AMOUNT) + 1, 0)):
        assert search.search(SearchRequest("fivecast", amount_min=bound)).total == found
    engine.close()
    row = world.notice()
    with world.archive.reading() as connection:
        members = queries.members(connection, [row.procurement])[row.procurement]
    (total,) = running_total(members, lambda _: False)
    assert (total.value, total.actions) == (Decimal(AMOUNT), 1)


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_corrected_amount_is_told_once_by_the_witness_that_readers_see(world: World, order: Sequence[str]) -> None:
    for day, name in enumerate(WITNESSES, start=1):
        world.replay(name, PAYLOADS[name](), day)
    before = len(world.loud())
    for day, name in enumerate(order, start=10):
        world.replay(name, PAYLOADS[name](amount="900000.00"), day)
    (told,) = world.loud()[before:]
    assert told.kinds == (EventKind.AMENDED,)
    assert [one.value for one in world.notice().notice.amounts] == [Decimal(900000)] * 2


def test_a_witness_with_another_parser_is_never_read_again_with_this_one(world: World) -> None:
    for day, name in enumerate(WITNESSES, start=1):
        world.replay(name, PAYLOADS[name](), day)
    newer = source(USASPENDING).model_copy(update={"parser_version": 99})
    for text in ("FIVECAST", "FIVECAST ONYX"):
        recordings = record(world.folder, USASPENDING, PAYLOADS[USASPENDING](text=text), 20 + len(text))
        result = crawl(world.archive, world.settings, newer, kind="replay", recordings=recordings)
        assert result.verdict is Verdict.COMPLETE
    assert world.notice().notice.title[0].text == "FIVECAST ONYX"


def test_a_deletion_by_the_register_withdraws_the_notice_though_another_witness_lists_it(world: World) -> None:
    for day, name in enumerate((USASPENDING, AWARDS), start=1):
        world.replay(name, PAYLOADS[name](), day)
    deleted = Window("deleted", DAY, DAY, DAY)
    world.replay(AWARDS, EMPTY[AWARDS], 3, deleted)
    world.replay(AWARDS, deletion(), 4, deleted)
    held = world.notice().notice
    assert (held.status, held.status_published) == (Status.WITHDRAWN, "deleted")
    assert held.title[0].text.startswith("FIVECAST")
    assert world.loud()[-1].kinds == (EventKind.WITHDRAWN,)
    world.replay(USASPENDING, PAYLOADS[USASPENDING](text="FIVECAST ONYX"), 5)
    assert world.notice().notice.status is Status.WITHDRAWN
    assert running_total([world.notice()], lambda _: True) == []
    assert "amount_obligated" not in notice_document(world.notice(), []).numbers


def test_no_user_name_of_an_official_reaches_a_notice(world: World) -> None:
    for day, name in enumerate(WITNESSES, start=1):
        world.replay(name, PAYLOADS[name](), day)
    assert "SOMEBODY" not in str(shown(world.notice()))


def test_witnesses_that_do_not_contradict_complete_each_other() -> None:
    better = {"scheme": "psc", "label": "SOFTWARE"}
    assert completed([better], [{"scheme": "psc", "code": "7A21", "label": "SOFTWARE"}]) == [
        {"scheme": "psc", "code": "7A21", "label": "SOFTWARE"}
    ]
    assert completed([better], [{"scheme": "psc", "code": "7A21", "label": "HARDWARE"}]) == [better]


def test_a_total_stands_beside_a_change_and_never_in_its_place() -> None:
    change = {"kind": "obligated", "basis": "change", "value": "5"}
    total = {"kind": "obligated", "basis": "state", "value": "9"}
    other = {"kind": "obligated", "basis": "change", "value": "6"}
    merged = merge([{"amounts.obligated": [change]}, {"amounts.obligated": [other, total]}])
    assert merged == {"amounts.obligated": [change, total]}
