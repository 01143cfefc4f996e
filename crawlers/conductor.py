"""Conducts one crawl: hands out requests, takes answers, closes windows, and knows why it ended."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from archive import crawl_state
from archive.ledger import Run, plan_window, set_progress
from archive.store import Archive
from archive.warc import WarcWriter
from crawlers.failures import CrawlStopped, problem_of_error
from crawlers.held import HELD
from crawlers.quota import Quota, QuotaExhausted
from crawlers.replay import Recordings
from crawlers.spider import PlannedRequest, SourceSpider
from crawlers.taking import Taking
from crawlers.verdict import Judgement
from crawlers.walk import ASKED, Asked, Walk, judge_answer, write_ledger
from noticewatch.errors import NotRecorded, SourceDrift
from noticewatch.models import Verdict
from noticewatch.settings import Settings

SINCE: Final = "noticewatch_since"
"""Key in a request's meta: when the file came that the source is asked to compare with."""

_NOT_MODIFIED: Final = 304

_GIVE_UP_AFTER: Final = 3
"""Windows in a row without any answer after which a live crawl stops asking."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl has come."""

    windows_done: int
    windows: int
    rows: int
    records: int


@dataclass(eq=False)
class Conductor:
    """The conductor of one crawl. ``recordings``: of a replay; None for a live crawl."""

    archive: Archive
    run: Run
    appender: Taking
    walks: list[Walk]
    settings: Settings
    scrapy_settings: dict[str, Any]
    recordings: Recordings | None = None
    progress: Callable[[Progress], None] | None = None
    spider: SourceSpider | None = None
    error: BaseException | None = None
    cancelled: bool = False
    gave_up: Judgement | None = None
    _fruitless: int = 0
    _writer: WarcWriter | None = None
    _closed: int = 0
    _reported: int = field(default=-1)

    def __post_init__(self) -> None:
        self._quota = Quota.of(self.archive, self.appender.source, self.settings)

    @property
    def live(self) -> bool:
        """Whether publishers are asked."""
        return self.recordings is None

    def warc_writer(self) -> WarcWriter:
        """The writer of this crawl's captures."""
        if self._writer is None:
            self._writer = WarcWriter(self.archive.warc_folder, self.run.source)
        return self._writer

    def spend(self, request: scrapy.Request) -> None:  # noqa: ARG002 - one call, whatever is asked
        """Count a request about to be sent against the source's quota. Raises QuotaExhausted."""
        self._quota.spend()

    def give_back(self) -> None:
        """Count a request no longer that reached nobody."""
        self._quota.give_back()

    def first_requests(self) -> Iterator[scrapy.Request]:
        """First requests of all windows, as Scrapy asks for them."""
        assert self.spider is not None
        try:
            for walk in list(self.walks):  # windows that a split adds are asked where it happens
                if self.gave_up or self.error or self.cancelled:
                    return
                yield from self._requests(walk, self.spider.requests(walk.window))
        except Exception as error:  # Scrapy would log it and end as if all were well
            self.abort(error)

    def answered(self, response: Response) -> Iterable[scrapy.Request]:
        """Take an answer; gives the requests that it leads to."""
        return self._guarded(lambda: self._answered(response))

    def failed(self, failure: Any) -> Iterable[scrapy.Request]:
        """Take a failure of a request."""
        return self._guarded(lambda: self._failed(failure))

    def ended(self, reason: str) -> None:
        """Note why Scrapy closed the spider."""
        self.cancelled = self.cancelled or reason == "shutdown"

    def abort(self, error: BaseException) -> None:
        """End the crawl for an error that is not the source's: a full disk, a fault of the program."""
        self.error = self.error or error

    def finish(self) -> None:
        """Append what is still waiting, close what was not walked. Raises the error that ended the crawl."""
        if self._writer is not None:
            self._writer.close()
        if self.error is not None:
            raise self.error
        for walk in self.walks:
            if not walk.closed:
                self._close_open(walk)
        self.appender.flush()
        self._report(every=1)

    def _guarded(self, take: Callable[[], list[scrapy.Request]]) -> list[scrapy.Request]:
        """Scrapy logs an error of a callback and goes on as if nothing were; here it ends the crawl."""
        if self.error is None:
            try:
                return take()
            except Exception as error:
                self.abort(error)
        raise CloseSpider("error")

    def _answered(self, response: Response) -> list[scrapy.Request]:
        asked: Asked = response.meta[ASKED]
        asked.held, asked.status = response.meta[HELD], response.status
        asked.validators = _header(response, "ETag"), _header(response, "Last-Modified")
        asked.disposition = _header(response, "Content-Disposition")
        asked.state = "answered"
        if response.status == _NOT_MODIFIED and response.meta.get(SINCE):
            asked.unchanged, asked.walk.unchanged_since = True, response.meta[SINCE]
            requests = []
        else:
            assert self.spider is not None
            until = judge_answer(asked, self.spider)
            if until is not None and (asked.blocked or self._quota.calls is not None):
                self._quota.spent(until)
            requests = self._led_to(asked) if asked.state == "answered" and not asked.nothing else []
        self._settle(asked.walk)
        return requests

    def _led_to(self, asked: Asked) -> list[scrapy.Request]:
        assert self.spider is not None
        walk, answer = asked.walk, asked.answer()
        try:
            total = self.spider.total(walk.window, answer)
            if total is not None:
                walk.count(total)
                if self._too_large(walk):
                    return self._split(walk)
            return list(self._requests(walk, self.spider.follow(walk.window, answer)))
        except SourceDrift as error:
            walk.unreadable = str(error)
            return []

    def _too_large(self, walk: Walk) -> bool:
        limit = self.appender.source.window_limit
        return limit is not None and walk.expected is not None and walk.expected > limit

    def _split(self, walk: Walk) -> list[scrapy.Request]:
        """First requests of the windows that make a window whose rows the source cannot page through."""
        assert self.spider is not None
        parts = self.spider.split(walk.window)
        if not parts:
            walk.limit = self.appender.source.window_limit
            return []
        walk.parts = len(parts)
        planned = {(known.window.scope, known.window.key) for known in self.walks}
        requests: list[scrapy.Request] = []
        for part in parts:
            if (part.scope, part.key) not in planned:
                number = plan_window(self.archive, self.run, part.scope, part.key, part.begins, part.ends)
                own = Walk(part, number)
                self.walks.append(own)
                requests += self._requests(own, self.spider.requests(part))
        return requests

    def _failed(self, failure: Any) -> list[scrapy.Request]:
        asked: Asked = failure.request.meta[ASKED]
        if isinstance(failure.value, CrawlStopped):
            self.cancelled = True
            return []  # it was not asked, so it stays planned
        asked.state = "not_recorded" if isinstance(failure.value, NotRecorded) else "failed"
        if isinstance(failure.value, QuotaExhausted):
            asked.problem, asked.blocked = str(failure.value), True
            self.gave_up = Judgement(Verdict.BLOCKED, [asked.problem])
        else:
            problem = problem_of_error(failure.value, asked.request.url, self.appender.source.timeout)
            asked.problem, asked.blocked = problem.sentence, problem.blocked
        self._settle(asked.walk)
        return []

    def _settle(self, walk: Walk) -> None:
        if walk.settled and not walk.closed:
            self._watch(walk)
            self._close(walk)
            self._closed += 1
            self._report(every=1 if self.live else 50)
        elif self.live:
            self._write(walk)

    def _close(self, walk: Walk) -> None:
        self.appender.take(walk)
        if self.live:
            self._keep_validators(walk)

    def _keep_validators(self, walk: Walk) -> None:
        """Keep by what a file may be asked whether it has changed, once all of it is in the log."""
        last = walk.asked[-1]
        if not walk.whole or last.request.purpose != "file" or last.unchanged or not any(last.validators):
            return
        number = last.held[-1].number
        assert number is not None
        with self.archive.writing() as connection:
            crawl_state.keep_validators(connection, self.run.source, last.request.url, *last.validators, number)

    def _watch(self, walk: Walk) -> None:
        """Give up where window after window brings nothing: no network, or a publisher who refuses."""
        if not self.live or any(asked.state == "answered" for asked in walk.asked):
            self._fruitless = 0
            return
        self._fruitless += 1
        if self._fruitless >= _GIVE_UP_AFTER:
            last = walk.asked[-1]
            verdict = Verdict.BLOCKED if last.blocked else Verdict.FAILED
            self.gave_up = Judgement(verdict, [last.problem or "no answer came"])

    def _close_open(self, walk: Walk) -> None:
        if walk.asked and any(asked.state != "planned" for asked in walk.asked):
            walk.cancelled = self.cancelled
            self.appender.take(walk)
            return
        judgement = self.gave_up or Judgement(Verdict.CANCELLED if self.cancelled else Verdict.FAILED,
                                              ["cancelled" if self.cancelled else "not asked"])  # fmt: skip
        self.appender.refuse(walk, judgement)

    def _requests(self, walk: Walk, planned: Iterable[PlannedRequest]) -> Iterator[scrapy.Request]:
        assert self.spider is not None
        for request in planned:
            asked = walk.ask(request)
            if self.live:
                self._write(walk)
            headers, meta = self._conditions(request)
            yield scrapy.Request(
                request.url, method=request.method, body=request.body, headers={**request.headers, **headers},
                callback=self.spider.parse, errback=self.spider.errback, dont_filter=True, meta={ASKED: asked, **meta},
                priority=-walk.number,  # window by window in order: the less time one takes, the less it drifts
            )  # fmt: skip

    def _conditions(self, request: PlannedRequest) -> tuple[dict[str, str], dict[str, str]]:
        """Headers that ask for a file only if it has changed, and what the request is to remember of that."""
        if not self.live or request.purpose != "file":
            return {}, {}
        with self.archive.reading() as connection:
            kept = crawl_state.validators_of(connection, self.run.source, request.url)
        if kept is None:
            return {}, {}
        pairs = (("If-None-Match", kept.etag), ("If-Modified-Since", kept.last_modified))
        return {name: value for name, value in pairs if value}, {SINCE: f"{kept.seen_at:%Y-%m-%d %H:%M} UTC"}

    def _write(self, walk: Walk) -> None:
        with self.archive.writing() as connection:
            write_ledger(connection, self.run, walk)

    def _report(self, *, every: int) -> None:
        done = self._closed
        if done == self._reported or done % every:
            return
        self._reported = done
        counts = self.appender.counts
        progress = Progress(done, len(self.walks), counts.rows, counts.records)
        set_progress(self.archive, self.run, {"windows_done": done, "windows": len(self.walks), "rows": counts.rows})
        if self.progress is not None:
            self.progress(progress)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
