"""What each source says of a notice where they differ, for its page and its JSON form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from api.forms import stamp
from archive.rows import NoticeRow
from archive.witnesses import Difference, Stated, Witness, differences, witnesses
from crawlers.source import Source
from noticewatch import addresses, words
from noticewatch.changes import said

_LONGEST = 400
_FIRST = frozenset({"name", "code"})
_SORTING = frozenset({"role", "scheme", "buyer_id", "inferred"})


@dataclass(frozen=True, slots=True)
class Word:
    """A source's word for one field: in words, the archived record that says so, whether the page shows it."""

    source: str
    text: str
    href: str
    seen: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Differing:
    """A field at which sources differ: each source's word, in order of the sources; None where one is silent."""

    field: str
    words: tuple[Word | None, ...]


@dataclass(frozen=True, slots=True)
class Hearing:
    """All sources that tell of a notice, and where they differ. ``titles``: of the sources, best rank first."""

    titles: tuple[str, ...]
    differing: tuple[Differing, ...]
    held: tuple[Witness, ...]
    found: tuple[Difference, ...]


def hear(connection: Connection, row: NoticeRow, sources: Mapping[str, Source]) -> Hearing:
    """What the sources of a notice say of it now."""
    ranks = {name: source.rank for name, source in sources.items()}
    held = witnesses(connection, row.number, ranks)
    found = differences(held, row.notice.content())
    names = [witness.source for witness in held]
    titles = tuple(sources[name].title if name in sources else name for name in names)
    return Hearing(titles, tuple(_differing(one, names, titles) for one in found), tuple(held), tuple(found))


def hearing_form(heard: Hearing) -> list[dict[str, Any]]:
    """The same in JSON: one item a source, best rank first."""
    return [_witness_form(witness, title, heard.found) for witness, title in zip(heard.held, heard.titles, strict=True)]


def _differing(difference: Difference, names: Sequence[str], titles: Sequence[str]) -> Differing:
    return Differing(
        words.first_upper(words.field_words(difference.path)),
        tuple(
            _word(difference, name, title, difference.said[name]) if name in difference.said else None
            for name, title in zip(names, titles, strict=True)
        ),
    )


def _word(difference: Difference, name: str, title: str, stated: Stated) -> Word:
    text = said(difference.path, _readable(difference.path, stated.value))
    return Word(
        title,
        text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…",
        addresses.record(stated.capture_id, stated.row),
        words.day_words(stated.seen.date()),
        name in difference.shown,
    )


def _readable(path: str, value: Any) -> Any:
    """A value without the members that only sort it, codes of a buyer in one."""
    if path.partition(".")[0] not in {"buyers", "parties", "classifications"} or not isinstance(value, list):
        return value
    return [
        {
            name: " ".join(part.values()) if isinstance(part, dict) else part
            for name, part in sorted(item.items(), key=lambda member: member[0] not in _FIRST)
            if name not in _SORTING
        }
        for item in value
    ]


def _witness_form(witness: Witness, title: str, found: Sequence[Difference]) -> dict[str, Any]:
    return {
        "source": witness.source,
        "title": title,
        "first_seen": stamp(witness.first_seen),
        "last_seen": stamp(witness.last_seen),
        "record_url": addresses.record(witness.capture_id, witness.row),
        "differs": [
            {
                "path": difference.path,
                "field": words.field_words(difference.path),
                "value": difference.said[witness.source].value,
                "shown": witness.source in difference.shown,
                "record_url": addresses.record(
                    difference.said[witness.source].capture_id, difference.said[witness.source].row
                ),
            }
            for difference in found
            if witness.source in difference.said
        ],
    }
