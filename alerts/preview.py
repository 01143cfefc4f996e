"""What a search would have found, before it is saved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.models import Terms
from alerts.searches import compiled
from indexer.ast import Between
from indexer.conditions import together
from indexer.documents import day_number
from indexer.engine import Order
from indexer.search import Search

WEEKS: Final = 52
"""Weeks before now that are looked at."""

_NEWEST: Final = Order("by_dated", descending=True)


@dataclass(frozen=True, slots=True)
class Preview:
    """``total``: notices dated within the last 52 weeks that the search finds; ``latest``: numbers of the newest;
    ``understood``, ``warnings``: as of a search.
    """

    total: int
    latest: tuple[int, ...]
    understood: str
    warnings: tuple[str, ...]

    @property
    def a_week(self) -> float:
        """How many that is a week."""
        return self.total / WEEKS


def preview(search: Search, terms: Terms, at: datetime, most: int = 5) -> Preview:
    """What a search would have found. It counts notices once, by the day they are dated, not their changes.

    Raises QueryError, FilterError, UsageError as saving it does; SearchUnavailable.
    """
    node, meant = compiled(terms, search.names)
    today = day_number(at.date())
    found = search.engine.find(together(node, Between("dated", today - 7 * WEEKS, today)), _NEWEST, most)
    numbers = tuple(number for _, number in found.hits)
    return Preview(found.total, numbers, meant.understood, tuple(meant.warnings))
