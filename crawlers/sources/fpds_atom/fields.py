"""The elements of an FPDS record and what becomes of each. Paths are below the record, parted by slashes.

Other Transaction records keep most of theirs below ``contractDetail``, which is left out of the paths here.
Source: the recorded feeds in schema 1.4 and 1.5, and the element list of schema 1.5.2.
"""

from collections.abc import Mapping
from typing import Final

_NUMBERS: Final = ("numbers.piid", "numbers.modification", "numbers.transaction", "kind")
_PARENT: Final = ("numbers.parent_piid", "kind")

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "awardID/awardContractID": _NUMBERS,
    "awardID/referencedIDVID": _PARENT,
    "contractID/IDVID": _NUMBERS,
    "contractID/referencedIDVID": _PARENT,
    "OtherTransactionAwardID/OtherTransactionAwardContractID": _NUMBERS,
    "OtherTransactionAwardID/referencedIDVID": _PARENT,
    "OtherTransactionAwardID/OtherTransactionIDVContractID": _PARENT,
    "OtherTransactionIDVID/OtherTransactionIDVContractID": _NUMBERS,
    "OtherTransactionIDVID/referencedIDVID": _PARENT,
    "relevantContractDates/signedDate": ("dates.signed",),
    "relevantContractDates/effectiveDate": ("dates.start",),
    "relevantContractDates/currentCompletionDate": ("dates.end",),
    "relevantContractDates/ultimateCompletionDate": ("dates.option_end",),
    "relevantContractDates/lastDateToOrder": ("dates.end",),
    "dollarValues/obligatedAmount": ("amounts.obligated",),
    "dollarValues/baseAndExercisedOptionsValue": ("amounts.base_and_exercised",),
    "dollarValues/baseAndAllOptionsValue": ("amounts.base_and_all_options",),
    "dollarValues/totalEstimatedOrderValue": ("amounts.estimate",),
    "totalDollarValues/totalObligatedAmount": ("amounts.obligated",),
    "totalDollarValues/totalBaseAndExercisedOptionsValue": ("amounts.base_and_exercised",),
    "totalDollarValues/totalBaseAndAllOptionsValue": ("amounts.base_and_all_options",),
    "purchaserInformation/contractingOfficeAgencyID": ("buyers.contracting",),
    "purchaserInformation/contractingOfficeID": ("buyers.contracting",),
    "purchaserInformation/fundingRequestingAgencyID": ("buyers.funding",),
    "purchaserInformation/fundingRequestingOfficeID": ("buyers.funding",),
    "contractData/contractActionType": ("kind_published",),
    "contractData/reasonForModification": ("reason",),
    "contractData/descriptionOfContractRequirement": ("title", "title_from", "description"),
    "contractData/solicitationID": ("numbers.solicitation",),
    "contractData/typeOfContractPricing": ("competition",),
    "productOrServiceInformation/productOrServiceCode": ("classifications.psc",),
    "PSCCode": ("classifications.psc",),
    "productOrServiceInformation/principalNAICSCode": ("classifications.naics",),
    "vendor/vendorHeader/vendorName": ("parties.supplier",),
    "vendor/vendorHeader/vendorLegalOrganizationName": ("parties.supplier",),
    "vendor/contractorName": ("parties.supplier",),
    "vendor/vendorSiteDetails/vendorDUNSInformation/DUNSNumber": ("parties.supplier",),
    "vendor/vendorSiteDetails/vendorDUNSInformation/cageCode": ("parties.supplier",),
    "vendor/vendorSiteDetails/vendorDUNSInformation/vendorName": ("parties.supplier",),
    "vendor/vendorSiteDetails/vendorDUNSInformation/globalParentDUNSName": ("parties.supplier",),
    "vendor/vendorSiteDetails/entityIdentifiers/cageCode": ("parties.supplier",),
    "vendor/vendorSiteDetails/entityIdentifiers/vendorUEIInformation/UEI": ("parties.supplier",),
    "vendor/vendorSiteDetails/entityIdentifiers/vendorUEIInformation/UEILegalBusinessName": ("parties.supplier",),
    "vendor/vendorSiteDetails/entityIdentifiers/vendorUEIInformation/ultimateParentUEIName": ("parties.supplier",),
    "competition/extentCompeted": ("competition",),
    "competition/reasonNotCompeted": ("competition",),
    "competition/statutoryExceptionToFairOpportunity": ("competition",),
    "competition/solicitationProcedures": ("competition",),
    "competition/numberOfOffersReceived": ("competition",),
    "competition/typeOfSetAside": ("competition",),
    "placeOfPerformance/principalPlaceOfPerformance/stateCode": ("places",),
    "placeOfPerformance/principalPlaceOfPerformance/countryCode": ("places",),
    "placeOfPerformance/placeOfPerformanceZIPCode": ("places",),
    "transactionInformation/lastModifiedDate": ("dates.modified",),
    "transactionInformation/status": ("status", "status_published"),
}
"""Elements that are read, with the paths of a notice that they carry."""

