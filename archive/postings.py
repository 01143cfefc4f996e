"""Postings as the records of a notice make them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from archive.chains import Link, chain_key
from archive.dossiers import Dossier, is_whole
from archive.grouping import Posting
from archive.held import HeldRecord
from noticewatch.models import notice_from
from noticewatch.numbers import plain

_NEW: Final = 1 << 62


def by_number(records: Iterable[HeldRecord]) -> dict[str, list[HeldRecord]]:
    """Records by their posting's number in letters and digits."""
    found: dict[str, list[HeldRecord]] = {}
    for record in records:
        found.setdefault(plain(record.source_number), []).append(record)
    return found


def posting_of(number: str, records: Sequence[HeldRecord], key: str | None = None) -> Posting:
    """The posting that records of one number make. key: chain key, where it is known already."""
    told = _told(records)
    if key is None and told:
        key = chain_key(notice_from(max(told, key=lambda record: record.order).content))
    return Posting(number, key, _revision(records), frozenset(Link.of(record.content) for record in told))


def last_of(records: Sequence[HeldRecord], key: str | None) -> Posting:
    """The last posting of a notice of which more is known than its text, else the last of all. key: the notice's."""
    groups = by_number(records)
    told = [number for number, held in groups.items() if _told(held)]
    last = max(told or groups, key=lambda number: (_revision(groups[number]), number))
    links = frozenset(Link.of(record.content) for record in _told(groups[last]))
    return Posting(last, key, _revision(groups[last]), links)


def spellings(homes: Mapping[str, Dossier], number: str, new: HeldRecord | None) -> list[str]:
    """A posting's number as its sources print it, in the order in which they came; ``new``: a record not yet filed."""
    held = _held(homes, number) + ([new] if new is not None and plain(new.source_number) == number else [])
    return list(dict.fromkeys(record.source_number for record in held))


def arrival(homes: Mapping[str, Dossier], number: str) -> int:
    """Number of a posting's first record; one that is not yet filed comes last."""
    return next((record.number or _NEW for record in _held(homes, number)), _NEW)


def _held(homes: Mapping[str, Dossier], number: str) -> list[HeldRecord]:
    home = homes.get(number)
    held = [record for record in home.records if plain(record.source_number) == number] if home else []
    return sorted(held, key=lambda record: record.number or _NEW)


def _told(records: Sequence[HeldRecord]) -> Sequence[HeldRecord]:
    """Those that make links: with a title, else those that tell of a whole notice and not of its text alone."""
    titled = [record for record in records if record.content.get("title")]
    return titled or [record for record in records if is_whole(record)]


def _revision(records: Iterable[HeldRecord]) -> str:
    return max((record.revision for record in records), default="")
