"""Payloads of recorded answers, bent: rows dropped, values moved, bodies cut. CSV, JSON and XML alike. Pure."""

import copy
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson
from lxml import etree

Form: TypeAlias = Literal["csv", "json", "xml", "other"]
Table: TypeAlias = list[list[str]]
"""Rows of a CSV file, its header first."""


def form_of(payload: bytes) -> Form:
    """What a payload is, by its first bytes."""
    start = payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:200]
    if start[:1] in {b"{", b"["}:
        return "json"
    if start.startswith(b"<"):
        return "other" if b"html" in start.lower() else "xml"
    return "csv" if b"," in start else "other"


def rows_of(payload: bytes) -> list[Any]:
    """The rows of a payload: of a CSV file without its header, of JSON the longest list of objects, of XML the most
    frequent children of one element; [] where there are none."""
    match form_of(payload):
        case "csv":
            return _table(payload)[1:]
        case "json":
            return _list(orjson.loads(payload)) or []
        case "xml":
            return _entries(etree.fromstring(payload))
        case _:
            return []


def json_like(value: Any, like: bytes) -> bytes:
    """A JSON value written as the payload that it came from, with its spaces, lines and escapes: a row that is not bent
    must keep its bytes, by which a crawl knows it again.
    """
    escaped = b"\\u" in like
    lines = re.match(rb"\s*[\[{]\r?\n( *)", like)
    if lines:
        return json.dumps(value, indent=len(lines[1]), ensure_ascii=escaped).encode()
    name = re.search(rb'"(?:[^"\\]|\\.)*":( ?)', like)
    if name and name[1]:
        return json.dumps(value, ensure_ascii=escaped).encode()
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode() if escaped else orjson.dumps(value)


def without_rows(payload: bytes) -> bytes:
    """The payload with its rows left out: a header alone, an empty list."""
    return with_rows(payload, lambda rows: [])


def with_rows(payload: bytes, bend: Callable[[list[Any]], Sequence[Any]]) -> bytes:
    """The payload with other rows in place of its own."""
    match form_of(payload):
        case "csv":
            table = _table(payload)
            return _csv([table[0], *bend(table[1:])], payload)
        case "json":
            value = orjson.loads(payload)
            held = _list(value)
            if held is not None:
                held[:] = bend(list(held))
            return json_like(value, payload)
        case "xml":
            root = etree.fromstring(payload)
            _put(_entries(root), bend)
            return etree.tostring(root, xml_declaration=True, encoding="utf-8")
        case _:
            return payload


def without_column(payload: bytes) -> bytes:
    """A CSV file whose rows lack a value that its header still names, in the middle."""
    table = _table(payload)
    at = len(table[0]) // 2
    return _csv([table[0], *([*row[:at], *row[at + 1 :]] for row in table[1:])], payload)


def shifted(payload: bytes, keys: Sequence[str]) -> bytes:
    """The payload with the values of its two wordiest columns or members swapped in every row. Columns that hold one
    of ``keys``, the numbers of the rows, stay: a row must still be known by its number.
    """
    rows = rows_of(payload)
    if form_of(payload) == "csv":
        wordy = _wordiest([dict(enumerate(row)) for row in rows], keys)
        return with_rows(payload, lambda held: [_swapped(row, wordy) for row in held])
    if form_of(payload) == "json":
        wordy = _wordiest([row for row in rows if isinstance(row, dict)], keys)
        return with_rows(payload, lambda held: [_swapped(row, wordy) for row in held])
    wordy = _wordiest([_leaves(row) for row in rows], keys)
    return with_rows(payload, lambda held: [_swapped_leaves(row, wordy) for row in held])


