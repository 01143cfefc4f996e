"""Query parameters of a search, read into a request and written back into addresses."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeVar

from starlette.datastructures import QueryParams

from api.problems import Problem
from indexer.money import amount_read
from indexer.requests import FACETS, FILTERS, MOST_HITS, SORTS, Lens, Scope, SearchRequest

LENSES: Final[tuple[Lens, ...]] = ("watchlist", "everything")
SCOPES: Final[tuple[Scope, ...]] = ("procurement", "notice")
_SINGLE: Final = (
    "q", "lens", "scope", "from", "to", "amount_min", "amount_max", "sort", "limit", "cursor", "facets",
)  # fmt: skip
_T = TypeVar("_T", bound=str)


def request_from(given: QueryParams, *, path: bool = True) -> SearchRequest:
    """The search that these parameters ask for. Raises Problem (400) naming a parameter that cannot be used."""
    for name in given:
        if path and name not in _SINGLE and name not in FILTERS:
            known = ", ".join((*_SINGLE, *FILTERS))
            raise _bad(name, f"There is no parameter {name[:40]!r}; known are {known}.")
        if name in _SINGLE and len(set(given.getlist(name))) > 1:
            raise _bad(name, f"Parameter {name} is given several times; give it once.")
    facets = given.get("facets")
    return SearchRequest(
        query=given.get("q", "").strip(),
        lens=_one_of(given, "lens", LENSES, "watchlist"),
        scope=_one_of(given, "scope", SCOPES, "procurement"),
        filters=filters_of(given),
        date_from=day_given(given, "from"),
        date_to=day_given(given, "to"),
        amount_min=_amount(given, "amount_min"),
        amount_max=_amount(given, "amount_max"),
        sort=_one_of(given, "sort", SORTS, "dated"),
        limit=_limit(given),
        cursor=given.get("cursor") or None,
        facets=FACETS if facets is None else tuple(_facets(facets)),
    )


def filters_of(given: QueryParams) -> dict[str, tuple[str, ...]]:
    """Filters by name; a name given several times means any of its values."""
    chosen = {name: tuple(value for value in dict.fromkeys(given.getlist(name)) if value) for name in FILTERS}
    return {name: values for name, values in chosen.items() if values}


def written(
    request: SearchRequest, *, cursor: str | None = None, leave_out: tuple[str, str] | None = None, **changed: str
) -> dict[str, str | list[str]]:
    """The request as parameters, defaults left out. ``leave_out``: one value of a filter; ``changed``: new values."""
    parameters: dict[str, str | list[str]] = {"q": request.query}
    parameters["lens"] = request.lens if request.lens != "watchlist" else ""
    parameters["scope"] = request.scope if request.scope != "procurement" else ""
    for name, values in request.filters.items():
        parameters[name] = [value for value in values if (name, value) != leave_out]
    single = {
        "from": request.date_from, "to": request.date_to, "amount_min": request.amount_min,
        "amount_max": request.amount_max,
    }  # fmt: skip
    for name, value in single.items():
        parameters[name] = "" if value is None or (name, str(value)) == leave_out else str(value)
    parameters["sort"] = request.sort if request.sort != "dated" else ""
    parameters["limit"] = str(request.limit) if request.limit != 20 else ""
    parameters["cursor"] = cursor or ""
    return parameters | dict(changed)


def with_filter(request: SearchRequest, name: str, value: str) -> dict[str, str | list[str]]:
    """The request as parameters, with one more filter value."""
    parameters = written(request)
    parameters[name] = [*request.filters.get(name, ()), value]
    return parameters


def _one_of(given: QueryParams, name: str, known: tuple[_T, ...], default: _T) -> _T:
    value = given.get(name) or default
    for word in known:
        if word == value:
            return word
    raise _bad(name, f"Parameter {name} is {value[:40]!r}; it can be {', '.join(known)}.")


def day_given(given: QueryParams, name: str) -> date | None:
    """The day that a parameter names; None where it is not given. Raises Problem (400) for what is no day."""
    value = given.get(name)
    if not value:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise _bad(name, f"Parameter {name} is {value[:40]!r}; write a day as 2024-12-31.") from None


def _amount(given: QueryParams, name: str) -> Decimal | None:
    value = given.get(name)
    if not value:
        return None
    amount = amount_read(value)
    if amount is None:
        raise _bad(name, f"Parameter {name} is {value[:40]!r}; write an amount as 100000 or 948620.64.")
    return amount


def _limit(given: QueryParams) -> int:
    value = given.get("limit") or "20"
    if not (value.isascii() and value.isdecimal() and len(value) < 6) or not 0 < int(value) <= MOST_HITS:
        raise _bad("limit", f"Parameter limit is {value[:40]!r}; it can be 1 to {MOST_HITS}.")
    return int(value)


def _facets(value: str) -> Iterable[str]:
    for name in filter(None, value.split(",")):
        if name not in FACETS:
            raise _bad("facets", f"There is no facet {name[:40]!r}; there are {', '.join(FACETS)}.")
        yield name


def _bad(name: str, detail: str) -> Problem:
    return Problem(400, "bad-request", detail, parameter=name)
