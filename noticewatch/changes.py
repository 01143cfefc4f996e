"""What changed between two versions, in words, with the words that went and came. Pure functions.

Texts are compared word by word; sums, dates, numbers and parties as wholes, because half a figure says nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from itertools import pairwise, zip_longest
from typing import Any, Final

from noticewatch import words
from noticewatch.models import Amount, DateValue

_TYPES: Final = {
    "title": "text", "description": "text", "amounts": "money", "dates": "date", "numbers": "number",
    "parties": "party", "buyers": "party",
}  # fmt: skip
"""What a field holds; any other is a ``value``."""

_PARTY_IDS: Final = {
    "uei": "UEI", "cage": "CAGE", "duns": "DUNS", "company_number": "company number", "parent": "parent",
    "printed": "printed as",
}  # fmt: skip
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
    """One field that differs, as a sequence of segments.

    type: text, money, date, number, party or value; by: how far a single sum or day has moved, in words.
    """

    path: str
    type: str
    field: str
    segments: tuple[Segment, ...]
    by: str = ""


def changes(changed: Iterable[tuple[str, Any, Any]]) -> Iterable[Change]:
    """Differences of fields as segments."""
    for path, old, new in changed:
        kind = _TYPES.get(path.partition(".")[0], "value")
        yield Change(
            path, kind, words.field_words(path), tuple(_segments(kind, path, old, new)), _moved(kind, old, new)
        )


def _segments(kind: str, path: str, old: Any, new: Any) -> list[Segment]:
    """What went and came; where the words for both are the same, the source's own members that differ."""
    as_items = kind != "text" and isinstance(new if old is None else old, list)
    before, after = parts(path, old), parts(path, new)
    if before == after:
        before, after = (_members(value) for value in _differing(old, new))
    if before == after:
        return []
    return compare_items(before, after) if as_items else compare("; ".join(before), "; ".join(after))


def _differing(old: Any, new: Any) -> tuple[Any, Any]:
    """Two lists of as many members each, without what is the same in both; anything else as it is."""
    if not (isinstance(old, list) and isinstance(new, list) and len(old) == len(new)):
        return old, new
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    if not all(isinstance(a, dict) and isinstance(b, dict) for a, b in pairs):
        return old, new
    return [_without(a, b) for a, b in pairs], [_without(b, a) for a, b in pairs]


def _without(item: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if other.get(name) != value}


def _members(value: Any) -> list[str]:
    """The elements of a JSON value with their members, as the source's parser named them."""
    items = value if isinstance(value, list) else [value]
    return [
        ", ".join(f"{name.replace('_', ' ')} {item[name]}" for name in sorted(item)) or words.NOT_STATED
        if isinstance(item, dict)
        else str(item)
        for item in items
    ]


def parts(path: str, value: Any) -> list[str]:
    """The elements of a field's JSON value as the page says them; ``not stated`` where it is absent."""
    if isinstance(value, list) and value:
        return [_said_part(path.partition(".")[0], item) for item in value]
    return [said(path, value)]


def compare_items(old: Sequence[str], new: Sequence[str]) -> list[Segment]:
    """Difference of two lists, element by element."""
    segments: list[Segment] = []
    for operation, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            segments += [Segment("same", item) for item in old[a:b]]
            continue
        segments += [Segment("gone", item) for item in old[a:b]]
        segments += [Segment("come", item) for item in new[c:d]]
    spaces = [
        Segment("same", " " if (before.kind, after.kind) == ("gone", "come") else "; ")
        for before, after in pairwise(segments)
    ]
    return [part for pair in zip_longest(segments, spaces) for part in pair if part is not None]


def _moved(kind: str, old: Any, new: Any) -> str:
    """How far a single sum of one kind and currency, or a single day, has moved: ``+$1,000``, ``+7 days``."""
    if not (isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 1):
        return ""
    if kind == "money":
        before, after = Amount.model_validate(old[0]), Amount.model_validate(new[0])
        alike = (before.kind, before.basis, before.currency) == (after.kind, after.basis, after.currency)
        if not alike or before.value is None or after.value is None or before.value == after.value:
            return ""
        by = after.value - before.value
        return ("+" if by > 0 else "") + words.money(by, after.currency)
    if kind == "date":
        try:
            days = (date.fromisoformat(new[0]["value"][:10]) - date.fromisoformat(old[0]["value"][:10])).days
        except ValueError:
            return ""
        return f"{'+' if days > 0 else '−'}{words.count_words(abs(days), 'day')}" if days else ""
    return ""


def said(path: str, value: Any) -> str:
    """A field's JSON value as the page says it; ``not stated`` where it is absent."""
    if value is None:
        return words.NOT_STATED
    if path == "listing":
        return words.LISTINGS.get(value, str(value))
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
    """Unchanged text, its middle left out between words where it is long."""
    if len(text) <= 240:
        return text
    head, tail = text[:110], text[-110:]
    return f"{head.rpartition(' ')[0] or head} … {tail.partition(' ')[2] or tail}"


def _said_part(field: str, value: Any) -> str:
    return _SAID.get(field, _said_named)(value) if isinstance(value, dict) else str(value)


def _said_text(value: Mapping[str, Any]) -> str:
    return str(value.get("text", ""))


def _said_amount(value: Mapping[str, Any]) -> str:
    amount = Amount.model_validate(value)
    return f"{words.amount_value(amount)} {words.amount_kind(amount.kind, amount.basis)}"


def _said_date(value: Mapping[str, Any]) -> str:
    return words.date_words(DateValue.model_validate(value))


def _said_number(value: Mapping[str, Any]) -> str:
    return str(value.get("printed", ""))


def _said_party(value: Mapping[str, Any]) -> str:
    ids = ", ".join(f"{name} {value[member]}" for member, name in _PARTY_IDS.items() if value.get(member))
    return " ".join(filter(None, [str(value.get("name", "")), f"({ids})" if ids else ""]))


def _said_buyer(value: Mapping[str, Any]) -> str:
    codes = ", ".join(f"{name} {code}" for name, code in value.get("codes", {}).items())
    return " ".join(filter(None, [str(value.get("name") or ""), f"({codes})" if codes else ""]))


def _said_named(value: Mapping[str, Any]) -> str:
    return ", ".join(str(part) for part in value.values() if not isinstance(part, (dict, list)))


_SAID: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "title": _said_text,
    "description": _said_text,
    "amounts": _said_amount,
    "dates": _said_date,
    "numbers": _said_number,
    "parties": _said_party,
    "buyers": _said_buyer,
}
