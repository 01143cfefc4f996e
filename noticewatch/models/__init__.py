"""Models of the data: parts of a notice, the notice itself, and what the archive keeps about it."""

from noticewatch.models.log import (
    ALWAYS_QUIET,
    DERIVED,
    Capture,
    CorrectionKind,
    Event,
    EventKind,
    Origin,
    Reading,
    RunKind,
    Verdict,
    worst,
)
from noticewatch.models.notice import (
    Content,
    Notice,
    canonical_json,
    carries,
    content_hash,
    difference,
    from_paths,
    notice_from,
    notice_from_json,
    notice_in_part,
    ordered,
    to_paths,
)
from noticewatch.models.parts import (
    HEADLINE_ORDER,
    Amount,
    AmountKind,
    Buyer,
    Classification,
    Competition,
    DateValue,
    Document,
    Hearing,
    Kind,
    Link,
    Listing,
    Lot,
    Money,
    Number,
    Part,
    Party,
    Place,
    Status,
    Text,
)

__all__ = [
    "ALWAYS_QUIET", "DERIVED", "HEADLINE_ORDER", "Amount", "AmountKind", "Buyer", "Capture", "Classification",
    "Competition", "Content", "CorrectionKind", "DateValue", "Document", "Event", "EventKind", "Hearing", "Kind",
    "Link", "Listing", "Lot", "Money", "Notice", "Number", "Origin", "Part", "Party", "Place", "Reading", "RunKind",
    "Status", "Text", "Verdict", "canonical_json", "carries", "content_hash", "difference", "from_paths",
    "notice_from", "notice_from_json", "notice_in_part", "ordered", "to_paths", "worst",
]  # fmt: skip
