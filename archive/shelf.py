"""The tables as the append sees them: loaded in bulk, written in bulk, once a transaction."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Select, bindparam, func, select, update

from archive import sightings
from archive import tables as t
from archive.dossiers import Dossier
from archive.held import HeldRecord, HeldVersion, Place
from archive.proof import filing, forms
from archive.proof.forms import Lineage, Placed
from archive.proof.reading import Written
from noticewatch.database import chunks, insert_many
from noticewatch.models import EventKind, canonical_json

_first, _last, _s = t.captures.alias(), t.captures.alias(), t.sightings.c
_RECORDS: Final[Select[Any]] = (
    select(
        *(column for column in t.records.columns if column.name != "content"),
        _first.c.id.label("first_id"),
        _s.seen_at, _s.capture.label("last_capture"), _s.row.label("last_row"), _s.start.label("last_start"),
        _s.end.label("last_end"), _last.c.id.label("last_id"),
    )
    .select_from(sightings.WITH_LAST)
    .join(_first, _first.c.number == t.records.c.capture)
    .outerjoin(_last, _last.c.number == _s.capture)
    .order_by(t.records.c.number)
)  # fmt: skip


class Shelf:
    """Records, versions and notices of one transaction. Needs the lock of the log."""

    def __init__(self, connection: Connection, source: str, register: str) -> None:
        self._connection, self._source, self._register = connection, source, register
        self._records: dict[int, HeldRecord] = {}
        self._filed: dict[int, tuple[Place, str]] = {}  # what the leaves of records say so far
        self._dossiers: dict[int, Dossier] = {}
        self._fresh: dict[str, int] = {}
        self._led: dict[int, Dossier] = {}
        self._carried: dict[frozenset[str], int] = {}
        self._carried_sets: dict[int, frozenset[str]] = {}
        self._next_notice = self._top(t.notices.c.number) + 1
        self._next_record = self._top(t.records.c.number) + 1
        self._next_seq = self._top(t.events.c.seq) + 1
        self._new_versions: list[HeldVersion] = []
        self._events: list[dict[str, Any]] = []
        self._told_by: list[tuple[str, Lineage]] = []  # capture ids of these events; a version may be anchored anew
        self._aliases: list[dict[str, Any]] = []

    @property
    def last_seq(self) -> int:
        """The highest ``seq`` given so far."""
        return self._next_seq - 1

    def intervals(self, source_numbers: Collection[str]) -> dict[str, list[HeldRecord]]:
        """Records of the source's numbers, without their contents; a number that has none has an empty list."""
        found: dict[str, list[HeldRecord]] = {number: [] for number in source_numbers}
        for chunk in chunks(found):
            query = _RECORDS.where(t.records.c.source == self._source, t.records.c.source_number.in_(chunk))
            for row in self._connection.execute(query).all():
                found[row.source_number].append(self._held(row))
        return found

    def open(self, notices: Iterable[int]) -> None:
        """Load notices with all their records and versions; see :meth:`dossier`."""
        wanted = [number for number in dict.fromkeys(notices) if number not in self._dossiers]
        n, v = t.notices.c, t.versions.c
        for chunk in chunks(wanted):
            query = select(n.number, n.id, n.chain_key, n.current_version, n.first_seen, n.first_seen_seq, n.leads_to)
            for row in self._connection.execute(query.where(n.number.in_(chunk))):
                self._dossiers[row.number] = Dossier(*row)
            records = _RECORDS.add_columns(t.records.c.content).where(t.records.c.notice.in_(chunk))
            for row in self._connection.execute(records).all():
                held = self._held(row)
                held.content, held.known_json = orjson.loads(row.content), None
                self._dossiers[row.notice].records.append(held)
            versions = select(t.versions, t.captures.c.id.label("capture_id")).join(
                t.captures, t.captures.c.number == v.capture
            )
            rows = self._connection.execute(versions.where(v.notice.in_(chunk))).all()
            self._hold({row.record for row in rows} - self._records.keys())
            for row in rows:
                self._dossiers[row.notice].versions.append(self._version(row))

    def _hold(self, numbers: Collection[int]) -> None:
        """Hold records that other notices have taken over, without their contents: versions still speak of them."""
        for chunk in chunks(numbers):
            for row in self._connection.execute(_RECORDS.where(t.records.c.number.in_(chunk))).all():
                self._held(row)

    def dossier(self, notice: int) -> Dossier:
        """The notice with this number, loaded if it was not."""
        if notice not in self._dossiers:
            self.open([notice])
        return self._dossiers[notice]

    def by_id(self, notice_ids: Collection[str]) -> dict[str, int]:
        """Numbers of the notices with these ids, those of this transaction among them."""
        found = self._look_up(notice_ids, t.notices.c.id, t.notices.c.number)
        return found | {one: self._fresh[one] for one in notice_ids if one in self._fresh}

    def by_chain(self, keys: Collection[str]) -> dict[str, list[int]]:
        """Numbers of the notices with these chain keys."""
        found: dict[str, list[int]] = {}
        for chunk in chunks(keys):
            query = select(t.notices.c.chain_key, t.notices.c.number).where(t.notices.c.chain_key.in_(chunk))
            for key, number in self._connection.execute(query):
                found.setdefault(key, []).append(number)
        return found

    def by_chained_id(self, plain_numbers: Collection[str]) -> dict[str, int]:
        """Numbers of the notices whose chain holds these NoticeIds (plain form)."""
        found: dict[str, int] = {}
        for chunk in chunks(plain_numbers):
            query = select(t.aliases.c.number, t.aliases.c.notice).where(
                t.aliases.c.register == self._register,
                t.aliases.c.number.in_(chunk),
                t.aliases.c.type == "notice_id",
            )
            found.update((number, notice) for number, notice in self._connection.execute(query))
        return found

    def new_dossier(self, notice_id: str, chain_key: str | None, first_seen: str) -> Dossier:
        """A notice that is not held yet."""
        dossier = Dossier(self._next_notice, notice_id, chain_key, 0, first_seen, self._next_seq, fresh=True)
        self._dossiers[dossier.number] = dossier
        self._fresh[notice_id] = dossier.number
        self._next_notice += 1
        return dossier

    def add_record(self, record: HeldRecord, dossier: Dossier) -> None:
        """Put a new record to its notice."""
        record.number, record.notice, record.dirty = 0, dossier.number, False
        dossier.records.append(record)

    def add_version(self, version: HeldVersion, event: dict[str, Any], against: str | None) -> None:
        """Put a new version to its notice, with its event; gives both the next ``seq``. ``against``: hash of the
        content from which what changed leads to its own.
        """
        version.seq = event["seq"] = self._next_seq
        dossier = self._dossiers[version.notice]
        if dossier.fresh and not dossier.versions:
            dossier.first_seen_seq = version.seq
        self._next_seq += 1
        dossier.versions.append(version)
        self._new_versions.append(version)
        self._events.append(event)
        self._told_by.append((version.capture_id, (version.record.first.row, against)))

    def lead(self, dossier: Dossier, to: Dossier | None) -> None:
        """Let a notice without records lead to the one that has them; None: let it speak for itself again."""
        dossier.leads_to = to.number if to else None
        self._led[dossier.number] = dossier

    def add_aliases(self, dossier: Dossier, numbers: Iterable[tuple[str, str]]) -> None:
        """Numbers that lead to the notice: (plain form, type)."""
        self._aliases.extend(
            {"register": self._register, "number": number, "notice": dossier.number, "type": kind}
            for number, kind in numbers
        )

    def write(self) -> int:
        """Write everything that is new or changed; gives how many records were new."""
        fresh = [dossier for dossier in self._dossiers.values() if dossier.fresh]
        insert_many(self._connection, t.notices, [self._notice_row(dossier) for dossier in fresh])
        records = self._write_records()
        insert_many(self._connection, t.versions, [_version_row(version) for version in self._new_versions])
        insert_many(self._connection, t.events, self._events)
        insert_many(self._connection, t.aliases, self._aliases, new=True)
        self._update_versions()
        changed = [dossier for dossier in self._dossiers.values() if dossier.dirty and not dossier.fresh]
        self._update(t.notices, ("number",), [self._notice_row(dossier) for dossier in changed])
        led = [{"number": dossier.number, "leads_to": dossier.leads_to} for dossier in self._led.values()]
        self._update(t.notices, ("number",), led)
        self._make_leaves()
        return records

    def _write_records(self) -> int:
        new = [record for dossier in self._dossiers.values() for record in dossier.records if not record.number]
        for record in new:
            record.number = self._next_record
            self._next_record += 1
            self._records[record.number] = record
        insert_many(self._connection, t.records, [self._record_row(record) for record in new])
        known = {record.number for record in new}
        dirty = [record for number, record in self._records.items() if record.dirty and number not in known]
        read_again = [record for record in dirty if record.content]
        self._update(t.records, ("number",), [self._record_row(record) for record in read_again])
        self._update(t.records, ("number",), [_place_row(record) for record in dirty if not record.content])
        moved = [record for number, record in self._records.items() if record.moved and number not in known]
        self._update(t.records, ("number",), [{"number": one.number, "notice": one.notice} for one in moved])
        sightings.write(self._connection, [*dirty, *(record for record in new if record.last != record.first)])
        return len(new)

    def _make_leaves(self) -> None:
        written = [
            Written(record.first.capture, record.first.capture_id, _placed(record))
            for number, record in self._records.items()
            if self._filed.get(number) != (record.first, record.sha256)
        ]
        leaves = [
            forms.event_leaf(
                capture_id, event["committed_at"], version.content_sha256, event["kinds"],
                self._dossiers[version.notice].id, version.seq, version.version, quiet=event["quiet"],
                late=event["late"], lineage=lineage,
            )
            for version, event, (capture_id, lineage) in zip(
                self._new_versions, self._events, self._told_by, strict=True
            )
        ]  # fmt: skip
        first, lineages = self._next_seq - len(leaves), [lineage for _, lineage in self._told_by]
        filing.file(self._connection, [*filing.records(written), *filing.events(first, leaves, lineages)])

    def _update_versions(self) -> None:
        new = {id(version) for version in self._new_versions}
        rows = [
            _version_row(version)
            for dossier in self._dossiers.values()
            for version in dossier.versions
            if version.dirty and id(version) not in new
        ]
        self._update(t.versions, ("notice", "version"), rows)

    def _update(self, table: Any, keys: tuple[str, ...], rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        names = [name for name in rows[0] if name not in keys]
        statement = update(table).values({name: bindparam(f"new_{name}") for name in names})
        for key in keys:
            statement = statement.where(table.c[key] == bindparam(f"old_{key}"))
        given = [
            {(f"old_{name}" if name in keys else f"new_{name}"): value for name, value in row.items()} for row in rows
        ]
        self._connection.execute(statement, given)

    def _top(self, column: Any) -> int:
        return int(self._connection.scalar(select(func.max(column))) or 0)

    def _look_up(self, wanted: Collection[str], key: Any, value: Any) -> dict[str, int]:
        found: dict[str, int] = {}
        for chunk in chunks(wanted):
            found.update(self._connection.execute(select(key, value).where(key.in_(chunk))).all())
        return found

    def _held(self, row: Any) -> HeldRecord:
        """The one object that stands for a record in this transaction."""
        held = self._records.get(row.number)
        if held is None:
            first = Place(row.first_seen, row.first_id, row.capture, row.row, row.start, row.end)
            last = first
            if row.last_capture is not None:
                last = Place(row.seen_at, row.last_id, row.last_capture, row.last_row, row.last_start, row.last_end)
            held = HeldRecord(
                row.number, row.notice, row.source, row.source_number, row.revision, row.sha256, row.parser_version,
                self._carried_set(row.carried), {}, first, last,
            )  # fmt: skip
            self._records[row.number] = held
            self._filed[row.number] = (first, row.sha256)
        return held

    def _version(self, row: Any) -> HeldVersion:
        return HeldVersion(
            notice=row.notice,
            version=row.version,
            revision=row.revision,
            observed_at=row.observed_at,
            capture=row.capture,
            capture_id=row.capture_id,
            record=self._records[row.record],
            content=orjson.loads(row.content) if row.content else None,
            content_sha256=row.content_sha256,
            seq=row.seq,
            superseded=row.superseded,
        )

    def _carried_set(self, number: int) -> frozenset[str]:
        if number not in self._carried_sets:
            for row in self._connection.execute(select(t.carried)):
                self._carried_sets[row.number] = frozenset(orjson.loads(row.paths))
        return self._carried_sets[number]

    def _carried_number(self, carried: frozenset[str]) -> int:
        number = self._carried.get(carried)
        if number is None:
            paths = orjson.dumps(sorted(carried)).decode()
            number = self._connection.scalar(select(t.carried.c.number).where(t.carried.c.paths == paths))
            if number is None:
                number = self._top(t.carried.c.number) + 1
                insert_many(self._connection, t.carried, [{"number": number, "paths": paths}])
            self._carried[carried] = number
        return number

    def _notice_row(self, dossier: Dossier) -> dict[str, Any]:
        return {
            "number": dossier.number,
            "id": dossier.id,
            "register": self._register,
            "current_version": dossier.current_version,
            "versions": dossier.live_versions(),
            "first_seen": dossier.first_seen,
            "first_seen_seq": dossier.first_seen_seq,
            "chain_key": dossier.chain_key,
        }

    def _record_row(self, record: HeldRecord) -> dict[str, Any]:
        return {
            **_place_row(record),
            "notice": record.notice,
            "source": record.source,
            "source_number": record.source_number,
            "revision": record.revision,
            "sha256": record.sha256,
            "parser_version": record.parser_version,
            "carried": self._carried_number(record.carried),
            "content": record.json.decode(),
        }


def event_row(
    version: HeldVersion,
    *,
    kinds: Iterable[EventKind],
    changed: Sequence[tuple[str, Any, Any]],
    committed_at: str,
    run: int | None,
    quiet: bool,
    late: bool,
) -> dict[str, Any]:
    """The event of a new version, as a row without its ``seq``."""
    return {
        "notice": version.notice,
        "version": version.version,
        "kinds": _kinds_json(tuple(kinds)),
        "committed_at": committed_at,
        "capture": version.capture,
        "run": run,
        "changed": canonical_json(changed).decode() if changed else "[]",
        "quiet": quiet,
        "late": late,
    }


@lru_cache(maxsize=256)
def _kinds_json(kinds: tuple[EventKind, ...]) -> str:
    """Kinds as the table holds them: few combinations, told of many events."""
    return orjson.dumps(kinds).decode()


def _placed(record: HeldRecord) -> Placed:
    first = record.first
    return Placed(record.number, first.row, first.start, first.end, record.sha256)


def _place_row(record: HeldRecord) -> dict[str, Any]:
    first = record.first
    return {
        "number": record.number,
        "capture": first.capture,
        "row": first.row,
        "start": first.start,
        "end": first.end,
        "first_seen": first.at,
    }


def _version_row(version: HeldVersion) -> dict[str, Any]:
    return {
        "notice": version.notice,
        "version": version.version,
        "revision": version.revision,
        "observed_at": version.observed_at,
        "capture": version.capture,
        "record": version.record.number,
        "content": canonical_json(version.content).decode() if version.content is not None else None,
        "content_sha256": version.content_sha256,
        "seq": version.seq,
        "superseded": version.superseded,
    }
