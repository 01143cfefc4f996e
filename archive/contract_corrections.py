"""Corrections of procurements: an operator says that contracts are one, or that notices are no part of a contract.

A decision stands over the rules of joins from then on. The correction and its events are one transaction.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select

from archive import corrections, queries
from archive import tables as t
from archive.corrections import Correction
from archive.joins import move, ruled
from archive.placements import held, placed
from archive.regrouping_tables import placements
from archive.store import Archive
from noticewatch.database import insert_many
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import CorrectionKind


def join(archive: Archive, named: Sequence[str], reason: str) -> Correction:
    """Make contracts one: the notices of all stand in the contract of the first one named, and what comes to any later.

    named: ids or numbers of notices, or ids of contracts. Raises NotFound, UsageError.
    """
    with archive.writing() as connection:
        contracts = list(dict.fromkeys(_contract(connection, text) for text in named))
        if len(contracts) < 2:
            raise UsageError("Name notices of two contracts or more; these are of one contract already.")
        into, *others = contracts
        decisions = held(connection)
        new = dict.fromkeys(others, into)
        gone = [into] if placed(decisions | new, into, into) != into else []
        return _correct(connection, CorrectionKind.JOIN, contracts, reason, _members(connection, contracts), new, gone)


def split(archive: Archive, named: str, at: Sequence[str], reason: str) -> Correction:
    """Part notices (``at``) from the contract of another. What a correction has joined goes back to where the rules
    have it, with all of that contract; others form one of their own. Raises NotFound, UsageError.
    """
    with archive.writing() as connection:
        contract = _contract(connection, named)
        members = _members(connection, [contract])
        leaving = {_member(connection, text, contract, members): None for text in at}
        if not leaving or len(leaving) == len(members):
            raise UsageError(
                f"Name with --at some of the {len(members)} notices of {contract} and leave it others: "
                f"{corrections.some_of(members.values())}."
            )
        decisions, rules = held(connection), ruled(connection, list(leaving))
        first = members[min(leaving)]
        new, gone = dict[str, str](), list[str]()
        for number in sorted(leaving):
            rule, own = rules[number], members[number]
            if rule != contract and placed(decisions, rule, rule) == contract and rule in decisions:
                gone.append(rule)
            elif rule != contract and own in decisions:
                gone.append(own)
            else:
                new[own] = first
        concerns = [contract, *(members[number] for number in sorted(leaving))]
        return _correct(connection, CorrectionKind.SPLIT, concerns, reason, members, new, gone)


def _correct(
    connection: Connection, kind: CorrectionKind, concerns: Sequence[str], reason: str, members: Mapping[int, str],
    new: Mapping[str, str], gone: Sequence[str],
) -> Correction:  # fmt: skip
    """Keep what was decided, and move the notices that it concerns."""
    connection.execute(delete(placements).where(placements.c.subject.in_([*new, *gone])))
    kept = held(connection) | dict(new)
    wanted = {
        number: placed(kept, members[number], rule) for number, rule in ruled(connection, sorted(members)).items()
    }
    _, findings = move(connection, wanted)
    if not findings:
        raise UsageError("This changes nothing; noticewatch show names the contract of a notice.")
    made = corrections.record(connection, kind, concerns, reason, findings)
    rows = [
        {"subject": subject, "procurement": procurement, "correction": made.number}
        for subject, procurement in sorted(new.items())
    ]
    insert_many(connection, placements, rows)
    return made


def _contract(connection: Connection, text: str) -> str:
    """Id of the contract that an id or number leads to. Raises NotFound, UsageError."""
    wanted = text.strip()
    if wanted in queries.procurements(connection, [wanted]) and _members(connection, [wanted]):
        return wanted
    ids = queries.find(connection, wanted)
    if not ids:
        raise NotFound(f"No notice {text[:120]!r} is held; search for it with noticewatch search --all.")
    rows = queries.notices(connection, queries.numbers_of(connection, ids).values()).values()
    if any(not row.procurement for row in rows):
        raise UsageError(f"{ids[0]} is not joined yet; try again when the readers of the log have passed it.")
    contracts = sorted({row.procurement_id for row in rows})
    if len(contracts) > 1:
        raise UsageError(
            f"{text[:120]!r} leads to {len(contracts)} contracts, name one: {corrections.some_of(contracts)}."
        )
    return contracts[0]


def _members(connection: Connection, contracts: Sequence[str]) -> dict[int, str]:
    """Numbers and ids of the notices of contracts."""
    n, m, p = t.notices.c, t.memberships.c, t.procurements.c
    query = (
        select(n.number, n.id)
        .join(t.memberships, m.notice == n.number)
        .join(t.procurements, p.number == m.procurement)
        .where(p.id.in_(contracts))
    )
    found: dict[int, str] = {}
    found.update(connection.execute(query).all())
    return found


def _member(connection: Connection, text: str, contract: str, members: Mapping[int, str]) -> int:
    ids = queries.find(connection, text)
    inside = [number for number, held_id in members.items() if held_id in ids]
    if len(inside) != 1:
        many = f"leads to {len(inside)} of its notices" if inside else "is none of its notices"
        raise UsageError(f"{text[:120]!r} {many}; {contract} has {corrections.some_of(members.values())}.")
    return inside[0]
