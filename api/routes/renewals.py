"""``/renewals`` and its twins: which contracts on the watchlist end soon, what options are left, how it is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.calendar_file import Day, calendar
from api.context import Context, context
from api.coverage import coverage_view
from api.hits import Row, row_of_item
from api.negotiation import FRESH, incomplete, json_answer, wants_json
from api.pages import render
from api.parameters import day_given
from api.problems import Problem
from api.renewals import MONTHS, ROLES, Asked, Ending, Renewals, Stated, renewals
from api.routes.search_page import Choice
from api.searching import item_form
from noticewatch import addresses, words
from noticewatch.identifiers import now
from noticewatch.models import Amount
from noticewatch.naming import shortened

router = APIRouter()
Given = Annotated[Context, Depends(context)]
_FILTERS = ("buyer", "technology", "vendor")
_PARAMETERS = ("from", "to", *_FILTERS)


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the list, in words."""

    day: str
    anchor: str
    what: str
    beside: str
    row: Row
    obligated: str
    exercised: str
    options: str
    by: Choice
    ended: str


@router.get("/renewals", include_in_schema=False)
@router.get("/renewals.json", include_in_schema=False)
def renewals_page(request: Request, held: Given) -> Response:
    """The calendar and the list, soonest first."""
    asked = _asked(request)
    found = renewals(held, asked)
    if wants_json(request):
        return json_answer(_form(held, asked, found))
    return render(request, "renewals.html", _values(held, asked, found))


@router.get(f"{addresses.API}/renewals", tags=["profiles"], summary="Ends of contracts and of their options")
def renewals_answer(request: Request, held: Given) -> Response:
    """Ends of contracts on the watchlist, soonest first: ``from`` (today), ``to`` (two years on), ``buyer``,
    ``technology``, ``vendor``; ``next`` goes on.
    """
    asked = _asked(request)
    return json_answer(_form(held, asked, renewals(held, asked)))


@router.get("/feeds/renewals.ics", tags=["feeds"], summary="Ends of contracts as a calendar")
def renewals_calendar(request: Request, held: Given) -> Response:
    """The same as iCalendar, to be subscribed to; with the same parameters."""
    asked = _asked(request)
    found = renewals(held, asked)
    base = held.settings.base_url
    name = "noticewatch: ends of contracts" + "".join(f", {chip.label}" for chip in _chips(held, asked))
    body = calendar(name, (_event(ending, base) for ending in found.endings))
    headers = {"Cache-Control": FRESH} | incomplete(found.warnings)
    return Response(body, 200, headers, media_type="text/calendar; charset=utf-8")


def _asked(request: Request) -> Asked:
    """What the parameters ask for. Raises Problem (400) naming one that cannot be used."""
    given = request.query_params
    for name in given:
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            raise Problem(400, "bad-request", f"There is no parameter {name[:40]!r}; known are {known}.")
    first = day_given(given, "from") or now().date()
    last = day_given(given, "to") or _months_on(first, MONTHS)
    if first > last:
        raise Problem(400, "bad-request", f"Parameter from is {first}, after to, {last}; turn them round.")
    filters = {name: tuple(value for value in given.getlist(name) if value) for name in _FILTERS}
    return Asked(first, last, {name: values for name, values in filters.items() if values})


