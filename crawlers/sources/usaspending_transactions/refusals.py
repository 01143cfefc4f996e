"""What USAspending says went wrong. Two shapes occur: ``{"detail": …}`` and ``{"message": …}``."""

from typing import Any, Final

from crawlers.spider import Answer, Refusal
from noticewatch.errors import SourceDrift

_MOST: Final = 300
_BLOCKED: Final = frozenset({401, 403})


def said(values: Any) -> str:
    """The sentence of an error in either shape; empty where the values hold none."""
    stated = values if isinstance(values, dict) else {}
    words = stated.get("detail") or stated.get("message")
    if isinstance(words, list):
        words = "; ".join(str(word) for word in words)
    return " ".join(str(words).split())[:_MOST] if words else ""


def refusal(answer: Answer) -> Refusal | None:
    """What an answer whose status is not 200 says; None where it says nothing in a known shape."""
    try:
        words = said(answer.json)
    except SourceDrift:
        return None
    if not words:
        return None
    status = answer.capture.status
    return Refusal(f"{answer.request.url} answered {status}: {words}", blocked=status in _BLOCKED)
