"""A sub-award as a notice, from a row of a download or of the search. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crawlers.federal_actions import Body, Coded, Supplier, title_of
from crawlers.members import Members
from crawlers.parsing import Shape
from crawlers.sources.usaspending_awards.award import AWARD_PAGE
from crawlers.sources.usaspending_awards.days import day
from crawlers.sources.usaspending_awards.from_table import Cells
from crawlers.sources.usaspending_awards.identity import Identity
from noticewatch.buyers import find
from noticewatch.contacts import mask
from noticewatch.dates import Role, bare_date
from noticewatch.models import (
    Amount,
    AmountKind,
    Buyer,
    Classification,
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

_WHERE: Final = "subaward_primary_place_of_performance"
CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "prime_award_unique_key": ("numbers.prime_award", "numbers.prime_parent", "buyers.contracting", "links"),
    "prime_award_piid": ("numbers.prime_award",),
    "prime_award_fain": ("numbers.prime_award",),
    "prime_award_parent_piid": ("numbers.prime_parent",),
    "prime_award_awarding_sub_agency_code": ("buyers.contracting",),
    "prime_award_awarding_sub_agency_name": ("buyers.contracting",),
    "prime_award_awarding_agency_name": ("buyers.contracting",),
    "prime_award_awarding_office_code": ("buyers.contracting",),
    "prime_award_naics_code": ("classifications.naics",),
    "prime_award_naics_description": ("classifications.naics",),
    "prime_awardee_name": ("parties.reseller",),
    "prime_awardee_uei": ("parties.reseller",),
    "prime_awardee_duns": ("parties.reseller",),
    "prime_awardee_parent_name": ("parties.reseller",),
    "subaward_type": ("kind_published",),
    "subaward_fsrs_report_id": ("numbers.report",),
    "subaward_number": ("numbers.subaward",),
    "subaward_amount": ("amounts.awarded",),
    "subaward_action_date": ("dates.signed",),
    "subaward_fsrs_report_last_modified_date": ("dates.modified",),
    "subawardee_name": ("parties.supplier",),
    "subawardee_uei": ("parties.supplier",),
    "subawardee_duns": ("parties.supplier",),
    "subawardee_parent_name": ("parties.supplier",),
    "subaward_description": ("title", "title_from", "description"),
    f"{_WHERE}_city_name": ("places",),
    f"{_WHERE}_state_code": ("places",),
    f"{_WHERE}_address_zip_code": ("places",),
    f"{_WHERE}_country_code": ("places",),
}
"""Columns of downloads that are read, with the paths that they carry."""

MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "prime_award_generated_internal_id": (
        "numbers.prime_award",
        "numbers.prime_parent",
        "buyers.contracting",
        "links",
    ),
    "Prime Award ID": ("numbers.prime_award",),
    "Awarding Agency": ("buyers.contracting",),
    "Awarding Sub Agency": ("buyers.contracting",),
    "NAICS": ("classifications.naics",),
    "PSC": ("classifications.psc",),
    "Prime Recipient Name": ("parties.reseller",),
    "Prime Award Recipient UEI": ("parties.reseller",),
    "Sub-Award Type": ("kind_published",),
    "Sub-Award ID": ("numbers.subaward",),
    "Sub-Award Amount": ("amounts.awarded",),
    "Sub-Award Date": ("dates.signed",),
    "Sub-Award Description": ("title", "title_from", "description"),
    "Sub-Awardee Name": ("parties.supplier",),
    "Sub-Recipient UEI": ("parties.supplier",),
    "Sub-Award Primary Place of Performance": ("places",),
}
"""Members of a row of the search that are read, with the paths that they carry."""
_UNREAD: Final = (
    "internal_id", "prime_award_internal_id", "prime_award_recipient_id", "sub_award_recipient_id",
    "Assistance Listing", "Sub-Recipient Location", "subaward_description_sorted", "awarding_agency_id", "agency_slug",
)  # fmt: skip
_NO_CODE: Final = Coded()
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Name:
    """What a sub-award is called: the award above it, and its number there as printed."""

    prime: Identity
    number: str

    @property
    def key(self) -> str:
        """Key of the notice: the award's key, then the number, upper case and without white space."""
        return f"{self.prime.key}:{_SPACE.sub('', self.number).upper()}"


@dataclass(frozen=True, slots=True)
class Subaward:
    """A sub-award as stated; texts are empty and values None where nothing is."""

    name: Name
    type: str
    description: str
    contracting: Body
    prime: Supplier
    supplier: Supplier
    value: Decimal | None
    dates: tuple[tuple[Role, str], ...]
    naics: Coded
    psc: Coded
    place: Place
    report: str = ""


def name_in_table(cells: Mapping[str, str]) -> Name | None:
    """What the sub-award of a row of a download is called; None where the row does not say."""
    prime = Identity.of(cells.get("prime_award_unique_key", ""))
    number = cells.get("subaward_number", "")
    return Name(prime, number) if prime and number else None


def name_in_row(values: Mapping[str, Any]) -> Name | None:
    """What the sub-award of a row of the search is called; None where the row does not say."""
    generated, number = values.get("prime_award_generated_internal_id"), values.get("Sub-Award ID")
    prime = Identity.of(generated) if isinstance(generated, str) else None
    return Name(prime, number) if prime and isinstance(number, str) and number.strip() else None


