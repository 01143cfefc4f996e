"""The difference of any two versions of a notice, for pages, programs and the command line."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from api.forms import stamp
from api.lookup import as_named, led_words, the_notice
from api.problems import Problem
from api.tombstones import shown_version
from archive import queries
from archive.rows import NoticeRow, VersionRow
from noticewatch import addresses
from noticewatch.changes import Change, changes
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import difference

_MARKS = {"gone": ("[-", "-]"), "come": ("{+", "+}"), "same": ("", "")}
"""How plain text marks what went and what came, as word differences of version control do."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions, the fields that differ with both JSON values, and the same in words."""

    before: VersionRow
    after: VersionRow
    fields: tuple[tuple[str, Any, Any], ...]
    changes: tuple[Change, ...]


def asked_versions(given: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The versions that the parameters ``from`` and ``to`` name, None where one is left out. Raises Problem (400)."""
    first, last = (_number(name, given.get(name)) for name in ("from", "to"))
    return first, last


def to_compare(connection: Connection, text: str, first: int | None, last: int | None) -> NoticeRow:
    """The notice whose versions are to be compared: where a version is named, the one with exactly this id."""
    return the_notice(connection, text) if first is None and last is None else as_named(connection, text)


def compared(connection: Connection, row: NoticeRow, first: int | None, last: int | None) -> Compared:
    """The difference from version ``first`` to version ``last``; by default the current one, and the one before it.

    Raises NotFound for a version that does not exist, UsageError where there is none before ``last``, Withheld for one
    that was taken down.
    """
    after = _version(connection, row, row.version if last is None else last)
    before = _before(connection, row, after) if first is None else _version(connection, row, first)
    for one in (before, after):
        shown_version(row.id, one)
    fields = tuple(difference(before.content, after.content))
    return Compared(before, after, fields, tuple(changes(fields)))


def diff_form(notice_id: str, found: Compared) -> dict[str, Any]:
    """A difference in JSON."""
    return {
        "notice_id": notice_id,
        "url": addresses.diff(notice_id, found.before.version, found.after.version),
        "from": _side(notice_id, found.before),
        "to": _side(notice_id, found.after),
        "items": [
            {
                "path": change.path,
                "type": change.type,
                "words": change.field,
                "old": old,
                "new": new,
                "by": change.by or None,
                "segments": [asdict(segment) for segment in change.segments],
            }
            for (_, old, new), change in zip(found.fields, found.changes, strict=True)
        ],
    }


def diff_lines(found: Iterable[Change]) -> list[str]:
    """Fields that differ as lines for a person: ``[-went-]`` and ``{+came+}``."""
    return [
        f"{change.field}: {''.join(map(_marked, change.segments))}{f' ({change.by})' if change.by else ''}"
        for change in found
    ]


def _marked(segment: Any) -> str:
    opening, closing = _MARKS[segment.kind]
    return f"{opening}{segment.text}{closing}"


def _number(name: str, value: str | None) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        detail = f"Parameter {name} is {value[:40]!r}; write the number of a version, as 1."
        raise Problem(400, "bad-request", detail, parameter=name)
    return int(value)


def _version(connection: Connection, row: NoticeRow, number: int) -> VersionRow:
    found = queries.version(connection, row.number, number)
    if found is None:
        held = ", ".join(str(one.version) for one in queries.versions(connection, row.number)[:20])
        led = led_words(connection, row)
        raise NotFound(f"{row.id} has no version {number}; its history holds {held}.{led}")
    return found


def _before(connection: Connection, row: NoticeRow, after: VersionRow) -> VersionRow:
    history = queries.versions(connection, row.number)
    place = next((place for place, one in enumerate(history) if one.version == after.version), 0)
    if not place:
        raise UsageError(f"{row.id} has no version before version {after.version}; name the one to compare it with.")
    return history[place - 1]


def _side(notice_id: str, row: VersionRow) -> dict[str, Any]:
    return {
        "version": row.version,
        "url": addresses.version(notice_id, row.version),
        "observed_at": stamp(row.observed_at),
        "revision": row.revision or None,
        "content_sha256": row.content_sha256,
        "capture": {"id": row.capture_id, "url": addresses.capture(row.capture_id), "origin": row.origin},
    }
