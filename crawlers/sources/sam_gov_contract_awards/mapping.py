"""A record of Contract Awards as a notice: one action of one award, or of a vehicle. Pure.

Fields: SAM.gov Contract Awards API v1, documents of 5 December 2025.
"""

from collections.abc import Iterator
from typing import Any, Final

from crawlers.federal_actions import (
    BARE_CARRIES,
    NAMES,
    WITHDRAWN_CARRIES,
    Action,
    Basis,
    Body,
    Coded,
    Identity,
    Supplier,
    as_day,
    bare,
    numbers_a_vehicle,
    to_notice,
    withdrawn,
)
from crawlers.members import Members
from crawlers.parsing import Shape
from noticewatch.dates import Role
from noticewatch.models import AmountKind, Competition, Notice, Place

CARRIES: Final = {
    "contractId": frozenset({*NAMES, "reason", "status", "title_from", "buyers.contracting"}),
    "coreData": frozenset({
        "kind_published", "buyers", "competition", "classifications", "places", "numbers.solicitation",
    }),
    "awardDetails": frozenset({
        "title", "title_from", "description", "amounts", "competition", "dates", "status_published",
    }),
    "awardeeData": frozenset({"parties.supplier"}),
}  # fmt: skip
"""Sections of a record (parameter includeSections), with the paths of a notice that each carries."""

_KNOWN: Final = {
    "coreData": frozenset({"coreVersionId", "awardOrIDV", "federalOrganization", "acquisitionData"}),
    "awardDetails": frozenset({"dates", "dollars", "transactionData", "awardeeData", "productOrServiceInformation"}),
}
"""Members of a section of which it has at least one."""

_ABSENT: Final = frozenset({"N/A", "NULL"})
_AMOUNTS: Final[tuple[tuple[str, str, AmountKind, Basis], ...]] = (
    ("dollars", "actionObligation", AmountKind.OBLIGATED, "change"),
    ("totalContractDollars", "totalActionObligation", AmountKind.OBLIGATED, "state"),
    ("dollars", "baseAndExercisedOptionsValue", AmountKind.BASE_AND_EXERCISED, "change"),
    ("totalContractDollars", "totalBaseAndExercisedOptionsValue", AmountKind.BASE_AND_EXERCISED, "state"),
    ("dollars", "baseAndAllOptionsValue", AmountKind.BASE_AND_ALL_OPTIONS, "change"),
    ("totalContractDollars", "totalBaseAndAllOptionsValue", AmountKind.BASE_AND_ALL_OPTIONS, "state"),
    ("dollars", "totalEstimatedOrderValue", AmountKind.ESTIMATE, "plan"),
)
_DATES: Final[tuple[tuple[Role, str], ...]] = (
    ("signed", "dateSigned"),
    ("start", "periodOfPerformanceStartDate"),
    ("end", "currentCompletionDate"),
    ("end", "lastDateToOrder"),
    ("option_end", "ultimateCompletionDate"),
)


def identity_of(record: Members) -> Identity | None:
    """What a record is called; None where it lacks an agency, a number or a modification number."""
    names = record.object("contractId")
    agency, piid = _coded(names, "subtier").code, _text(names, "piid")
    modification, parent = names.text("modificationNumber"), _text(names, "referencedIDVPiid")
    if not (agency and piid and modification):
        return None
    stated = record.object("coreData").text("awardOrIDV").upper()
    return Identity(
        agency, piid, modification,
        transaction=names.text("transactionNumber"),
        parent=parent,
        parent_agency=_coded(names, "referencedIDVSubtier").code,
        vehicle="IDV" in stated if stated else not parent and numbers_a_vehicle(piid),
    )  # fmt: skip


def strange_section(values: Any) -> str | None:
    """Name of the first section of a record that holds nothing it is known for; None where all are as they should."""
    for name, known in _KNOWN.items():
        section = values.get(name)
        if isinstance(section, dict) and section and not known & section.keys():
            return name
    return None


