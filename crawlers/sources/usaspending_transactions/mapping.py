"""A result of ``spending_by_transaction`` as a notice: one action of one award. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, Literal, Self

from crawlers.award_numbers import action_key
from crawlers.federal_actions import REASONS, title_of
from crawlers.parsing import Shape
from noticewatch.buyers import find
from noticewatch.contacts import mask
from noticewatch.dates import bare_date
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
    Status,
    Text,
)
from noticewatch.numbers import plain

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "Award ID": ("numbers.piid",),
    "Mod": ("kind", "numbers.modification", "status"),
    "Action Date": ("dates.signed",),
    "Action Type": ("reason",),
    "Transaction Amount": ("amounts.obligated",),
    "Transaction Description": ("title", "title_from", "description"),
    "Recipient Name": ("parties.supplier",),
    "Recipient UEI": ("parties.supplier",),
    "Award Type": ("kind_published",),
    "Awarding Agency": ("buyers.contracting",),
    "Awarding Sub Agency": ("buyers.contracting",),
    "product_or_service_description": ("classifications.psc",),
    "naics_description": ("classifications.naics",),
    "generated_internal_id": ("buyers.contracting", "numbers.parent_piid", "numbers.generated_award_id", "links"),
}
"""Members that are read, with the paths that they carry."""

UNREAD: Final[Mapping[str, str]] = {
    "internal_id": "changes when the source rebuilds its database",
    "awarding_agency_id": "the source's own page number of the agency",
    "agency_slug": "the source's own page name of the agency",
    "recipient_id": "several for one company",
}
"""Members that are known and not read, with the reason."""

TEXTS: Final = frozenset(CARRIES) - {"Transaction Amount", "Mod"}
"""Members that hold text."""

NEEDED: Final = frozenset({"Award ID", "Mod", "Action Date", "Transaction Amount", "generated_internal_id"})
AWARD_PAGE: Final = "https://www.usaspending.gov/award/"

_GENERATED = re.compile(r"CONT_(?:AWD|IDV)_(.+?)_([0-9A-Z]{4}|-NONE-)(?:_(.+)_([0-9A-Z]{4}|-NONE-))?")
_NONE: Final = "-NONE-"
_VEHICLE: Final = "CONT_IDV_"


@dataclass(frozen=True, slots=True)
class Identity:
    """What an action is called. parent, parent_agency: of the vehicle, None where there is none."""

    generated: str
    piid: str
    agency: str
    parent: str | None
    parent_agency: str | None
    modification: str

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Self | None:
        """From a result's generated id and modification; None where they are missing or have another form."""
        generated, modification = members.get("generated_internal_id"), members.get("Mod")
        if not isinstance(generated, str) or not isinstance(modification, (str, int)) or modification == "":
            return None
        match = _GENERATED.fullmatch(generated)
        if match is None:
            return None
        parent = None if match[3] in {None, _NONE} else match[3]
        parent_agency = None if match[4] in {None, _NONE} else match[4]
        return cls(generated, match[1], match[2], parent, parent_agency, str(modification))

    @property
    def vehicle(self) -> bool:
        """Whether it is a vehicle, from which others order."""
        return self.generated.startswith(_VEHICLE)

    @property
    def kind(self) -> Kind:
        """The kind of notice that an action is."""
        if self.modification.strip("0"):
            return Kind.MODIFICATION
        if self.vehicle:
            return Kind.VEHICLE
        return Kind.ORDER if self.parent else Kind.AWARD

    @property
    def key(self) -> str:
        """Agency, PIID and modification; the parent's too where the PIID alone is too short to name an award."""
        return action_key(self.agency, self.piid, self.modification, self.parent or "")


def to_notice(members: Mapping[str, Any], identity: Identity, shape: Shape) -> Notice:
    """The notice that a result states; members of another type than text are told to the shape and not read."""
    for name in TEXTS:
        if not isinstance(members.get(name, ""), (str, type(None))):
            shape.types[f"{name} is a {type(members[name]).__name__} where text was due"] += 1
    described = mask(_string(members, "Transaction Description"))
    action_type = _string(members, "Action Type")
    return Notice(
        kind=identity.kind,
        kind_published=_string(members, "Award Type") or None,
        reason=REASONS.get(action_type, action_type.lower() or None),
        status=Status.AWARDED,
        title=(Text(text=title_of(described)),) if described else (),
        title_from="made from description",
        description=(Text(text=described),) if described else (),
        buyers=(_buyer(members, identity),),
        parties=_parties(members),
        amounts=tuple(_amounts(members, shape)),
        numbers=tuple(_numbers(members, identity)),
        dates=tuple(_dates(members, shape)),
        classifications=_classifications(members),
        links=(Link(url=f"{AWARD_PAGE}{identity.generated}"),),
    )


def _string(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value.strip() if isinstance(value, str) else ""


def _buyer(members: Mapping[str, Any], identity: Identity) -> Buyer:
    name = _string(members, "Awarding Sub Agency") or _string(members, "Awarding Agency")
    return _agency(identity.agency, name or None)


@lru_cache(maxsize=1024)
def _agency(code: str, name: str | None) -> Buyer:
    entry = find("subtier_code", code)
    return Buyer(role="contracting", name=name, codes={"fpds": code}, buyer_id=entry.id if entry else None)


def _parties(members: Mapping[str, Any]) -> tuple[Party, ...]:
    name = _string(members, "Recipient Name")
    if not name:
        return ()
    return (Party(role="supplier", name=name, uei=_string(members, "Recipient UEI") or None),)


def _amounts(members: Mapping[str, Any], shape: Shape) -> Iterator[Amount]:
    printed = members.get("Transaction Amount")
    if printed is None or printed == "":
        return
    try:
        value = Decimal(str(printed))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        shape.remarks["transaction amounts that are no number"] += 1
        return
    yield Amount(
        kind=AmountKind.OBLIGATED, basis="change", value=value, currency="USD", of="action",
        as_of=_string(members, "Action Date") or None,
    )  # fmt: skip


def _numbers(members: Mapping[str, Any], identity: Identity) -> Iterator[Number]:
    printed = _string(members, "Award ID") or identity.piid
    yield Number(type="piid", printed=printed, plain=plain(printed), issuer=identity.agency)
    yield Number(type="modification", printed=identity.modification, plain=plain(identity.modification))
    if identity.parent:
        yield Number(
            type="parent_piid", printed=identity.parent, plain=plain(identity.parent), issuer=identity.parent_agency
        )
    yield Number(type="generated_award_id", printed=identity.generated, plain=plain(identity.generated))


def _dates(members: Mapping[str, Any], shape: Shape) -> Iterator[DateValue]:
    printed = _string(members, "Action Date")
    date = bare_date("signed", printed)
    if date is not None:
        yield date
    elif printed:
        shape.remarks["action dates that are no date"] += 1


def _classifications(members: Mapping[str, Any]) -> tuple[Classification, ...]:
    return _classified(
        _string(members, "product_or_service_description"), _string(members, "naics_description")
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _classified(product: str, industry: str) -> tuple[Classification, ...]:
    given: tuple[tuple[Literal["psc", "naics"], str], ...] = (("psc", product), ("naics", industry))
    return tuple(Classification(scheme=scheme, label=label) for scheme, label in given if label)
