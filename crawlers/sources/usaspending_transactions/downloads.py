"""A row of a downloaded file of contract actions as a notice: by header name, the yearly files without one too. Pure.

The same files state awards after each action; usaspending_awards reads them as such.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from crawlers.federal_actions import Action, Identity, to_notice
from crawlers.parsing import Shape
from crawlers.sources.usaspending_awards.columns import layout as award_layout
from crawlers.sources.usaspending_awards.from_table import Cells, identity_of, to_award
from crawlers.sources.usaspending_awards.tables import Layout
from noticewatch.models import AmountKind, Notice

SUMMARIES: Final = "These are award summaries, not actions; import them as usaspending_awards."
CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "award_id_piid": ("numbers.piid",),
    "contract_award_unique_key": ("numbers.piid", "numbers.parent_piid", "buyers.contracting"),
    "parent_award_id": ("numbers.parent_piid",),
    "parent_award_id_piid": ("numbers.parent_piid",),
    "modification_number": ("kind", "numbers.modification"),
    "transaction_number": ("numbers.transaction",),
    "federal_action_obligation": ("amounts.obligated",),
    "total_dollars_obligated": ("amounts.obligated",),
    "base_and_exercised_options_value": ("amounts.base_and_exercised",),
    "current_total_value_of_award": ("amounts.base_and_exercised",),
    "base_and_all_options_value": ("amounts.base_and_all_options",),
    "potential_total_value_of_award": ("amounts.base_and_all_options",),
    "action_date": ("dates.signed",),
    "period_of_performance_start_date": ("dates.start",),
    "period_of_performance_current_end_date": ("dates.end",),
    "ordering_period_end_date": ("dates.end",),
    "period_of_performance_potential_end_date": ("dates.option_end",),
    "last_modified_date": ("dates.modified",),
    "action_type_code": ("reason",),
    "action_type": ("reason",),
    "award_type": ("kind_published",),
    "idv_type": ("kind_published",),
    "award_description": ("title", "description"),
    "transaction_description": ("title", "description"),
    "awarding_sub_agency_code": ("buyers.contracting",),
    "awarding_sub_agency_name": ("buyers.contracting",),
    "funding_sub_agency_code": ("buyers.funding",),
    "funding_sub_agency_name": ("buyers.funding",),
    "recipient_name": ("parties.supplier",),
    "solicitation_identifier": ("numbers.solicitation",),
    "naics_code": ("classifications.naics",),
    "product_or_service_code": ("classifications.psc",),
    "extent_competed": ("competition",),
    "solicitation_procedures": ("competition",),
    "type_of_set_aside": ("competition",),
    "type_of_contract_pricing": ("competition",),
    "number_of_offers_received": ("competition",),
    "primary_place_of_performance_city_name": ("places",),
    "primary_place_of_performance_country_code": ("places",),
}
"""Columns that say whether a path can be stated; what else is read stands beside them in the same files."""
_OWN: Final = frozenset({"contract_transaction_unique_key", "action_type_code", "action_type",
                         "federal_action_obligation", "base_and_exercised_options_value",
                         "base_and_all_options_value"})  # fmt: skip


@cache
def layout() -> Layout:
    """What is known of files of actions: the columns of files of awards, most of which they share."""
    known = award_layout()
    return Layout(known.keys, {*known.read, *_OWN}, known.unread, known.bare)


def action_of(cells: Mapping[str, str]) -> Identity | None:
    """What the action of a row is called; None where its agency, number or modification number is missing."""
    award, modification = identity_of(cells), cells.get("modification_number", "")
    if award is None or award.assistance or not modification:
        return None
    return Identity(
        award.agency, award.number, modification, transaction=cells.get("transaction_number", ""),
        parent=award.parent, parent_agency=award.parent_agency, vehicle=award.vehicle,
    )  # fmt: skip


def notice_of(cells: Mapping[str, str], identity: Identity, shape: Shape) -> Notice:
    """The notice that a row states."""
    row, award_identity = Cells(cells, shape), identity_of(cells)
    assert award_identity is not None
    award = to_award(cells, award_identity, shape)
    action = Action(
        identity,
        type=award.type,
        reason=row.coded("action_type_code", "action_type"),
        description=row.text("transaction_description", "award_description"),
        contracting=award.contracting,
        funding=award.funding,
        supplier=award.supplier,
        amounts=(
            (AmountKind.OBLIGATED, "change", row.number("federal_action_obligation")),
            (AmountKind.OBLIGATED, "state", row.number("total_dollars_obligated")),
            (AmountKind.BASE_AND_EXERCISED, "change", row.number("base_and_exercised_options_value")),
            (AmountKind.BASE_AND_EXERCISED, "state", row.number("current_total_value_of_award")),
            (AmountKind.BASE_AND_ALL_OPTIONS, "change", row.number("base_and_all_options_value")),
            (AmountKind.BASE_AND_ALL_OPTIONS, "state", row.number("potential_total_value_of_award")),
        ),
        dates=(("signed", row.day("action_date")), *(date for date in award.dates if date[0] != "signed")),
        solicitation=award.solicitation,
        naics=award.naics,
        psc=award.psc,
        competition=award.competition,
        place=award.place,
    )
    return to_notice(action)


@lru_cache(maxsize=64)
def carried(columns: frozenset[str]) -> frozenset[str]:
    """The paths that rows of a file with these columns can carry."""
    return frozenset({"status", "title_from", *(path for column in columns for path in CARRIES.get(column, ()))})
