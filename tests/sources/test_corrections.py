"""Corrections of recorded rows, made by chance: each is told once, with what changed from what to what; drift is not.

Twenty of each kind in an ordinary run of the tests; NOTICEWATCH_CORRECTIONS=200 for more.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

import pytest
from sqlalchemy import select

from archive import tables
from archive.store import Archive
from archive.warc import WarcWriter, recorded
from crawlers.engine import crawl
from crawlers.importing import import_files
from crawlers.loading import load_spider
from crawlers.source import source
from dev.rebuild import Recorder, every_day, read_rows, write_answer, write_transactions
from noticewatch.models import Event, EventKind, Verdict
from noticewatch.settings import Settings
from tests.archive.making import events, history
from tests.sources.states import RECORDED

pytestmark = pytest.mark.xdist_group("corrections")

EACH: Final = int(os.environ.pop("NOTICEWATCH_CORRECTIONS", "20"))  # the program would take it for an unknown setting
A_DAY: Final = 40
"""Most corrections of a kind on one day: more than half of a window's rows would look like a shifted column."""
SEED: Final = 20260822
FIRST, LAST = date(2026, 6, 1), date(2026, 8, 22)
SOURCE: Final = source("usaspending_transactions")
PLAIN: Final = re.compile(r"(?!.*(?:COR|POC|KO\b|OFFICER|SPECIALIST|CONTACT|ADMINISTRATOR|AGENT))[A-Z ,.&/()-]{12,80}")
"""Descriptions that no cut of a title touches, and no mask of a name."""

Row: TypeAlias = Mapping[str, str]
Said: TypeAlias = tuple[str, str, str]
"""What an event says of its main path: path, old and new value."""


def money(row: Row, chance: Random) -> tuple[Row, Said]:
    amount = repr(round(chance.uniform(-1e5, 1e7), 2))
    old = row["Federal Action Obligation"]
    return {**row, "Federal Action Obligation": amount}, ("amounts.obligated", _number(old), _number(amount))


def dates(row: Row, chance: Random) -> tuple[Row, Said]:
    was = date.fromisoformat(row["Action Date"])
    day = was
    while day == was:
        day = FIRST + timedelta(days=chance.randint(0, (LAST - FIRST).days))
    return {**row, "Action Date": f"{day}"}, ("dates.signed", f"{was}", f"{day}")


def names(row: Row, chance: Random) -> tuple[Row, Said]:
    name = f"{row['Recipient Name']} {chance.choice(('LLC', 'HOLDINGS', 'OF OHIO'))}"
    return {**row, "Recipient Name": name}, ("parties.supplier", row["Recipient Name"], name)


def text(row: Row, chance: Random) -> tuple[Row, Said]:
    words = row["Transaction Description"].split()
    words[chance.randrange(len(words))] = f"AMENDED{chance.choice('ABCDEFG')}"
    new = " ".join(words)
    return {**row, "Transaction Description": new}, ("description", row["Transaction Description"], new)


def vehicle(row: Row, chance: Random) -> tuple[Row, Said]:
    parts = row["Generated Award ID"].split("_")
    old, parts[4] = parts[4], f"70CMSD{chance.randint(18, 25)}D{chance.randint(1, 99_999_999):08}"
    return {**row, "Generated Award ID": "_".join(parts)}, ("numbers.parent_piid", old, parts[4])


@dataclass(frozen=True)
class Correction:
    """A kind of correction. paths: all that it changes; fits: rows that can be corrected so."""

    make: Callable[[Row, Random], tuple[Row, Said]]
    paths: frozenset[str]
    fits: Callable[[Row], bool]


CORRECTIONS: Final[Mapping[str, Correction]] = {
    "money": Correction(money, frozenset({"amounts.obligated"}), lambda row: True),
    "dates": Correction(dates, frozenset({"dates.signed", "amounts.obligated"}), lambda row: True),
    "names": Correction(names, frozenset({"parties.supplier"}), lambda row: bool(row["Recipient Name"])),
    "text": Correction(text, frozenset({"description", "title"}),
                       lambda row: bool(PLAIN.fullmatch(row["Transaction Description"]))),
    "vehicle": Correction(vehicle, frozenset({"numbers.parent_piid", "numbers.generated_award_id", "links"}),
                          lambda row: _long(row["Award ID"]) and row["Generated Award ID"].split("_")[4] != "-NONE-"),
}  # fmt: skip


@dataclass
class Days:
    """States of the source, day by day. expected: what each day is to tell of a notice; reversed: those of which the
    last correction is taken back.
    """

    states: list[list[Row]]
    expected: list[dict[str, tuple[str, frozenset[str], Said]]] = field(default_factory=list)
    reversed: set[str] = field(default_factory=set)


