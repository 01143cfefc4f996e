"""Records that change their notice in one transaction, and everything else of the two that must follow.

Both notices keep their ids. The one that is left without records leads to the other from then on; its versions stay
under their numbers, word for word. Each notice concerned gets one quiet event that names its postings before and after.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from archive import listing_moves
from archive import tables as t
from archive.correction_tables import WHOLE, takedowns
from archive.derived import Derived
from archive.dossiers import Dossier
from archive.held import HeldRecord, HeldVersion
from archive.identity import alias_numbers
from archive.regrouping_tables import chain_keys, moved_versions
from archive.settling import Settling
from archive.shelf import Shelf
from noticewatch.database import insert_many
from noticewatch.models import EventKind, notice_from
from noticewatch.numbers import plain

POSTINGS: Final = "notice_ids"
"""Path under which an event of a regrouping says what postings a notice had and has."""


@dataclass(slots=True)
class _Touched:
    """A notice that a regrouping concerns. before: its postings as they were; left: records that it has lost; of: the
    notices that it got some from; moved: since its versions were brought in line; keys: its further chain keys.
    """

    dossier: Dossier
    before: tuple[str, ...]
    led_to: int | None
    left: list[HeldRecord] = field(default_factory=list)
    of: set[int] = field(default_factory=set)
    moved: bool = False
    keys: tuple[str, ...] = ()


class Moves:
    """The moves of one transaction. Needs the lock of the log."""

    def __init__(self, connection: Connection, shelf: Shelf, register: str, settling: Settling) -> None:
        self._connection, self._shelf, self._register, self._settling = connection, shelf, register, settling
        self._touched: dict[int, _Touched] = {}
        self._told: dict[tuple[int, str], HeldVersion] = {}
        self._new: list[tuple[HeldVersion, HeldVersion]] = []

    def move(self, number: str, of: Dossier, to: Dossier) -> None:
        """Let a posting (letters and digits) be another notice's."""
        moving = [record for record in of.records if plain(record.source_number) == number]
        losing, gaining = self._touch(of), self._touch(to)
        ids = {id(record) for record in moving}
        for version in of.versions:
            if id(version.record) in ids:
                self._told.setdefault((id(version.record), version.content_sha256), version)
        to.take(moving, of)
        losing.left += moving
        gaining.of.add(of.number)
        losing.moved = gaining.moved = True

    def lead(self, dossier: Dossier, to: Dossier) -> None:
        """Let a notice that has lost its records lead to the one that has its posting."""
        self._touch(dossier)
        self._shelf.lead(dossier, to)
        dossier.chain_key, dossier.dirty = None, True

    def revive(self, dossier: Dossier) -> None:
        """Let a notice speak for itself again."""
        self._touch(dossier)
        self._shelf.lead(dossier, None)

    def name_keys(self, dossier: Dossier, keys: Sequence[str]) -> None:
        """Note the chain keys of a notice's postings; several only where a correction joined them."""
        first = keys[0] if keys else None
        if dossier.chain_key != first:
            dossier.chain_key, dossier.dirty = first, True
        self._touch(dossier).keys = tuple(keys[1:])

    def settle(self) -> None:
        """Bring the versions of all notices concerned in line with the records that they have now."""
        for one in self._touched.values():
            dossier = one.dossier
            if not one.moved or not dossier.records:
                continue
            one.moved, held = False, len(dossier.versions)
            self._settling.regrouped(dossier, self._kinds(one))
            for version in dossier.versions[held:]:
                before = self._told.get((id(version.record), version.content_sha256))
                if before is not None:
                    self._new.append((version, before))

    def write(self) -> list[Derived]:
        """Write what follows from the moves, after the shelf was written; gives the events to be appended."""
        concerned = [one for one in self._touched.values() if _changed(one)]
        for one in self._touched.values():
            self._rekey(one)
        for one in concerned:
            self._realias(one)
        if not concerned:
            return []
        self._note_moved()
        withheld = self._withhold(concerned)
        listed = self._listed(concerned)
        ids = self._ids({number for one in concerned for number in (one.led_to, one.dossier.leads_to) if number})
        return [*(self._event(one, ids, listed.get(one.dossier.number)) for one in concerned), *withheld]

    def _touch(self, dossier: Dossier) -> _Touched:
        held = self._touched.get(dossier.number)
        if held is None:
            held = self._touched[dossier.number] = _Touched(dossier, _postings(dossier), dossier.leads_to)
        return held

    def _kinds(self, one: _Touched) -> tuple[EventKind, ...]:
        """What happened to a notice: it got postings of others, or was parted from some, or both."""
        parted = one.left or not one.before
        kinds = [EventKind.JOINED] if (one.of and one.before) or one.dossier.leads_to else []
        return (*kinds, *([EventKind.SPLIT] if parted and not one.dossier.leads_to else []))

    def _realias(self, one: _Touched) -> None:
        """Let every number lead to where its posting is."""
        own, a = one.dossier.number, t.aliases.c
        kept = dict(_numbers(one.dossier.records))
        lost = {number for number, _ in _numbers(one.left)} - kept.keys()
        insert_many(self._connection, t.aliases, self._alias_rows(kept.items(), own), new=True)
        if one.dossier.leads_to is not None:
            held = self._connection.execute(select(a.number, a.type).where(a.notice == own)).all()
            rest = [(number, kind) for number, kind in held if number not in lost]
            insert_many(self._connection, t.aliases, self._alias_rows(rest, one.dossier.leads_to), new=True)
            self._connection.execute(delete(t.aliases).where(a.notice == own))
        for number in sorted(lost):
            self._connection.execute(delete(t.aliases).where(a.notice == own, a.number == number))

    def _alias_rows(self, numbers: Iterable[tuple[str, str]], notice: int) -> list[dict[str, Any]]:
        return [
            {"register": self._register, "number": number, "notice": notice, "type": kind} for number, kind in numbers
        ]

    def _rekey(self, one: _Touched) -> None:
        self._connection.execute(delete(chain_keys).where(chain_keys.c.notice == one.dossier.number))
        if one.dossier.leads_to is None:
            rows = [{"key": key, "notice": one.dossier.number} for key in one.keys]
            insert_many(self._connection, chain_keys, rows)

    def _withhold(self, concerned: Iterable[_Touched]) -> list[Derived]:
        """Let a notice be withheld that has got records of one that was taken down with all that comes later; gives the
        events that say so of each of its versions.
        """
        told, d, v = list[Derived](), takedowns.c, t.versions.c
        for one in concerned:
            own = one.dossier.number
            whole = select(func.max(d.correction)).where(d.notice.in_(sorted({*one.of, own})), d.version == WHOLE)
            already = self._connection.scalar(whole.where(d.notice == own))
            correction = self._connection.scalar(whole)
            if correction is None or already is not None:
                continue
            self._connection.execute(delete(takedowns).where(d.notice == own))
            insert_many(self._connection, takedowns, [{"notice": own, "version": WHOLE, "correction": correction}])
            because = [("correction", None, correction)]
            held = self._connection.scalars(select(v.version).where(v.notice == own).order_by(v.version))
            told += [Derived(own, EventKind.TAKEN_DOWN, because, version=version) for version in held]
        return told

    def _note_moved(self) -> None:
        """Note under which address moved versions were told first."""
        m = moved_versions.c
        for version, before in self._new:
            query = select(m.of_notice, m.of_version).where(m.notice == before.notice, m.version == before.version)
            first = self._connection.execute(query).first() or (before.notice, before.version)
            row = {"notice": version.notice, "version": version.version}
            insert_many(self._connection, moved_versions, [row | {"of_notice": first[0], "of_version": first[1]}])

    def _listed(self, concerned: Iterable[_Touched]) -> dict[int, tuple[str, str]]:
        """Those whose listing changed: before and after."""
        come_from = {
            one.dossier.number: {*([one.dossier.number] if one.before else []), *one.of}
            for one in concerned
            if one.dossier.leads_to is None
        }
        led = [one.dossier.number for one in concerned if one.dossier.leads_to is not None]
        return listing_moves.follow(self._connection, self._register, come_from, led)

    def _ids(self, numbers: Iterable[int]) -> dict[int, str]:
        return {number: self._shelf.dossier(number).id for number in numbers}

    def _event(self, one: _Touched, ids: dict[int, str], listed: tuple[str, str] | None) -> Derived:
        dossier = one.dossier
        changed: list[tuple[str, Any, Any]] = [(POSTINGS, list(one.before), list(_postings(dossier)))]
        if one.led_to != dossier.leads_to:
            then, now = (dossier.id if number is None else ids[number] for number in (one.led_to, dossier.leads_to))
            changed.append(("notice", then if one.before or one.led_to else None, now))
        if listed is not None:
            changed.append(("listing", *listed))
        kind, *also = self._kinds(one) or (EventKind.JOINED,)
        return Derived(dossier.number, kind, changed, tuple(also))


def _changed(one: _Touched) -> bool:
    return bool(one.left or one.of or one.led_to != one.dossier.leads_to)


def _postings(dossier: Dossier) -> tuple[str, ...]:
    """The NoticeIds of a notice, as printed, in order."""
    ordered = sorted(dossier.records, key=lambda record: record.order)
    return tuple(dict.fromkeys(record.source_number for record in ordered))


def _numbers(records: Iterable[HeldRecord]) -> Iterator[tuple[str, str]]:
    """The numbers by which records are found, each with its type."""
    for number, group in groupby(records, key=lambda record: record.source_number):
        for record in group:
            yield from alias_numbers(notice_from(record.content), number)
