"""A row of a download as an award: summaries of contracts and assistance, and yearly files of contract actions. Pure.

A summary states an award as it stood when the file was made. A yearly file, like a download of transactions, has one
row an action: it states the award as it stood after that action.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from crawlers.federal_actions import Body, Coded, Supplier
from crawlers.parsing import Shape
from crawlers.sources.usaspending_awards.award import Award, Stated
from crawlers.sources.usaspending_awards.columns import CARRIES
from crawlers.sources.usaspending_awards.days import day
from crawlers.sources.usaspending_awards.identity import Identity
from noticewatch.dates import Role
from noticewatch.models import AmountKind, Competition, Place

_DATES: Final[tuple[tuple[Role, str], ...]] = (
    ("signed", "award_base_action_date"),
    ("start", "period_of_performance_start_date"),
    ("end", "period_of_performance_current_end_date"),
    ("end", "ordering_period_end_date"),
    ("option_end", "period_of_performance_potential_end_date"),
    ("modified", "last_modified_date"),
)
"""Roles and their columns; of two columns of a role the first that is stated counts."""

_DESCRIPTIONS: Final = ("prime_award_base_transaction_description", "award_description", "transaction_description")
_NOT_STATED: Final = "NAN"
"""What the yearly files have for an empty cell in some columns."""


class Cells:
    """The cells of one row by column, empty text for a cell that states nothing."""

    def __init__(self, cells: Mapping[str, str], shape: Shape) -> None:
        self._cells, self._shape = cells, shape

    def text(self, *columns: str) -> str:
        """The first of the columns that states something."""
        for column in columns:
            value = self._cells.get(column, "")
            if value and value.upper() != _NOT_STATED:
                return value
        return ""

    def coded(self, code: str, words: str) -> Coded:
        """A code with its words."""
        return Coded(self.text(code), self.text(words))

    def number(self, *columns: str) -> Decimal | None:
        """A sum of money; None where none is stated or it is no number, which the shape is told."""
        printed = self.text(*columns)
        if not printed:
            return None
        try:
            value = Decimal(printed.removeprefix("$").replace(",", ""))
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite():
            return value
        self._shape.types[f"{columns[0]} is no number"] += 1
        return None

    def day(self, column: str) -> str:
        """A day, ``YYYY-MM-DD``; empty where none is stated or it is no day, which the shape is told."""
        printed = self.text(column)
        found = day(printed, day_first=self.of_actions)
        if printed and found is None:
            self._shape.types[f"{column} is no date"] += 1
        return found or ""

    @property
    def of_actions(self) -> bool:
        """Whether the row is of one action; the files of such rows that are held were saved with the day first."""
        return "modification_number" in self._cells or "action_date" in self._cells


def identity_of(cells: Mapping[str, str]) -> Identity | None:
    """What the award of a row is called; None where the row does not say."""
    generated = cells.get("contract_award_unique_key") or cells.get("assistance_award_unique_key")
    parent = cells.get("parent_award_id_piid") or cells.get("parent_award_id") or ""
    parent_agency = cells.get("parent_award_agency_id", "")
    if generated:
        found = Identity.of(generated)
        return found.under(parent, parent_agency) if found else None
    return Identity.printed(
        cells.get("awarding_sub_agency_code", ""), cells.get("award_id_piid", ""), parent, parent_agency,
        vehicle=_is_vehicle(cells),
    )  # fmt: skip


def revision_of(cells: Mapping[str, str]) -> str:
    """Orders the rows of one award in files of actions: its day. Empty for any other row."""
    if "modification_number" not in cells:
        return ""
    return day(cells.get("action_date", ""), day_first=True) or ""


def to_award(cells: Mapping[str, str], identity: Identity, shape: Shape) -> Award:
    """The award that a row states."""
    row = Cells(cells, shape)
    idv = identity.vehicle
    return Award(
        identity,
        type=row.coded("idv_type_code", "idv_type") if idv else _type(row),
        description=row.text(*_DESCRIPTIONS),
        contracting=_body(row, "awarding"),
        funding=_body(row, "funding"),
        supplier=Supplier(
            row.text("recipient_name"), row.text("recipient_uei"), row.text("cage_code"), row.text("recipient_duns"),
            row.text("recipient_parent_name"),
        ),
        amounts=_amounts(row),
        as_of=row.day("action_date") if row.of_actions else row.day("award_latest_action_date"),
        dates=tuple(_dates(row)),
        solicitation=row.text("solicitation_identifier", "funding_opportunity_number"),
        naics=row.coded("naics_code", "naics_description"),
        psc=row.coded("product_or_service_code", "product_or_service_code_description"),
        competition=_competition(row),
        place=_place(row),
    )  # fmt: skip


@lru_cache(maxsize=64)
def carried(columns: frozenset[str]) -> frozenset[str]:
    """The paths that rows of a file with these columns can carry."""
    return frozenset({"status", "title_from", *(path for column in columns for path in CARRIES.get(column, ()))})


def _is_vehicle(cells: Mapping[str, str]) -> bool:
    flag = cells.get("award_or_idv_flag", "").upper()
    return flag == "IDV" or (not flag and bool(cells.get("idv_type_code")))


def _type(row: Cells) -> Coded:
    if row.text("assistance_type_code", "assistance_type_description"):
        return row.coded("assistance_type_code", "assistance_type_description")
    return row.coded("award_type_code", "award_type")


def _body(row: Cells, which: str) -> Body:
    agency = Coded(row.text(f"{which}_sub_agency_code"), row.text(f"{which}_sub_agency_name", f"{which}_agency_name"))
    return Body(agency, Coded(row.text(f"{which}_office_code")))


def _amounts(row: Cells) -> tuple[Stated, ...]:
    return (
        (AmountKind.OBLIGATED, "state", row.number("total_obligated_amount", "total_dollars_obligated")),
        (AmountKind.BASE_AND_EXERCISED, "state", row.number("current_total_value_of_award")),
        (AmountKind.BASE_AND_ALL_OPTIONS, "limit", row.number("potential_total_value_of_award")),
        (AmountKind.PAID, "state", row.number("total_outlayed_amount")),
    )


def _dates(row: Cells) -> Iterable[tuple[Role, str]]:
    stated: set[Role] = set()
    for role, column in _DATES:
        found = row.day(column)
        if found and role not in stated:
            stated.add(role)
            yield role, found
    if "signed" not in stated and row.of_actions:
        yield "signed", row.day("action_date")


def _competition(row: Cells) -> Competition:
    offers = row.text("number_of_offers_received").removesuffix(".0")
    procedure = row.coded("solicitation_procedures_code", "solicitation_procedures")
    extent = row.coded("extent_competed_code", "extent_competed")
    reason = row.coded("other_than_full_and_open_competition_code", "other_than_full_and_open_competition").said
    fair = row.coded("fair_opportunity_limited_sources_code", "fair_opportunity_limited_sources").said
    set_aside = row.coded("type_of_set_aside_code", "type_of_set_aside")
    return Competition(
        procedure=procedure.said,
        extent=extent.said,
        reason_not_competed=reason or fair,
        offers=int(offers) if offers.isascii() and offers.isdigit() and len(offers) < 10 else None,
        set_aside=set_aside.said,
        set_aside_code=set_aside.code or None,
        pricing=row.coded("type_of_contract_pricing_code", "type_of_contract_pricing").said,
    )


def _place(row: Cells) -> Place:
    where = "primary_place_of_performance"
    return Place(
        city=row.text(f"{where}_city_name") or None,
        region=row.text(f"{where}_state_code", f"{where}_state_name") or None,
        postcode=row.text(f"{where}_zip_4") or None,
        country=row.text(f"{where}_country_code") or None,
    )