def in_table(cells: Mapping[str, str], name: Name, shape: Shape) -> Subaward:
    """The sub-award of a row of a download."""
    row = Cells(cells, shape)
    agency = row.text("prime_award_awarding_sub_agency_name", "prime_award_awarding_agency_name")
    return Subaward(
        name,
        type=row.text("subaward_type"),
        description=row.text("subaward_description"),
        contracting=Body(
            Coded(row.text("prime_award_awarding_sub_agency_code"), agency),
            Coded(row.text("prime_award_awarding_office_code")),
        ),
        prime=_company(row, "prime_awardee"),
        supplier=_company(row, "subawardee"),
        value=row.number("subaward_amount"),
        dates=(
            ("signed", row.day("subaward_action_date")),
            ("modified", row.day("subaward_fsrs_report_last_modified_date")),
        ),
        naics=row.coded("prime_award_naics_code", "prime_award_naics_description"),
        psc=_NO_CODE,
        place=Place(
            city=row.text(f"{_WHERE}_city_name") or None,
            region=row.text(f"{_WHERE}_state_code") or None,
            postcode=row.text(f"{_WHERE}_address_zip_code") or None,
            country=row.text(f"{_WHERE}_country_code") or None,
        ),
        report=row.text("subaward_fsrs_report_id"),
    )


def in_row(values: Mapping[str, Any], name: Name, shape: Shape) -> Subaward:
    """The sub-award of a row of the search."""
    row = Members(values, shape)
    row.ignore(*_UNREAD, "prime_award_generated_internal_id", "Prime Award ID", "Sub-Award ID", "Awarding Agency")
    naics, psc, place = row.object("NAICS"), row.object("PSC"), row.object("Sub-Award Primary Place of Performance")
    place.ignore("country_name", "state_name", "county_code", "county_name", "congressional_code", "zip4")
    found = Subaward(
        name,
        type=row.text("Sub-Award Type"),
        description=row.text("Sub-Award Description"),
        contracting=Body(Coded(words=row.text("Awarding Sub Agency") or row.text("Awarding Agency"))),
        prime=Supplier(row.text("Prime Recipient Name"), row.text("Prime Award Recipient UEI")),
        supplier=Supplier(row.text("Sub-Awardee Name"), row.text("Sub-Recipient UEI")),
        value=row.number("Sub-Award Amount"),
        dates=(("signed", day(row.text("Sub-Award Date")) or ""),),
        naics=Coded(naics.text("code"), naics.text("description")),
        psc=Coded(psc.text("code"), psc.text("description")),
        place=Place(
            city=place.text("city_name") or None, region=place.text("state_code") or None,
            postcode=place.text("zip5") or None, country=place.text("location_country_code") or None,
        ),
    )  # fmt: skip
    row.close()
    return found


def to_notice(given: Subaward) -> Notice:
    """The notice that a sub-award gives. The company that reports it stands in it as the reseller."""
    described = mask(given.description.strip())
    naics, psc = given.naics, given.psc
    prime = given.name.prime
    return Notice(
        kind=Kind.SUBAWARD,
        kind_published=given.type or None,
        status=Status.AWARDED,
        title=(Text(text=title_of(described)),) if described else (),
        title_from="made from description",
        description=(Text(text=described),) if described else (),
        buyers=(_buyer(given),),
        parties=tuple(
            Party(role=role, name=one.name, uei=one.uei or None, duns=one.duns or None, parent=one.parent or None)
            for role, one in (("supplier", given.supplier), ("reseller", given.prime))
            if one.name
        ),
        amounts=_amounts(given),
        numbers=tuple(_numbers(given)),
        dates=tuple(date for role, printed in given.dates if (date := _date(role, printed))),
        classifications=tuple(
            Classification(scheme=scheme, code=one.code or None, label=one.words or None)
            for scheme, one in (("naics", naics), ("psc", psc))
            if one.said
        ),
        places=(given.place,) if given.place != Place() else (),
        links=(Link(url=f"{AWARD_PAGE}{prime.generated}", rel="prime award"),),
    )


def _company(row: Cells, which: str) -> Supplier:
    return Supplier(
        row.text(f"{which}_name"), row.text(f"{which}_uei"), duns=row.text(f"{which}_duns"),
        parent=row.text(f"{which}_parent_name"),
    )  # fmt: skip


def _buyer(given: Subaward) -> Buyer:
    body, prime = given.contracting, given.name.prime
    code = body.agency.code or ("" if prime.assistance else prime.agency)
    codes = {"fpds": code, "aac": body.office.code}
    entry = find("subtier_code", code) or find("usa.subtier", body.agency.words)
    return Buyer(
        role="contracting",
        name=body.agency.words or None,
        codes={system: one for system, one in codes.items() if one},
        buyer_id=entry.id if entry else None,
    )


def _amounts(given: Subaward) -> tuple[Amount, ...]:
    """What the company passed on so far, by its latest report; part of the award's money, so never added to it."""
    if given.value is None:
        return ()
    signed = next((printed for role, printed in given.dates if role == "signed" and printed), None)
    return (
        Amount(
            kind=AmountKind.AWARDED, basis="state", value=given.value, currency="USD", of="supplier_share",
            as_of=signed,
        ),
    )  # fmt: skip


def _numbers(given: Subaward) -> list[Number]:
    prime, own = given.name.prime, given.name.number
    found = [
        Number(type="subaward", printed=own, plain=plain(own)),
        Number(type="prime_award", printed=prime.number, plain=plain(prime.number), issuer=prime.agency),
    ]
    if prime.parent:
        found.append(
            Number(
                type="prime_parent", printed=prime.parent, plain=plain(prime.parent), issuer=prime.parent_agency or None
            )
        )
    if given.report:
        found.append(Number(type="report", printed=given.report, plain=plain(given.report)))
    return found


def _date(role: Role, printed: str) -> DateValue | None:
    return bare_date(role, printed) if printed else None
