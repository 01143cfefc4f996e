"""What changed between two versions, in words, with the words that went and came. Pure functions."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from api import words
from archive.rows import VersionRow
from noticewatch.models import Amount, DateValue

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS = 6_000
"""Longer texts are shown whole, before and after, because a word difference would take seconds."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text: ``same``, ``gone`` (only in the older version) or ``come`` (only in the newer)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, as a sequence of segments."""

    field: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version as the page lists it."""

    number: int
    current: bool
    observed: str
    revision: str
    what: str
    quiet: bool
    late: bool
    sha256: str
    capture_id: str
    rebuilt: bool
    changes: tuple[Change, ...]


def version_views(history: Sequence[VersionRow], current: int) -> list[VersionView]:
    """Versions for the page, newest first, each with its difference to the version before it."""
    views = [
        VersionView(
            number=row.version,
            current=row.version == current,
            observed=words.moment_words(row.observed_at),
            revision=words.day_words(row.revision) if row.revision else "",
            what=words.listed(words.EVENTS.get(kind, kind.replace("_", " ")) for kind in row.kinds),
            quiet=row.quiet,
            late=row.late,
            sha256=row.content_sha256,
            capture_id=row.capture_id,
            rebuilt=row.origin == "rebuilt",
            changes=tuple(changes(row.changed)),
        )
        for row in history
    ]
    return views[::-1]


def changes(changed: Iterable[tuple[str, Any, Any]]) -> Iterable[Change]:
    """Differences of fields as segments."""
    for path, old, new in changed:
        yield Change(words.field_words(path), tuple(compare(said(path, old), said(path, new))))


def said(path: str, value: Any) -> str:
    """A field's JSON value as the page says it; ``not stated`` where it is absent."""
    if value is None:
        return words.NOT_STATED
    if isinstance(value, list):
        return "; ".join(_said_part(path.partition(".")[0], item) for item in value)
    return _said_part(path.partition(".")[0], value)


def compare(old: str, new: str) -> list[Segment]:
    """Word difference of two texts, neighbours of one kind joined."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) + len(after) > _MOST_WORDS:
        return [Segment("gone", old), Segment("come", new)]
    segments: list[Segment] = []
    for operation, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "equal":
            segments.append(Segment("same", _elided("".join(before[a:b]))))
            continue
        segments += [Segment("gone", "".join(before[a:b]))] if b > a else []
        segments += [Segment("come", "".join(after[c:d]))] if d > c else []
    return segments


def _elided(text: str) -> str:
    """Unchanged text, its middle left out where it is long."""
    return text if len(text) <= 240 else f"{text[:110]} … {text[-110:]}"


def _said_part(field: str, value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if field in {"title", "description"}:
        return str(value.get("text", ""))
    if field == "amounts":
        amount = Amount.model_validate(value)
        return f"{words.amount_value(amount)} {words.amount_kind(amount.kind, amount.basis)}"
    if field == "dates":
        return words.date_words(DateValue.model_validate(value))
    if field == "numbers":
        return str(value.get("printed", ""))
    named = [str(part) for part in value.values() if not isinstance(part, (dict, list))]
    return ", ".join(named)
