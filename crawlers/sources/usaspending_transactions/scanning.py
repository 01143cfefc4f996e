"""Finds the elements of ``results`` in an answer of USAspending, and what it says beside them."""

from collections.abc import Iterator
from typing import Final

from crawlers.json_rows import Element, decoded, elements_in
from crawlers.usaspending import said
from noticewatch.errors import SourceDrift

_MOST: Final = 200


def results(payload: bytes, advice: list[str] | None = None) -> Iterator[Element]:
    """Each element of the member ``results``: first byte, byte behind its last, value with money as Decimal.

    ``advice`` gets the sentences of the member ``messages``: in a good answer they are advice, never an error. Raises
    SourceDrift where the payload is no JSON object, is cut off, or holds no list of that name.
    """
    text, whole = decoded(payload)
    if not isinstance(whole, dict) or "results" not in whole:
        words = said(whole)
        raise SourceDrift(f"The answer holds no results{f', but says: {words}' if words else ''}.")
    if advice is not None and isinstance(whole.get("messages"), list):
        advice += [" ".join(str(message).split())[:_MOST] for message in whole["messages"]]
    if not isinstance(whole["results"], list):
        raise SourceDrift("The answer's results are no list.")
    yield from elements_in(payload, text, whole, ("results",))
