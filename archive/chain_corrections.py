"""Corrections of chains: an operator says that notices are one, or that postings are no part of a notice.

A decision is kept for each pair of postings and stands from then on, over the rule, for whatever arrives and however
it is read again; the last word on a pair counts. The correction, its regrouping and its events are one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from sqlalchemy import Connection

from archive import corrections
from archive.corrections import Correction
from archive.dossiers import Dossier
from archive.moves import Moves
from archive.postings import by_number
from archive.regrouping import Regrouping, decided_pairs
from archive.regrouping_tables import chain_decisions
from archive.settling import Settling
from archive.shelf import Shelf
from archive.store import Archive
from archive.times import stamp
from noticewatch.database import insert_many
from noticewatch.errors import UsageError
from noticewatch.identifiers import now
from noticewatch.models import CorrectionKind
from noticewatch.numbers import plain


def join(archive: Archive, named: Sequence[str], reason: str, ranks: Mapping[str, int]) -> Correction:
    """Make notices one: all their postings are a chain from now on. The id held first stays, the others lead to it.

    ranks: of the sources. Raises NotFound for what is not held, UsageError for what cannot be joined.
    """
    with archive.writing() as connection:
        held = list(dict.fromkeys(corrections.the_only(connection, text) for text in named))
        if len(held) < 2:
            raise UsageError("Name two notices or more that are one; these lead to the same notice.")
        opened = _opened(connection, held)
        numbers = sorted(number for dossier in opened.dossiers for number in by_number(dossier.records))
        pairs = dict.fromkeys(combinations(numbers, 2), True)
        return _correct(opened, pairs, CorrectionKind.JOIN, reason, ranks)


def split(archive: Archive, named: str, at: Sequence[str], reason: str, ranks: Mapping[str, int]) -> Correction:
    """Part postings (``at``, NoticeIds) from the others of a notice. Each id goes with the posting that it names.

    ranks: of the sources. Raises NotFound for what is not held, UsageError for what cannot be parted.
    """
    with archive.writing() as connection:
        notice_id, number = corrections.the_only(connection, named)
        opened = _opened(connection, [(notice_id, number)])
        held = by_number(opened.dossiers[0].records)
        leaving = {_posting(text, notice_id, held.keys()) for text in at}
        staying = held.keys() - leaving
        if not leaving or not staying:
            raise UsageError(
                f"Name with --at some of the {len(held)} postings of {notice_id} and leave it others: {_listed(held)}."
            )
        pairs = dict.fromkeys(_pairs(leaving, staying), False)
        return _correct(opened, pairs, CorrectionKind.SPLIT, reason, ranks)


@dataclass(frozen=True, slots=True)
class _Opened:
    """Notices of one register, opened to be corrected."""

    connection: Connection
    register: str
    shelf: Shelf
    dossiers: Sequence[Dossier]


def _opened(connection: Connection, named: Sequence[tuple[str, int]]) -> _Opened:
    """The notices with these ids and numbers. Raises UsageError where they are no chains of one register."""
    registers = list(dict.fromkeys(one.partition(":")[0] for one, _ in named))
    if len(registers) > 1:
        raise UsageError(f"Notices of {' and '.join(registers)} are never one; join their contracts with --contract.")
    shelf = Shelf(connection, "", registers[0])
    dossiers = [shelf.dossier(number) for _, number in named]
    for dossier in dossiers:
        if not shelf.by_chained_id(by_number(dossier.records).keys()):
            raise UsageError(
                f"{dossier.id} is no chain of postings; what contract it belongs to is corrected with --contract."
            )
    return _Opened(connection, registers[0], shelf, dossiers)


def _correct(
    opened: _Opened, pairs: Mapping[tuple[str, str], bool], kind: CorrectionKind, reason: str, ranks: Mapping[str, int]
) -> Correction:
    """Regroup by what was decided, and keep it."""
    connection, register = opened.connection, opened.register
    moves = Moves(connection, opened.shelf, register, Settling(opened.shelf, ranks, stamp(now()), None))
    decided = decided_pairs(connection, register) | dict(pairs)
    Regrouping(connection, opened.shelf, register, moves).regroup(opened.dossiers, decided)
    opened.shelf.write()
    findings = moves.write()
    concerns = [dossier.id for dossier in opened.dossiers]
    made = corrections.record(connection, kind, concerns, reason, findings, {"postings": _numbers(pairs)})
    rows = [
        {"register": register, "one": one, "other": other, "same": same, "correction": made.number}
        for (one, other), same in sorted(pairs.items())
    ]
    insert_many(connection, chain_decisions, rows, over=True)
    return made


def _posting(text: str, notice_id: str, held: Iterable[str]) -> str:
    number = plain(text.strip().removeprefix(f"{notice_id.partition(':')[0]}:"))
    if number not in held:
        raise UsageError(f"{text[:120]!r} is none of the postings of {notice_id}, which are {_listed(held)}.")
    return number


def _pairs(some: Iterable[str], others: Iterable[str]) -> list[tuple[str, str]]:
    return [(min(pair), max(pair)) for pair in product(sorted(some), sorted(others))]


def _numbers(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({number for pair in pairs for number in pair})


def _listed(numbers: Iterable[str]) -> str:
    return corrections.some_of(number.lower() for number in numbers)
