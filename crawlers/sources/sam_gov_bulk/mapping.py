"""A row of the SAM.gov bulk file as a notice. Pure.

What both sources of the register ``sam`` have in common (kinds, standing, buyers, set-asides, money) is public here, so
that both say the same thing in the same words.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from crawlers.parsing import Shape
from crawlers.sources.sam_gov_bulk.awardee import company
from noticewatch.buyers import BuyerEntry, ancestors, find
from noticewatch.contacts import mask
from noticewatch.dates import Role, instant, sam_time
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

ZONE: Final = "America/New_York"
"""Zone of times that are printed without an offset."""

_KINDS: Final = {
    "Award Notice": Kind.AWARD,
    "Combined Synopsis/Solicitation": Kind.SOLICITATION,
    "Solicitation": Kind.SOLICITATION,
    "Sources Sought": Kind.SOURCES_SOUGHT,
    "Presolicitation": Kind.PRESOLICITATION,
    "Special Notice": Kind.SPECIAL_NOTICE,
    "Justification": Kind.JUSTIFICATION,
    "Justification and Approval (J&A)": Kind.JUSTIFICATION,
    "Fair Opportunity / Limited Sources Justification": Kind.JUSTIFICATION,
    "Sale of Surplus Property": Kind.OTHER,
    "Consolidate/(Substantially) Bundle": Kind.OTHER,
    "Intent to Bundle Requirements (DoD-Funded)": Kind.OTHER,
    "Foreign Government Standard": Kind.OTHER,
}
_STATUS: Final = {
    Kind.AWARD: Status.AWARDED,
    Kind.SOLICITATION: Status.OPEN,
    Kind.SOURCES_SOUGHT: Status.OPEN,
    Kind.PRESOLICITATION: Status.OPEN,
    Kind.SPECIAL_NOTICE: Status.OPEN,
}
_CANCELLED = re.compile(r"\W*(CANCELLED|CANCELED|CANCELLATION)\b", re.IGNORECASE)
_NOBODY = re.compile(r"null(?=\s|$)|NULL$")
"""An awardee whose name the publisher does not know; its address may follow."""
_MONEY = re.compile(r"\$?\s?(-?\d{1,15}(?:,\d{3})*(?:\.\d{1,12})?(?:[eE]\+?\d{1,2})?)")
_ACTIVE: Final = frozenset({"", "yes"})
_DATES: Final[tuple[tuple[Role, str], ...]] = (
    ("posted", "PostedDate"),
    ("due", "ResponseDeadLine"),
    ("signed", "AwardDate"),
    ("archive", "ArchiveDate"),
)


class Cells:
    """The cells of a row by column name; a column that is not there is empty."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __getitem__(self, column: str) -> str:
        return self._values.get(column, "").strip()


def revision(posted: str, notice_id: str) -> str:
    """What sorts the revisions of a notice: the time posted in UTC, then the NoticeId."""
    date = sam_time("posted", posted)
    moment = instant(date.value, ZONE) if date else None
    when = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z" if moment else posted
    return f"{when} {notice_id}"


def to_notice(cells: Cells, shape: Shape) -> Notice:
    """The notice that a row states."""
    kind = kind_of(cells["Type"], shape)
    status, word = standing(kind, cells["Title"], cells["Active"])
    return Notice(
        kind=kind,
        kind_published=cells["Type"],
        status=status,
        status_published=word,
        title=texts(cells["Title"]),
        description=texts(cells["Description"]),
        buyers=_buyers(cells),
        parties=_parties(cells),
        amounts=amounts(cells["Award$"], shape),
        numbers=tuple(_numbers(cells)),
        dates=tuple(_dates(cells, shape)),
        classifications=_classifications(cells["NaicsCode"], cells["ClassificationCode"]),
        competition=competition(cells["SetASideCode"], cells["SetASide"]),
        places=_places(cells),
        links=tuple(_links(cells)),
    )


def kind_of(printed: str, shape: Shape) -> Kind:
    """The kind of a notice by SAM.gov's word for its type; one that is not known is a finding."""
    kind = _KINDS.get(printed)
    if kind is None:
        shape.remarks[f"type not known: {printed[:60]}"] += 1
    return kind or Kind.OTHER


def standing(kind: Kind, title: str, active: str) -> tuple[Status, str | None]:
    """Where a notice stands, and the word that says so.

    Cancelled where the title begins so (SAM.gov has no field for it); archived where ``active`` is another word than
    Yes; else by its kind.
    """
    cancelled = _CANCELLED.match(title)
    if cancelled:
        return Status.CANCELLED, cancelled[1]
    if active.casefold() not in _ACTIVE:
        return Status.ARCHIVED, f"Active: {active}"
    return _STATUS.get(kind, Status.UNKNOWN), None


