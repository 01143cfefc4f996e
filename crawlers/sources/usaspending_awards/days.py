"""Days as downloads print them, and as spreadsheets left them behind when somebody saved such a file again. Pure."""

import re
from datetime import date
from typing import Final

_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_SLASHES: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?: .*)?")
_PIVOT: Final = 69
_MONTHS: Final = 12


def day(printed: str, *, day_first: bool = False) -> str | None:
    """``YYYY-MM-DD`` of ``2023-05-10``, ``2023-05-10 00:00:00``, ``5/10/23`` or ``10/05/2023 23:04``; None for no day.

    day_first: how a day with slashes is meant where both ways are possible. Years of two digits are 1969 to 2068.
    """
    text = printed.strip()
    if match := _ISO.fullmatch(text):
        return _real(int(match[1]), int(match[2]), int(match[3]))
    match = _SLASHES.fullmatch(text)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    if len(match[3]) == 2:
        year += 2000 if year < _PIVOT else 1900
    if (day_first and second <= _MONTHS) or first > _MONTHS:
        first, second = second, first
    return _real(year, first, second)


def _real(year: int, month: int, of_month: int) -> str | None:
    try:
        return date(year, month, of_month).isoformat()
    except ValueError:
        return None
