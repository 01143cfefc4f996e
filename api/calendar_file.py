"""A calendar of days as iCalendar (RFC 5545), which calendar programs subscribe to. Pure functions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_CONTROLS = {code: None for code in [*range(0x20), 0x7F] if code != 0x0A}
_MOST_OCTETS = 75
_ZONE = ("BEGIN:VTIMEZONE", "TZID:UTC", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000",
         "TZOFFSETTO:+0000", "END:STANDARD", "END:VTIMEZONE")  # fmt: skip
"""What a calendar without a day holds: one without any component is none (RFC 5545, section 3.6)."""


@dataclass(frozen=True, slots=True)
class Day:
    """An event that lasts a day. ``uid`` stays the same for the same thing; ``stamp``: when it was last learnt."""

    uid: str
    day: date
    summary: str
    description: str
    url: str
    stamp: datetime
    categories: Sequence[str] = ()


def calendar(name: str, days: Iterable[Day]) -> bytes:
    """The calendar. Days of it block nobody's time."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//noticewatch//renewals//EN", "CALSCALE:GREGORIAN",
             f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}"]  # fmt: skip
    lines += [line for day in days for line in _event(day)] or _ZONE
    lines.append("END:VCALENDAR")
    return b"".join(b"\r\n ".join(_folded(line)) + b"\r\n" for line in lines)


def _event(day: Day) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{_text(day.uid)}",
        f"DTSTAMP:{day.stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{_day(day.day)}",
        *([f"DTEND;VALUE=DATE:{_day(day.day + timedelta(days=1))}"] if day.day < date.max else []),
        f"SUMMARY:{_text(day.summary)}",
        f"DESCRIPTION:{_text(day.description)}",
        f"URL:{day.url}",
        *([f"CATEGORIES:{','.join(map(_text, day.categories))}"] if day.categories else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _day(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _text(text: str) -> str:
    """A value of type TEXT: nothing in it can end its line."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[bytes]:
    """The line in pieces of at most 75 octets, none of which parts a character; the space before all but the first
    is one of them.
    """
    piece = b""
    for character in line:
        octets = character.encode("utf-8", "replace")
        if len(piece) + len(octets) > _MOST_OCTETS - 1:
            yield piece
            piece = b""
        piece += octets
    yield piece
