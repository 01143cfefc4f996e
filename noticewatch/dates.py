"""Dates as sources print them, read into :class:`~noticewatch.models.DateValue`, and the day a notice is dated by."""

import re
from calendar import monthrange
from datetime import date, datetime
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from noticewatch.models import DateValue, Notice

Role: TypeAlias = Literal[
    "posted", "modified", "due", "signed", "effective", "start", "end", "option_end", "hearing", "archive",
    "planned_solicitation", "planned_award",
]  # fmt: skip
PLANNED: Final[tuple[Role, ...]] = ("planned_solicitation", "planned_award")
"""Roles of the day on which a purchase is planned: of the first that is stated."""
DatedBy: TypeAlias = Literal["posted", "signed", "first_seen"]

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?\s?(?:(Z)|([+-]\d\d)(?::?(\d\d))?)?"
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_SPAN: Final = re.compile(r"(\d{4})(?:-Q([1-4])|-(\d\d)(?:-\d\d)?)?")
_US_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def date_value(role: Role, printed: str) -> DateValue | None:
    """A date in any of the shapes sources print: a day, or a time with or without offset; None for anything else.

    ``2026-04-24 23:24:04.649-04`` becomes ``2026-04-24T23:24:04.649-04:00`` with the zone ``-04:00``: the offset stays
    as printed, because the printed day is meant. Fractions are kept as printed, and none are added.
    """
    text = printed.strip()
    if match := _TIME.fullmatch(text):
        return _time(role, match)
    return bare_date(role, text)


def bare_date(role: Role, printed: str) -> DateValue | None:
    """A day, ``2026-04-24`` or ``4/24/2026``; None for anything else, days that no calendar has included."""
    text = printed.strip()
    if match := _US_DAY.fullmatch(text):
        text = f"{match[3]}-{int(match[1]):02}-{int(match[2]):02}"
    if _DAY.fullmatch(text) is None or _moment(text) is None:
        return None
    return DateValue(role=role, value=text)


def sam_time(role: Role, printed: str) -> DateValue | None:
    """A time or day of SAM.gov: offsets of two digits, 0 to 3 decimals, or no offset at all."""
    return date_value(role, printed)


def instant(value: str, zone: str = "UTC") -> datetime | None:
    """The moment that an ISO 8601 text means, in UTC; a text without offset is taken to be of ``zone``.

    None where it is neither a time nor a day.
    """
    moment = _moment(value)
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(ZoneInfo("UTC"))


def is_time_of(value: object, day: object) -> bool:
    """Whether a value is a time of a printed day: ``2026-04-24T23:24:04.649-04:00`` of ``2026-04-24``."""
    return (
        isinstance(value, str) and isinstance(day, str) and _DAY.fullmatch(day) is not None
        and value.startswith(f"{day}T")
    )  # fmt: skip


def dated(notice: Notice, first_seen: datetime) -> tuple[str, DatedBy]:
    """The day a notice is dated by, ``YYYY-MM-DD`` as printed, and which it is: posted, else signed, else first seen.

    ``first_seen`` is in UTC.
    """
    for role in ("posted", "signed"):
        date = notice.date(role)
        if date is not None and len(date.value) >= 10:
            return date.value[:10], "posted" if role == "posted" else "signed"
    return first_seen.strftime("%Y-%m-%d"), "first_seen"


def span(stated: DateValue) -> tuple[date, date] | None:
    """The first and the last day that a date may mean at its precision: of a day that day twice. None for what is no
    date.
    """
    match = _SPAN.fullmatch(stated.value)
    if match is None or stated.precision in {"time", "day"}:
        moment = _moment(stated.value)
        return (moment.date(), moment.date()) if moment else None
    year, quarter, month = (int(part) if part else 0 for part in match.groups())
    first, last = (3 * quarter - 2, 3 * quarter) if quarter else (month, month) if month else (1, 12)
    try:
        return date(year, first, 1), date(year, last, monthrange(year, last)[1])
    except ValueError:
        return None


def _time(role: Role, match: re.Match[str]) -> DateValue | None:
    day, clock, fraction, utc, hours, minutes = match.groups()
    zone = "+00:00" if utc else f"{hours}:{minutes or '00'}" if hours else None
    value = f"{day}T{clock}{'.' + fraction if fraction else ''}{zone or ''}"
    if _moment(value) is None:
        return None
    return DateValue(role=role, value=value, precision="time", zone=zone)


def _moment(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
