"""Which action days are read again on a day. Corrections show only when a day is read again. Pure.

The newest days are read daily, the others of the current and the last fiscal year each on one day of a week, older ones
each on one day of thirty. The day alone decides, so a crawl that is repeated asks for the same days.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

WEEK: Final = 7
MONTH: Final = 30
_OCTOBER: Final = 10


def fiscal_year_begins(day: date) -> date:
    """The first day of the federal fiscal year that a day is in: it begins on the first of October."""
    return date(day.year - (day.month < _OCTOBER), _OCTOBER, 1)


def due(today: date, *, since: date, daily: int, late: int = 0) -> Iterator[date]:
    """The action days to read on a day, oldest first, back to ``since``.

    daily: days back that are read each day; late: days after which an agency's actions are published at all (Defense:
    90), by which its newest days lie back.
    """
    newest = today - timedelta(days=late)
    daily_from = newest - timedelta(days=daily)
    weekly_from = fiscal_year_begins(fiscal_year_begins(newest) - timedelta(days=1))
    day = min(since, daily_from)
    while day <= newest:
        if day >= daily_from or (day >= since and _turn(day, today, WEEK if day >= weekly_from else MONTH)):
            yield day
        day += timedelta(days=1)


def _turn(day: date, today: date, every: int) -> bool:
    return (today.toordinal() - day.toordinal()) % every == 0
