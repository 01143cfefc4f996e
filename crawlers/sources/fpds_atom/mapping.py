"""An FPDS record as a notice: one action of one award, or of a vehicle. Pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from crawlers.federal_actions import Action, Basis, Body, Coded, Identity, Supplier, to_notice
from crawlers.parsing import Shape
from crawlers.sources.fpds_atom.fields import is_known
from noticewatch.dates import Role
from noticewatch.models import AmountKind, Competition, Notice, Place

_DETAIL: Final = "contractDetail"
_IDENTITIES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "award": (("awardID/awardContractID",), ("awardID/referencedIDVID",)),
    "IDV": (("contractID/IDVID",), ("contractID/referencedIDVID",)),
    "OtherTransactionAward": (
        ("OtherTransactionAwardID/OtherTransactionAwardContractID",),
        ("OtherTransactionAwardID/referencedIDVID", "OtherTransactionAwardID/OtherTransactionIDVContractID"),
    ),
    "OtherTransactionIDV": (
        ("OtherTransactionIDVID/OtherTransactionIDVContractID",),
        ("OtherTransactionIDVID/referencedIDVID",),
    ),
}
"""Where each kind of record keeps its own numbers and those of the vehicle that it is under."""

_AMOUNTS: Final[tuple[tuple[str, AmountKind, Basis], ...]] = (
    ("dollarValues/obligatedAmount", AmountKind.OBLIGATED, "change"),
    ("totalDollarValues/totalObligatedAmount", AmountKind.OBLIGATED, "state"),
    ("dollarValues/baseAndExercisedOptionsValue", AmountKind.BASE_AND_EXERCISED, "change"),
    ("totalDollarValues/totalBaseAndExercisedOptionsValue", AmountKind.BASE_AND_EXERCISED, "state"),
    ("dollarValues/baseAndAllOptionsValue", AmountKind.BASE_AND_ALL_OPTIONS, "change"),
    ("totalDollarValues/totalBaseAndAllOptionsValue", AmountKind.BASE_AND_ALL_OPTIONS, "state"),
    ("dollarValues/totalEstimatedOrderValue", AmountKind.ESTIMATE, "plan"),
)
_DATES: Final[tuple[tuple[Role, str], ...]] = (
    ("signed", "relevantContractDates/signedDate"),
    ("start", "relevantContractDates/effectiveDate"),
    ("end", "relevantContractDates/currentCompletionDate"),
    ("end", "relevantContractDates/lastDateToOrder"),
    ("option_end", "relevantContractDates/ultimateCompletionDate"),
    ("modified", "transactionInformation/lastModifiedDate"),
)
_BUYER: Final = "purchaserInformation"
_SITE: Final = "vendor/vendorSiteDetails"
_UEI: Final = f"{_SITE}/entityIdentifiers/vendorUEIInformation"
_DUNS: Final = f"{_SITE}/vendorDUNSInformation"
_PLACE: Final = "placeOfPerformance/principalPlaceOfPerformance"
_ZIP: Final = "placeOfPerformance/placeOfPerformanceZIPCode"


class Record:
    """A record in the form of xml2json, read by path."""

    def __init__(self, kind: str, body: Any) -> None:
        self.kind = kind
        self._body: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        detail = self._body.get(_DETAIL)
        self._detail: Mapping[str, Any] = detail if isinstance(detail, Mapping) else {}

    def text(self, *paths: str) -> str:
        """The text of the first element of these that has one; empty where none has."""
        return next((text for path in paths if (text := _text(self._at(path)))), "")

    def attribute(self, path: str, *names: str) -> str:
        """The first of these attributes that the element states; empty where there is none."""
        element = self._at(path)
        values = element if isinstance(element, Mapping) else {}
        return next((text for name in names if (text := _text(values.get(f"@{name}")))), "")

    def coded(self, path: str) -> Coded:
        """An element's code with the words that stand beside it as an attribute."""
        return Coded(self.text(path), self.attribute(path, "description", "name"))

    def leaves(self) -> Iterator[str]:
        """Paths of all elements that hold a text."""
        yield from _leaves(self._body, "")

    def _at(self, path: str) -> Any:
        names = path.split("/")
        found = _walk(self._detail, names)
        return _walk(self._body, names) if found is None else found