def reworded(payload: bytes, spans: Sequence[tuple[int, int]], words: Sequence[Sequence[str]]) -> bytes:
    """The payload with one word changed in each span, to another of the same length: the first of the span's ``words``
    that stands there by itself; a span without any stays. Names of columns, members and elements stay.
    """
    bent = bytearray(payload)
    for (start, end), choice in zip(spans, words, strict=True):
        for word in choice:
            found = re.compile(rb'(?<![\w"<>:/])' + word.encode() + rb'(?![\w"<>:/])').search(payload, start, end)
            if found and word != word[::-1]:
                bent[found.start() : found.end()] = word[::-1].encode()
                break
    return bytes(bent)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the longest list of objects stands and how long it is."""

    held: list[Any]
    size: int


def _list(value: Any) -> list[Any] | None:
    """The longest list of objects inside a JSON value; of none the longest empty list; None for no list at all."""
    best: _Place | None = None
    for held in _lists(value):
        size = sum(isinstance(one, dict) for one in held)
        if best is None or size > best.size:
            best = _Place(held, size)
    return best.held if best else None


def _lists(value: Any) -> Iterator[list[Any]]:
    """Lists from the outside to the inside; those inside rows come last."""
    waiting = [value]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, list):
            yield one
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()


def _table(payload: bytes) -> Table:
    csv.field_size_limit(8_000_000)
    return list(csv.reader(io.StringIO(_text(payload), newline="")))


def _text(payload: bytes) -> str:
    return payload.decode("utf-8-sig") if _is_utf8(payload) else payload.decode("cp1252", "surrogateescape")


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _csv(table: Sequence[Sequence[str]], like: bytes) -> bytes:
    """A table as CSV, quoted, ended and encoded like the payload that it came from."""
    end = "\r\n" if b"\r\n" in like[:100_000] else "\n"
    out = io.StringIO(newline="")
    if like.lstrip(b"\xef\xbb\xbf").startswith(b'"'):
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(table)
    else:
        csv.writer(out, lineterminator=end).writerows(table)
    if like.startswith(b"\xef\xbb\xbf"):
        return out.getvalue().encode("utf-8-sig")
    return out.getvalue().encode() if _is_utf8(like) else out.getvalue().encode("cp1252", "surrogateescape")


def _entries(root: Any) -> list[Any]:
    """The largest group of children of one element that have one name."""
    best: list[Any] = []
    for parent in root.iter(etree.Element):
        by_name: dict[str, list[Any]] = {}
        for child in parent.iterchildren(etree.Element):
            if len(child):
                by_name.setdefault(child.tag, []).append(child)
        best = max([best, *by_name.values()], key=len)
    return best


def _put(entries: list[Any], bend: Callable[[list[Any]], Sequence[Any]]) -> None:
    if not entries:
        return
    parent = entries[0].getparent()
    at = parent.index(entries[0])
    new = [copy.deepcopy(entry) for entry in bend([copy.deepcopy(entry) for entry in entries])]
    for entry in entries:
        parent.remove(entry)
    for offset, entry in enumerate(new):
        parent.insert(at + offset, entry)


def _leaves(row: Any) -> dict[str, str]:
    return {one.tag: one.text or "" for one in row.iter(etree.Element) if not len(one) and one.text}


def _wordiest(rows: Sequence[dict[Any, Any]], keys: Sequence[str]) -> tuple[Any, Any] | None:
    """The two names with most letters in their texts, none of them the place of the rows' numbers."""
    parts = {part for key in keys for part in re.split(r"[^A-Za-z0-9]+", key) if len(part) > 5}
    letters: Counter[Any] = Counter()
    keyed: Counter[Any] = Counter()
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and value.strip():
                letters[name] += len(re.findall(r"[A-Za-z]", value))
                keyed[name] += any(part in parts for part in re.split(r"[^A-Za-z0-9]+", value))
    first, second, *_ = [*(name for name, _ in letters.most_common() if keyed[name] * 2 < len(rows)), None, None]
    return (first, second) if second is not None else None


def _swapped(row: Any, names: tuple[Any, Any] | None) -> Any:
    if names is None or not isinstance(row, (dict, list)):
        return row
    first, second = names
    bent: Any = copy.copy(row)
    if isinstance(row, dict):
        bent[first], bent[second] = row.get(second), row.get(first)
    elif len(bent) > max(first, second):
        bent[first], bent[second] = row[second], row[first]
    return bent


def _swapped_leaves(row: Any, names: tuple[Any, Any] | None) -> Any:
    if names is not None:
        held = {name: [one for one in row.iter(name) if not len(one)] for name in names}
        for one, other in zip(held[names[0]], held[names[1]], strict=False):
            one.text, other.text = other.text, one.text
    return row
