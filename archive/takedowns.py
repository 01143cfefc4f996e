"""Take-downs: what is withheld from readers, and given back. The archive keeps the bytes; the log says that it did so.

Every version of a notice that is taken down gets an event of its own, whose leaf holds the hash of the content that is
withheld, and so does every file of its documents: that event carries the capture of the file. A later version of a
notice that is taken down as a whole is withheld too.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, or_, select

from archive import corrections, queries, withheld
from archive import tables as t
from archive.correction_tables import WHOLE, takedowns, withheld_files
from archive.corrections import Correction
from archive.documents.tables import document_answers, documents
from archive.log import Derived
from archive.store import Archive
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import CorrectionKind, EventKind

_FILE: Final = re.compile(r"sha256:([0-9a-f]{64})", re.IGNORECASE)
_VERSION: Final = re.compile(r"(.+)@(\d{1,9})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """What a take-down names: a notice, one version of it, or the bytes of a file (``notice`` is 0 then)."""

    notice: int
    notice_id: str
    version: int
    sha256: str

    @property
    def name(self) -> str:
        """As the log of corrections has it: ``sam:abc``, ``sam:abc@2``, ``sha256:…``."""
        if self.sha256:
            return f"sha256:{self.sha256}"
        return f"{self.notice_id}@{self.version}" if self.version else self.notice_id


def take_down(archive: Archive, named: Sequence[str], reason: str) -> Correction:
    """Withhold notices, versions (``ID@2``) or files (``sha256:…``) from readers, in one transaction.

    Raises NotFound for what is not held, UsageError for what is withheld already and for a reason that says nothing.
    """
    with archive.writing() as connection:
        targets = _targets(connection, named)
        for target in targets:
            _must_stand(connection, target)
        made = _record(connection, CorrectionKind.TAKEDOWN, targets, reason)
        for target in targets:
            _withhold(connection, target, made.number)
    return made


def restore(archive: Archive, named: Sequence[str], reason: str) -> Correction:
    """Give back what was taken down: a notice with all its versions, one version, or a file, in one transaction.

    Raises NotFound for what is not held, UsageError for what is not withheld by that name.
    """
    with archive.writing() as connection:
        targets = _targets(connection, named)
        for target in targets:
            _must_be_withheld(connection, target)
        made = _record(connection, CorrectionKind.RESTORE, targets, reason)
        for target in targets:
            _give_back(connection, target)
    return made


def repeating(connection: Connection, made: Correction) -> list[str]:
    """Versions that say word for word what a take-down withholds, and still stand: ``sam:abc@3``."""
    found = []
    for told in made.details.get("versions", ()):
        number = queries.numbers_of(connection, [told["notice"]])[told["notice"]]
        found += [
            f"{told['notice']}@{row.version}"
            for row in queries.versions(connection, number)
            if row.tombstone is None and row.content_sha256 == told["content_sha256"]
        ]
    return list(dict.fromkeys(found))


def withholding(connection: Connection, made: Correction) -> list[str]:
    """What withholds versions still that were given back, since it was read from the same records: ``sam:abc@2``."""
    own, other, d, n = t.versions.alias().c, t.versions.alias(), takedowns.c, t.notices.c
    query = (
        select(n.id, d.version)
        .select_from(other)
        .join(takedowns, (d.notice == other.c.notice) & or_(d.version == WHOLE, d.version == other.c.version))
        .join(t.notices, n.number == d.notice)
        .order_by(n.id, d.version)
    )
    found: list[str] = []
    for told in made.details.get("versions", ()):
        number = queries.numbers_of(connection, [told["notice"]])[told["notice"]]
        read_from = select(own.record).where(own.notice == number, own.version == told["version"])
        rows = connection.execute(query.where(other.c.record.in_(read_from)))
        found += [Target(0, row.id, row.version, "").name for row in rows]
    return list(dict.fromkeys(found))


def _targets(connection: Connection, named: Sequence[str]) -> list[Target]:
    """What these names lead to, each once. Raises NotFound, UsageError."""
    found = list(dict.fromkeys(_target(connection, text.strip()) for text in named))
    if not found:
        raise UsageError("Name the notice, version (ID@2) or file (sha256:HASH) that is meant.")
    whole = {target.notice for target in found if target.notice and not target.version}
    for target in found:
        if target.version and target.notice in whole:
            raise UsageError(f"{target.name} is part of {target.notice_id}; name one of the two.")
    return found


def _target(connection: Connection, text: str) -> Target:
    if match := _FILE.fullmatch(text):
        return Target(0, "", WHOLE, match[1].lower())
    held = queries.find(connection, text)
    if not held and (match := _VERSION.fullmatch(text)):
        exact = queries.notice(connection, match[1])  # versions stay under their id, also where it leads elsewhere
        named = [exact.id] if exact else queries.find(connection, match[1])
        notice_id, number = corrections.the_only(connection, match[1], named)
        version = queries.version(connection, number, int(match[2]))
        if version is None:
            raise NotFound(f"{notice_id} has no version {match[2]}; noticewatch history {notice_id} lists them.")
        return Target(number, notice_id, version.version, "")
    notice_id, number = corrections.the_only(connection, text, held)
    return Target(number, notice_id, WHOLE, "")


def _must_stand(connection: Connection, target: Target) -> None:
    """Raises UsageError where the target is withheld already, NotFound for a file that answers no document."""
    by = _correction_of(connection, target)
    if target.version and not by:  # with the notice, or with another version that was read from the same record
        stones = withheld.tombstones(connection, [target.notice]).get(target.notice, {})
        stone = stones.get(WHOLE) or stones.get(target.version)
        by = stone.correction if stone else None
    if by:
        raise UsageError(f"{target.name} is taken down already, by correction {by}; noticewatch correct list shows it.")
    if target.sha256 and not _captures(connection, document_answers.c.sha256 == target.sha256):
        raise NotFound(f"No document's file with SHA-256 {target.sha256} is held.")


def _must_be_withheld(connection: Connection, target: Target) -> None:
    if _correction_of(connection, target):
        if target.sha256 and not _files(connection, CorrectionKind.RESTORE, target):
            raise UsageError(f"{target.name} stands under notices that are taken down themselves; restore those first.")
        return
    if target.version and _correction_of(connection, _whole(target)):
        raise UsageError(f"{target.notice_id} is taken down as a whole; restore it without a version.")
    raise UsageError(f"{target.name} is not taken down; noticewatch correct list shows what is.")


def _whole(target: Target) -> Target:
    return Target(target.notice, target.notice_id, WHOLE, "")


def _correction_of(connection: Connection, target: Target) -> int | None:
    """The number of the correction that withholds exactly this."""
    if target.sha256:
        query = select(withheld_files.c.correction).where(withheld_files.c.sha256 == target.sha256)
    else:
        query = select(takedowns.c.correction).where(
            takedowns.c.notice == target.notice, takedowns.c.version == target.version
        )
    return connection.scalar(query)


def _withhold(connection: Connection, target: Target, number: int) -> None:
    if target.sha256:
        connection.execute(insert(withheld_files).values(sha256=target.sha256, correction=number))
        return
    if not target.version:  # it stands for its versions, those that were withheld before too
        connection.execute(delete(takedowns).where(takedowns.c.notice == target.notice))
    connection.execute(insert(takedowns).values(notice=target.notice, version=target.version, correction=number))


def _give_back(connection: Connection, target: Target) -> None:
    if target.sha256:
        connection.execute(delete(withheld_files).where(withheld_files.c.sha256 == target.sha256))
        return
    connection.execute(
        delete(takedowns).where(takedowns.c.notice == target.notice, takedowns.c.version == target.version)
    )
    for led in _led(connection, target):
        connection.execute(delete(takedowns).where(takedowns.c.notice == led.notice, takedowns.c.version == WHOLE))


def _led(connection: Connection, target: Target) -> list[Target]:
    """Notices that were taken down as a whole before they led to that of the target: they are given back with it."""
    if not target.notice or target.version:
        return []
    n, d = t.notices.c, takedowns.c
    query = select(n.number, n.id).join(takedowns, d.notice == n.number)
    query = query.where(n.leads_to == target.notice, d.version == WHOLE).order_by(n.number)
    return [Target(row.number, row.id, WHOLE, "") for row in connection.execute(query)]


def _record(connection: Connection, kind: CorrectionKind, targets: Sequence[Target], reason: str) -> Correction:
    event = EventKind.TAKEN_DOWN if kind is CorrectionKind.TAKEDOWN else EventKind.RESTORED
    of = [target for target in targets if target.notice]
    if kind is CorrectionKind.RESTORE:
        of += [led for target in targets for led in _led(connection, target) if led not in of]
    versions = [row for target in of for row in _versions(connection, target)]
    files = [row for target in dict.fromkeys([*targets, *of]) for row in _files(connection, kind, target)]
    findings = [Derived(notice, event, [], version=version) for notice, _, version, _ in versions]
    findings += [Derived(row.notice, event, [], capture=row.capture) for row in files]
    details: dict[str, Any] = {}
    if versions:
        details["versions"] = [
            {"notice": notice_id, "version": version, "content_sha256": sha256}
            for _, notice_id, version, sha256 in versions
        ]
    if files:
        details["files"] = [{"notice": row.id, "sha256": row.sha256, "capture": row.capture_id} for row in files]
    return corrections.record(connection, kind, [target.name for target in targets], reason, findings, details)


def _versions(connection: Connection, target: Target) -> Iterable[tuple[int, str, int, str]]:
    """Number and id of the notice, version and hash of its content: the one version with those that were read from the
    same record, or all that are held.
    """
    v = t.versions.c
    query = select(v.version, v.content_sha256).where(v.notice == target.notice).order_by(v.version)
    if target.version:
        own = select(v.record).where(v.notice == target.notice, v.version == target.version)
        query = query.where(v.record.in_(own))
    return [(target.notice, target.notice_id, *row) for row in connection.execute(query).all()]


def _files(connection: Connection, kind: CorrectionKind, target: Target) -> Sequence[Any]:
    """Captures of files that a target speaks of: of a file all, of a notice those of its documents. What stays withheld
    by another name is not given back.
    """
    if target.version:
        return []
    if target.sha256:
        rows = _captures(connection, document_answers.c.sha256 == target.sha256)
        query = select(takedowns.c.notice).where(takedowns.c.version == WHOLE)
        return rows if kind is CorrectionKind.TAKEDOWN else _without(rows, "notice", connection.scalars(query))
    rows = _captures(connection, documents.c.notice == target.notice)
    if kind is CorrectionKind.TAKEDOWN:
        return rows
    return _without(rows, "sha256", connection.scalars(select(withheld_files.c.sha256)))


def _without(rows: Sequence[Any], member: str, withheld: Iterable[Any]) -> list[Any]:
    held = set(withheld)
    return [row for row in rows if getattr(row, member) not in held]


def _captures(connection: Connection, condition: Any) -> Sequence[Any]:
    """Notice, capture and hash of the files of documents, in the order in which they came."""
    a, d, c = document_answers.c, documents.c, t.captures.c
    query = (
        select(d.notice, t.notices.c.id, a.capture, a.sha256, c.id.label("capture_id"))
        .select_from(document_answers)
        .join(documents, d.number == a.document)
        .join(t.notices, t.notices.c.number == d.notice)
        .join(t.captures, c.number == a.capture)
        .where(condition, a.sha256.is_not(None))
        .distinct()
        .order_by(a.capture, d.notice)
    )
    return connection.execute(query).all()
