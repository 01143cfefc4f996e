"""The parts a notice is made of. Field meanings and vocabularies: docs/model.md."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer


def _money(value: object) -> object:
    if isinstance(value, float):
        return Decimal(repr(value))
    return value


def _plain(value: Decimal) -> str:
    """``948620.64``, ``0``, ``-5.5``: no exponent and no trailing zeros, so that equal values hash alike."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


Money = Annotated[Decimal, BeforeValidator(_money), PlainSerializer(_plain, return_type=str)]


class Part(BaseModel):
    """Base of all model parts: immutable, and a misspelt field is an error.

    A default stands for "absent" and is left out of canonical JSON, so a new field changes no hash.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What a notice is, in one vocabulary for all sources."""

    FORECAST = "forecast"
    SOURCES_SOUGHT = "sources_sought"
    SPECIAL_NOTICE = "special_notice"
    PRESOLICITATION = "presolicitation"
    SOLICITATION = "solicitation"
    JUSTIFICATION = "justification"
    AWARD = "award"
    ORDER = "order"
    VEHICLE = "vehicle"
    MODIFICATION = "modification"
    SUBAWARD = "subaward"
    GRANT = "grant"
    AGENDA_ITEM = "agenda_item"
    MEETING = "meeting"
    REGISTER_DOCUMENT = "register_document"
    PAYMENT = "payment"
    OTHER = "other"


class Status(StrEnum):
    """Where the thing stands, by the source's own word."""

    OPEN = "open"
    CLOSED = "closed"
    AWARDED = "awarded"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"
    UNKNOWN = "unknown"


class Listing(StrEnum):
    """Whether the source still lists the notice. Not part of a version: it is the archive's finding."""

    LISTED = "listed"
    UNLISTED = "unlisted"
    WITHDRAWN = "withdrawn"
    ARCHIVED_BY_SOURCE = "archived_by_source"


class AmountKind(StrEnum):
    """What a sum of money is. Sums never mix kinds."""

    OBLIGATED = "obligated"
    BASE_AND_EXERCISED = "base_and_exercised"
    BASE_AND_ALL_OPTIONS = "base_and_all_options"
    CEILING = "ceiling"
    NOT_TO_EXCEED = "not_to_exceed"
    ESTIMATE = "estimate"
    BUDGET = "budget"
    ANNOUNCED = "announced"
    AWARDED = "awarded"
    PAID = "paid"


HEADLINE_ORDER: tuple[AmountKind, ...] = (
    AmountKind.OBLIGATED,
    AmountKind.AWARDED,
    AmountKind.PAID,
    AmountKind.ANNOUNCED,
    AmountKind.BASE_AND_EXERCISED,
    AmountKind.CEILING,
    AmountKind.BASE_AND_ALL_OPTIONS,
    AmountKind.NOT_TO_EXCEED,
    AmountKind.ESTIMATE,
    AmountKind.BUDGET,
)
"""Which amount of a notice stands in its headline and sorts it: the first kind present."""


class Text(Part):
    """One language's wording of a title or description, as published, officials' contact data masked."""

    text: str
    language: str = "en"


class Buyer(Part):
    """A public body. ``name`` and ``codes`` as printed; ``buyer_id`` from the buyers table, None if unknown there."""

    role: Literal["contracting", "funding", "requesting", "issuing"]
    name: str | None = None
    codes: dict[str, str] = {}
    buyer_id: str | None = None
    inferred: bool = False


class Party(Part):
    """A company or person on the other side. ``name`` is cut out of ``printed`` where that joins name and address."""

    role: Literal["supplier", "reseller", "maker", "bidder", "incumbent"]
    name: str
    printed: str | None = None
    uei: str | None = None
    cage: str | None = None
    duns: str | None = None
    company_number: str | None = None
    parent: str | None = None
    person: bool = False


class Amount(Part):
    """Money. ``basis``: ``change`` is this action only and may be summed; ``state`` is a total on a date.

    ``value`` or ``minimum`` and ``maximum``, in whole units of ``currency`` (ISO 4217); ``currency`` None = not stated.
    """

    kind: AmountKind
    basis: Literal["change", "state", "limit", "plan"]
    value: Money | None = None
    minimum: Money | None = None
    maximum: Money | None = None
    currency: str | None = None
    of: Literal["action", "award", "lot", "supplier_share"] = "award"
    as_of: str | None = None


class Number(Part):
    """A number of the source: as printed, ``plain`` = its letters and digits in upper case, ``issuer`` a code."""

    type: str
    printed: str
    plain: str
    issuer: str | None = None


class DateValue(Part):
    """A date. ``value`` is ISO 8601 at its ``precision``; ``zone`` is the offset or zone name given, if any.

    A time with an offset keeps the offset as given (``2026-04-15T15:46:25.300-04:00``): the printed day is meant.
    """

    role: Literal[
        "posted", "modified", "due", "signed", "effective", "start", "end", "option_end", "hearing", "archive",
        "planned_solicitation", "planned_award",
    ]  # fmt: skip
    value: str
    precision: Literal["time", "day", "month", "quarter", "year"] = "day"
    zone: str | None = None


class Classification(Part):
    """A code of a classification: NAICS, PSC, CPV, UNSPSC. Code or label may be all that the source gives."""

    scheme: Literal["naics", "psc", "cpv", "unspsc"]
    code: str | None = None
    label: str | None = None


class Place(Part):
    """A place of performance, as printed."""

    street: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None


class Competition(Part):
    """How the buyer chose: procedure, extent, reason not competed, offers, set-aside, pricing; each as printed."""

    procedure: str | None = None
    extent: str | None = None
    reason_not_competed: str | None = None
    offers: int | None = None
    set_aside: str | None = None
    set_aside_code: str | None = None
    pricing: str | None = None


class Lot(Part):
    """A part of a procurement that is awarded by itself."""

    number: str
    title: str | None = None
    amount: Money | None = None
    currency: str | None = None


class Hearing(Part):
    """A body's treatment of a matter on a day."""

    body: str
    date: str | None = None
    item: str | None = None
    action: str | None = None
    vote: str | None = None


class Document(Part):
    """An attachment that the source names."""

    url: str
    title: str | None = None
    media_type: str | None = None
    sha256: str | None = None


class Link(Part):
    """An address of the source about the notice; ``rel`` says what it leads to."""

    url: str
    rel: str = "source"
