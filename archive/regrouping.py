"""Where the postings of a chain belong, in one transaction of an append or a correction.

After every record that is filed, the notices are the groups that the rule makes of all postings that are held
(archive/grouping.py), so the order in which records arrive does not matter. A posting that comes after all others of
its chain key can part nothing and needs no more than the last posting of each; any other has the key grouped anew.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from archive.chains import chain_key
from archive.dossiers import Dossier, agree_on_revision
from archive.grouping import CROWDED, Decisions, Group, Posting, grouped, inserted
from archive.held import HeldRecord
from archive.identity import notice_id
from archive.moves import Moves
from archive.postings import arrival, by_number, last_of, posting_of, spellings
from archive.regrouping_tables import chain_decisions, chain_keys
from archive.shelf import Shelf
from noticewatch.models import Notice, Reading
from noticewatch.numbers import plain


@dataclass(slots=True)
class _Chain:
    """Postings that may belong together. homes: the notice that has each so far; a new one has none."""

    postings: dict[str, Posting]
    homes: dict[str, Dossier] = field(default_factory=dict)
    members: dict[int, set[str]] = field(default_factory=dict)

    def add(self, number: str, posting: Posting, home: Dossier) -> None:
        """Add what a notice has; a posting that is there already stays as it was given."""
        self.postings.setdefault(number, posting)
        self.homes[number] = home
        self.members.setdefault(home.number, set()).add(number)

    def stands(self, numbers: Collection[str]) -> Dossier | None:
        """The notice that has exactly these postings, where there is one."""
        home = self.homes.get(next(iter(numbers), ""))
        return home if home is not None and self.members[home.number] == numbers else None


class Regrouping:
    """Finds the notices of postings. Needs the lock of the log."""

    def __init__(self, connection: Connection, shelf: Shelf, register: str, moves: Moves) -> None:
        self._connection, self._shelf, self._register, self._moves = connection, shelf, register, moves
        self._by_key: dict[str, set[int]] = {}
        self._by_number: dict[str, int] = {}
        self._known: dict[int, dict[str, Posting]] = {}
        self._lasts: dict[int, Posting] = {}
        self._held_decisions: Decisions | None = None

    def load(self, readings: Sequence[Reading]) -> set[int]:
        """Look up in bulk what new postings need; gives the numbers of the notices that they concern."""
        if not readings:
            return set()
        self._by_number.update(self._shelf.by_chained_id({plain(reading.source_number) for reading in readings}))
        self._look_up({key for reading in readings if (key := chain_key(reading.notice))})
        return {*self._by_number.values(), *(number for held in self._by_key.values() for number in held)}

    def home(self, record: HeldRecord, notice: Notice, held: int | None, later: HeldRecord | None) -> Dossier:
        """The notice that a new record belongs to, once others have moved where they must.

        held: number of the notice that has this posting by its source's own records, None where that has none yet;
        later: a second new record, the rest of an interval that the first one has cut.
        """
        number = plain(record.source_number)
        held = self._by_number.get(number) if held is None else held
        if held is None:
            dossier = self._new(record, posting_of(number, [record], chain_key(notice)))
        else:
            dossier = self._shelf.dossier(held)
            own = by_number(dossier.records).get(number, [])
            before, told = posting_of(number, own), [*own, record, *([] if later is None else [later])]
            agree_on_revision(told)
            dossier = self._changed(before, posting_of(number, told), record, dossier)
        self._by_number[number] = dossier.number
        self._forget(dossier)
        return dossier

    def review(self, record: HeldRecord, change: Callable[[], None]) -> Dossier:
        """Change what a held record says; gives the notice that it belongs to then."""
        dossier, number = self._shelf.dossier(record.notice), plain(record.source_number)
        own = by_number(dossier.records)[number]
        before = posting_of(number, own)
        change()
        dossier = self._changed(before, posting_of(number, own), record, dossier)
        self._forget(dossier)
        return dossier

    def regroup(self, dossiers: Iterable[Dossier], decided: Mapping[tuple[str, str], bool]) -> None:
        """Group notices anew, with all that belongs to their chains, by what was decided of pairs of postings."""
        self._held_decisions = Decisions.of((*pair, same) for pair, same in decided.items())
        for dossier in dossiers:
            for posting in list(self._postings(dossier).values()):
                home = self._shelf.dossier(self._by_number.get(posting.number, dossier.number))
                self._regroup(posting, None, home)

    def _new(self, record: HeldRecord, posting: Posting) -> Dossier:
        """The notice of a posting that is new."""
        beside = self._beside(posting.key)
        if self._is_decided(posting, beside):
            return self._regroup(posting, record, None)
        of_key = [one for one in beside if one.chain_key == posting.key]
        lasts = {one.number: self._last(one) for one in of_key}
        held = sum(len(by_number(one.records)) for one in of_key)
        if held == CROWDED:
            return self._regroup(posting, record, None)
        if any(last.order > posting.order for last in lasts.values()):
            return self._between(record, posting, beside)
        by_title = held > CROWDED
        fitting = [number for number, last in lasts.items() if posting.follows(last, by_title=by_title)]
        if fitting:
            return self._shelf.dossier(max(fitting, key=lambda number: lasts[number].order))
        return self._begin(record.source_number, posting.key, record.first.at)

    def _between(self, record: HeldRecord, posting: Posting, beside: Sequence[Dossier]) -> Dossier:
        """The notice of a new posting that comes before others of its key; nothing was decided of them."""
        chains = [
            (dossier, Group(sorted(self._postings(dossier).values(), key=lambda held: held.order)))
            for dossier in beside
        ]
        if any(held.key != posting.key for _, group in chains for held in group.postings):
            return self._regroup(posting, record, None)
        stands, own = inserted([group for _, group in chains], posting)
        if not stands:
            return self._regroup(posting, record, None)
        home = next((dossier for dossier, group in chains if group is own), None)
        return home or self._begin(record.source_number, posting.key, record.first.at)

    def _changed(self, before: Posting, after: Posting, record: HeldRecord, home: Dossier) -> Dossier:
        return home if before == after else self._regroup(after, record, home)

    def _is_decided(self, posting: Posting, beside: Iterable[Dossier]) -> bool:
        """Whether a correction has said anything of a posting or of those beside it."""
        decisions = self._decisions()
        if not decisions:
            return False
        numbers = (posting.number, *(number for dossier in beside for number in self._postings(dossier)))
        return any(map(decisions.concerns, numbers))

    def _regroup(self, posting: Posting, record: HeldRecord | None, home: Dossier | None) -> Dossier:
        """Group all that belongs to the chain of a posting, which may have changed; gives the posting's notice.

        record: a new one of the posting; home: the notice that has the posting so far, None for a new one.
        """
        chain = self._chain(posting, home)
        groups = grouped(chain.postings.values(), self._decisions())
        own = next(group for group in groups if posting.number in group.numbers)
        goes_on = chain.stands(own.numbers - {posting.number}) if home is None else None
        if goes_on is not None:
            chain.add(posting.number, posting, goes_on)
            self._by_number[posting.number] = goes_on.number
        self._apply(chain, [group for group in groups if chain.stands(group.numbers) is None], record)
        self._name(chain.homes[posting.number], own)
        return chain.homes[posting.number]

    def _apply(self, chain: _Chain, groups: Sequence[Group], record: HeldRecord | None) -> None:
        """Let each of these groups be one notice: the one held first of those that its postings have begun."""
        if not groups:
            return
        owners = self._owners(chain, groups, record)
        heirs = [self._heir(chain, group, held, record) for group, held in zip(groups, owners, strict=True)]
        for group, heir in zip(groups, heirs, strict=True):
            self._move(chain, group, heir)
        for heir, held in zip(heirs, owners, strict=True):
            if heir.leads_to is not None:
                self._moves.revive(heir)
            for retired in held[1:]:
                self._moves.lead(retired, heir)
        self._moves.settle()

    def _owners(self, chain: _Chain, groups: Sequence[Group], record: HeldRecord | None) -> list[list[Dossier]]:
        """Of each group the notices that one of its postings has begun, the one held first in front."""
        names = [
            {
                notice_id(self._register, printed)
                for one in group.numbers
                for printed in spellings(chain.homes, one, record)
            }
            for group in groups
        ]
        known = self._shelf.by_id(set().union(*names))
        return [
            [self._shelf.dossier(number) for number in sorted({known[one] for one in some if one in known})]
            for some in names
        ]

    def _heir(self, chain: _Chain, group: Group, owners: Sequence[Dossier], record: HeldRecord | None) -> Dossier:
        """The notice that a group is from now on; a new one is named by the posting that came here first."""
        if owners:
            return owners[0]
        first = min(group.postings, key=lambda posting: (arrival(chain.homes, posting.number), posting.order))
        printed = spellings(chain.homes, first.number, record)[0]
        return self._begin(printed, first.key, record.first.at if record else "")

    def _move(self, chain: _Chain, group: Group, heir: Dossier) -> None:
        for posting in group.postings:
            home = chain.homes.get(posting.number)
            if home is not None and home is not heir:
                self._moves.move(posting.number, home, heir)
                self._forget(home)
            chain.homes[posting.number] = heir
            self._by_number[posting.number] = heir.number
        self._name(heir, group)

    def _name(self, heir: Dossier, group: Group) -> None:
        """Let a notice be found by the chain keys of its postings."""
        self._forget(heir)
        self._moves.name_keys(heir, group.keys)
        self._look_up(set(group.keys))
        for key in group.keys:
            self._by_key[key].add(heir.number)

    def _chain(self, posting: Posting, home: Dossier | None) -> _Chain:
        """All postings that share a chain key with this one, as it is and as it was, or are tied to one by decision."""
        decisions, chain = self._decisions(), _Chain({posting.number: posting})
        keys, numbers, seen = {posting.key}, set(decisions.tied(posting.number)), set[str | None]()
        ahead = [home] if home is not None else []
        while ahead or keys - seen:
            for dossier in ahead:
                for number, held in self._postings(dossier).items():
                    chain.add(number, held, dossier)
                    keys.add(held.key)
                    numbers |= decisions.tied(number)
            found = {one.number: one for key in keys - seen for one in self._beside(key)}
            found |= {one.number: one for one in self._homes_of(numbers - chain.homes.keys())}
            seen |= keys
            ahead = [one for one in found.values() if one.number not in chain.members]
        return chain

    def _homes_of(self, numbers: Collection[str]) -> list[Dossier]:
        """The notices that have these postings, where they are held."""
        unknown = {number for number in numbers if number not in self._by_number}
        self._by_number.update(self._shelf.by_chained_id(unknown))
        held = {self._by_number[number] for number in numbers if number in self._by_number}
        return [self._shelf.dossier(number) for number in sorted(held)]

    def _beside(self, key: str | None) -> list[Dossier]:
        """The notices of a chain key that have records."""
        if key is None:
            return []
        self._look_up({key})
        held = [self._shelf.dossier(number) for number in sorted(self._by_key[key])]
        return [dossier for dossier in held if dossier.leads_to is None]

    def _look_up(self, keys: Collection[str]) -> None:
        unknown = {key for key in keys if key not in self._by_key}
        if not unknown:
            return
        found = self._shelf.by_chain(unknown)
        self._by_key.update({key: set(found.get(key, ())) for key in unknown})
        if self._decisions():
            query = select(chain_keys.c.key, chain_keys.c.notice)
            for key, notice in self._connection.execute(query).all():
                if key in unknown:
                    self._by_key[key].add(notice)

    def _begin(self, printed: str, key: str | None, first_seen: str) -> Dossier:
        dossier = self._shelf.new_dossier(notice_id(self._register, printed), key, first_seen)
        if key is not None:
            self._by_key.setdefault(key, set()).add(dossier.number)
        return dossier

    def _postings(self, dossier: Dossier) -> dict[str, Posting]:
        """The postings of a notice."""
        if dossier.number not in self._known:
            grouped_records = by_number(dossier.records).items()
            self._known[dossier.number] = {number: posting_of(number, held) for number, held in grouped_records}
        return self._known[dossier.number]

    def _last(self, dossier: Dossier) -> Posting:
        """The posting that the next one of a notice must follow."""
        if dossier.number not in self._lasts:
            self._lasts[dossier.number] = last_of(dossier.records, dossier.chain_key)
        return self._lasts[dossier.number]

    def _forget(self, dossier: Dossier) -> None:
        self._known.pop(dossier.number, None)
        self._lasts.pop(dossier.number, None)

    def _decisions(self) -> Decisions:
        if self._held_decisions is None:
            pairs = decided_pairs(self._connection, self._register)
            self._held_decisions = Decisions.of((*pair, same) for pair, same in pairs.items())
        return self._held_decisions


def decided_pairs(connection: Connection, register: str) -> dict[tuple[str, str], bool]:
    """What corrections decided of pairs of postings: whether the two are one notice."""
    d = chain_decisions.c
    query = select(d.one, d.other, d.same).where(d.register == register)
    return {(row.one, row.other): bool(row.same) for row in connection.execute(query)}