def corrected(rows: Sequence[Row], each: int, chance: Random) -> Days:
    """The rows corrected over some days, each row once; on a last day a part of the corrections is taken back."""
    order = list(range(len(rows)))
    chance.shuffle(order)
    left = dict.fromkeys(CORRECTIONS, each) | {"reversals": each}
    days, back = Days([list(rows)]), dict[int, tuple[str, str, Said]]()
    while any(left.values()):
        state, told = list(days.states[-1]), {}
        for name, count in left.items():
            for _ in range(min(A_DAY, count)):
                kind = chance.choice(list(CORRECTIONS)) if name == "reversals" else name
                place = next(place for place in order if CORRECTIONS[kind].fits(rows[place]))
                order.remove(place)
                state[place], said = CORRECTIONS[kind].make(rows[place], chance)
                told[notice(rows[place])] = (name, CORRECTIONS[kind].paths, said)
                if name == "reversals":
                    back[place] = (notice(rows[place]), kind, said)
            left[name] -= min(A_DAY, count)
        days.states.append(state)
        days.expected.append(told)
    days.states.append([rows[place] if place in back else row for place, row in enumerate(days.states[-1])])
    days.expected.append(
        {
            name: ("reversals", CORRECTIONS[kind].paths, (said[0], said[2], said[1]))
            for name, kind, said in back.values()
        }
    )
    days.reversed = {name for name, _, _ in back.values()}
    return days


def notice(row: Row) -> str:
    """The id of an action's notice (its PIID is long enough to name an award)."""
    return f"us-action:{row['Generated Award ID'].split('_')[3]}:{row['Award ID']}:{row['Modification']}"


@pytest.fixture(scope="module")
def days() -> Days:
    held = [row for row in read_rows(RECORDED / f"CBP_ICE_FY2026_as-of-{LAST}.csv.gz")
            if row["Action Date"] >= f"{FIRST}" and _long(row["Award ID"])]  # fmt: skip
    counted = Counter(notice(row) for row in held)
    return corrected([row for row in held if counted[notice(row)] == 1], EACH, Random(SEED))


