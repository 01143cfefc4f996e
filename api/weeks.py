"""How a source was crawled in each of the last 26 weeks, as a strip of small shapes and in words. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from archive.rows import CrawlEnd
from noticewatch import words
from noticewatch.models import Verdict

WEEKS: Final = 26
_SIDE: Final = 10
"""Width and height of a shape, with the space beside it."""
_BEST: Final = (Verdict.COMPLETE, Verdict.PARTIAL)


@dataclass(frozen=True, slots=True)
class Week:
    """A week from its Monday. shape: ``complete``, ``partial``, ``bad`` or ``none``; verdict: the best of its crawls,
    None where there was none; x: where its shape stands.
    """

    monday: date
    x: int
    shape: str
    verdict: Verdict | None

    @property
    def said(self) -> str:
        """``week of 3 August 2026: complete``."""
        ended = words.VERDICTS[self.verdict] if self.verdict else "no crawl ended"
        return f"week of {words.day_words(self.monday)}: {ended}"

    def form(self) -> dict[str, Any]:
        """As JSON members."""
        return {"week": self.monday.isoformat(), "verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class Strip:
    """The weeks, oldest first, and what they come to in words."""

    weeks: Sequence[Week]
    said: str
    width: int = WEEKS * _SIDE
    height: int = _SIDE

    @property
    def crawled(self) -> bool:
        """Whether any crawl ended in these weeks."""
        return any(week.verdict for week in self.weeks)


def strip(ends: Iterable[CrawlEnd], today: date) -> Strip:
    """The last 26 weeks of the crawls of one source, the present week last. Of several crawls of a week the best
    counts: a later one makes up for what an earlier one missed.
    """
    last = today - timedelta(days=today.weekday())
    mondays = [last - timedelta(weeks=ago) for ago in range(WEEKS - 1, -1, -1)]
    found: dict[date, list[Verdict]] = {}
    for end in ends:
        day = end.ended_at.date()
        found.setdefault(day - timedelta(days=day.weekday()), []).append(end.verdict)
    weeks = [_week(monday, place * _SIDE, found.get(monday, [])) for place, monday in enumerate(mondays)]
    complete, partial = (sum(week.verdict is best for week in weeks) for best in _BEST)
    other = sum(week.shape == "bad" for week in weeks)
    said = f"a complete crawl ended in {complete} of the last {WEEKS} weeks"
    said += f"; at best a partial one in {partial}" if partial else ""
    said += f"; neither in {other} in which crawls ended" if other else ""
    return Strip(weeks, said)


def _week(monday: date, x: int, verdicts: Sequence[Verdict]) -> Week:
    best = next((one for one in _BEST if one in verdicts), verdicts[-1] if verdicts else None)
    shape = "none" if best is None else best.value if best in _BEST else "bad"
    return Week(monday, x, shape, best)
