"""What USAspending says went wrong. Two shapes occur: ``{"detail": …}`` and ``{"message": …}``."""

from typing import Any, Final

from crawlers.spider import Answer, Refusal
from noticewatch.errors import SourceDrift

_MOST: Final = 300
_TOLD: Final = frozenset({400, 404, 410, 422, 500})
"""Statuses under which the source explains itself; refusals, throttling and outages are told by their status."""


def said(values: Any) -> str:
    """The sentence of an error in either shape; empty where the values hold none."""
    stated = values if isinstance(values, dict) else {}
    words = stated.get("detail") or stated.get("message")
    if isinstance(words, list):
        words = "; ".join(str(word) for word in words)
    return " ".join(str(words).split())[:_MOST] if words else ""


def refusal(answer: Answer) -> Refusal | None:
    """What an answer whose status is not 200 says; None where its status says it all, or no known shape is in it."""
    if answer.capture.status not in _TOLD:
        return None
    try:
        words = said(answer.json)
    except SourceDrift:
        return None
    if not words:
        return None
    return Refusal(f"{answer.request.url} answered with status {answer.capture.status}: {words}")