@pytest.fixture(scope="module")
def recordings(days: Days, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A recorded crawl of each day."""
    folder = tmp_path_factory.mktemp("corrections")
    return [_record(folder / f"{number}", state, number) for number, state in enumerate(days.states)]


def _record(folder: Path, rows: Sequence[Row], number: int) -> Path:
    with WarcWriter(folder, "", name=f"{number}.warc.gz") as writer:
        write_transactions(writer, rows, _recorder(number), {}, every_day(FIRST, LAST))
    return folder


def _recorder(number: int) -> Recorder:
    moment = datetime(LAST.year, LAST.month, LAST.day, 12, tzinfo=UTC) + timedelta(days=number)
    return Recorder("a test", moment, "Rebuilt from recorded rows, some of them corrected by chance.")


@pytest.fixture(scope="module")
def crawled(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator["Told"]:
    """An archive into which all days were crawled, and what each day told."""
    settings = Settings(home=tmp_path_factory.mktemp("crawled"))
    with closing(Archive.open(settings)) as archive:
        told = Told(archive, settings)
        for recording in recordings:
            told.crawl(recording)
        yield told


@dataclass
class Told:
    """An archive and the events of each crawl of it."""

    archive: Archive
    settings: Settings
    days: list[list[Event]] = field(default_factory=list)

    def crawl(self, recording: Path) -> Verdict:
        after = events(self.archive)[-1].seq if self.days else 0
        verdict = crawl(self.archive, self.settings, SOURCE, kind="replay", recordings=recording).verdict
        self.days.append(events(self.archive, after))
        return verdict


def check(told: Sequence[Event], expected: Mapping[str, tuple[str, frozenset[str], Said]], *, quiet: bool) -> None:
    """Each correction is one event that says what changed, and nothing else is."""
    assert Counter(event.notice_id for event in told) == Counter(list(expected)), f"seed {SEED}"
    for event in told:
        _, paths, said = expected[event.notice_id]
        assert (event.kinds, event.quiet) == ((EventKind.AMENDED,), quiet)
        assert {path for path, _, _ in event.changed} == paths, event
        [(old, new)] = [(old, new) for path, old, new in event.changed if path == said[0]]
        assert (_main(old), _main(new)) == said[1:], f"seed {SEED}: {event}"


def test_each_correction_is_told_once_with_what_changed_from_what_to_what(days: Days, crawled: Told) -> None:
    assert all(event.quiet for event in crawled.days[0])
    for told, expected in zip(crawled.days[1:], days.expected, strict=True):
        check(told, expected, quiet=False)
    found = Counter(kind for expected in days.expected for kind, _, _ in expected.values())
    assert found == Counter(dict.fromkeys(CORRECTIONS, EACH) | {"reversals": 2 * EACH})


def test_a_correction_that_is_taken_back_makes_three_versions_of_which_the_last_is_the_first(
    days: Days, crawled: Told
) -> None:
    for name in days.reversed:
        versions = [version.content_sha256 for version in history(crawled.archive, name)]
        assert len(versions) == 3, f"seed {SEED}: {name}"
        assert versions[0] == versions[2] != versions[1]


def test_the_same_days_imported_tell_the_same_quietly(days: Days, recordings: list[Path], tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with closing(Archive.open(settings)) as archive:
        end = 0
        for number, recording in enumerate(recordings):
            import_files(archive, settings, SOURCE, [recording])
            told = events(archive, end)
            end = max([end, *(event.seq for event in told)])
            if number:
                check(told, days.expected[number - 1], quiet=True)


Pages: TypeAlias = list[list[Any] | None]
"""Rows of the pages of a window; None for a page that no answer came for."""


def shuffled(first: list[Any], second: list[Any], chance: Random) -> Pages:
    """The rows come in another order, over both pages."""
    rows = chance.sample([*first, *second], len(first) + len(second))
    return [rows[: len(first)], rows[len(first) :]]


def doubled(first: list[Any], second: list[Any], chance: Random) -> Pages:
    """While the second page was asked for a row has moved onto it, and another left it unseen."""
    return [first, [chance.choice(first), *second[1:]]]


def cut(first: list[Any], second: list[Any], chance: Random) -> Pages:
    """The second page is missing."""
    return [first, None]


DRIFTS: Final = [
    pytest.param(shuffled, {Verdict.COMPLETE}, id="another order"),
    pytest.param(doubled, {Verdict.PARTIAL}, id="doubles"),
    pytest.param(cut, {Verdict.PARTIAL}, id="a missing page"),
]


@pytest.mark.parametrize(("drift", "verdicts"), DRIFTS)
def test_drift_gives_neither_an_amendment_nor_anything_gone(
    drift: Callable[..., Any], verdicts: set[Verdict], crawled: Told, recordings: list[Path], tmp_path: Path
) -> None:
    chance, number = Random(f"{SEED} {drift.__name__}"), len(crawled.days)
    held = Counter(event.notice_id for event in events(crawled.archive))
    for time in range(4):
        folder = _drifted(recordings[-1], tmp_path / f"{time}", drift, chance, number + time)
        assert crawled.crawl(folder) in verdicts
    assert crawled.days[-4:] == [[], [], [], []]
    assert Counter(event.notice_id for event in events(crawled.archive)) == held
    with crawled.archive.reading() as connection:
        assert set(connection.scalars(select(tables.notices.c.listing))) == {"listed"}


def _drifted(recording: Path, folder: Path, bend: Callable[..., Pages], chance: Random, number: int) -> Path:
    """A recording in which windows of some rows have two pages each, of which half drift."""
    spider, bent = load_spider(SOURCE)(SOURCE), 0
    with WarcWriter(folder, "", name=f"{number}.warc.gz") as writer:
        for one in recorded(recording):
            with one.open() as stream:
                answer = json.load(stream)
            window, pages = spider.window_of(one.capture), [answer["results"]]
            if len(pages[0]) >= 10:
                half = len(pages[0]) // 2
                pages = [pages[0][:half], pages[0][half:]]
            if len(pages) == 2 and chance.random() < 0.5:
                pages, bent = bend(*pages, chance), bent + 1
            for page, rows in enumerate(pages, start=1):
                if rows is not None:
                    said = {"page": page, "hasNext": page < len(pages)}
                    payload = json.dumps(
                        answer | {"page_metadata": said, "results": rows}, ensure_ascii=False, separators=(",", ":")
                    ).encode()
                    asked = spider.page_request(window, page)
                    write_answer(writer, SOURCE.name, asked, payload, "application/json", _recorder(number), ())
    assert bent > 10
    return folder


def _long(piid: str) -> bool:
    return len(re.sub(r"[^A-Z0-9]", "", piid)) >= 13


def _number(printed: str) -> str:
    return f"{Decimal(printed).normalize():f}"


def _main(values: Sequence[Mapping[str, Any]] | None) -> str:
    """The value of a part that a reader would name."""
    assert values is not None
    [value] = values
    told = next(value[name] for name in ("printed", "name", "text", "value") if name in value)
    return _number(told) if "currency" in value else str(told)
