"""Verdicts: what a window and a crawl are worth, computed from what the ledger holds of them. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, Self, TypeAlias

from noticewatch.models import Verdict, worst

RequestState: TypeAlias = Literal["planned", "answered", "failed", "not_recorded"]

DRIFT: Final = "drift: "
"""A reason that begins so says that rows or fields shifted; the walk itself came to its end."""

ENOUGH: Final = 20
"""Rows from which shares of them say something."""

_MOST_REASONS: Final = 12
_UNNAMED: Final = re.compile(r"and (\d+) more")


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
    """What is known of a window when it is judged. All but ``requests`` stands in the ledger as JSON.

    rows, distinct: rows and distinct source numbers read; doubles: exact doubles among them; expected: the source's own
    count, recounted: the counts it gave before that one while it was walked; limit: rows that the source lets one page
    through, where the window holds more and cannot be split; gaps: what the recorder says is missing; unreadable: the
    parser's sentence where an answer is not what was due; unread: rows that could not be read, first_unread: why;
    previous: rows of the window's last whole walk; least_rows, greatest_drop: expectations, 0 and None for none.
    known, changed: rows held before, and those of them whose bytes differ; greatest_change: the share that may;
    pool_known, pool_changed: the same over the small windows judged together with it, where it is one of them.
    read: rows read; filled: by path of a notice how many of them state it, with the least share that must.
    vanished: known fields that no row has; types: values of another type than was due, with how often.
    unchanged_since: the source said that the file is the same as then; stale_days: days since it last brought anything
    new, where that is too long; accepted: a person has looked at it and released it; parts: windows it was split into.
    """

    requests: Sequence[RequestFacts]
    rows: int = 0
    distinct: int = 0
    doubles: int = 0
    expected: int | None = None
    recounted: Sequence[int] = ()
    limit: int | None = None
    gaps: Sequence[str] = ()
    unreadable: str | None = None
    unread: int = 0
    first_unread: str | None = None
    previous: int | None = None
    least_rows: int = 0
    greatest_drop: float | None = None
    known: int = 0
    changed: int = 0
    greatest_change: float | None = None
    pool_known: int = 0
    pool_changed: int = 0
    read: int = 0
    filled: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    vanished: Sequence[str] = ()
    types: Mapping[str, int] = field(default_factory=dict)
    unchanged_since: str | None = None
    stale_days: int | None = None
    accepted: bool = False
    cancelled: bool = False
    parts: int = 0

    def to_json(self) -> dict[str, Any]:
        """All but the requests, in JSON values, without what has its default."""
        plain = asdict(self)
        blank = asdict(WindowFacts(()))
        return {name: value for name, value in plain.items() if name != "requests" and value != blank[name]}

    @classmethod
    def from_json(cls, stated: Mapping[str, Any], requests: Sequence[RequestFacts]) -> Self:
        """The facts that gave this JSON."""
        filled = {path: (int(count), float(least)) for path, (count, least) in stated.get("filled", {}).items()}
        return cls(requests, **{**stated, "filled": filled})


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reasons in words. ``walked``: to the end; ``usable``: what was read may be appended;
    ``held``: it is kept back until a person releases it.
    """

    verdict: Verdict
    reasons: Sequence[str] = field(default_factory=list)
    walked: bool = False
    usable: bool = False
    held: bool = False


def judge(facts: WindowFacts) -> Judgement:
    """The verdict of one window."""
    due = [request for request in facts.requests if not request.optional]
    if facts.parts:
        return Judgement(Verdict.COMPLETE, [f"split into {facts.parts} windows, which hold its rows"])
    unusable = _unusable(facts, due)
    if unusable is not None:
        return unusable
    if facts.unchanged_since is not None:
        reasons = [f"unchanged since {facts.unchanged_since}", *_stale(facts)]
        return Judgement(Verdict.PARTIAL if facts.stale_days else Verdict.COMPLETE, reasons, walked=True, usable=True)
    return _held_back(facts, due) or _from_faults(facts, due)


def pooled(windows: Sequence[WindowFacts]) -> list[WindowFacts]:
    """The facts of windows judged together: those that are too small to show a change storm alone show it as one."""
    small = [facts for facts in windows if facts.known < ENOUGH]
    known, changed = sum(facts.known for facts in small), sum(facts.changed for facts in small)
    return [
        replace(facts, pool_known=known, pool_changed=changed) if facts.known < ENOUGH and facts.changed else facts
        for facts in windows
    ]


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


def told(reasons: Sequence[str], most: int) -> tuple[list[str], int]:
    """The first reasons of a crawl, drift behind all others, and how many more there are, whether named or not."""
    unnamed = next((int(found[1]) for reason in reasons if (found := _UNNAMED.fullmatch(reason))), 0)
    named = [reason for reason in reasons if not _UNNAMED.fullmatch(reason)]
    named.sort(key=lambda reason: reason.startswith(DRIFT))
    return named[:most], max(len(named) - most, 0) + unnamed


def _unusable(facts: WindowFacts, due: Sequence[RequestFacts]) -> Judgement | None:
    """The verdict where there is nothing that could be appended; None where there is."""
    if facts.unreadable:
        return Judgement(Verdict.FAILED, [facts.unreadable])
    if facts.limit is not None:
        return Judgement(Verdict.FAILED, [_too_large(facts)])
    if not any(request.state == "answered" for request in due):
        return _nothing_came(facts, due)
    if facts.unread and facts.unread == facts.rows:
        return Judgement(Verdict.FAILED, [f"no row could be read (the first: {facts.first_unread})"])
    return None


