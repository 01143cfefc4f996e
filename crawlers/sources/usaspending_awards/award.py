"""An award as USAspending states it, whatever the form, and the notice that it gives. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from crawlers.federal_actions import Body, Coded, Supplier, parties_of, title_of
from crawlers.sources.usaspending_awards.identity import Identity
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
    Place,
    Status,
    Text,
)
from noticewatch.numbers import plain

AWARD_PAGE: Final = "https://www.usaspending.gov/award/"

Stated: TypeAlias = tuple[AmountKind, Literal["state", "limit"], Decimal | None]
"""Kind, basis and value of an amount. None of an award is a change: its own actions are, and are never added to it."""

GRANTS: Final = frozenset({"02", "03", "04", "05"})
_GRANT_WORDS: Final = ("GRANT", "COOPERATIVE AGREEMENT")
_NO_COMPETITION: Final = Competition()
_NO_PLACE: Final = Place()
_NO_CODE: Final = Coded()
_NO_BODY: Final = Body()
_NO_SUPPLIER: Final = Supplier()


@dataclass(frozen=True, slots=True)
class Award:
    """What one answer states of an award. Texts are empty and values None where they are not stated.

    type: code and words of the award's type; amounts: totals and limits of the whole award in US dollars; as_of: day up
    to which they count its actions, ``YYYY-MM-DD``; dates: role and day; solicitation: of a contract the solicitation,
    of a grant the funding opportunity; agency of ``contracting`` and ``funding``: the sub-agency.
    """

    identity: Identity
    type: Coded = _NO_CODE
    description: str = ""
    contracting: Body = _NO_BODY
    funding: Body = _NO_BODY
    supplier: Supplier = _NO_SUPPLIER
    amounts: tuple[Stated, ...] = ()
    as_of: str = ""
    dates: tuple[tuple[Role, str], ...] = ()
    solicitation: str = ""
    naics: Coded = _NO_CODE
    psc: Coded = _NO_CODE
    competition: Competition = _NO_COMPETITION
    place: Place = _NO_PLACE


def to_notice(award: Award) -> Notice:
    """The notice that an award gives."""
    described = mask(award.description.strip())
    return Notice(
        kind=kind_of(award),
        kind_published=award.type.said,
        status=Status.AWARDED,
        title=(Text(text=title_of(described)),) if described else (),
        title_from="made from description",
        description=(Text(text=described),) if described else (),
        buyers=tuple(_buyers(award)),
        parties=parties_of(award.supplier),
        amounts=tuple(_amounts(award)),
        numbers=tuple(_numbers(award)),
        dates=tuple(_dates(award)),
        classifications=tuple(_classifications(award)),
        competition=award.competition if award.competition != _NO_COMPETITION else None,
        places=(award.place,) if award.place != _NO_PLACE else (),
        links=(Link(url=f"{AWARD_PAGE}{award.identity.generated}"),) if award.identity.generated else (),
    )


def kind_of(award: Award) -> Kind:
    """Contract, order, vehicle or grant; loans, insurance and payments to people are of no kind of ours."""
    if not award.identity.assistance:
        return award.identity.kind
    words = award.type.words.upper()
    grant = award.type.code in GRANTS or any(word in words for word in _GRANT_WORDS)
    return Kind.GRANT if grant else Kind.OTHER


def _buyers(award: Award) -> Iterator[Buyer]:
    code = award.identity.agency
    entry = find("sam.cgac" if award.identity.assistance else "subtier_code", code)
    given = "" if award.identity.assistance else code
    yield _buyer("contracting", award.contracting, entry, given)
    if award.funding.agency.said or award.funding.office.code:
        yield _buyer("funding", award.funding, None)


def _buyer(role: Literal["contracting", "funding"], body: Body, otherwise: BuyerEntry | None, given: str = "") -> Buyer:
    """A buyer by its code, else by its name, else as the award's number says. given: code where none is stated."""
    codes = {"fpds": body.agency.code or given, "aac": body.office.code}
    entry = find("subtier_code", body.agency.code) or find("usa.subtier", body.agency.words) or otherwise
    return Buyer(
        role=role,
        name=body.agency.words or None,
        codes={system: code for system, code in codes.items() if code},
        buyer_id=entry.id if entry else None,
    )


def _amounts(award: Award) -> Iterator[Amount]:
    for kind, basis, value in award.amounts:
        if value is not None:
            yield Amount(kind=kind, basis=basis, value=value, currency="USD", of="award", as_of=award.as_of or None)


def _numbers(award: Award) -> Iterator[Number]:
    identity = award.identity
    own = "fain" if identity.assistance else "piid"
    yield Number(type=own, printed=identity.number, plain=plain(identity.number), issuer=identity.agency)
    if identity.parent:
        yield Number(
            type="parent_piid", printed=identity.parent, plain=plain(identity.parent),
            issuer=identity.parent_agency or None,
        )  # fmt: skip
    if award.solicitation:
        printed = award.solicitation
        kind = "opportunity" if identity.assistance else "solicitation"
        yield Number(type=kind, printed=printed, plain=plain(printed), issuer=identity.agency)
    if identity.generated:
        yield Number(type="generated_award_id", printed=identity.generated, plain=plain(identity.generated))


def _dates(award: Award) -> Iterator[DateValue]:
    for role, printed in award.dates:
        date = bare_date(role, printed[:10]) if printed else None
        if date is not None:
            yield date


def _classifications(award: Award) -> Iterator[Classification]:
    if award.naics.said:
        yield Classification(scheme="naics", code=award.naics.code or None, label=award.naics.words or None)
    if award.psc.said:
        yield Classification(scheme="psc", code=award.psc.code or None, label=award.psc.words or None)
