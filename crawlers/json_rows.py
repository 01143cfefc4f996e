"""Finds the elements of a list inside the bytes of a JSON answer: their byte ranges and their values. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from crawlers.encodings import foreign_encoding
from noticewatch.errors import SourceDrift

_DECODER: Final = json.JSONDecoder(parse_float=Decimal)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_MARK: Final = b"\xef\xbb\xbf"
_HALVES: Final = re.compile(r"\\u[dD][89a-fA-F]")
_HEADING: Final = re.compile(r"<(?:title|h1)[^>]*>([^<]{1,120})<", re.IGNORECASE)
_LOOKED_AT: Final = 4000

Element = tuple[int, int, Any]
"""First byte, byte behind the last, value with money as Decimal."""


def elements(payload: bytes) -> Iterator[Element]:
    """Each element of an answer that is one bare list.

    Raises SourceDrift where the payload is no JSON list or is cut off.
    """
    text, whole = decoded(payload)
    if not isinstance(whole, list):
        raise SourceDrift(f"The answer is no list{_said(whole)}.")
    yield from elements_in(payload, text, whole, ())


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
    if not isinstance(whole[member], list):
        raise SourceDrift(f"The answer's {member} are no list.")
    yield from elements_in(payload, text, whole, (member,))


def elements_in(payload: bytes, text: str, whole: Any, path: Sequence[str]) -> Iterator[Element]:
    """Each element of the list to which the members of ``path`` lead in an answer that :func:`decoded` has read.

    A lone object there counts as a list of one. Raises SourceDrift where they lead to neither.
    """
    value, place = whole, _space(text, 0)
    for name in path:
        if not isinstance(value, dict) or name not in value:
            raise _nothing_at(path)
        value, place = value[name], _member(text, place, name)
    if isinstance(value, dict):
        yield from _ranges(payload, text, iter([(place, *_DECODER.raw_decode(text, place)[::-1])]))
    elif isinstance(value, list):
        yield from _ranges(payload, text, _values(text, place))
    else:
        raise _nothing_at(path)


def decoded(payload: bytes) -> tuple[str, Any]:
    """An answer as text and as value, money as Decimal. Raises SourceDrift where it is no JSON."""
    start = payload[:_LOOKED_AT].removeprefix(_MARK).lstrip()
    encoding = foreign_encoding(payload)
    if encoding:
        raise SourceDrift(f"The answer is {encoding} where JSON in UTF-8 was due.")
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


def _without_halves(value: Any) -> Any:
    """A JSON value in which each half of a character that stands alone is U+FFFD: it is no text and has no UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_halves(one) for one in value]
    if isinstance(value, dict):
        return {_without_halves(name): _without_halves(one) for name, one in value.items()}
    return value


def _said(whole: Any) -> str:
    """What an answer without the list says in its place."""
    said = (whole.get(name) for name in ("detail", "message", "error", "errors")) if isinstance(whole, dict) else ()
    words = next((one for one in said if one), None)
    return f", but says: {str(words)[:200]}" if words else ""


def _nothing_at(path: Sequence[str]) -> SourceDrift:
    return SourceDrift(f"The answer holds no {'.'.join(path) or 'list'}.")


def _member(text: str, place: int, wanted: str) -> int:
    """Where the value of a member of the object that begins at ``place`` begins; of several of one name the last
    counts.
    """
    place, found = _space(text, place + 1), 0
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        place = _space(text, _space(text, place) + 1)
        found = place if name == wanted else found
        _, place = _DECODER.raw_decode(text, place)
        place = _next(text, place)
    return found


def _values(text: str, place: int) -> Iterator[Element]:
    """The values of the list that begins at ``place``, with the places of their characters."""
    place = _space(text, place + 1)
    while text[place] != "]":
        value, end = _DECODER.raw_decode(text, place)
        yield place, end, value
        place = _next(text, end)


def _ranges(payload: bytes, text: str, values: Iterator[Element]) -> Iterator[Element]:
    """The same with the places of their bytes."""
    ascii_only, halves = len(text) == len(payload), _HALVES.search(text) is not None
    counted, count = 0, len(_MARK) if payload.startswith(_MARK) else 0  # characters so far, and the bytes that they are
    for place, end, raw in values:
        value = _without_halves(raw) if halves else raw
        if ascii_only:
            yield place, end, value
        else:
            first = count + len(text[counted:place].encode())
            counted, count = end, first + len(text[place:end].encode())
            yield first, count, value


def _next(text: str, place: int) -> int:
    """Where the next value, or the end, stands behind the one that ends at ``place``."""
    place = _space(text, place)
    return _space(text, place + 1) if text[place] == "," else place


def _space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place