def _too_large(facts: WindowFacts) -> str:
    return (
        f"it holds {facts.expected or 0:,} rows, more than the {facts.limit:,} that the source lets one page through, "
        "and cannot be split further"
    )


def _nothing_came(facts: WindowFacts, due: Sequence[RequestFacts]) -> Judgement:
    problems = list(dict.fromkeys(request.problem for request in due if request.problem))
    if any(request.blocked for request in due):
        return Judgement(Verdict.BLOCKED, problems or ["the publisher refuses"])
    if facts.cancelled:
        return Judgement(Verdict.CANCELLED, ["cancelled"])
    return Judgement(Verdict.FAILED, problems or ["no answer came"])


def _held_back(facts: WindowFacts, due: Sequence[RequestFacts]) -> Judgement | None:
    """The verdict on an answer that is far smaller or far more different than known; None for an ordinary one."""
    if facts.accepted:
        return None
    whole = all(request.state == "answered" for request in due)
    shrunk = _shrunk(facts) if whole else None
    if shrunk:
        return Judgement(Verdict.EMPTY_SUSPICIOUS, [f"{shrunk}; nothing was appended"], held=True)
    storm = _storm(facts) or _unfilled(facts)
    if storm:
        return Judgement(Verdict.FAILED, [f"{storm}; nothing was appended"], held=True)
    return None


def _shrunk(facts: WindowFacts) -> str | None:
    if facts.rows < facts.least_rows:
        return f"only {facts.rows:,} rows where at least {facts.least_rows:,} are expected"
    if facts.previous is None or facts.greatest_drop is None:
        return None
    if facts.rows < facts.previous * (1 - facts.greatest_drop):
        return f"only {facts.rows:,} rows where the last whole walk had {facts.previous:,}"
    return None


def _storm(facts: WindowFacts) -> str | None:
    if facts.greatest_change is None or not facts.changed:
        return None
    alone = facts.known >= ENOUGH
    known, changed = (facts.known, facts.changed) if alone else (facts.pool_known, facts.pool_changed)
    if known < ENOUGH or changed <= known * facts.greatest_change:
        return None
    where = "" if alone else " of this and other small windows"
    return (
        f"change storm: {changed:,} of {known:,} rows held before{where} differ, where at most "
        f"{facts.greatest_change:.0%} may"
    )


def _unfilled(facts: WindowFacts) -> str | None:
    if facts.read < ENOUGH:
        return None
    low = [
        f"{path} in {count / facts.read:.0%} of {facts.read:,} rows read, where {least:.0%} are expected"
        for path, (count, least) in sorted(facts.filled.items())
        if count < facts.read * least
    ]
    return f"change storm: stated is {'; '.join(low)}" if low else None


def _from_faults(facts: WindowFacts, due: Sequence[RequestFacts]) -> Judgement:
    drifts = [gap for gap in facts.gaps if gap.startswith(DRIFT)]
    faults = [gap for gap in facts.gaps if not gap.startswith(DRIFT)]
    if facts.unread:
        count = "1 row" if facts.unread == 1 else f"{facts.unread:,} rows"
        faults.append(f"{count} could not be read (the first: {facts.first_unread})")
    faults += [_missing(request) for request in due if request.state != "answered"]
    _count_doubles(facts, drifts, faults)
    drifts += _shape_drifts(facts)
    notes = ["source's own count not recorded"] if _count_missing(facts) else []
    notes += ["released by hand after it was held back"] if facts.accepted else []
    stale = _stale(facts)
    verdict = Verdict.PARTIAL if faults or drifts or stale else Verdict.COMPLETE
    if any(request.blocked and request.state != "answered" for request in due):
        verdict = Verdict.BLOCKED
    elif facts.cancelled and any(request.state == "planned" for request in due):
        verdict = Verdict.CANCELLED
    return Judgement(verdict, [*faults, *notes, *drifts, *stale], walked=not faults, usable=True)


def _count_doubles(facts: WindowFacts, drifts: list[str], faults: list[str]) -> None:
    pages = sum(request.state == "answered" and request.purpose != "count" for request in facts.requests)
    if facts.recounted:
        counts = ", then ".join(f"{count:,}" for count in [*facts.recounted, facts.expected or 0])
        drifts.append(f"{DRIFT}the source counted {counts} rows while they were walked")
    if facts.expected is not None and facts.distinct < facts.expected and not facts.doubles:
        if not facts.recounted:
            faults.append(f"the source counts {facts.expected:,} rows, {facts.distinct:,} came")
    elif facts.expected is not None and facts.distinct != facts.expected:
        drifts.append(f"{DRIFT}the source counts {facts.expected:,} rows, {facts.distinct:,} came")
    elif facts.doubles and pages > 1 and facts.expected is None:
        drifts.append(f"{DRIFT}exact doubles: {facts.doubles:,}, so as many rows were missed")


def _shape_drifts(facts: WindowFacts) -> list[str]:
    found = [f"{DRIFT}{kind}" for kind in sorted(facts.types)]
    if facts.vanished:
        found.append(f"{DRIFT}fields vanished: {', '.join(facts.vanished)}")
    return found


def _stale(facts: WindowFacts) -> list[str]:
    if facts.stale_days is None:
        return []
    return [f"{DRIFT}nothing new has come for {facts.stale_days} days"]


def _count_missing(facts: WindowFacts) -> bool:
    return any(request.purpose == "count" and request.state == "not_recorded" for request in facts.requests)


def _missing(request: RequestFacts) -> str:
    named = f"page {request.page}" if request.page is not None else f"a {request.purpose}"
    return f"{named} is missing: {request.problem or 'no answer came'}"
