"""A forecast of the Acquisition Planning Forecast System as a notice. Pure.

The publisher documents no field; the meanings are those of the recorded answer.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from bs4 import BeautifulSoup

from crawlers.members import Members
from crawlers.parsing import Shape
from noticewatch.buyers import BuyerEntry, find
from noticewatch.contacts import mask
from noticewatch.dates import Role, bare_date
from noticewatch.models import (
    Amount,
    AmountKind,
    Buyer,
    Classification,
    Competition,
    DateValue,
    Kind,
    Link,
    Notice,
    Number,
    Party,
    Place,
    Status,
    Text,
)
from noticewatch.numbers import plain

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("links",),
    "apfs_number": ("numbers.apfs",),
    "organization": ("buyers.contracting",),
    "contracting_office": ("buyers.contracting",),
    "requirements_office": ("buyers.requesting",),
    "requirements_title": ("title", "title_from"),
    "requirement": ("description",),
    "contract_status": ("status", "status_published"),
    "competitive": ("status_published",),
    "contractor": ("parties.incumbent",),
    "contract_number": ("numbers.incumbent_contract",),
    "contract_vehicle": ("competition",),
    "small_business_program": ("competition",),
    "dollar_range": ("amounts.estimate",),
    "naics": ("classifications.naics",),
    "award_quarter": ("dates.planned_award",),
    "anticipated_award_date": ("dates.planned_award",),
    "estimated_solicitation_release_date": ("dates.planned_solicitation",),
    "estimated_release_date": ("dates.planned_solicitation",),
    "estimated_period_of_performance_start": ("dates.start",),
    "estimated_period_of_performance_end": ("dates.end",),
    "published_date": ("dates.posted",),
    "publish_date": ("dates.posted",),
    "last_updated_date": ("dates.modified",),
    "place_of_performance_city": ("places",),
    "place_of_performance_state": ("places",),
}
"""Members that are read, with the paths that they carry; ``kind`` follows from the source."""

UNREAD: Final[Mapping[str, str]] = {
    "mission": "always null so far",
    "fiscal_year": "follows from the award quarter",
    "created_on": "the day on which the record was begun, before it was published",
    "current_state": "always Published",
    "previous_publish_date": "the version before holds it",
    "previous_published_date": "the version before holds it",
    "apfs_coordinator_office": "office of an official",
    **{
        f"{whose}_contact_{what}": "contact of an official, dropped"
        for whose in ("requirements", "alternate")
        for what in ("first_name", "last_name", "phone", "email")
    },
}
"""Members that are known and not read, with the reason."""

NEEDED: Final = frozenset({"id", "apfs_number", "organization", "requirements_title"})
PAGE: Final = "https://apfs-cloud.dhs.gov/record/{}/public-print/"

_UNITS: Final = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_MONEY: Final = re.compile(r"\$\s?(\d[\d,]*(?:\.\d+)?)\s?([KMB]?)(?![A-Z])", re.IGNORECASE)
_ABOVE: Final = re.compile(r"\b(?:over|above|more than|greater than|at least)\b|>|\+", re.IGNORECASE)
_BELOW: Final = re.compile(r"\b(?:under|below|less than|up to|at most)\b|<", re.IGNORECASE)
_CONTRACT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){6,}")
_QUARTER: Final = re.compile(r"Q([1-4])\s*(?:FY\s*)?(\d{4})", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_NO_NAME: Final = frozenset({"", "TBD", "NA", "NONE", "MULTIPLE", "VARIOUS", "NOTAPPLICABLE", "FY23TBD", "UNKNOWN"})
_STATUS: Final = {"NLR": Status.CANCELLED, "NEW": Status.UNKNOWN, "REC": Status.UNKNOWN}
_FEWEST_DIGITS: Final = 3


def to_notice(members: Members, shape: Shape) -> Notice:
    """The notice that a forecast states."""
    members.ignore(*UNREAD)
    code, words = members.text("contract_status"), members.text("competitive")
    if code and code.upper() not in _STATUS:
        shape.remarks[f"contract status not known: {code[:40]}"] += 1
    return Notice(
        kind=Kind.FORECAST,
        status=_STATUS.get(code.upper(), Status.UNKNOWN),
        status_published=words or code or None,
        title=_text(members.text("requirements_title")),
        description=_text(members.text("requirement")),
        buyers=tuple(_buyers(members)),
        parties=_parties(members.text("contractor")),
        amounts=_amounts(members.object("dollar_range"), shape),
        numbers=tuple(_numbers(members, shape)),
        dates=tuple(_dates(members, shape)),
        classifications=_classifications(members.text("naics")),
        competition=_competition(members.text("contract_vehicle"), members.text("small_business_program")),
        places=_places(members.text("place_of_performance_city"), members.text("place_of_performance_state")),
        links=(Link(url=PAGE.format(members.text("id"))),),
    )


@lru_cache(maxsize=64)
def carried(members: tuple[str, ...]) -> frozenset[str]:
    """The paths that a forecast with these members can carry."""
    return frozenset({"kind", *(path for member in members for path in CARRIES.get(member, ()))})


def contract_numbers(printed: str) -> list[str]:
    """The contract numbers in what is printed for one: ``GS-10-F-0837BA / 70RSAT20FR0000160`` holds two.

    A number is a word of seven letters and digits or more with three digits at least; typing errors stay in it.
    """
    words = (match[0] for match in _CONTRACT.finditer(printed))
    return list(dict.fromkeys(word for word in words if sum(sign.isdigit() for sign in word) >= _FEWEST_DIGITS))


def dollar_range(printed: str) -> tuple[Decimal | None, Decimal | None]:
    """Least and greatest amount in US dollars: of ``$1M to $2M`` both, of ``Over $100M`` the least alone."""
    sums = [Decimal(match[1].replace(",", "")) * _UNITS[match[2].upper()] for match in _MONEY.finditer(printed)]
    if len(sums) == 2 and sums[0] <= sums[1]:
        return sums[0], sums[1]
    if len(sums) != 1:
        return None, None
    if _ABOVE.search(printed):
        return sums[0], None
    return (None, sums[0]) if _BELOW.search(printed) else (sums[0], sums[0])


def calendar_quarter(printed: str) -> str | None:
    """``Q4 2024``, a quarter of the fiscal year that began in October 2023, as the calendar's ``2024-Q3``."""
    match = _QUARTER.fullmatch(printed.strip())
    if match is None:
        return None
    quarter, year = int(match[1]), int(match[2])
    return f"{year - 1}-Q4" if quarter == 1 else f"{year}-Q{quarter - 1}"


