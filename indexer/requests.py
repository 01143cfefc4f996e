"""What is asked of a search, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from noticewatch.errors import UsageError

Lens: TypeAlias = Literal["watchlist", "everything"]
Scope: TypeAlias = Literal["procurement", "notice"]
Sort: TypeAlias = Literal["dated", "found", "relevance", "amount", "due", "planned"]

SORTS: Final[tuple[Sort, ...]] = ("dated", "found", "relevance", "amount", "due", "planned")
FACETS: Final = (
    "buyer", "vendor", "technology", "tier", "kind", "source", "jurisdiction", "year", "month", "band",
)  # fmt: skip
FILTERS: Final = (
    "source", "buyer", "vendor", "technology", "tier", "kind", "status", "listing", "jurisdiction", "year",
    "month", "band",
)  # fmt: skip
MOST_HITS: Final = 200
RELEVANCE_ENDS_AT: Final = 1_000


class QueryError(UsageError):
    """A query that is not of the query language. ``position`` counts characters from 1; ``hint`` says what to write."""

    def __init__(self, message: str, position: int, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} (position {self.position}). {self.hint}"


class CursorError(UsageError):
    """A page cursor that this archive did not give out for this search."""


class FilterError(UsageError):
    """A filter, sort or limit that cannot be used; the sentence names it and what can."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search. ``filters`` maps a name of FILTERS to values joined by OR; different filters are joined by AND.

    date_from, date_to: inclusive bounds on the day a notice is dated by. amount_min, amount_max: inclusive bounds on
    the headline amount in whole units of US dollars, of a range where it may lie. limit: items a page, at most
    MOST_HITS.
    """

    query: str = ""
    lens: Lens = "watchlist"
    scope: Scope = "procurement"
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date_from: date | None = None
    date_to: date | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    sort: Sort = "dated"
    limit: int = 20
    cursor: str | None = None
    facets: tuple[str, ...] = FACETS


@dataclass(frozen=True, slots=True)
class FacetSum:
    """The sum of one kind of amount in one currency over the results that a facet counts. ``shared``: how much of it
    belongs to results that have several values of the facet, and is in the sum of each of these.
    """

    kind: str
    currency: str
    value: Decimal
    shared: Decimal


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet, and how many results under all other filters have it; sums over those that state one."""

    value: str
    label: str
    count: int
    sums: tuple[FacetSum, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What was found. ``hits`` are notice numbers in the order asked for; a procurement is known by a member's.

    total: exact number of results; as_of: the log's ``seq`` the answer rests on; understood: the query as it was
    understood; words: stems of its unnegated words, for marking them; warnings: sentences for the reader;
    taken_down: single notices that match and were taken down, of contracts that are found without them.
    """

    scope: Scope
    hits: tuple[int, ...]
    total: int
    as_of: int
    next_cursor: str | None
    understood: str
    warnings: tuple[str, ...]
    words: frozenset[str]
    facets: Mapping[str, tuple[FacetValue, ...]]
    taken_down: int = 0
