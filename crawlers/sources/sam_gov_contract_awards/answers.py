"""The shapes in which Contract Awards answers: results, nothing, and what it says went wrong. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crawlers.json_rows import Element, decoded, elements_in
from noticewatch.errors import SourceDrift

RESULTS: Final = "awardSummary"
WRAPPED: Final = "awardResponse"
_NOTHING: Final = re.compile(r"\bno data\b|\bno records?\b", re.IGNORECASE)
_LONGEST: Final = 200


def results(payload: bytes) -> Iterator[Element]:
    """Each result of an answer with the range of its bytes; none where it says that there are none.

    Raises SourceDrift, with the source's own words, for anything else.
    """
    text, whole = _decoded(payload)
    path = results_path(whole)
    if path is not None:
        yield from elements_in(payload, text, whole, path)


def results_path(whole: Any) -> tuple[str, ...] | None:
    """Members that lead to the results of an answer; None where it says that there are none.

    Raises SourceDrift, with the source's own words, for anything else.
    """
    for path, holder in _holders(whole):
        if isinstance(holder.get(RESULTS), (list, dict)):
            return (*path, RESULTS)
    if _is_nothing(whole):
        return None
    if isinstance(whole, Mapping) and whole.get("presignedUrl"):
        raise SourceDrift("The answer only announces a file; import the file that its presignedUrl leads to.")
    raise SourceDrift(f"The answer holds no {RESULTS}{_but_says(whole)}.")


def total_of(whole: Any) -> int | None:
    """The source's own count of the records that match, from text or number; None where an answer states none."""
    for _, holder in _holders(whole):
        stated = str(holder.get("totalRecords", "")).strip()
        if stated.isascii() and stated.isdigit():
            return int(stated)
    return None


def said(payload: bytes) -> str:
    """What an error says for itself: a JSON message, a heading, plain text; empty where it says nothing."""
    try:
        whole = whole_of(payload)
    except SourceDrift:
        text = re.sub(r"<[^>]*>", " ", payload[:4000].decode("utf-8", "replace"))
        return " ".join(text.split())[:_LONGEST]
    return _words(whole)


def says_nothing_found(payload: bytes) -> bool:
    """Whether an answer of any status says that no record matches."""
    return bool(_NOTHING.search(said(payload)))


def whole_of(payload: bytes) -> Any:
    """An answer as a value. Raises SourceDrift for an empty one and for anything but JSON."""
    return _decoded(payload)[1]


def _decoded(payload: bytes) -> tuple[str, Any]:
    if not payload.strip():
        raise SourceDrift("The answer is empty; Contract Awards answers so where the key is missing.")
    return decoded(payload)


def _holders(whole: Any) -> list[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Objects that may hold results and counts, with the members that lead to them."""
    if not isinstance(whole, Mapping):
        return []
    inner = whole.get(WRAPPED)
    return [((), whole), *([((WRAPPED,), inner)] if isinstance(inner, Mapping) else [])]


def _is_nothing(whole: Any) -> bool:
    return total_of(whole) == 0 or bool(_NOTHING.search(_words(whole)))


def _but_says(whole: Any) -> str:
    words = _words(whole)
    return f", but says: {words}" if words else ""


def _words(whole: Any) -> str:
    if isinstance(whole, str):
        return whole.strip()[:_LONGEST]
    for _, holder in _holders(whole):
        for name in ("message", "detail", "error", "errorMessage", "title"):
            value = holder.get(name)
            if isinstance(value, Mapping):
                value = value.get("message") or value.get("code")
            if isinstance(value, str) and value.strip():
                return value.strip()[:_LONGEST]
    return ""