def _months_on(day: date, months: int) -> date:
    """The first of the month that many months after a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1) if year < date.max.year else date.max


def _values(held: Context, asked: Asked, found: Renewals) -> dict[str, Any]:
    filters = {name: list(values) for name, values in asked.filters.items()}
    years: dict[str, list[Choice]] = {}
    for month, count in found.months.items():
        called = words.day_words(month)
        years.setdefault(month[:4], []).append(Choice(called.partition(" ")[0], count, f"#m{month}"))
    return {
        "found": found,
        "warnings": found.warnings,
        "first": asked.first.isoformat(),
        "last": asked.last.isoformat(),
        "years": years,
        "lines": list(_lines(found)),
        "shown_months": {ending.day[:7] for ending in found.endings},
        "chips": _chips(held, asked),
        "buyer": " ".join(asked.filters.get("buyer", ())),
        "technology": asked.filters.get("technology", ("",))[0],
        "technologies": sorted(
            ((t.id, t.name) for t in held.dictionary.technologies.values()), key=lambda pair: pair[1].casefold()
        ),
        "next_href": _next(asked, found),
        "later_href": addresses.search(filters | {"from": str(asked.first), "to": str(date.max)}, "/renewals"),
        "ics_href": addresses.search(filters, "/feeds/renewals.ics"),
        "states_ends": [source.title for source in held.sources.values() if source.name in _STATING],
        "coverage": coverage_view(held),
        "twin": addresses.search(_written(asked), "/renewals.json"),
        "permanent": addresses.search(filters, "/renewals"),
    }  # fmt: skip


_STATING = frozenset({"usaspending_awards", "fpds_atom", "sam_gov_contract_awards"})
"""Sources whose answers can carry the end of a contract."""


def _lines(found: Renewals) -> Iterator[Shown]:
    month = ""
    for ending in found.endings:
        anchor, month = (f"m{ending.day[:7]}" if ending.day[:7] != month else ""), ending.day[:7]
        yield _shown(ending, anchor)


def _shown(ending: Ending, anchor: str) -> Shown:
    contract, period = ending.contract, ending.contract.period
    stated = period.end if ending.role == "end" else period.option_end
    assert stated is not None
    return Shown(
        day=words.day_words(ending.day),
        anchor=anchor,
        what=ROLES[ending.role],
        beside=_beside(ending),
        row=row_of_item(contract.item),
        obligated=_obligated(ending),
        exercised=_sum(contract.exercised),
        options=_sum(contract.options),
        by=Choice(words.day_words(stated.on), 0, addresses.notice(stated.by)),
        ended=period.ended,
    )


def _beside(ending: Ending) -> str:
    """What the other end of the contract is."""
    period = ending.contract.period
    if ending.role == "end":
        if period.option_end is None:
            return f"options: {words.NOT_STATED}"
        if period.option_end.day <= ending.day:
            return "no option reaches further"
        return f"with all options until {words.day_words(period.option_end.day)}"
    if period.end is None:
        return f"end of its period: {words.NOT_STATED}"
    said = f"its period ends {words.day_words(period.end.day)}"
    if period.end.day < now().date().isoformat():
        said = (
            f"its period ended {words.day_words(period.end.day)}, as stated on {words.day_words(period.end.on)}; "
            "whether an option was used since is not held"
        )
    return said


def _obligated(ending: Ending) -> str:
    parts = [f"{words.money(t.value, t.currency)} ({_called(t.label)})" for t in ending.contract.obligated]
    parts += [
        f"{words.money(own.value, own.currency or None)} as the source states of the whole"
        + (f", as of {words.day_words(own.as_of)}" if own.as_of else "")
        for own in ending.contract.stated
    ]
    return "; ".join(parts) or words.NOT_STATED


def _called(label: str) -> str:
    known, since, day = label.partition("since ")
    return f"{known}{since}{words.day_words(day)}{day[10:]}" if since else label


def _sum(amount: Amount | None) -> str:
    return words.amount_value(amount) if amount else words.NOT_STATED


def _chips(held: Context, asked: Asked) -> list[Choice]:
    """Filters in force, each a link that takes it away. Raises FilterError for a name that nothing has."""
    names, found = held.search.names, []
    for name, values in asked.filters.items():
        for value in values:
            code = names.code(name, value) or value
            rest = {n: [v for v in vs if (n, v) != (name, value)] for n, vs in asked.filters.items()}
            found.append(Choice(names.label(name, code), 0, addresses.search(rest, "/renewals")))
    return found


def _written(asked: Asked) -> dict[str, str | list[str]]:
    filters: dict[str, str | list[str]] = {name: list(values) for name, values in asked.filters.items()}
    return filters | {"from": str(asked.first), "to": str(asked.last)}


def _next(asked: Asked, found: Renewals) -> str:
    """Where the list goes on: after the day of the last end that is shown, all of whose ends are."""
    if found.total <= len(found.endings):
        return ""
    after = date.fromisoformat(found.endings[-1].day) + timedelta(days=1)
    return addresses.search(_written(asked) | {"from": str(after)}, "/renewals")


def _form(held: Context, asked: Asked, found: Renewals) -> dict[str, Any]:
    following = _next(asked, found)
    return {
        "from": str(asked.first),
        "to": str(asked.last),
        "total": found.total,
        "later": found.later,
        "contracts_stating_an_end": found.stating,
        "months": dict(found.months),
        "items": [_ending_form(ending) for ending in found.endings],
        "next": following.replace("/renewals", f"{addresses.API}/renewals", 1) or None,
        "coverage": coverage_view(held).form(),
        "warnings": found.warnings,
    }


def _ending_form(ending: Ending) -> dict[str, Any]:
    contract, period = ending.contract, ending.contract.period
    return {
        "date": ending.day,
        "role": ending.role,
        "end": _stated(period.end),
        "option_end": _stated(period.option_end),
        "termination": period.ended or None,
        "obligated": [{"value": str(t.value), "currency": t.currency, "called": t.label} for t in contract.obligated],
        "stated_by_source": [
            {"value": str(t.value), "currency": t.currency or None, "as_of": t.as_of or None, "notice": t.notice}
            for t in contract.stated
        ],
        "base_and_exercised": _amount(contract.exercised),
        "base_and_all_options": _amount(contract.options),
        "contract": item_form(contract.item),
    }  # fmt: skip


def _stated(stated: Stated | None) -> dict[str, str] | None:
    return {"date": stated.day, "stated_by": stated.by, "stated_on": stated.on} if stated else None


def _amount(amount: Amount | None) -> dict[str, str | None] | None:
    value: Decimal | None = amount.value if amount else None
    return {"value": str(value), "currency": amount.currency} if amount and value is not None else None


def _event(ending: Ending, base: str) -> Day:
    row, contract = row_of_item(ending.contract.item), ending.contract
    stated = contract.period.end if ending.role == "end" else contract.period.option_end
    assert stated is not None
    said = [
        f"{row.title}.",
        f"Buyer: {row.buyer}. Seller: {row.seller or words.NOT_STATED}.",
        f"Obligated: {_obligated(ending)}.",
        f"Base and exercised options: {_sum(contract.exercised)}. Base and all options: {_sum(contract.options)}.",
        f"{words.first_upper(_beside(ending))}.",
        f"Stated on {words.day_words(stated.on)}: {base}{addresses.notice(stated.by)}",
    ]
    what = "Contract ends" if ending.role == "end" else "Last option ends"
    return Day(
        uid=f"{contract.item.procurement}:{ending.role}@noticewatch",
        day=date.fromisoformat(ending.day),
        summary=f"{what}: {shortened(row.title, 80)} ({row.seller or row.buyer})",
        description="\n".join(said),
        url=base + row.href,
        stamp=datetime.fromisoformat(stated.on).replace(tzinfo=UTC),
        categories=tuple(tag.label for tag in row.tags if tag.strong),
    )