def identity_of(record: Record) -> Identity | None:
    """What a record is called; None where it lacks an agency, a number or a modification number."""
    own, parents = _IDENTITIES[record.kind]
    agency, piid, modification = (
        record.text(*(f"{path}/{name}" for path in own)) for name in ("agencyID", "PIID", "modNumber")
    )
    if not (agency and piid and modification):
        return None
    return Identity(
        agency, piid, modification,
        transaction=record.text(*(f"{path}/transactionNumber" for path in own)),
        parent=record.text(*(f"{path}/PIID" for path in parents)),
        parent_agency=record.text(*(f"{path}/agencyID" for path in parents)),
        vehicle=record.kind.endswith("IDV"),
    )  # fmt: skip


def notice_of(record: Record, identity: Identity, shape: Shape) -> Notice:
    """The notice that a whole record states."""
    unread = {path for path in record.leaves() if not is_known(path)}
    shape.unread |= {path.replace("/", ".") for path in unread}
    action = Action(
        identity,
        type=record.coded("contractData/contractActionType"),
        reason=record.coded("contractData/reasonForModification"),
        description=record.text("contractData/descriptionOfContractRequirement"),
        contracting=Body(
            record.coded(f"{_BUYER}/contractingOfficeAgencyID"), record.coded(f"{_BUYER}/contractingOfficeID")
        ),
        funding=Body(
            record.coded(f"{_BUYER}/fundingRequestingAgencyID"), record.coded(f"{_BUYER}/fundingRequestingOfficeID")
        ),
        supplier=_supplier(record),
        amounts=tuple((kind, basis, _money(record, path, shape)) for path, kind, basis in _AMOUNTS),
        dates=tuple((role, printed) for role, path in _DATES if (printed := record.text(path))),
        solicitation=record.text("contractData/solicitationID"),
        naics=record.coded("productOrServiceInformation/principalNAICSCode"),
        psc=_first(record.coded("productOrServiceInformation/productOrServiceCode"), record.coded("PSCCode")),
        competition=_competition(record),
        place=_place(record),
        status=record.coded("transactionInformation/status").said or "",
    )
    notice = to_notice(action)
    shape.remarks.update(action.odd)
    return notice


def _supplier(record: Record) -> Supplier:
    name = record.text(
        "vendor/vendorHeader/vendorName",
        f"{_UEI}/UEILegalBusinessName",
        "vendor/vendorHeader/vendorLegalOrganizationName",
        f"{_DUNS}/vendorName",
        "vendor/contractorName",
    )
    return Supplier(
        name=name,
        uei=record.text(f"{_UEI}/UEI"),
        cage=record.text(f"{_SITE}/entityIdentifiers/cageCode", f"{_DUNS}/cageCode"),
        duns=record.text(f"{_DUNS}/DUNSNumber"),
        parent=record.text(f"{_UEI}/ultimateParentUEIName", f"{_DUNS}/globalParentDUNSName"),
    )


def _competition(record: Record) -> Competition:
    set_aside = record.coded("competition/typeOfSetAside")
    offers = record.text("competition/numberOfOffersReceived")
    reason = _first(
        record.coded("competition/reasonNotCompeted"), record.coded("competition/statutoryExceptionToFairOpportunity")
    )
    return Competition(
        procedure=record.coded("competition/solicitationProcedures").said,
        extent=record.coded("competition/extentCompeted").said,
        reason_not_competed=reason.said,
        offers=int(offers) if offers.isascii() and offers.isdigit() and len(offers) < 10 else None,
        set_aside=set_aside.said,
        set_aside_code=set_aside.code or None,
        pricing=record.coded("contractData/typeOfContractPricing").said,
    )


def _place(record: Record) -> Place:
    return Place(
        city=record.attribute(_ZIP, "city") or None,
        region=record.text(f"{_PLACE}/stateCode") or None,
        postcode=record.text(_ZIP) or None,
        country=record.text(f"{_PLACE}/countryCode") or None,
    )


def _money(record: Record, path: str, shape: Shape) -> Decimal | None:
    printed = record.text(path)
    if not printed:
        return None
    try:
        value = Decimal(printed)
    except InvalidOperation:
        value = Decimal("NaN")
    if value.is_finite():
        return value
    shape.types[f"{path.replace('/', '.')} is no number"] += 1
    return None


def _first(*coded: Coded) -> Coded:
    return next((one for one in coded if one.said), Coded())


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("#text")
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, (int, Decimal)) else ""


def _walk(value: Any, names: list[str]) -> Any:
    for name in names:
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _leaves(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one, path)
    elif isinstance(value, Mapping):
        if "#text" in value:
            yield path
        for name, below in value.items():
            if not name.startswith(("@", "#")):
                yield from _leaves(below, name if path in {"", _DETAIL} else f"{path}/{name}")
    elif value is not None:
        yield path
