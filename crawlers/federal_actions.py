"""One action of a US federal award as a notice: what FPDS and SAM.gov Contract Awards state alike. Pure.

Both publish the same register of actions under other names. Whatever both state goes through here, so that the same
action gives the same notice by either way, and the same as USAspending's where that states it too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from crawlers.award_numbers import action_key
from noticewatch.buyers import BuyerEntry, find
from noticewatch.contacts import mask
from noticewatch.dates import Role, date_value
from noticewatch.models import (
    Amount,
    AmountKind,
    Buyer,
    Classification,
    Competition,
    DateValue,
    Kind,
    Notice,
    Number,
    Party,
    Place,
    Status,
    Text,
)
from noticewatch.numbers import plain

REASONS: Final = {
    "A": "additional work", "B": "supplemental agreement", "C": "funding only", "D": "change order",
    "E": "termination for default", "F": "termination for convenience", "G": "exercise of an option",
    "H": "definitize letter contract", "J": "novation agreement", "K": "close out", "L": "definitize change order",
    "M": "other administrative action", "N": "legal contract cancellation", "P": "representation of novated contract",
    "R": "representation", "S": "change of award number", "T": "transfer action", "V": "vendor change",
    "W": "vendor address change", "X": "terminate for cause",
}  # fmt: skip
"""FPDS data dictionary, reason for modification; the same codes stand in USAspending's action type."""

AWARD_TYPES: Final = {"A": "BPA CALL", "B": "PURCHASE ORDER", "C": "DELIVERY ORDER", "D": "DEFINITIVE CONTRACT"}
VEHICLE_TYPES: Final = {"A": "GWAC", "B": "IDC", "C": "FSS", "D": "BOA", "E": "BPA"}
"""FPDS data dictionary, award type and IDV type: the words for answers that hold the code alone."""

DELETED: Final = "deleted"
"""What a register says of an action that it has taken back; stands in ``status_published``."""

Basis: TypeAlias = Literal["change", "state", "plan"]

_VEHICLE_LETTERS: Final = "ADG"
"""Ninth character of the number of an agreement or vehicle (FAR 4.1603): BPA, indefinite delivery, basic ordering."""
_NUMBER_LENGTH: Final = 13
_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Identity:
    """What names an action: codes and numbers as printed, empty where there is none.

    agency: code of the contracting agency, four characters; parent, parent_agency: of the vehicle that an order is
    under; vehicle: whether it is one itself; its parent then belongs to no name (USAspending's neither).
    """

    agency: str
    piid: str
    modification: str
    transaction: str = ""
    parent: str = ""
    parent_agency: str = ""
    vehicle: bool = False

    @property
    def key(self) -> str:
        """Key of the notice in the register ``us-action``."""
        return action_key(
            self.agency, self.piid, self.modification, "" if self.vehicle else self.parent, self.transaction
        )

    @property
    def first(self) -> bool:
        """Whether it is the award itself, not a modification."""
        return self.modification.strip("0") == ""

    @property
    def kind(self) -> Kind:
        """The kind of notice that it is."""
        if not self.first:
            return Kind.MODIFICATION
        if self.vehicle:
            return Kind.VEHICLE
        return Kind.ORDER if self.parent else Kind.AWARD


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its words, either empty where it is not stated."""

    code: str = ""
    words: str = ""

    @property
    def said(self) -> str | None:
        """The words, else the code; None for neither."""
        return self.words or self.code or None


@dataclass(frozen=True, slots=True)
class Body:
    """A public body as the register names it: its agency and its office."""

    agency: Coded = Coded()
    office: Coded = Coded()


@dataclass(frozen=True, slots=True)
class Supplier:
    """A company as the register names it. The texts are empty where nothing is stated."""

    name: str = ""
    uei: str = ""
    cage: str = ""
    duns: str = ""
    parent: str = ""


_NO_COMPETITION: Final = Competition()
_NO_PLACE: Final = Place()


@dataclass(frozen=True, slots=True)
class Action:
    """An action as a source states it, before it is a notice. Texts are empty and values None where not stated."""

    identity: Identity
    type: Coded = Coded()
    reason: Coded = Coded()
    description: str = ""
    contracting: Body = Body()
    funding: Body = Body()
    supplier: Supplier = Supplier()
    amounts: tuple[tuple[AmountKind, Basis, Decimal | None], ...] = ()
    dates: tuple[tuple[Role, str], ...] = ()
    solicitation: str = ""
    naics: Coded = Coded()
    psc: Coded = Coded()
    competition: Competition = _NO_COMPETITION
    place: Place = _NO_PLACE
    status: str = ""
    odd: list[str] = field(default_factory=list)
    """Gets a short sentence for each value that cannot be read."""


def to_notice(action: Action) -> Notice:
    """The notice that an action states."""
    identity, described = action.identity, mask(action.description.strip())
    types = VEHICLE_TYPES if identity.vehicle else AWARD_TYPES
    return Notice(
        kind=identity.kind,
        kind_published=action.type.words or types.get(action.type.code) or action.type.code or None,
        reason=_reason(action.reason),
        status=Status.AWARDED,
        status_published=action.status or None,
        title=(Text(text=title_of(described)),) if described else (),
        title_from="made from description",
        description=(Text(text=described),) if described else (),
        buyers=tuple(_buyers(action)),
        parties=parties_of(action.supplier),
        amounts=tuple(_amounts(action)),
        numbers=tuple(_numbers(action)),
        dates=tuple(_dates(action)),
        classifications=tuple(_classifications(action)),
        competition=action.competition if action.competition != _NO_COMPETITION else None,
        places=(action.place,) if action.place != _NO_PLACE else (),
    )


def withdrawn(identity: Identity, deleted_on: str = "") -> Notice:
    """The notice for an action that the register says it has deleted: its numbers, and that it is withdrawn.

    deleted_on: the day printed for it, empty where none is.
    """
    action = Action(identity, dates=(("modified", deleted_on),))
    return Notice(
        kind=identity.kind,
        status=Status.WITHDRAWN,
        status_published=DELETED,
        numbers=tuple(_numbers(action)),
        dates=tuple(_dates(action)),
    )


def bare(identity: Identity) -> Notice:
    """The notice for an answer that holds nothing but an action's numbers."""
    return Notice(kind=identity.kind, numbers=tuple(_numbers(Action(identity))))


