"""Elements of a list inside a JSON answer, each with the range of its bytes. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from crawlers.json_rows import may_hold_halves, without_halves
from noticewatch.errors import SourceDrift

_DECODER: Final = json.JSONDecoder(parse_float=Decimal)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_HEADING: Final = re.compile(r"<(?:title|h1)[^>]*>([^<]{1,120})<", re.IGNORECASE)


def decoded(payload: bytes) -> tuple[str, Any]:
    """A JSON answer as text and as value, numbers with a point as Decimal. Raises SourceDrift for anything else."""
    start = payload[:4000].lstrip()
    if not start:
        raise SourceDrift("The answer is empty where JSON was due.")
    if start.startswith(b"<"):
        said = _HEADING.search(start.decode("utf-8", "replace"))
        raise SourceDrift(
            f"The answer is an HTML or XML page where JSON was due{f': {said[1].strip()}' if said else ''}."
        )
    try:
        text = payload.decode("utf-8-sig")
        return text, _DECODER.decode(text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        raise SourceDrift("The answer is cut off or broken JSON; fetch it again.") from error


def elements(payload: bytes, path: Sequence[str]) -> Iterator[tuple[int, int, Any]]:
    """Each element of the list that the members of ``path`` lead to: first byte, byte behind its last, value.

    A single object there counts as a list of one. Raises SourceDrift where the payload is no JSON or has no such list.
    """
    text, _ = decoded(payload)
    offset = len(payload) - len(text.encode()) if len(text) != len(payload) else 0
    try:
        place = _space(text, 0)
        for name in path:
            place = _member(text, place, name)
        yield from _ranges(text, place, offset)
    except (json.JSONDecodeError, IndexError, KeyError) as error:
        raise SourceDrift(f"The answer holds no {'.'.join(path) or 'list'}.") from error


def _ranges(text: str, place: int, offset: int) -> Iterator[tuple[int, int, Any]]:
    counted, count = 0, offset  # characters counted so far, and the bytes before them
    halves = may_hold_halves(text)
    for first, last, value in _values(text, place):
        start = count + len(text[counted:first].encode())
        counted, count = last, start + len(text[first:last].encode())
        yield start, count, without_halves(value) if halves else value


def _values(text: str, place: int) -> Iterator[tuple[int, int, Any]]:
    if text[place] != "[":
        value, end = _DECODER.raw_decode(text, place)
        if not isinstance(value, dict):
            raise KeyError(place)
        yield place, end, value
        return
    place = _space(text, place + 1)
    while text[place] != "]":
        value, end = _DECODER.raw_decode(text, place)
        yield place, end, value
        place = _space(text, end)
        if text[place] == ",":
            place = _space(text, place + 1)


def _member(text: str, place: int, wanted: str) -> int:
    """Where the value of a member of the object that begins at ``place`` begins; of several equal names the last.

    Raises KeyError where there is none.
    """
    if text[place] != "{":
        raise KeyError(wanted)
    found, place = -1, _space(text, place + 1)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        place = _space(text, _space(text, place) + 1)
        found = place if name == wanted else found
        _, place = _DECODER.raw_decode(text, place)
        place = _space(text, place)
        if text[place] == ",":
            place = _space(text, place + 1)
    if found < 0:
        raise KeyError(wanted)
    return found


def _space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place
