"""Columns of downloads: which are read and what they carry, which are known and not read, and one layout by number."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from crawlers.sources.usaspending_awards.tables import Layout

FOLDER: Final = Path(__file__).parent

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "contract_award_unique_key": (
        "kind", "numbers.piid", "numbers.parent_piid", "numbers.generated_award_id", "links", "buyers.contracting",
    ),
    "assistance_award_unique_key": (
        "kind", "numbers.fain", "numbers.generated_award_id", "links", "buyers.contracting",
    ),
    "award_id_piid": ("numbers.piid",),
    "award_id_fain": ("numbers.fain",),
    "award_id_uri": ("numbers.fain",),
    "parent_award_id_piid": ("kind", "numbers.parent_piid"),
    "parent_award_id": ("kind", "numbers.parent_piid"),
    "parent_award_agency_id": ("numbers.parent_piid",),
    "modification_number": (),
    "transaction_number": (),
    "action_date": ("dates.signed",),
    "award_or_idv_flag": ("kind",),
    "award_type_code": ("kind", "kind_published"),
    "award_type": ("kind_published",),
    "idv_type_code": ("kind", "kind_published"),
    "idv_type": ("kind_published",),
    "assistance_type_code": ("kind", "kind_published"),
    "assistance_type_description": ("kind", "kind_published"),
    "total_obligated_amount": ("amounts.obligated",),
    "total_dollars_obligated": ("amounts.obligated",),
    "total_outlayed_amount": ("amounts.paid",),
    "current_total_value_of_award": ("amounts.base_and_exercised",),
    "potential_total_value_of_award": ("amounts.base_and_all_options",),
    "award_base_action_date": ("dates.signed",),
    "award_latest_action_date": (),
    "period_of_performance_start_date": ("dates.start",),
    "period_of_performance_current_end_date": ("dates.end",),
    "period_of_performance_potential_end_date": ("dates.option_end",),
    "ordering_period_end_date": ("dates.end",),
    "last_modified_date": ("dates.modified",),
    "awarding_agency_name": ("buyers.contracting",),
    "awarding_sub_agency_code": ("buyers.contracting",),
    "awarding_sub_agency_name": ("buyers.contracting",),
    "awarding_office_code": ("buyers.contracting",),
    "funding_agency_name": ("buyers.funding",),
    "funding_sub_agency_code": ("buyers.funding",),
    "funding_sub_agency_name": ("buyers.funding",),
    "funding_office_code": ("buyers.funding",),
    "recipient_name": ("parties.supplier",),
    "recipient_uei": ("parties.supplier",),
    "recipient_duns": ("parties.supplier",),
    "cage_code": ("parties.supplier",),
    "recipient_parent_name": ("parties.supplier",),
    "prime_award_base_transaction_description": ("title", "title_from", "description"),
    "transaction_description": ("title", "title_from", "description"),
    "award_description": ("title", "title_from", "description"),
    "solicitation_identifier": ("numbers.solicitation",),
    "funding_opportunity_number": ("numbers.opportunity",),
    "naics_code": ("classifications.naics",),
    "naics_description": ("classifications.naics",),
    "product_or_service_code": ("classifications.psc",),
    "product_or_service_code_description": ("classifications.psc",),
    "extent_competed_code": ("competition",),
    "extent_competed": ("competition",),
    "solicitation_procedures_code": ("competition",),
    "solicitation_procedures": ("competition",),
    "type_of_set_aside_code": ("competition",),
    "type_of_set_aside": ("competition",),
    "other_than_full_and_open_competition_code": ("competition",),
    "other_than_full_and_open_competition": ("competition",),
    "fair_opportunity_limited_sources_code": ("competition",),
    "fair_opportunity_limited_sources": ("competition",),
    "number_of_offers_received": ("competition",),
    "type_of_contract_pricing_code": ("competition",),
    "type_of_contract_pricing": ("competition",),
    "primary_place_of_performance_city_name": ("places",),
    "primary_place_of_performance_state_code": ("places",),
    "primary_place_of_performance_state_name": ("places",),
    "primary_place_of_performance_zip_4": ("places",),
    "primary_place_of_performance_country_code": ("places",),
}  # fmt: skip
"""Columns that are read, with the paths that they carry."""

_OF_ASSISTANCE: Final = frozenset({
    "assistance_award_unique_key", "assistance_type_code", "assistance_type_description", "award_id_fain",
    "award_id_uri", "funding_opportunity_number",
})  # fmt: skip
_OF_CONTRACTS: Final = frozenset({
    "contract_award_unique_key", "award_id_piid", "parent_award_id_piid", "parent_award_agency_id",
    "award_or_idv_flag", "award_type_code", "award_type", "idv_type_code", "idv_type", "cage_code",
    "current_total_value_of_award", "potential_total_value_of_award",
    "period_of_performance_potential_end_date", "ordering_period_end_date", "solicitation_identifier",
    "naics_code", "naics_description", "product_or_service_code", "product_or_service_code_description",
    "extent_competed_code", "extent_competed", "solicitation_procedures_code", "solicitation_procedures",
    "type_of_set_aside_code", "type_of_set_aside", "other_than_full_and_open_competition_code",
    "other_than_full_and_open_competition", "fair_opportunity_limited_sources_code",
    "fair_opportunity_limited_sources", "number_of_offers_received", "type_of_contract_pricing_code",
    "type_of_contract_pricing", "primary_place_of_performance_state_code",
})  # fmt: skip
_OF_ACTIONS: Final = frozenset({
    "action_date", "modification_number", "transaction_number", "award_description", "parent_award_id",
})  # fmt: skip
_OF_SUMMARIES: Final = frozenset({
    "contract_award_unique_key", "parent_award_id_piid", "award_base_action_date", "award_latest_action_date",
    "prime_award_base_transaction_description", "total_obligated_amount", "total_outlayed_amount", "recipient_uei",
})  # fmt: skip
_OF_TRANSACTIONS: Final = frozenset({"transaction_description", "total_dollars_obligated"})

DUE: Final = tuple(
    frozenset(CARRIES) - _OF_TRANSACTIONS - others
    for others in (_OF_ASSISTANCE | _OF_ACTIONS, _OF_CONTRACTS | _OF_ACTIONS, _OF_ASSISTANCE | _OF_SUMMARIES)
)
"""Columns that are read of each sort of file: summaries of contracts, of assistance, yearly files of actions."""

KEYS: Final = frozenset({"contract_award_unique_key", "assistance_award_unique_key", "award_id_piid"})


@cache
def layout() -> Layout:
    """What is known of downloads of awards: columns.toml beside this file."""
    stated = tomllib.loads((FOLDER / "columns.toml").read_text(encoding="utf-8"))
    unread = frozenset(name for group in stated["unread"] for name in group["columns"])
    bare = {len(form["columns"]): tuple(form["columns"]) for form in stated["bare"]}
    return Layout(KEYS, CARRIES.keys(), unread, bare, DUE)
