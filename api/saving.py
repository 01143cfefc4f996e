"""What somebody sends to save or change a search, read into terms, rhythm and targets; from JSON, or from a form.

Both go the same way: a form is put into the shape of the JSON and read as that. Pure functions.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alerts.models import WEEKDAYS, Change, ChannelName, Reason, Rhythm, Terms, Timing, Weekday
from alerts.searches import SavedSearch
from api.problems import Problem
from indexer.requests import FILTERS, Lens

_MANY: Final = ("tiers", "reasons", "changes", "due_days")
_SINGLE: Final = ("name", "lens", "from", "to", "amount_min", "amount_max", "rhythm", "local_time", "weekday", "zone")
_Amount = Annotated[Decimal, Field(ge=Decimal("-1e15"), le=Decimal("1e15"))]


class GivenTarget(BaseModel):
    """A target as it is given. ``channel``: email, webhook or chat; ``address``: mail address, URL or Apprise URL."""

    model_config = ConfigDict(extra="forbid")

    channel: ChannelName
    address: str = Field(max_length=2_000)


class Given(BaseModel):
    """A saved search as it is sent and answered."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str = Field("", max_length=1_000)
    query: str = Field("", max_length=10_000)
    lens: Lens = "watchlist"
    tiers: tuple[Literal["alert", "review"], ...] = ("alert",)
    filters: dict[str, tuple[Annotated[str, Field(max_length=500)], ...]] = Field(default_factory=dict)
    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")
    amount_min: _Amount | None = None
    amount_max: _Amount | None = None
    reasons: tuple[Reason, ...] = (Reason.NEW,)
    changes: tuple[Change, ...] = ()
    due_days: tuple[int, ...] = (7,)
    rhythm: Rhythm = Rhythm.AT_ONCE
    local_time: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "08:00"
    weekday: Weekday = "monday"
    zone: str = Field("UTC", max_length=100)
    targets: tuple[GivenTarget, ...] = ()

    @property
    def terms(self) -> Terms:
        """What it asks for."""
        return Terms(
            query=self.query.strip(), lens=self.lens, tiers=_once(self.tiers),
            filters={name: _once(values) for name, values in self.filters.items() if values},
            date_from=self.first, date_to=self.last, amount_min=self.amount_min, amount_max=self.amount_max,
            reasons=_once(self.reasons), changes=_once(self.changes), due_days=_once(self.due_days),
        )  # fmt: skip

    @property
    def timing(self) -> Timing:
        """When it speaks."""
        return Timing(self.rhythm, time.fromisoformat(self.local_time), WEEKDAYS.index(self.weekday), self.zone)


def given_from(value: Mapping[str, Any]) -> Given:
    """What was sent. Raises Problem (400), with one sentence that names the field."""
    try:
        return Given.model_validate(value)
    except ValidationError as error:
        raise bad_field(error) from None


def changed_by(held: SavedSearch, value: Mapping[str, Any]) -> Given:
    """The search with what was sent in place of what it had. Raises Problem (400)."""
    if "targets" in value:
        raise Problem(400, "bad-request", "Targets are added and removed one by one, below …/targets.")
    if held.unread and "query" not in value:  # a part of it, run on its own, might ask for more than all of it did
        raise Problem(400, "bad-request", held.unread, parameter="query")
    return given_from(stated(held) | dict(value))


def stated(held: SavedSearch) -> dict[str, Any]:
    """A saved search in the shape in which it is sent, without its targets."""
    terms, timing = held.terms, held.timing
    return {
        "name": held.name,
        "query": terms.query,
        "lens": terms.lens,
        "tiers": list(terms.tiers),
        "filters": {name: list(values) for name, values in terms.filters.items()},
        "from": terms.date_from and terms.date_from.isoformat(),
        "to": terms.date_to and terms.date_to.isoformat(),
        "amount_min": None if terms.amount_min is None else str(terms.amount_min),
        "amount_max": None if terms.amount_max is None else str(terms.amount_max),
        "reasons": [reason.value for reason in terms.reasons],
        "changes": [str(change) for change in terms.changes],
        "due_days": list(terms.due_days),
        "rhythm": timing.rhythm.value,
        "local_time": f"{timing.at:%H:%M}",
        "weekday": WEEKDAYS[timing.weekday],
        "zone": timing.zone,
    }


def from_form(fields: Iterable[tuple[str, str]], also: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a form, or parameters of an address, in the shape of the JSON. Names are those of a search's
    address (``q``, filters) and of the JSON, and ``also`` those that are no part of a search. A choice of which
    nothing is ticked is sent as made by ``has``. Raises Problem (400) for an unknown name.
    """
    value: dict[str, Any] = {"filters": {}}
    for name, text in fields:
        if name == "q":
            value["query"] = text
        elif name == "has" and text in _MANY:
            value.setdefault(text, [])
        elif name in _MANY:
            value.setdefault(name, []).append(text)
        elif name in FILTERS and text:
            value["filters"].setdefault(name, []).append(text)
        elif name in _SINGLE and text.strip():
            value[name] = text.strip().replace(",", "") if name.startswith("amount_") else text.strip()
        elif name not in {*_SINGLE, *FILTERS, *also}:
            known = ", ".join(("q", *_SINGLE, *_MANY, *FILTERS))
            raise Problem(400, "bad-request", f"There is no field {name[:40]!r}; known are {known}.")
    return value


def form_fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields of a form show: what was sent, whether it can be used or not, else what a new search has."""
    fresh = Given().model_dump(mode="json", by_alias=True)
    shown = fresh | dict(value)
    return shown | {"days": [str(day) for day in shown["due_days"]]}


def search_parameters(terms: Terms) -> dict[str, str | list[str]]:
    """The same search as parameters of ``/search`` and the exports."""
    filters = {name: list(values) for name, values in terms.filters.items()}
    if terms.lens == "watchlist" and "tier" not in filters and len(terms.tiers) == 1:
        filters["tier"] = list(terms.tiers)
    return {
        "q": terms.query,
        "lens": terms.lens if terms.lens != "watchlist" else "",
        **filters,
        "from": str(terms.date_from or ""),
        "to": str(terms.date_to or ""),
        "amount_min": "" if terms.amount_min is None else str(terms.amount_min),
        "amount_max": "" if terms.amount_max is None else str(terms.amount_max),
    }


def feed_parameters(terms: Terms) -> dict[str, str | list[str]]:
    """The same search as parameters of its feeds, which tell of deadlines what the search does."""
    due = [str(day) for day in terms.due_days] if Reason.DUE_SOON in terms.reasons else []
    return search_parameters(terms) | {"due_days": due}


def _once(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def bad_field(error: ValidationError, model: type[BaseModel] = Given) -> Problem:
    """The problem of the first field that cannot be used, in one sentence."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])[:80]
    if first["type"] == "extra_forbidden":
        within = GivenTarget if len(first["loc"]) > 1 else model
        known = ", ".join(field.alias or each for each, field in within.model_fields.items())
        return Problem(400, "bad-request", f"There is no field {name!r}; known are {known}.", parameter=name)
    said = first["msg"].removeprefix("Value error, ")
    return Problem(400, "bad-request", f"Field {name}: {said[:1].lower()}{said[1:300]}.", parameter=name)
