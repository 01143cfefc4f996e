"""A window on its way through a crawl: what was asked, what came, what was found in it."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final, cast

from sqlalchemy import Connection

from archive import captures, crawl_state, ledger
from archive.crawl_state import PastWindow
from archive.ledger import Run
from archive.store import Archive
from crawlers.failures import problem_of_answer
from crawlers.held import Held
from crawlers.rereading import filed
from crawlers.spider import Answer, PlannedRequest, Purpose, SourceSpider, Window
from crawlers.verdict import RequestFacts, RequestState

ASKED: Final = "noticewatch_asked"
"""Key in a request's meta: the Asked that it belongs to."""


@dataclass(slots=True, eq=False)
class Asked:
    """A request of a window and what became of it. ``held``: its captures, oldest first; the last one counts.

    ``validators``: ETag and Last-Modified of the answer; ``unchanged``: the source says that the file is the one which
    it gave before; ``nothing``: it says that there is nothing; ``disposition``: header Content-Disposition.
    """

    walk: "Walk"
    request: PlannedRequest
    state: RequestState = "planned"
    status: int | None = None
    blocked: bool = False
    problem: str | None = None
    held: list[Held] = field(default_factory=list)
    rows: int | None = None
    number: int | None = None
    noted: RequestState | None = None
    validators: tuple[str | None, str | None] = (None, None)
    unchanged: bool = False
    nothing: bool = False
    disposition: str | None = None

    def facts(self) -> RequestFacts:
        """What the verdict is computed from."""
        asked = self.request
        return RequestFacts(asked.purpose, asked.page, self.state, asked.optional, self.blocked, self.problem)

    def answer(self) -> Answer:
        """The answer that counts."""
        held = self.held[-1]
        return Answer(self.request, held.capture, held.open)


def judge_answer(asked: Asked, spider: SourceSpider) -> datetime | None:
    """Note whether an answer can be used, by what the source itself says in it, else by its status and kind.

    Gives until when its publisher wants to be left alone, where it says so.
    """
    held = asked.held[-1]
    refusal = spider.problem(asked.answer()) if held.capture.status != HTTPStatus.OK else None
    if refusal is None:
        problem = problem_of_answer(held)
        if problem:
            asked.state, asked.problem, asked.blocked = "failed", problem.sentence, problem.blocked
        return problem.until if problem else None
    asked.nothing = refusal.nothing
    if not refusal.nothing:
        asked.state, asked.problem, asked.blocked = "failed", refusal.sentence, refusal.blocked
    return refusal.until or held.asked_again_at


@dataclass(slots=True, eq=False)
class Walk:
    """A window and everything asked for it. ``unreadable``: the sentence on an answer that is not what was due.

    expected, recounted: the source's own count, and those that it gave before; limit: rows that it lets one page
    through, where the window has more and cannot be split; parts: windows that it was split into; unchanged_since: day
    and time of the file that the source says is still the same; accepted: released by a person; whole: appended and
    judged complete.
    """

    window: Window
    number: int
    asked: list[Asked] = field(default_factory=list)
    expected: int | None = None
    recounted: list[int] = field(default_factory=list)
    limit: int | None = None
    parts: int = 0
    unchanged_since: str | None = None
    accepted: bool = False
    unreadable: str | None = None
    whole: bool = False
    closed: bool = False
    cancelled: bool = False

    def ask(self, request: PlannedRequest) -> Asked:
        """Note a request that is going to be sent."""
        asked = Asked(self, request)
        self.asked.append(asked)
        return asked

    def count(self, total: int) -> None:
        """Take the source's own count of the window's rows."""
        if self.expected is not None and self.expected != total:
            self.recounted.append(self.expected)
        self.expected = total

    @property
    def settled(self) -> bool:
        """Whether every request has had its answer or failure."""
        return bool(self.asked) and all(asked.state != "planned" for asked in self.asked)

    def to_read(self, *, every: bool) -> Iterator[tuple[Asked, Held]]:
        """Captures that hold rows; ``every``: also older captures of the same request."""
        for asked in self.asked:
            if asked.state == "answered" and asked.request.purpose != "count" and not asked.nothing:
                for held in asked.held if every else asked.held[-1:]:
                    if held.capture.status == 200:
                        yield asked, held

    def gaps(self, *, every: bool) -> list[str]:
        """What the recorders of its captures say is missing, each sentence once."""
        said = (gap for _, held in self.to_read(every=every) for gap in held.capture.gaps)
        return list(dict.fromkeys(said))

    def forget_payloads(self) -> None:
        """Free the payloads kept in memory."""
        for asked in self.asked:
            for held in asked.held:
                held.payload = None


def walk_of_capture(where: ledger.Where, run: Run, held: Held, scope: str) -> Walk:
    """The walk of a window that is one capture, held already: of an import or of a re-reading."""
    window = Window(scope, held.capture.id)
    walk = Walk(window, ledger.plan_window(where, run, window.scope, window.key, None, None))
    sent = PlannedRequest(held.capture.url, held.capture.method, held.capture.request_body, purpose="file")
    asked = walk.ask(sent)
    asked.state, asked.status, asked.held = "answered", held.capture.status, [held]
    return walk


def accepted_walk(where: Archive, run: Run, past: PastWindow) -> Walk:
    """The walk of a window that was held back and is released: the requests and captures of then, under this run."""
    window = Window(past.scope, past.key, past.begins, past.ends)
    walk = Walk(window, ledger.plan_window(where, run, *astuple(window)), accepted=True)
    with where.reading() as connection:
        requests = crawl_state.requests_of(connection, past.number)
        facts = crawl_state.facts_of(connection, past.number) or {}
    walk.expected = facts.get("expected")
    for request in requests:
        sent = PlannedRequest(
            request.url, request.method, purpose=cast("Purpose", request.purpose), page=request.page,
            optional=request.optional,
        )  # fmt: skip
        asked = walk.ask(sent)
        asked.state, asked.status = cast("RequestState", request.state), request.status
        asked.problem, asked.blocked = request.problem, request.blocked
        if request.capture is not None:
            asked.held = [filed(where, request.capture)]
    return walk


def write_ledger(connection: Connection, run: Run, walk: Walk, *, every: bool = False) -> None:
    """Bring captures and requests of a walk into the database as far as they are not there yet."""
    for asked in walk.asked:
        for held in asked.held if every else asked.held[-1:]:
            if held.number is None:
                held.number = captures.add(connection, run.number, held.capture, held.placed)
        if asked.number is None:
            sent = asked.request
            asked.number = ledger.note_request(
                connection, walk.number, purpose=sent.purpose, method=sent.method, url=sent.url, page=sent.page,
                optional=sent.optional,
            )  # fmt: skip
            asked.noted = "planned"
        if asked.noted != asked.state or asked.rows is not None:
            ledger.answer_request(
                connection, asked.number, state=asked.state, status=asked.status, rows=asked.rows,
                capture=asked.held[-1].number if asked.held else None, problem=asked.problem, blocked=asked.blocked,
            )  # fmt: skip
            asked.noted = asked.state