def texts(printed: str) -> tuple[Text, ...]:
    """A title or description with contact data masked; none where nothing is printed."""
    return (Text(text=mask(printed)),) if printed else ()


def _buyers(cells: Cells) -> tuple[Buyer, ...]:
    return buyers(
        cells["Sub-Tier"], cells["Department/Ind.Agency"], cells["Office"],
        cells["CGAC"], cells["FPDS Code"], cells["AAC Code"],
    )  # fmt: skip


@lru_cache(maxsize=8192)
def buyers(subtier: str, department: str, office: str, cgac: str, fpds: str, aac: str) -> tuple[Buyer, ...]:
    """The contracting body by names and codes of its department, sub-tier (agency) and office, as printed."""
    name = subtier or department
    codes = {system: code for system, code in (("cgac", cgac), ("fpds", fpds), ("aac", aac)) if code}
    if not name and not codes:
        return ()
    entry = _most_specific(
        (("sam.cgac", cgac), ("sam.department", department)),
        (("subtier_code", fpds), ("sam.subtier", subtier)),
        (("office_code", aac), ("sam.office", office)),
    )
    return (Buyer(role="contracting", name=name or None, codes=codes, buyer_id=entry.id if entry else None),)


def _most_specific(*levels: tuple[tuple[str, str], ...]) -> BuyerEntry | None:
    """The body of the lowest level that is known and does not contradict the levels above."""
    found: BuyerEntry | None = None
    for level in levels:
        below = next((entry for system, value in level if value and (entry := find(system, value))), None)
        if below is not None and (found is None or found.id in ancestors(below.id)):
            found = below
    return found


def _parties(cells: Cells) -> tuple[Party, ...]:
    printed = cells["Awardee"]
    if not printed or _NOBODY.match(printed):
        return ()
    name = company(printed)
    return (Party(role="supplier", name=name, printed=printed if printed != name else None),)


def amounts(printed: str, shape: Shape) -> tuple[Amount, ...]:
    """The sum that an award notice announces: a limit, with options; a text that is no number is a finding."""
    match = _MONEY.fullmatch(printed)
    if match:
        value = Decimal(match[1].replace(",", ""))
        return (Amount(kind=AmountKind.ANNOUNCED, basis="limit", value=value, currency="USD"),)
    if printed:
        shape.remarks["award amounts that are no number"] += 1
    return ()


def _numbers(cells: Cells) -> Iterator[Number]:
    yield Number(type="notice_id", printed=cells["NoticeId"], plain=plain(cells["NoticeId"]))
    issuer = cells["FPDS Code"] or None
    for kind, column in (("solicitation", "Sol#"), ("award", "AwardNumber")):
        if printed := cells[column]:
            yield Number(type=kind, printed=printed, plain=plain(printed), issuer=issuer)


def _dates(cells: Cells, shape: Shape) -> Iterator[DateValue]:
    for role, column in _DATES:
        printed = cells[column]
        date = sam_time(role, printed) if printed else None
        if date is not None:
            yield date
        elif printed:
            shape.remarks[f"{column} that is no date"] += 1


@lru_cache(maxsize=4096)
def _classifications(naics: str, psc: str) -> tuple[Classification, ...]:
    given: tuple[tuple[Literal["naics", "psc"], str], ...] = (("naics", naics), ("psc", psc))
    return tuple(Classification(scheme=scheme, code=code) for scheme, code in given if code)


@lru_cache(maxsize=512)
def competition(set_aside_code: str, set_aside: str) -> Competition | None:
    """The set-aside by code and words, as printed; None where neither is."""
    code, words = _plain_list(set_aside_code), _plain_list(set_aside)
    if not code and not words:
        return None
    return Competition(set_aside=words or None, set_aside_code=code or None)


def _plain_list(printed: str) -> str:
    """``["SBA"]``, a list written as text, as ``SBA``; anything else as printed."""
    if not printed.startswith("["):
        return printed
    try:
        values = json.loads(printed)
    except ValueError:
        return printed
    return ", ".join(str(value) for value in values)


def _places(cells: Cells) -> tuple[Place, ...]:
    parts = {
        "street": mask(cells["PopStreetAddress"]),
        "city": cells["PopCity"],
        "region": cells["PopState"],
        "postcode": cells["PopZip"],
        "country": cells["PopCountry"],
    }
    given = {name: value for name, value in parts.items() if value}
    return (Place(**given),) if given else ()


def _links(cells: Cells) -> Iterator[Link]:
    if address := cells["Link"]:
        yield Link(url=address)
    if address := cells["AdditionalInfoLink"]:
        yield Link(url=address, rel="more")
