"""Verdicts: what a window and a crawl are worth, computed from what the ledger holds of them. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from noticewatch.models import Verdict, worst

RequestState: TypeAlias = Literal["planned", "answered", "failed", "not_recorded"]

DRIFT: Final = "drift: "
"""A reason that begins so says that pages shifted while they were walked: the walk itself came to its end."""

_MOST_REASONS: Final = 12


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What became of one request. ``blocked``: refused by the publisher; ``problem``: a sentence for a failure."""

    purpose: str
    page: int | None
    state: RequestState
    optional: bool = False
    blocked: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What is known of a window when it is judged.

    rows, distinct: rows and distinct source numbers read; doubles: exact doubles among them; expected: the source's own
    count; gaps: what the recorder says is missing; unreadable: the parser's sentence where an answer is not what was
    due; previous: rows of the window's last whole walk; least_rows, greatest_drop: expectations, 0 and None for none.
    """

    requests: Sequence[RequestFacts]
    rows: int = 0
    distinct: int = 0
    doubles: int = 0
    expected: int | None = None
    gaps: Sequence[str] = ()
    unreadable: str | None = None
    previous: int | None = None
    least_rows: int = 0
    greatest_drop: float | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reasons in words. ``walked``: to the end; ``usable``: what was read may be appended."""

    verdict: Verdict
    reasons: Sequence[str] = field(default_factory=list)
    walked: bool = False
    usable: bool = False

    @property
    def held(self) -> bool:
        """Whether the window is held back because it changed too much."""
        return self.verdict is Verdict.EMPTY_SUSPICIOUS


def judge(facts: WindowFacts) -> Judgement:
    """The verdict of one window."""
    if facts.unreadable:
        return Judgement(Verdict.FAILED, [facts.unreadable])
    due = [request for request in facts.requests if not request.optional]
    if not any(request.state == "answered" for request in due):
        return _nothing_came(facts, due)
    shrunk = _shrunk(facts)
    if shrunk and all(request.state == "answered" for request in due):
        return Judgement(Verdict.EMPTY_SUSPICIOUS, [shrunk])
    return _from_faults(facts, due)


def judge_crawl(windows: Iterable[tuple[Verdict, Sequence[str]]]) -> tuple[Verdict, list[str]]:
    """The verdict of a crawl is the worst of its windows; equal reasons stand once, with how many windows gave them."""
    verdicts: list[Verdict] = []
    counted: Counter[str] = Counter()
    for verdict, reasons in windows:
        verdicts.append(verdict)
        counted.update(dict.fromkeys(reasons, 1))
    said = [reason if count == 1 else f"{reason} ({count} windows)" for reason, count in counted.most_common()]
    if len(said) > _MOST_REASONS:
        said = [*said[:_MOST_REASONS], f"and {len(said) - _MOST_REASONS} more"]
    return worst(verdicts), said


def _nothing_came(facts: WindowFacts, due: Sequence[RequestFacts]) -> Judgement:
    problems = list(dict.fromkeys(request.problem for request in due if request.problem))
    if any(request.blocked for request in due):
        return Judgement(Verdict.BLOCKED, problems or ["the publisher refuses"])
    if facts.cancelled:
        return Judgement(Verdict.CANCELLED, ["cancelled"])
    return Judgement(Verdict.FAILED, problems or ["no answer came"])


def _shrunk(facts: WindowFacts) -> str | None:
    """The sentence on an answer that is far smaller than known, or None."""
    if facts.rows < facts.least_rows:
        return f"only {facts.rows:,} rows where at least {facts.least_rows:,} are expected; nothing was appended"
    if facts.previous is None or facts.greatest_drop is None:
        return None
    if facts.rows < facts.previous * (1 - facts.greatest_drop):
        return f"only {facts.rows:,} rows where the last whole walk had {facts.previous:,}; nothing was appended"
    return None


def _from_faults(facts: WindowFacts, due: Sequence[RequestFacts]) -> Judgement:
    drifts = [gap for gap in facts.gaps if gap.startswith(DRIFT)]
    faults = [gap for gap in facts.gaps if not gap.startswith(DRIFT)]
    faults += [_missing(request) for request in due if request.state != "answered"]
    _count_doubles(facts, drifts, faults)
    notes = ["source's own count not recorded"] if _count_missing(facts) else []
    notes += [drift for drift in drifts if drift not in faults]
    verdict = Verdict.PARTIAL if faults or drifts else Verdict.COMPLETE
    if any(request.blocked and request.state != "answered" for request in due):
        verdict = Verdict.BLOCKED
    elif facts.cancelled and any(request.state == "planned" for request in due):
        verdict = Verdict.CANCELLED
    return Judgement(verdict, [*faults, *notes], walked=not faults, usable=True)


def _count_doubles(facts: WindowFacts, drifts: list[str], faults: list[str]) -> None:
    pages = sum(request.state == "answered" and request.purpose != "count" for request in facts.requests)
    if facts.expected is not None and facts.distinct < facts.expected and not facts.doubles:
        faults.append(f"the source counts {facts.expected:,} rows, {facts.distinct:,} came")
    elif facts.expected is not None and facts.distinct != facts.expected:
        drifts.append(f"{DRIFT}the source counts {facts.expected:,} rows, {facts.distinct:,} came")
    elif facts.doubles and pages > 1 and facts.expected is None:
        drifts.append(f"{DRIFT}exact doubles: {facts.doubles:,}, so as many rows were missed")


def _count_missing(facts: WindowFacts) -> bool:
    return any(request.purpose == "count" and request.state == "not_recorded" for request in facts.requests)


def _missing(request: RequestFacts) -> str:
    named = f"page {request.page}" if request.page is not None else f"a {request.purpose}"
    return f"{named} is missing: {request.problem or 'no answer came'}"
