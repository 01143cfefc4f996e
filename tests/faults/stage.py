"""What every fault of a source is tried on: an archive that knows yesterday, and what an undisturbed crawl makes of it.

Yesterday is the recorded crawl with a word changed in some of its rows, and without its last day where it has several;
today is the recorded crawl as it is.
"""

import io
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete

from archive import tables
from archive.store import Archive
from archive.warc import Recorded, recorded
from crawlers.loading import load_parser, load_spider
from crawlers.parsing import Row, Shape
from crawlers.source import source
from noticewatch.errors import SourceDrift
from noticewatch.models import Verdict
from tests.databases import settings_at
from tests.faults.crawling import Healthy, Job, Result, healthy, pinned, run
from tests.faults.payloads import form_of, reworded
from tests.faults.server import Key, Publisher, Reply, answers_of, key_of
from tests.faults.state import Sent, State, Walked, last_run, sent_in, state_of, windows_of
from tests.faults.table import Target

LOWERED: Final[Mapping[str, Any]] = {"delay": 0.0, "timeout": 10.0}
"""Facts of every source that only make a test wait."""
_FIRST_CHANGED, _STEP = 11, 40
"""Of an answer's rows the twelfth differed yesterday and each fortieth behind it: too few to look like a storm."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A source ready to be crawled under faults.

    folder: of the pinned source; today: the replies of a healthy crawl; yesterday: an archive to be copied; before:
    what it says; undisturbed: what an archive says after a healthy crawl upon it; windows: of that crawl; targets: its
    requests, those of windows that yesterday knew first.
    """

    name: str
    folder: Path
    today: Mapping[Key, Reply]
    yesterday: Path
    before: State
    undisturbed: State
    windows: Mapping[tuple[str, str], Walked]
    targets: Sequence[Target]

    def job(self, home: Path, through: str, **facts: Any) -> Job:
        """A live crawl of today's windows into a folder, through a server."""
        return Job(home, self.name, self.folder, through, facts={**LOWERED, **facts})

    def archive_of_yesterday(self, home: Path) -> Path:
        """A copy of yesterday's archive."""
        shutil.copytree(self.yesterday, home)
        return home


def make_stage(name: str, folder: Path, server: Publisher) -> Stage:
    """Crawl yesterday and today. Raises AssertionError where one of them is not complete."""
    stated = healthy(name)
    assert stated is not None and stated.recordings, f"tests/replays/{name} holds no recording or no healthy.toml"
    recording = stated.recordings[-1]
    today = answers_of(recording)
    yesterday = _crawl_yesterday(stated, folder, server)
    before = state_at(yesterday)
    home = shutil.copytree(yesterday, folder / "undisturbed")
    own = pinned(name, folder / "pinned", stated.first, stated.last)
    server.serve(today)
    crawled(Job(home, name, own, server.address, facts=LOWERED), server)
    archive = Archive.open(settings_at(home))
    windows = windows_of(archive, last_run(archive))
    sent = sent_in(archive, last_run(archive))
    archive.close()
    targets = _targets(name, sent, today, windows, before)
    return Stage(name, own, today, yesterday, before, state_at(home), windows, targets)


def crawled(job: Job, server: Publisher) -> Result:
    """A crawl that must be complete, every request of it recorded."""
    result = run(job)
    assert not server.unknown, f"{job.name} asks what is not recorded: {[one.key[:3] for one in server.unknown]}"
    assert result.verdict is Verdict.COMPLETE, f"a healthy crawl of {job.name} is {result.verdict}: {result.said}"
    assert "Traceback" not in result.printed, result.printed
    return result


def state_at(home: Path) -> State:
    """What the archive in a folder says."""
    archive = Archive.open(settings_at(home))
    try:
        return state_of(archive)
    finally:
        archive.close()


def next_day(home: Path) -> None:
    """Let what was sent be of a day gone by, so that a used-up quota is whole and a host that rests may be asked."""
    archive = Archive.open(settings_at(home=home))
    with archive.writing() as connection:
        connection.execute(delete(tables.quotas))
        connection.execute(delete(tables.hosts))
    archive.close()


def _crawl_yesterday(stated: Healthy, folder: Path, server: Publisher) -> Path:
    own = pinned(stated.name, folder / "pinned-yesterday", stated.first, _last_of_yesterday(stated))
    server.serve(_as_of_yesterday(stated.name, stated.recordings[-1], answers_of(stated.recordings[-1])))
    home = folder / "yesterday"
    crawled(Job(home, stated.name, own, server.address, facts=LOWERED), server)
    return home


def _last_of_yesterday(stated: Healthy) -> str | None:
    """The last day but one, where its crawl walks windows that today's walks too, and was recorded with them."""
    if stated.first is None or stated.last is None or stated.first >= stated.last:
        return stated.last
    spider = load_spider(source(stated.name))(source(stated.name))
    first, last = date.fromisoformat(stated.first), date.fromisoformat(stated.last)
    before = last - timedelta(days=1)
    fewer = set(spider.windows(first, before, before))
    return str(before) if fewer and fewer < set(spider.windows(first, last, last)) else stated.last


def _as_of_yesterday(name: str, recording: Path, today: Mapping[Key, Reply]) -> dict[Key, Reply]:
    """The replies with a word changed in some of their rows."""
    bent = dict(today)
    for one in recorded(recording):
        key = key_of(one.capture.method, one.capture.url, one.capture.request_body)
        chosen = [row for row in _rows(name, one) if row.index % _STEP == _FIRST_CHANGED]
        spans = [(row.start, row.end) for row in chosen]
        payload = reworded(today[key].payload, spans, [_words(name, one, row) for row in chosen])
        bent[key] = replace(today[key], payload=payload).stamped(-1)
    return bent


def _words(name: str, answer: Recorded, row: Row) -> list[str]:
    """Words of a row's title; none of a row that cannot be read."""
    try:
        reading = load_parser(source(name)).read_row(row, answer.capture, Shape())
    except SourceDrift:
        return []
    return re.findall(r"[A-Za-z]{5,}", reading.notice.title[0].text) if reading.notice.title else []


def _rows(name: str, answer: Recorded) -> Iterator[Row]:
    """The rows of an answer; none of one that holds no rows."""
    with answer.open() as stream:
        payload = stream.read()
    try:
        yield from list(load_parser(source(name)).rows(io.BytesIO(payload), Shape()))
    except SourceDrift:
        return


def _targets(
    name: str,
    sent: Sequence[Sent],
    today: Mapping[Key, Reply],
    windows: Mapping[tuple[str, str], Walked],
    before: State,
) -> list[Target]:
    pages = {(one.window, one.page): today[key_of(one.method, one.url, one.body)] for one in sent if one.page}
    parser, found = load_parser(source(name)), []
    for one in sent:
        good = today[key_of(one.method, one.url, one.body)]
        try:
            keys = [row.source_number for row in parser.rows(io.BytesIO(good.payload), Shape())]
        except SourceDrift:
            keys = []
        previous = pages.get((one.window, one.page - 1)) if one.page else None
        known = one.window in before.walked
        total = windows[one.window].expected
        found.append(Target(one, good, form_of(good.payload), previous, keys, total, known=known))
    return sorted(found, key=lambda target: not target.known)
