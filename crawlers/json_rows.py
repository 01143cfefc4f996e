"""Finds the elements of a list inside the bytes of a JSON answer: their byte ranges and their values."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from noticewatch.errors import SourceDrift

_DECODER: Final = json.JSONDecoder(parse_float=Decimal)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_MARK: Final = b"\xef\xbb\xbf"
_HALVES: Final = re.compile(r"\\u[dD][89a-fA-F]")
_BROKEN: Final = "The answer is cut off or broken JSON; fetch it again."

Element = tuple[int, int, Any]
"""First byte, byte behind the last, value with money as Decimal."""


def elements(payload: bytes) -> Iterator[Element]:
    """Each element of an answer that is one bare list.

    Raises SourceDrift where the payload is no JSON list or is cut off.
    """
    text, whole = decoded(payload)
    if not isinstance(whole, list):
        raise SourceDrift(f"The answer is no list{_said(whole)}.")
    yield from _elements(payload, text, _space(text, 0) + 1)


def elements_of(payload: bytes, member: str, *, may_lack: bool = False) -> Iterator[Element]:
    """Each element of the list in a member of the outermost object.

    ``may_lack``: an object without the member holds no element. Raises SourceDrift where the payload is no JSON
    object, is cut off, or holds no list of that name.
    """
    text, whole = decoded(payload)
    if not isinstance(whole, dict):
        raise SourceDrift(f"The answer holds no {member}.")
    if member not in whole:
        if may_lack:
            return
        raise SourceDrift(f"The answer holds no {member}{_said(whole)}.")
    yield from elements_in(payload, text, whole, member)


def elements_in(payload: bytes, text: str, whole: Mapping[str, Any], member: str) -> Iterator[Element]:
    """The same for an answer that :func:`decoded` has read, which has the member. Raises SourceDrift for no list."""
    if not isinstance(whole[member], list):
        raise SourceDrift(f"The answer's {member} are no list.")
    yield from _elements(payload, text, _space(text, _member(text, member)) + 1)


def decoded(payload: bytes) -> tuple[str, Any]:
    """An answer as text and as values, money as Decimal. Raises SourceDrift where it is no JSON."""
    start = payload[:200].removeprefix(_MARK).lstrip()
    if not start:
        raise SourceDrift("The answer is empty where JSON was due.")
    if start.startswith(b"<"):
        raise SourceDrift("The answer is an HTML or XML page where JSON was due.")
    try:
        text = payload.decode("utf-8-sig")
        return text, _DECODER.decode(text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        raise SourceDrift(_BROKEN) from error


def may_hold_halves(text: str) -> bool:
    """Whether a JSON text escapes halves of a character (UTF-16 surrogates), which may stand alone."""
    return _HALVES.search(text) is not None


def without_halves(value: Any) -> Any:
    """A JSON value in which each half of a character that stands alone is U+FFFD: it is no text and has no UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [without_halves(one) for one in value]
    if isinstance(value, dict):
        return {without_halves(name): without_halves(one) for name, one in value.items()}
    return value


def _said(whole: Any) -> str:
    """What an answer without the list says in its place."""
    said = (whole.get(name) for name in ("detail", "message", "error", "errors")) if isinstance(whole, dict) else ()
    words = next((one for one in said if one), None)
    return f", but says: {str(words)[:200]}" if words else ""


def _member(text: str, wanted: str) -> int:
    """Where the value of a member of the outermost object begins; of several of one name the last counts."""
    place, found = _space(text, 0) + 1, 0
    while text[place := _space(text, place)] != "}":
        name, place = _DECODER.raw_decode(text, place)
        place = _space(text, _space(text, place) + 1)
        found = place if name == wanted else found
        _, place = _DECODER.raw_decode(text, place)
        place = _space(text, place)
        place += text[place] == ","
    return found


def _elements(payload: bytes, text: str, place: int) -> Iterator[Element]:
    ascii_only, halves = len(text) == len(payload), may_hold_halves(text)
    counted, count = 0, len(_MARK) if payload.startswith(_MARK) else 0  # characters so far, and the bytes that they are
    place = _space(text, place)
    while text[place] != "]":
        value, end = _DECODER.raw_decode(text, place)
        value = without_halves(value) if halves else value
        if ascii_only:
            yield place, end, value
        else:
            first = count + len(text[counted:place].encode())
            counted, count = end, first + len(text[place:end].encode())
            yield first, count, value
        place = _space(text, end)
        if text[place] == ",":
            place = _space(text, place + 1)


def _space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place
