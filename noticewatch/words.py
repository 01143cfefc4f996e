"""The plain words of pages, messages, feeds and exports for what the models state in codes. Pure functions."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol

from noticewatch.models import AmountKind, CorrectionKind, DateValue, EventKind, Kind, Listing, Origin, Status, Verdict

NOT_STATED = "not stated"

KINDS: dict[str, str] = {
    Kind.FORECAST: "Forecast",
    Kind.SOURCES_SOUGHT: "Sources sought",
    Kind.SPECIAL_NOTICE: "Special notice",
    Kind.PRESOLICITATION: "Presolicitation",
    Kind.SOLICITATION: "Solicitation",
    Kind.JUSTIFICATION: "Justification",
    Kind.AWARD: "Award",
    Kind.ORDER: "Order",
    Kind.VEHICLE: "Contract vehicle",
    Kind.MODIFICATION: "Modification",
    Kind.SUBAWARD: "Sub-award",
    Kind.GRANT: "Grant",
    Kind.AGENDA_ITEM: "Agenda item",
    Kind.MEETING: "Meeting",
    Kind.REGISTER_DOCUMENT: "Register document",
    Kind.PAYMENT: "Payment",
    Kind.OTHER: "Other",
}
STATUSES: dict[str, str] = {
    Status.OPEN: "open",
    Status.CLOSED: "closed",
    Status.AWARDED: "awarded",
    Status.CANCELLED: "cancelled",
    Status.WITHDRAWN: "withdrawn",
    Status.ARCHIVED: "archived by the source",
    Status.UNKNOWN: NOT_STATED,
}
LISTINGS: dict[str, str] = {
    Listing.LISTED: "listed by the source when it was last seen",
    Listing.UNLISTED: "no longer listed by the source",
    Listing.WITHDRAWN: "withdrawn by the source",
    Listing.ARCHIVED_BY_SOURCE: "in the source's own archive",
}
AMOUNT_KINDS: dict[str, str] = {
    AmountKind.OBLIGATED: "obligated",
    AmountKind.BASE_AND_EXERCISED: "base and exercised options",
    AmountKind.BASE_AND_ALL_OPTIONS: "base and all options",
    AmountKind.CEILING: "ceiling",
    AmountKind.NOT_TO_EXCEED: "not to exceed",
    AmountKind.ESTIMATE: "estimate",
    AmountKind.BUDGET: "budget",
    AmountKind.ANNOUNCED: "announced",
    AmountKind.AWARDED: "awarded",
    AmountKind.PAID: "paid",
}
BASES: dict[str, str] = {
    "change": "this action only",
    "state": "total on its date",
    "limit": "limit",
    "plan": "planned",
}
VERDICTS: dict[str, str] = {
    Verdict.COMPLETE: "complete",
    Verdict.PARTIAL: "partial",
    Verdict.BLOCKED: "blocked by the source",
    Verdict.FAILED: "failed",
    Verdict.EMPTY_SUSPICIOUS: "suspiciously empty",
    Verdict.CANCELLED: "cancelled",
    Verdict.NOT_STARTED: "not started",
}
EVENTS: dict[str, str] = {
    EventKind.NEW: "first seen",
    EventKind.AMENDED: "amended",
    EventKind.DEADLINE_MOVED: "deadline moved",
    EventKind.AWARDED: "awarded",
    EventKind.CANCELLED: "cancelled",
    EventKind.UNLISTED: "no longer listed",
    EventKind.RELISTED: "listed again",
    EventKind.WITHDRAWN: "withdrawn by the source",
    EventKind.ARCHIVED_BY_SOURCE: "archived by the source",
    EventKind.DOCUMENT_ADDED: "document added",
    EventKind.DOCUMENT_CHANGED: "another file under the address of a document",
    EventKind.DOCUMENT_REMOVED: "document no longer listed",
    EventKind.DOCUMENT_TEXT: "text of a document became known",
    EventKind.DUE_SOON: "deadline near",
    EventKind.REPOSTED: "re-posted without a visible change",
    EventKind.JOINED: "brought together with what belongs to it",
    EventKind.SPLIT: "parted from what does not belong to it",
    EventKind.ENRICHED: "more detail from a source",
    EventKind.REPARSED: "read again by a better parser",
    EventKind.RETAGGED: "tags changed",
    EventKind.TAKEN_DOWN: "taken down",
    EventKind.RESTORED: "restored",
}
CORRECTIONS: dict[str, str] = {
    CorrectionKind.JOIN: "joined",
    CorrectionKind.SPLIT: "parted",
    CorrectionKind.TAKEDOWN: "taken down",
    CorrectionKind.RESTORE: "restored",
}
DATE_ROLES: dict[str, str] = {
    "posted": "Posted",
    "modified": "Changed at the source",
    "due": "Responses due",
    "signed": "Signed",
    "effective": "Effective",
    "start": "Starts",
    "end": "Ends",
    "option_end": "Ends if all options are used",
    "hearing": "Hearing",
    "archive": "Leaves the source's active list",
    "planned_solicitation": "Request for offers planned for",
    "planned_award": "Award planned for",
}
DATED_FROM: dict[str, str] = {"posted": "posted", "signed": "signed", "first_seen": "first seen here"}
NUMBER_TYPES: dict[str, str] = {
    "piid": "Contract number (PIID)",
    "award": "Award number",
    "parent_piid": "Parent contract (PIID of the vehicle)",
    "solicitation": "Solicitation number",
    "notice_id": "SAM.gov notice id",
    "modification": "Modification number",
    "transaction": "Transaction number",
    "generated_award_id": "USAspending award id",
    "fain": "Award number of a grant (FAIN)",
    "opportunity": "Funding opportunity number",
    "subaward": "Sub-award number",
    "prime_award": "Number of the award above it",
    "prime_parent": "Number of the vehicle above that award",
    "report": "Number of the report",
    "apfs": "Forecast number",
    "incumbent_contract": "Number of the present contract",
    "document": "Document number",
    "docket": "Docket",
    "citation": "Citation",
    "rin": "Regulation identifier (RIN)",
    "corrects": "Corrects document",
    "corrected_by": "Corrected by document",
}
PARTY_ROLES: dict[str, str] = {
    "supplier": "Seller",
    "reseller": "Reseller",
    "maker": "Maker",
    "bidder": "Bidder",
    "incumbent": "Present supplier",
}
BUYER_ROLES: dict[str, str] = {
    "contracting": "Buyer",
    "funding": "Pays for it",
    "requesting": "Asked for it",
    "issuing": "Issued by",
}
TIERS: dict[str, str] = {"alert": "Strong match", "review": "To be checked"}
ORIGINS: dict[str, str] = {
    Origin.LIVE: "fetched from the source by noticewatch",
    Origin.IMPORTED: "imported from a file obtained by other means",
    Origin.REBUILT: "rebuilt from another collector's record; noticewatch did not fetch it",
}
WORDINGS: dict[str, str] = {
    Origin.LIVE: "as published",
    Origin.IMPORTED: "as in the imported file",
    Origin.REBUILT: "as rebuilt by its recorder",
}
_TOGETHER: dict[str, str] = WORDINGS | {Origin.REBUILT: "as rebuilt by their recorder"}
UNCHECKED = (
    "This is what is looked for. Names, products, identifiers, what a vendor is watched for, what else its names mean "
    "and to whom it belongs were not checked one by one, except the ties of a family by date."
)
"""What is said beside what the watchlist holds of vendors."""
LATE = "long after its day"
"""What is said of a thing that surfaces long after the day it is dated."""
FIELDS: dict[str, str] = {
    "title": "title",
    "description": "description",
    "kind": "kind",
    "kind_published": "kind as published",
    "reason": "reason of the modification",
    "status": "status",
    "status_published": "status as published",
    "title_from": "origin of the title",
    "parties.supplier": "seller",
    "parties.maker": "maker",
    "parties.reseller": "reseller",
    "buyers.contracting": "buyer",
    "buyers.funding": "funding body",
    "competition": "competition",
    "places": "place of performance",
    "classifications.naics": "industry code (NAICS)",
    "classifications.psc": "product code (PSC)",
    "documents": "documents",
    "links": "links",
    "lots": "lots",
    "correction": "correction",
    "notice_ids": "SAM.gov notice ids of its revisions",
    "notice": "notice that has the records",
    "inherited": "another notice of this contract",
    "due_in_days": "days left, at most",
}

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SIGNS = {"USD": "$", "GBP": "£", "EUR": "€"}


def kind_words(kind: str) -> str:
    """``Order`` for ``order``; a code without words is shown as it is."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def field_words(path: str) -> str:
    """The plain name of a field path: ``dates.due`` → ``responses due``."""
    path = re.sub(r"\.\d+", "", path)
    field, _, member = path.partition(".")
    if path in FIELDS:
        return FIELDS[path]
    if field == "dates":
        return DATE_ROLES.get(member, member).lower()
    if field == "amounts":
        return f"amount {AMOUNT_KINDS.get(member, member)}"
    if field == "numbers":
        words = NUMBER_TYPES.get(member, member.replace("_", " "))
        return inside(words)
    if field == "parties":
        role, _, scheme = member.partition(".")
        return " ".join(filter(None, [PARTY_ROLES.get(role, role).lower(), scheme.upper()]))
    return FIELDS.get(field, path.replace("_", " ").replace(".", ": "))


