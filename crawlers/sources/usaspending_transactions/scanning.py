"""Finds the elements of ``results`` inside the bytes of a JSON answer."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from crawlers.sources.usaspending_transactions.refusals import said
from noticewatch.errors import SourceDrift

_DECODER: Final = json.JSONDecoder(parse_float=Decimal)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_MOST: Final = 200


def results(payload: bytes, advice: list[str] | None = None) -> Iterator[tuple[int, int, Any]]:
    """Each element of the member ``results``: first byte, byte behind its last, value with money as Decimal.

    ``advice`` gets the sentences of the member ``messages``: in a good answer they are advice, never an error. Raises
    SourceDrift where the payload is no JSON object, is cut off, or holds no list of that name.
    """
    text, whole = _read(payload)
    if advice is not None and isinstance(whole.get("messages"), list):
        advice += [" ".join(str(message).split())[:_MOST] for message in whole["messages"]]
    try:
        place = _space(text, _member(text, "results"))
        if text[place] != "[":
            raise SourceDrift("The answer's results are no list.")
        yield from _elements(text, place + 1, ascii_only=len(text) == len(payload))
    except (json.JSONDecodeError, IndexError) as error:
        raise SourceDrift("The answer is cut off or broken JSON; fetch it again.") from error


def decoded(payload: bytes) -> tuple[str, Any]:
    """An answer as text and as values, money as Decimal. Raises SourceDrift where it is no JSON."""
    start = payload[:200].lstrip()
    if not start:
        raise SourceDrift("The answer is empty where JSON was due.")
    if start.startswith(b"<"):
        raise SourceDrift("The answer is an HTML or XML page where JSON was due.")
    try:
        text = payload.decode("utf-8")
        return text, _DECODER.decode(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SourceDrift("The answer is cut off or broken JSON; fetch it again.") from error


def _read(payload: bytes) -> tuple[str, dict[str, Any]]:
    text, whole = decoded(payload)
    if not isinstance(whole, dict) or "results" not in whole:
        words = said(whole)
        raise SourceDrift(f"The answer holds no results{f', but says: {words}' if words else ''}.")
    return text, whole


def _member(text: str, wanted: str) -> int:
    """Where the value of a member of the outermost object begins."""
    place = _space(text, 0) + 1
    while True:
        name, place = _DECODER.raw_decode(text, _space(text, place))
        place = _space(text, _space(text, place) + 1)
        if name == wanted:
            return place
        _, place = _DECODER.raw_decode(text, place)
        place = _space(text, place) + 1


def _elements(text: str, place: int, *, ascii_only: bool) -> Iterator[tuple[int, int, Any]]:
    counted, count = 0, 0  # characters counted so far, and the bytes that they are
    place = _space(text, place)
    while text[place] != "]":
        value, end = _DECODER.raw_decode(text, place)
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