def read_record(values: Any, identity: Identity, shape: Shape, *, deleted: bool) -> tuple[Notice, frozenset[str]]:
    """The notice that a record states, and the paths that a record with its sections can carry."""
    record = Members(values, shape)
    identity_of(record)  # asks for the numbers, so that they count as read
    record.ignore("oldContractId")  # the numbers that an action had before it was corrected
    record.object("contractId").ignore("referencedIDVModificationNumber")
    reason = _coded(record.object("contractId"), "reasonForModification")
    sections = _sections(record)
    if deleted:
        record.ignore("coreData", "awardDetails", "awardeeData", "deletedStatus")
        notice, carried = withdrawn(identity, as_day(record.text("deletedDate"))), WITHDRAWN_CARRIES
    elif sections:
        action = _action(record, identity, reason)
        notice, carried = to_notice(action), frozenset().union(*(CARRIES[name] for name in ("contractId", *sections)))
        shape.remarks.update(action.odd)
    else:
        notice, carried = bare(identity), BARE_CARRIES
        shape.remarks["a record that holds numbers alone"] += 1
    record.close()
    return notice, carried


def _sections(record: Members) -> list[str]:
    """Names of the sections that a record holds; the awardee's stands inside the details."""
    details = record.object("awardDetails")
    held = [name for name in ("coreData", "awardDetails") if record.object(name)]
    return [*held, "awardeeData"] if details.object("awardeeData") or record.object("awardeeData") else held


def _action(record: Members, identity: Identity, reason: Coded) -> Action:
    core, details = record.object("coreData"), record.object("awardDetails")
    awardee = details.object("awardeeData") or record.object("awardeeData")
    organisation = core.object("federalOrganization")
    product = core.object("productOrServiceInformation")
    entry = details.object("transactionData")
    _ignore(core, product, details, entry)
    return Action(
        identity,
        type=_coded(core, "awardOrIDVType"),
        reason=reason,
        description=_description(details),
        contracting=_contracting(record, organisation.object("contractingInformation")),
        funding=_body(organisation.object("fundingInformation"), "funding"),
        supplier=_supplier(awardee),
        amounts=tuple((kind, basis, details.object(part).number(name)) for part, name, kind, basis in _AMOUNTS),
        dates=(*_dates(details.object("dates")), ("modified", as_day(entry.text("lastModifiedDate")))),
        solicitation=_text(core, "solicitationId"),
        naics=next((_read_coded(one) for one in product.objects("principalNaics")), Coded()),
        psc=_psc(product),
        competition=_competition(core, details),
        place=_place(core.object("principalPlaceOfPerformance")),
        status=_coded(entry, "status").said or "",
    )


def _ignore(core: Members, product: Members, details: Members, entry: Members) -> None:
    """Declare what nobody needs."""
    core.ignore(
        "awardOrIDV", "coreVersionId", "title", "solicitationDate", "initiative", "legislativeMandates",
        "acquisitionMarketingData", "preferenceProgramsInformation",
    )  # fmt: skip
    core.object("federalOrganization").object("fundingInformation").ignore("foreignFunding")
    product.ignore(
        "recoveredMaterialClauses", "contractBundling", "dodAcquisitionProgram", "dodClaimantProgram", "gfeGfp",
        "informationTechnologyCommercialItemCategory", "countryOfOrigin",
    )  # fmt: skip
    details.ignore(
        "treasuryAccount", "contractData", "preferenceProgramsInformation", "legislativeMandates",
        "contractMarketingData", "nasaSpecificData", "consortiaData",
    )  # fmt: skip
    details.object("dates").ignore("fiscalYear")
    details.object("dollars").ignore("baseDollarsObligated", "feePaidForUseOfService", "nonGovernmentDollars")
    details.object("totalContractDollars").ignore("totalNonGovernmentDollars")
    entry.ignore("createdBy", "lastModifiedBy", "approvedBy", "closedBy")  # user names of officials, dropped
    entry.ignore("version", "createdDate", "approvedDate", "closedDate", "closedStatus")


def _description(details: Members) -> str:
    product = details.object("productOrServiceInformation")
    product.ignore(
        "naicsSource", "idvNAICS", "useOfEpaDesignatedProducts", "placeOfManufacture", "domesticOrForeignEntity",
        "seaTransportation",
    )  # fmt: skip
    return product.text("descriptionOfContractRequirement")


def _contracting(record: Members, information: Members) -> Body:
    """The buyer as its organisation is stated, else as the number's issuer."""
    stated = _body(information, "contracting")
    return stated if stated.agency.code else Body(_coded(record.object("contractId"), "subtier"), stated.office)


def _body(information: Members, role: str) -> Body:
    information.ignore(f"{role}Department")
    office = information.object(f"{role}Office")
    office.ignore("regionCode", "country")
    return Body(_coded(information, f"{role}Subtier"), _read_coded(office))