def inside(name: str) -> str:
    """A name within a sentence: its first letter small, unless it is a proper name (SAM.gov, USAspending)."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def reason_words(reason: str) -> str:
    """A reason of a verdict for readers: without the mark that tells programs that rows or fields shifted."""
    return reason.removeprefix("drift: ")


def money(value: Decimal, currency: str | None) -> str:
    """``$948,620.64``, ``−$5.50``, ``CAD 12``; without a currency ``12 (currency not stated)``. Zero is ``$0``."""
    sign = "−" if value < 0 else ""
    cents = value != value.to_integral_value()
    number = f"{abs(value):,.2f}" if cents else f"{abs(value):,.0f}"
    if currency is None:
        return f"{sign}{number} (currency {NOT_STATED})"
    symbol = _SIGNS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{currency}\u00a0{number}"


class Sum(Protocol):
    """Whatever states a sum of money: an amount of a notice, or of a result."""

    @property
    def value(self) -> Decimal | None:
        """The figure, where there is one."""

    @property
    def minimum(self) -> Decimal | None:
        """The lower end of a range."""

    @property
    def maximum(self) -> Decimal | None:
        """The upper end of a range."""

    @property
    def currency(self) -> str | None:
        """ISO 4217 code; None = not stated."""


def amount_value(amount: Sum) -> str:
    """The figure of an amount, or its range, or ``not stated``; a range without one end is ``at least $100`` or ``up to
    $100``.
    """
    if amount.value is not None:
        return money(amount.value, amount.currency)
    least, greatest = (end if end is None else money(end, amount.currency) for end in (amount.minimum, amount.maximum))
    if least and greatest:
        return f"{least} to {greatest}"
    return f"at least {least}" if least else f"up to {greatest}" if greatest else NOT_STATED


def amount_kind(kind: str, basis: str | None = None) -> str:
    """What a sum is, in words: ``announced, limit``; ``obligated, this action only``."""
    words = AMOUNT_KINDS.get(kind, kind.replace("_", " "))
    return f"{words}, {BASES.get(basis, basis)}" if basis else words


def day_words(value: str | date) -> str:
    """``25 April 2026`` for an ISO day or a moment (its day as printed); other text stays as it is."""
    text = value if isinstance(value, str) else value.isoformat()
    match = re.match(r"(\d{4})-(\d{2})(?:-(\d{2}))?", text)
    if not match or not 1 <= int(match[2]) <= 12:
        return text
    month = f"{_MONTHS[int(match[2]) - 1]} {match[1]}"
    return f"{int(match[3])} {month}" if match[3] else month


def short_day(value: str | date) -> str:
    """``25 Apr 2026``, for tables."""
    day, _, rest = day_words(value).partition(" ")
    month, _, year = rest.partition(" ")
    return f"{day} {month[:3]} {year}" if year else day_words(value)


def moment_words(moment: datetime) -> str:
    """``25 April 2026, 14:03 UTC``."""
    known = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{day_words(known.date())}, {known:%H:%M} UTC"


def date_words(value: DateValue) -> str:
    """A stated date at its precision, with its time and zone as published."""
    if value.precision == "year":
        return value.value[:4]
    if value.precision == "quarter" and (quarter := re.fullmatch(r"(\d{4})-Q([1-4])", value.value)):
        return f"quarter {quarter[2]} of {quarter[1]}"
    words = day_words(value.value)
    match = re.search(r"T(\d{2}:\d{2})(?::[\d.]+)?(Z|[+-]\d{2}:?\d{2})?$", value.value)
    if value.precision != "time" or not match:
        return words
    zone = value.zone or match[2]
    shown = {"Z": "UTC", "+00:00": "UTC", None: "time zone not stated"}.get(zone, f"UTC{zone}")
    if zone and not re.match(r"[+-]|Z$", zone):
        shown = zone
    return f"{words}, {match[1]} ({shown.replace('UTC-', 'UTC−')})"


def first_upper(text: str) -> str:
    """The text with its first letter in upper case; the others stay: ``SAM.gov notice id``."""
    return text[:1].upper() + text[1:]


def count_words(count: int, one: str, many: str | None = None) -> str:
    """``1 notice``, ``13,210 notices``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def wordings(origins: Iterable[Origin]) -> str:
    """Whose the bytes of several rows or files are; empty of none."""
    held = set(origins)
    said = ", or ".join(_TOGETHER[origin] for origin in Origin if origin in held)
    return f"{said}, as is said of each" if len(held) > 1 else said


def listed(names: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; where a name has a comma of its own, ``a, b; c; and d``."""
    *most, last = list(names) or [""]
    if len(most) > 1 and any(", " in name for name in (*most, last)):
        return f"{'; '.join(most)}; and {last}"
    return f"{', '.join(most)} and {last}" if most else last


def file_size(length: int) -> str:
    """``1.4 MB``; bytes are said in full below a thousand."""
    size = float(length)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000 or unit == "MB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{length} bytes"
