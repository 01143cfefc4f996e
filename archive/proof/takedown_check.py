"""Checks that what is withheld from readers is what the log says: no take-down without its events, none left out.

Events and corrections are leaves of the tree; the tables by which readers are refused are not. So each of these must
say what the events say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Connection, select

from archive import withheld
from archive.correction_tables import WHOLE, corrections, takedowns, withheld_files
from archive.documents.tables import document_answers, documents
from archive.proof import correction_leaves
from archive.proof.extent import DoesNotHold
from archive.proof.reading import TAKEDOWNS
from archive.tables import captures, events, notices, versions
from noticewatch.database import chunks
from noticewatch.models import CorrectionKind, EventKind

if TYPE_CHECKING:
    from archive.store import Archive

_TOLD: Final = {CorrectionKind.TAKEDOWN: EventKind.TAKEN_DOWN, CorrectionKind.RESTORE: EventKind.RESTORED}


def check_takedowns(archive: "Archive") -> None:
    """Check the log of corrections and what is withheld against all events. Raises DoesNotHold."""
    with archive.reading() as connection:
        told = _told(connection)
        _check_corrections(connection, told)
        correction_leaves.check(connection)
        _check_versions(connection, told)
        _check_files(connection, told)


@dataclass(frozen=True, slots=True)
class _Told:
    """An event by which something is taken down or restored: a version, or the file of a capture."""

    seq: int
    notice: int
    notice_id: str
    version: int
    sha256: str
    capture: int | None
    capture_id: str | None
    committed_at: str
    kinds: tuple[str, ...]

    @property
    def takes(self) -> bool:
        """Whether it takes down."""
        return EventKind.TAKEN_DOWN in self.kinds


def _told(connection: Connection) -> list[_Told]:
    e, v = events.c, versions.c
    query = (
        select(
            e.seq,
            e.notice,
            notices.c.id,
            e.version,
            v.content_sha256,
            e.capture,
            captures.c.id,
            e.committed_at,
            e.kinds,
        )
        .join(notices, notices.c.number == e.notice)
        .join(versions, (v.notice == e.notice) & (v.version == e.version))
        .outerjoin(captures, captures.c.number == e.capture)
        .where(TAKEDOWNS)
        .order_by(e.seq)
    )
    return [_Told(*row[:-1], tuple(orjson.loads(row[-1]))) for row in connection.execute(query)]


def _check_corrections(connection: Connection, told: list[_Told]) -> None:
    of: dict[int, list[_Told]] = {}
    last = 0
    for number, row in enumerate(connection.execute(select(corrections).order_by(corrections.c.number)), start=1):
        if row.number != number:
            raise DoesNotHold(f"Correction {number} is missing from the log of corrections.")
        at = connection.scalar(select(events.c.committed_at).where(events.c.seq == row.first_seq))
        if not last < row.first_seq <= row.last_seq or at != row.made_at:
            raise DoesNotHold(f"Correction {number} is not what the events say that it names.")
        last = row.last_seq
        own = [one for one in told if row.first_seq <= one.seq <= row.last_seq]
        of.update((one.seq, own) for one in own)
        kind = _TOLD.get(CorrectionKind(row.kind))
        if kind is not None and not _is_told(row, kind, own):
            raise DoesNotHold(f"Correction {number} ({row.kind}) is not what its events say.")
    for one in told:
        if one.seq not in of and not (one.takes and _came_with_others(connection, one)):
            raise DoesNotHold(f"No correction is held to which event {one.seq} ({', '.join(one.kinds)}) belongs.")


def _is_told(row: Any, kind: EventKind, own: list[_Told]) -> bool:
    """Whether a take-down or restoration names what its events do, all of them and nothing else."""
    try:
        details, concerns = orjson.loads(row.details), frozenset(orjson.loads(row.concerns))
        versions_stated = {
            (one["notice"], one["version"], one["content_sha256"]) for one in details.get("versions", ())
        }
        files_stated = {(one["notice"], one["capture"]) for one in details.get("files", ())}
        hashes = {f"sha256:{one['sha256']}" for one in details.get("files", ())}
    except (ValueError, TypeError, KeyError, AttributeError):
        return False  # changed by hand: it cannot be read
    said: set[tuple[Any, ...]] = {(one.notice_id, one.version, one.sha256) for one in own if one.capture is None}
    said |= {(one.notice_id, one.capture_id) for one in own if one.capture is not None}
    names = {one.notice_id for one in own} | {f"{one.notice_id}@{one.version}" for one in own if one.capture is None}
    whole = len(own) == row.last_seq - row.first_seq + 1 and all(kind in one.kinds for one in own)
    return whole and versions_stated | files_stated == said and (names | hashes).issuperset(concerns)


def _came_with_others(connection: Connection, one: _Told) -> bool:
    """Whether a notice was withheld because it got records of one that was: then it was joined or split just then."""
    query = select(events.c.kinds).where(events.c.notice == one.notice, events.c.committed_at == one.committed_at)
    regrouped = {EventKind.JOINED, EventKind.SPLIT}
    return any(regrouped.intersection(orjson.loads(kinds)) for kinds in connection.scalars(query))


def _check_versions(connection: Connection, told: list[_Told]) -> None:
    latest = {(one.notice, one.version): one for one in told if one.capture is None}
    down = {place: one for place, one in latest.items() if one.takes}
    shown = withheld.tombstones(connection, {notice for notice, _ in down})
    for (notice, version), one in down.items():
        if not {WHOLE, version} & shown.get(notice, {}).keys():
            raise DoesNotHold(
                f"Version {version} of {one.notice_id} was taken down (event {one.seq}) and never restored, but "
                "nothing withholds it from readers."
            )
    d = takedowns.c
    query = select(d.notice, d.version, notices.c.id).join(notices, notices.c.number == d.notice)
    for row in connection.execute(query.order_by(d.notice, d.version)).all():
        for version in [row.version] if row.version else _held_when_taken_down(connection, row.notice, down):
            if (row.notice, version) not in down:
                raise DoesNotHold(f"Version {version} of {row.id} is withheld from readers, but no event says so.")


def _held_when_taken_down(connection: Connection, notice: int, down: dict[tuple[int, int], _Told]) -> Iterator[int]:
    """Versions of a notice that is withheld as a whole of which there must be events: all that were held then. Where it
    only got records of one that was, by an earlier program, there are none.
    """
    last = max((one.seq for (of, _), one in down.items() if of == notice), default=None)
    v = versions.c
    if last is not None:
        query = select(v.version).where(v.notice == notice, v.seq < last)
        yield from connection.scalars(query.order_by(v.version))
    elif not _has_records_of_another(connection, notice):
        yield from connection.scalars(select(v.version).where(v.notice == notice).order_by(v.version).limit(1))


def _has_records_of_another(connection: Connection, notice: int) -> bool:
    own, other = versions.alias().c, versions.alias().c
    whole = select(takedowns.c.notice).where(takedowns.c.version == WHOLE, takedowns.c.notice != notice)
    query = select(own.record).where(own.notice == notice, own.record == other.record, other.notice.in_(whole))
    return connection.scalar(query.limit(1)) is not None


def _check_files(connection: Connection, told: list[_Told]) -> None:
    latest = {(one.notice, one.capture): one for one in told if one.capture is not None}
    down = {place: one for place, one in latest.items() if one.takes}
    named = dict.fromkeys(connection.scalars(select(withheld_files.c.sha256).order_by(withheld_files.c.sha256)))
    whole = set(connection.scalars(select(takedowns.c.notice).where(takedowns.c.version == WHOLE)))
    standing = list(_standing(connection, {capture for _, capture in down if capture}))
    for notice, capture, sha256 in standing:
        one = down.get((notice, capture))
        if one is not None and sha256 not in named and notice not in whole:
            raise DoesNotHold(
                f"A file of {one.notice_id} (SHA-256 {sha256}) was taken down (event {one.seq}) and never restored, "
                "but nothing withholds it from readers."
            )
    known = {sha256 for _, _, sha256 in standing}
    for sha256 in named:
        if sha256 not in known:
            raise DoesNotHold(f"The file with SHA-256 {sha256} is withheld from readers, but no event says so.")


def _standing(connection: Connection, numbers: Iterable[int]) -> Iterator[Any]:
    """Notice, capture and hash of the files that these captures brought, as they stand under notices now."""
    a, ordered = document_answers.c, sorted(numbers)
    query = select(documents.c.notice, a.capture, a.sha256).join(documents, documents.c.number == a.document)
    for chunk in chunks(ordered):
        some = query.where(a.capture.in_(chunk), a.sha256.is_not(None))
        yield from connection.execute(some.distinct().order_by(a.capture, documents.c.notice)).all()