def _psc(product: Members) -> Coded:
    found = product.object("productOrService")
    found.ignore("type")
    return _read_coded(found)


def _dates(dates: Members) -> Iterator[tuple[Role, str]]:
    for role, name in _DATES:
        if printed := dates.text(name):
            yield role, as_day(printed)


def _supplier(awardee: Members) -> Supplier:
    names, numbers = awardee.object("awardeeHeader"), awardee.object("awardeeUEIInformation")
    awardee.ignore(
        "awardeeLocation", "awardeeAlternateSiteCode", "awardeeRegistrationDetails", "awardeeBusinessTypes",
        "socioEconomicData", "lineOfBusiness", "relationshipWithFederalGovernment", "otherGovernmentalEntities",
        "organizationFactors", "educationalEntities", "certifications", "far41102Exception",
    )  # fmt: skip
    names.ignore("awardeeAlternateName", "awardeeDoingBusinessAsName", "awardeeEnabled")
    numbers.ignore(
        "awardeeUltimateParentUniqueEntityId", "awardeeDomesticParentUEI", "awardeeDomesticParentName",
        "awardeeImmediateParentUEI", "awardeeImmediateParentName",
    )  # fmt: skip
    legal, printed = _text(names, "legalBusinessName"), _text(names, "awardeeNameFromContract")
    name = _text(names, "awardeeName") or legal or printed
    return Supplier(
        name=name,
        uei=_text(numbers, "uniqueEntityId"),
        cage=_text(numbers, "cageCode"),
        parent=_text(numbers, "awardeeUltimateParentName"),
    )


def _competition(core: Members, details: Members) -> Competition:
    first, second = core.object("competitionInformation"), details.object("competitionInformation")
    first.ignore(
        "sbirSTTR", "localAreaSetAside", "a76Action", "sourceSelectionProcess", "preAwardSynopsisRequirement",
        "smallBusinessCompetitivenessDemonstrationProgram", "numberOfOffersSource", "IDVnumberOfOffersReceived",
        "authority",
    )  # fmt: skip
    second.ignore(
        "commercialProductsAndServicesAcquisitionProcedures", "commercialItemTestProgram", "evaluatedPreference",
        "extentCompetedForReferencedIdv", "idvTypeOfSetAside", "IDVTypeOfSetAside", "typeOfSetAsideSource",
        "idvNumberOfOffersReceived", "numberOfOffersSource", "contractOpportunitiesNotice", "typeOfAgreement",
        "nonTraditionalGovernmentEntityParticipation", "alternativeAdvertising", "synopsisWaiverException",
        "preawardSynopsisRequirement", "preAwardSynopsisRequirement",
    )  # fmt: skip
    acquisition = core.object("acquisitionData")
    acquisition.ignore(
        "multiyearContract", "majorProgramCode", "programAcronym", "nationalInterestAction",
        "performanceBasedServiceContract", "consolidatedContract", "typeOfIdc", "typeOfIDC",
        "multipleOrSingleAwardIdc", "reasonForInterAgencyContracting", "contractFinancing",
    )  # fmt: skip
    exception = _coded(first, "statutoryExceptionToFairOpportunity")
    reason = _coded(first, "otherThanFullAndOpenCompetition")
    set_aside, offers = _coded(first, "typeOfSetAside"), _text(second, "numberOfOffersReceived")
    return Competition(
        procedure=_coded(first, "solicitationProcedures").said,
        extent=_coded(first, "extentCompeted").said,
        reason_not_competed=reason.said or exception.said,
        offers=int(offers) if offers.isascii() and offers.isdigit() and len(offers) < 10 else None,
        set_aside=set_aside.said,
        set_aside_code=set_aside.code or None,
        pricing=_coded(acquisition, "typeOfContractPricing").said,
    )


def _place(place: Members) -> Place:
    place.ignore("county", "congressionalDistrict", "locationCode")
    return Place(
        city=_coded(place, "city").words or None,
        region=_coded(place, "state").code or None,
        postcode=_text(place, "zipCode") or None,
        country=_coded(place, "country").code or None,
    )


def _coded(members: Members, name: str) -> Coded:
    return _read_coded(members.object(name))


def _read_coded(members: Members) -> Coded:
    return Coded(_text(members, "code"), _text(members, "name"))


def _text(members: Members, name: str) -> str:
    """A text; the words by which this source says that there is nothing count as none."""
    text = members.text(name)
    return "" if text.upper() in _ABSENT else text
