"""Answers of the source as awards: a row of the search, an award in full, an order under a vehicle. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from crawlers.federal_actions import Body, Coded, Supplier
from crawlers.members import Members
from crawlers.parsing import Shape
from crawlers.sources.usaspending_awards.award import Award
from crawlers.sources.usaspending_awards.identity import Identity
from noticewatch.dates import Role
from noticewatch.models import AmountKind, Competition, Place

_NAMED: Final = (
    "kind", "status", "title_from", "numbers.piid", "numbers.fain", "numbers.parent_piid",
    "numbers.generated_award_id", "buyers.contracting", "links",
)  # fmt: skip
_DESCRIBED: Final = ("title", "title_from", "description")
LIST_CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "generated_internal_id": _NAMED,
    "Recipient Name": ("parties.supplier",),
    "Award Amount": ("amounts.obligated",),
    "Total Outlays": ("amounts.paid",),
    "Description": _DESCRIBED,
    "Contract Award Type": ("kind_published",),
    "Award Type": ("kind_published",),
    "Funding Agency": ("buyers.funding",),
    "Funding Sub Agency": ("buyers.funding",),
    "Base Obligation Date": ("dates.signed",),
    "Issued Date": ("dates.signed",),
    "Start Date": ("dates.start",),
    "End Date": ("dates.end",),
    "Last Date to Order": ("dates.end",),
    "Last Modified Date": ("dates.modified",),
    "NAICS": ("classifications.naics",),
    "PSC": ("classifications.psc",),
    "Primary Place of Performance": ("places",),
}
"""Members of a row of the search with the paths that they carry; a row has those that were asked for."""
DETAIL_CARRIES: Final = frozenset(path for paths in LIST_CARRIES.values() for path in paths) | {
    "amounts.base_and_exercised", "amounts.base_and_all_options", "dates.option_end", "numbers.solicitation",
    "numbers.opportunity", "competition",
}  # fmt: skip
CHILD_CARRIES: Final = frozenset({
    *_NAMED, *_DESCRIBED, "kind_published", "buyers.funding", "amounts.obligated", "dates.start", "dates.end",
})  # fmt: skip

_LIST_UNREAD: Final = (
    "internal_id", "recipient_id", "prime_award_recipient_id", "def_codes", "COVID-19 Obligations", "COVID-19 Outlays",
    "Infrastructure Obligations", "Infrastructure Outlays", "Recipient Location", "awarding_agency_id", "agency_slug",
    "SAI Number", "CFDA Number", "Assistance Listings", "primary_assistance_listing", "Subsidy Cost", "Loan Value",
    "Awarding Agency Code", "Funding Agency Code", "NAICS Code", "PSC Code", "Place of Performance City Code",
    "Place of Performance State Code", "Place of Performance Country Code", "Place of Performance Zip5",
)  # fmt: skip
_DETAIL_UNREAD: Final = (
    "id", "category", "subaward_count", "total_subaward_amount", "total_account_outlay", "total_account_obligation",
    "account_outlays_by_defc", "account_obligations_by_defc", "executive_details", "psc_hierarchy", "naics_hierarchy",
    "total_subsidy_cost", "total_loan_value", "non_federal_funding", "total_funding", "record_type", "cfda_info",
    "uri", "fain", "transaction_obligated_amount",
)  # fmt: skip
"""Sums of sub-awards and of budget accounts, names and pay of company officers, headings of classifications."""
_CONTRACT_READ: Final = frozenset({
    "solicitation_identifier", "solicitation_procedures", "solicitation_procedures_description", "extent_competed",
    "extent_competed_description", "other_than_full_and_open", "other_than_full_and_open_description",
    "fair_opportunity_limited", "fair_opportunity_limited_description", "number_of_offers_received", "type_set_aside",
    "type_set_aside_description", "type_of_contract_pricing", "type_of_contract_pricing_description", "naics",
    "naics_description", "product_or_service_code", "product_or_service_description", "idv_type_description",
})  # fmt: skip
_CONTRACT_UNREAD: Final = frozenset({
    "type_of_idc_description", "referenced_idv_agency_iden", "referenced_idv_agency_desc", "small_business_competitive",
    "major_program", "program_acronym", "multiple_or_single_award_description", "price_evaluation_adjustment",
    "dod_acquisition_program", "dod_claimant_program", "evaluated_preference", "fed_biz_opps", "sea_transportation",
    "clinger_cohen_act_planning", "labor_standards", "cost_or_pricing_data", "domestic_or_foreign_entity",
    "foreign_funding", "subcontracting_plan", "multi_year_contract", "consolidated_contract",
    "national_interest_action", "commercial_item_acquisition", "commercial_item_test_program",
    "information_technology_commercial_item_category", "construction_wage_rate", "materials_supplies",
    "interagency_contracting_authority", "purchase_card_as_payment_method",
})  # fmt: skip
"""Clauses and waivers of a contract; each stands there as a code, most with words in ``…_description`` too."""


@lru_cache(maxsize=64)
def list_carries(members: frozenset[str]) -> frozenset[str]:
    """The paths that a row of the search with these members can carry."""
    return frozenset(path for member in members for path in LIST_CARRIES.get(member, ()))


def searched(values: Any, identity: Identity, shape: Shape) -> Award:
    """A row of ``spending_by_award``."""
    row = Members(values, shape)
    row.ignore(*_LIST_UNREAD, "generated_internal_id", "Award ID")
    award = Award(
        identity,
        type=Coded(words=row.text("Contract Award Type") or row.text("Award Type")),
        description=row.text("Description"),
        contracting=_named(row, "Awarding"),
        funding=_named(row, "Funding"),
        supplier=Supplier(
            row.text("Recipient Name"), row.text("Recipient UEI"), duns=row.text("Recipient DUNS Number")
        ),
        amounts=(
            (AmountKind.OBLIGATED, "state", row.number("Award Amount")),
            (AmountKind.PAID, "state", row.number("Total Outlays")),
        ),
        dates=(
            ("signed", row.text("Base Obligation Date") or row.text("Issued Date")),
            ("start", row.text("Start Date")),
            ("end", row.text("End Date") or row.text("Last Date to Order")),
            ("modified", row.text("Last Modified Date")),
        ),
        naics=_coded(row, "NAICS"),
        psc=_coded(row, "PSC"),
        place=_place(row.object("Primary Place of Performance")),
    )  # fmt: skip
    row.ignore("Award Type", "Issued Date", "Last Date to Order", "Awarding Agency", "Funding Agency")
    row.close()
    return award


def in_full(values: Any, identity: Identity, shape: Shape) -> Award:
    """An answer of ``awards/<id>/``."""
    row = Members(values, shape)
    row.ignore(*_DETAIL_UNREAD, "generated_unique_award_id", "piid", "parent_award")
    contract = row.object("latest_transaction_contract_data")
    period = row.object("period_of_performance")
    award = Award(
        identity,
        type=Coded(row.text("type"), _vehicle_type(contract, identity) or row.text("type_description")),
        description=row.text("description"),
        contracting=_agency(row.object("awarding_agency")),
        funding=_agency(row.object("funding_agency")),
        supplier=_recipient(row.object("recipient")),
        amounts=(
            (AmountKind.OBLIGATED, "state", row.number("total_obligation")),
            (AmountKind.BASE_AND_EXERCISED, "state", row.number("base_exercised_options")),
            (AmountKind.BASE_AND_ALL_OPTIONS, "limit", row.number("base_and_all_options")),
            (AmountKind.PAID, "state", row.number("total_outlay")),
        ),
        dates=_period(row.text("date_signed"), period),
        solicitation=contract.text("solicitation_identifier") or _opportunity(row.object("funding_opportunity")),
        naics=Coded(contract.text("naics"), contract.text("naics_description")),
        psc=Coded(contract.text("product_or_service_code"), contract.text("product_or_service_description")),
        competition=_competition(contract),
        place=_place(row.object("place_of_performance")),
    )
    row.ignore("type_description")
    contract.ignore(*_ignored(contract))
    row.close()
    return award


def ordered(values: Any, identity: Identity, shape: Shape) -> Award:
    """A row of ``idvs/awards``: an order or a vehicle under a vehicle."""
    row = Members(values, shape)
    row.ignore(
        "award_id", "generated_unique_award_id", "piid", "funding_agency_id", "awarding_agency_id",
        "funding_agency_slug", "awarding_agency_slug", "last_date_to_order",
    )  # fmt: skip
    award = Award(
        identity,
        type=Coded(words=row.text("award_type")),
        description=row.text("description"),
        contracting=Body(Coded(words=row.text("awarding_agency"))),
        funding=Body(Coded(words=row.text("funding_agency"))),
        amounts=((AmountKind.OBLIGATED, "state", row.number("obligated_amount")),),
        dates=(
            ("start", row.text("period_of_performance_start_date")),
            ("end", row.text("period_of_performance_current_end_date") or row.text("last_date_to_order")),
        ),
    )
    row.close()
    return award


def _named(row: Members, which: str) -> Body:
    words = row.text(f"{which} Sub Agency") or row.text(f"{which} Agency")
    return Body(Coded(row.text(f"{which} Sub Agency Code"), words))


def _coded(row: Members, name: str) -> Coded:
    """A classification: an object of code and description, in some answers the code alone."""
    if isinstance(row.values.get(name), str):
        return Coded(row.text(name))
    held = row.object(name)
    return Coded(held.text("code"), held.text("description"))


def _agency(agency: Members) -> Body:
    agency.ignore("id", "has_agency_page", "office_agency_name")
    top, sub = agency.object("toptier_agency"), agency.object("subtier_agency")
    top.ignore("name", "code", "abbreviation", "slug")
    sub.ignore("abbreviation")
    return Body(Coded(sub.text("code"), sub.text("name") or top.text("name")))


def _recipient(recipient: Members) -> Supplier:
    recipient.ignore(
        "recipient_hash", "parent_recipient_hash", "parent_recipient_uei", "parent_recipient_unique_id",
        "business_categories", "location",
    )  # fmt: skip
    return Supplier(
        recipient.text("recipient_name"), recipient.text("recipient_uei"),
        duns=recipient.text("recipient_unique_id"), parent=recipient.text("parent_recipient_name"),
    )  # fmt: skip


def _period(signed: str, period: Members) -> tuple[tuple[Role, str], ...]:
    return (
        ("signed", signed),
        ("start", period.text("start_date")),
        ("end", period.text("end_date")),
        ("option_end", period.text("potential_end_date")),
        ("modified", period.text("last_modified_date")),
    )


def _opportunity(opportunity: Members) -> str:
    opportunity.ignore("goals")
    return opportunity.text("number")


def _vehicle_type(contract: Members, identity: Identity) -> str:
    words = contract.text("idv_type_description")
    return words if identity.vehicle else ""


def _competition(contract: Members) -> Competition:
    offers = contract.text("number_of_offers_received")
    return Competition(
        procedure=_said(contract, "solicitation_procedures"),
        extent=_said(contract, "extent_competed"),
        reason_not_competed=_said(contract, "other_than_full_and_open") or _said(contract, "fair_opportunity_limited"),
        offers=int(offers) if offers.isascii() and offers.isdigit() and len(offers) < 10 else None,
        set_aside=_said(contract, "type_set_aside"),
        set_aside_code=contract.text("type_set_aside") or None,
        pricing=_said(contract, "type_of_contract_pricing"),
    )


def _said(contract: Members, name: str) -> str | None:
    code, words = contract.text(name), contract.text(f"{name}_description")
    return words or code or None


def _ignored(contract: Members) -> list[str]:
    known = _CONTRACT_UNREAD | _CONTRACT_READ
    return [name for name in contract.values if name.removesuffix("_description") in known or name in known]


def _place(place: Members) -> Place:
    place.ignore(
        "country_name", "county_code", "county_name", "state_name", "congressional_code", "address_line1",
        "address_line2", "address_line3", "foreign_province", "foreign_postal_code",
    )  # fmt: skip
    short, long = place.text("zip5"), place.text("zip4")
    return Place(
        city=place.text("city_name") or None,
        region=place.text("state_code") or None,
        postcode=(long if long.startswith(short) else f"{short}{long}") or None,
        country=place.text("location_country_code") or None,
    )