def _text(printed: str) -> tuple[Text, ...]:
    """Later records hold HTML in their descriptions."""
    if _TAG.search(printed):
        printed = BeautifulSoup(printed, "html.parser").get_text("\n").strip()
    return (Text(text=mask(printed)),) if printed else ()


def _buyers(members: Members) -> Iterator[Buyer]:
    organization = members.text("organization")
    if organization:
        entry = _organization(organization)
        yield Buyer(role="contracting", name=organization, buyer_id=entry.id if entry else None)
    if office := members.text("contracting_office"):
        yield Buyer(role="contracting", name=mask(office))
    if office := members.text("requirements_office"):
        yield Buyer(role="requesting", name=mask(office))


@lru_cache(maxsize=512)
def _organization(printed: str) -> BuyerEntry | None:
    """The body that is named, else the lowest one of its path that is known: ``ICE/M&A/CIO``, ``ICE/M&A``, ``ICE``."""
    if (entry := find("apfs.org", printed)) is not None:
        return entry
    parts = printed.split("/")
    for count in range(len(parts) - 1, 0, -1):
        path = "/".join(parts[:count])
        if (entry := find("apfs.org_prefix", f"{path}/") or find("apfs.org", path)) is not None:
            return entry
    return None


def _parties(printed: str) -> tuple[Party, ...]:
    return () if plain(printed) in _NO_NAME else (Party(role="incumbent", name=mask(printed)),)


def _amounts(stated: Members, shape: Shape) -> tuple[Amount, ...]:
    stated.ignore("display_order")
    printed = stated.text("display_name")
    least, greatest = dollar_range(printed)
    if least is None and greatest is None:
        if printed and plain(printed) not in _NO_NAME:
            shape.remarks["dollar ranges that are none"] += 1
        return ()
    return (Amount(kind=AmountKind.ESTIMATE, basis="plan", minimum=least, maximum=greatest, currency="USD"),)


def _numbers(members: Members, shape: Shape) -> Iterator[Number]:
    own = members.text("apfs_number").lstrip("* ")
    if own:
        yield Number(type="apfs", printed=own, plain=plain(own))
    printed = members.text("contract_number")
    found = contract_numbers(printed)
    for number in found:
        yield Number(type="incumbent_contract", printed=number, plain=plain(number))
    if printed and not found:
        shape.remarks["contract numbers that hold no number"] += 1


def _dates(members: Members, shape: Shape) -> Iterator[DateValue]:
    posted = members.text("published_date")
    posted = members.text("publish_date") or posted
    yield from _date("posted", posted, shape)
    modified = members.text("last_updated_date")
    yield from _date("modified", "" if modified == posted else modified, shape)
    released = members.text("estimated_solicitation_release_date")
    released = members.text("estimated_release_date") or released
    yield from _date("planned_solicitation", released, shape)
    yield from _date("planned_award", members.text("anticipated_award_date"), shape)
    printed = members.text("award_quarter")
    if quarter := calendar_quarter(printed):
        yield DateValue(role="planned_award", value=quarter, precision="quarter")
    elif printed and plain(printed) not in _NO_NAME:
        shape.remarks["award quarters that are none"] += 1
    yield from _date("start", members.text("estimated_period_of_performance_start"), shape)
    yield from _date("end", members.text("estimated_period_of_performance_end"), shape)


def _date(role: Role, printed: str, shape: Shape) -> Iterator[DateValue]:
    date = bare_date(role, printed)
    if date is not None:
        yield date
    elif printed:
        shape.remarks[f"{role} dates that are none"] += 1


@lru_cache(maxsize=1024)
def _classifications(printed: str) -> tuple[Classification, ...]:
    code, parted, label = printed.partition(" - ")
    if not code.strip():
        return ()
    if not parted and not code.isdigit():
        return (Classification(scheme="naics", label=code.strip()),)
    return (Classification(scheme="naics", code=code.strip(), label=label.strip() or None),)


@lru_cache(maxsize=1024)
def _competition(vehicle: str, program: str) -> Competition | None:
    return Competition(procedure=vehicle or None, set_aside=program or None) if vehicle or program else None


@lru_cache(maxsize=1024)
def _places(city: str, state: str) -> tuple[Place, ...]:
    stated = {
        name: value for name, value in (("city", city), ("region", state)) if value and plain(value) not in _NO_NAME
    }
    return (Place(**stated),) if stated else ()
