"""The 47 columns of the SAM.gov bulk file and what becomes of each."""

from collections.abc import Mapping
from typing import Final

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "NoticeId": ("numbers.notice_id",),
    "Title": ("title", "title_from"),
    "Sol#": ("numbers.solicitation",),
    "Department/Ind.Agency": ("buyers.contracting",),
    "CGAC": ("buyers.contracting",),
    "Sub-Tier": ("buyers.contracting",),
    "FPDS Code": ("buyers.contracting",),
    "Office": ("buyers.contracting",),
    "AAC Code": ("buyers.contracting",),
    "PostedDate": ("dates.posted",),
    "Type": ("kind", "kind_published", "status", "status_published"),
    "ArchiveDate": ("dates.archive",),
    "SetASideCode": ("competition",),
    "SetASide": ("competition",),
    "ResponseDeadLine": ("dates.due",),
    "NaicsCode": ("classifications.naics",),
    "ClassificationCode": ("classifications.psc",),
    "PopStreetAddress": ("places",),
    "PopCity": ("places",),
    "PopState": ("places",),
    "PopZip": ("places",),
    "PopCountry": ("places",),
    "Active": ("status", "status_published"),
    "AwardNumber": ("numbers.award",),
    "AwardDate": ("dates.signed",),
    "Award$": ("amounts.announced",),
    "Awardee": ("parties.supplier",),
    "AdditionalInfoLink": ("links",),
    "Link": ("links",),
    "Description": ("description",),
}
"""Columns that are read, with the paths that they carry."""

UNREAD: Final[Mapping[str, str]] = {
    "BaseType": "mostly the type of the version before, which the chain holds",
    "ArchiveType": "how the archive date was set",
    "PrimaryContactTitle": "contact of an official, dropped",
    "PrimaryContactFullname": "contact of an official, dropped",
    "PrimaryContactEmail": "contact of an official, dropped",
    "PrimaryContactPhone": "contact of an official, dropped",
    "PrimaryContactFax": "contact of an official, dropped",
    "SecondaryContactTitle": "contact of an official, dropped",
    "SecondaryContactFullname": "contact of an official, dropped",
    "SecondaryContactEmail": "contact of an official, dropped",
    "SecondaryContactPhone": "contact of an official, dropped",
    "SecondaryContactFax": "contact of an official, dropped",
    "OrganizationType": "level of the office",
    "State": "address of the office",
    "City": "address of the office",
    "ZipCode": "address of the office",
    "CountryCode": "address of the office",
}
"""Columns that are known and not read, with the reason."""

KNOWN: Final[Mapping[str, object]] = {**CARRIES, **UNREAD}
NEEDED: Final = frozenset({"NoticeId", "Title", "PostedDate", "Type"})
"""Columns without which the file cannot be read."""
