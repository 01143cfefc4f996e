"""Crawls of several sources and readers of the log at once: who asks for what came ``after`` a seq misses nothing."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest

from archive import queries
from archive.documents.listing import DocumentLister
from archive.joins import Joiner
from archive.log import Derived, append_derived
from archive.proof.verify import verify
from archive.readers import drive
from archive.store import Archive
from crawlers.engine import crawl
from noticewatch.models import Event, EventKind, Verdict
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.archive.making import events, open_archive
from tests.databases import settings_at
from tests.dictionary import matcher
from tests.faults.crawling import REPLAYS, as_recorded
from tests.faults.killing import Acknowledge, child
from tests.forking import FORKED
from tests.waiting import PATIENCE
from watchlist.dictionary import Dictionary
from watchlist.tagger import Tagger

pytestmark = [pytest.mark.both_databases, pytest.mark.xdist_group("processes")]

CRAWLED: Final = {
    "usaspending_transactions": "2-end-of-fy2025.warc.gz",
    "sam_gov_opportunities": "4-test-system-three-days.warc.gz",
    "federal_register": "3-four-days-with-counts.warc.gz",
}
FEW: Final = 7
"""Events that a follower asks for at once, so that it asks often."""


def crawled(acknowledge: Acknowledge, settings: Settings, name: str) -> None:
    """Crawl a source by replay."""
    with closing(Archive.open(settings)) as archive:
        result = crawl(archive, settings, as_recorded(name), kind="replay", recordings=REPLAYS / name / CRAWLED[name])
    assert result.verdict in {Verdict.COMPLETE, Verdict.PARTIAL}, result
    acknowledge(result.counts.events)


def derived(acknowledge: Acknowledge, settings: Settings, ended: Any) -> None:
    """Join, tag and list documents behind the crawls, and append findings of one's own, until the crawls have ended;
    tells how many findings.
    """
    readers = [Joiner(), Tagger(matcher()), DocumentLister()]
    with closing(Archive.open(settings)) as archive:
        over, found, passed = False, 0, 0
        while not over:
            over = ended.is_set()
            if len(events(archive, passed)) == 0:
                continue
            drive(archive, readers)
            with archive.writing() as connection:
                passed = append_derived(connection, [Derived(1, EventKind.RETAGGED, [])] * FEW)
                found += FEW
    acknowledge(found)


def followed(acknowledge: Acknowledge, settings: Settings, ended: Any) -> None:
    """Follow the log until the crawls have ended; tells what it saw, and how often something new was there."""
    with closing(Archive.open(settings)) as archive:
        acknowledge(follow(lambda after: events_after(archive, after), ended.is_set))


def follow(ask: Callable[[int], list[tuple[Any, ...]]], ended: Callable[[], bool]) -> tuple[list[Any], int]:
    """All that comes after what came before, and how often something came."""
    seen: list[tuple[Any, ...]] = []
    looks, over = 0, False
    while not over:
        over = ended()
        while new := ask(seen[-1][0] if seen else 0):
            seen += new
            looks += 1
    return seen, looks


def events_after(archive: Archive, after: int) -> list[tuple[Any, ...]]:
    with archive.reading() as connection:
        return [told(event) for event in queries.events(connection, after, FEW)]


def told(event: Event) -> tuple[Any, ...]:
    """What a follower keeps of an event."""
    return event.seq, event.notice_id, event.version, [kind.value for kind in event.kinds]


def test_no_follower_misses_an_event_while_crawls_and_readers_append(tmp_path: Path, dictionary: Dictionary) -> None:
    open_archive(tmp_path / "home").close()
    settings = settings_at(tmp_path / "home")
    ended, asked = FORKED.Event(), FORKED.Event()
    with (
        closing(Archive.open(settings)) as archive,
        served(archive, settings, dictionary) as client,
        child(derived, settings, ended) as deriving,
        child(followed, settings, asked) as first,
        child(followed, settings, asked) as second,
    ):
        for one in (deriving, first, second):
            assert one.listen(PATIENCE)

        def over_http(after: int) -> list[tuple[Any, ...]]:
            items = client.get(f"/api/v1/events?after={after}&limit={FEW}").json()["items"]
            return [(item["seq"], item["notice_id"], item["version"], item["kinds"]) for item in items]

        with ExitStack() as stack:
            crawls = [stack.enter_context(child(crawled, settings, name)) for name in CRAWLED]
            seen, looks = follow(over_http, lambda: not any(one.process.is_alive() for one in crawls))
            assert [one.wait() for one in crawls] == [0] * len(crawls)
        ended.set()
        assert deriving.wait() == 0
        asked.set()
        seen += follow_on(over_http, seen)
        assert (first.wait(), second.wait()) == (0, 0)
        whole = [told(event) for event in events(archive)]
        assert [event[0] for event in whole] == list(range(1, len(whole) + 1))
        for follower in ((seen, looks), first.said[1], second.said[1]):
            assert follower[0] == whole
            assert follower[1] > 20, "it came too late to follow"
        assert len(whole) == sum(one.said[1] for one in (*crawls, deriving))
        verify(archive, lambda *_: None, full=True)


def follow_on(ask: Callable[[int], list[tuple[Any, ...]]], seen: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What came after the last that was seen."""
    more: list[tuple[Any, ...]] = []
    while new := ask([*seen, *more][-1][0]):
        more += new
    return more