UNREAD: Final[Mapping[str, str]] = {
    "transactionInformation/createdBy": "user name of an official, dropped",
    "transactionInformation/lastModifiedBy": "user name of an official, dropped",
    "transactionInformation/approvedBy": "user name of an official, dropped",
    "transactionInformation/closedBy": "user name of an official, dropped",
    "transactionInformation": "when and how the entry was made",
    "contractMarketingData/emailAddress": "contact of an official, dropped",
    "contractMarketingData": "who may order from a vehicle, fees and limits of single orders",
    "relevantContractDates/fiscalYear": "follows from the day signed",
    "dollarValues/nonGovernmentalDollars": "not money of the government",
    "totalDollarValues/totalNonGovernmentalDollars": "not money of the government",
    "purchaserInformation/foreignFunding": "a flag",
    "contractData/typeOfAgreement": "said by the type of the action",
    "contractData/listOfTreasuryAccounts": "accounts from which is paid",
    "contractData/referencedIDVType": "of the vehicle",
    "contractData/referencedIDVMultipleOrSingle": "of the vehicle",
    "contractData/referencedIDVPart8OrPart13": "of the vehicle",
    "contractData": "flags and codes of contract law",
    "legislativeMandates": "flags and codes of contract law",
    "preferencePrograms": "plans for subcontracting",
    "productOrServiceInformation": "codes of origin and make",
    "vendor/vendorHeader": "other names and marks of the vendor",
    "vendor/vendorSiteDetails/vendorLocation": "address and telephone of the vendor",
    "vendor/vendorSiteDetails": "flags that classify the vendor",
    "vendor/contractingOfficerBusinessSizeDetermination": "size of the vendor",
    "consortiaInformation": "members of a consortium",
    "competition": "flags and codes of competition",
    "placeOfPerformance/principalPlaceOfPerformance/locationCode": "said by the place",
    "placeOfPerformance/principalPlaceOfPerformance/cityCode": "said by the place",
    "placeOfPerformance/placeOfPerformanceCongressionalDistrict": "follows from the place",
    "NASASpecificAwardElements": "of one agency",
    "NASASpecificIDVElements": "of one agency",
    "agencySpecificAwardElements": "of one agency",
    "agencySpecificIDVElements": "of one agency",
    "genericTags": "agency-specific extras without names",
    "version": "schema of the record",
}
"""Elements that are known and not read, with the reason; also holds for everything below them."""


def is_known(path: str) -> bool:
    """Whether somebody reads the element at a path, or it is declared unread, by itself or with what is above it."""
    parts = path.split("/")
    above = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
    return any(part in CARRIES or part in UNREAD for part in above)


CARRIED: Final = frozenset(path for paths in CARRIES.values() for path in paths)
"""What a whole record can carry: an element that it leaves out says that there is nothing to say."""