NAMES: Final = (
    "kind", "numbers.piid", "numbers.modification", "numbers.parent_piid", "numbers.transaction",
)  # fmt: skip
"""Paths that the numbers of an action carry."""

WITHDRAWN_CARRIES: Final = frozenset({*NAMES, "status", "status_published", "dates.modified"})
"""What an answer that only says so of deleted actions can carry."""

BARE_CARRIES: Final = frozenset(NAMES)
"""What an answer that holds numbers alone can carry."""


def title_of(description: str) -> str:
    """A title from a description: its first 120 characters at most, ended at a word."""
    text = " ".join(description.split())
    if len(text) <= _TITLE:
        return text
    cut = text.rfind(" ", 0, _TITLE)
    return text[: cut if cut > _TITLE // 2 else _TITLE - 1].rstrip(" ,;:-") + "…"


def numbers_a_vehicle(piid: str) -> bool:
    """Whether a contract number of 13 or more letters and digits is, by its ninth, that of a vehicle (FAR 4.1603)."""
    number = plain(piid)
    return len(number) >= _NUMBER_LENGTH and number[8] in _VEHICLE_LETTERS


def as_day(printed: str) -> str:
    """The day of a time that a source prints in Eastern time with a wrong zone or none: it is never shifted."""
    return printed.strip()[:10]


def _reason(reason: Coded) -> str | None:
    return REASONS.get(reason.code.upper()) or reason.words.lower() or reason.code.lower() or None


def _buyers(action: Action) -> Iterator[Buyer]:
    contracting = action.contracting
    named = contracting if contracting.agency.code else Body(Coded(action.identity.agency), contracting.office)
    yield _buyer("contracting", named, find("subtier_code", action.identity.agency))
    if action.funding.agency.said or action.funding.office.said:
        yield _buyer("funding", action.funding, None)


def _buyer(role: Literal["contracting", "funding"], body: Body, otherwise: BuyerEntry | None) -> Buyer:
    codes = {"fpds": body.agency.code, "aac": body.office.code}
    entry = find("subtier_code", body.agency.code) or otherwise
    return Buyer(
        role=role,
        name=body.agency.words or None,
        codes={system: code for system, code in codes.items() if code},
        buyer_id=entry.id if entry else None,
    )


def parties_of(supplier: Supplier) -> tuple[Party, ...]:
    """Who it was bought from; none where no name is stated."""
    if not supplier.name:
        return ()
    return (
        Party(
            role="supplier", name=supplier.name, uei=supplier.uei or None, cage=supplier.cage or None,
            duns=supplier.duns or None, parent=supplier.parent or None,
        ),
    )  # fmt: skip


def _amounts(action: Action) -> Iterator[Amount]:
    signed = next((as_day(printed) for role, printed in action.dates if role == "signed" and printed), None)
    for kind, basis, value in action.amounts:
        if value is not None:
            own = basis == "change"  # totals are of the whole award as the register knew it when it was asked
            of: Literal["action", "award"] = "action" if own else "award"
            yield Amount(kind=kind, basis=basis, value=value, currency="USD", of=of, as_of=signed if own else None)


def _numbers(action: Action) -> Iterator[Number]:
    identity = action.identity
    yield Number(type="piid", printed=identity.piid, plain=plain(identity.piid), issuer=identity.agency)
    yield Number(type="modification", printed=identity.modification, plain=plain(identity.modification))
    if identity.parent:
        yield Number(
            type="parent_piid", printed=identity.parent, plain=plain(identity.parent),
            issuer=identity.parent_agency or None,
        )  # fmt: skip
    if identity.transaction.strip("0"):
        yield Number(type="transaction", printed=identity.transaction, plain=plain(identity.transaction))
    if action.solicitation:
        yield Number(
            type="solicitation", printed=action.solicitation, plain=plain(action.solicitation), issuer=identity.agency
        )


def _dates(action: Action) -> Iterator[DateValue]:
    for role, printed in action.dates:
        date = date_value(role, as_day(printed)) if printed else None
        if date is not None:
            yield date
        elif printed:
            action.odd.append(f"date {role} that is no date")


def _classifications(action: Action) -> Iterator[Classification]:
    if action.naics.said:
        yield Classification(scheme="naics", code=action.naics.code or None, label=action.naics.words or None)
    if action.psc.said:
        yield Classification(scheme="psc", code=action.psc.code or None, label=action.psc.words or None)
