"""Gathers what a pack proves: leaves with their paths to one signed head, and the rows that versions were read from."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Connection, Row, select

from archive import merkle, queries
from archive import tables as t
from archive.captures import read_ranges
from archive.documents import queries as documents
from archive.documents.queries import DocumentRow
from archive.log import head as log_head
from archive.proof import answers, forms, heads, reading
from archive.proof.answers import NotSealed
from archive.proof.forms import Head
from archive.proof.tree import StoredTree, TreeDamaged
from archive.rows import CaptureRow, NoticeRow, VersionRow
from archive.store import Archive
from archive.withheld import Withheld, of_records
from noticewatch.errors import CaptureDamaged, NotFound

Noise: TypeAlias = Callable[[str, bytes], Sequence[tuple[int, int]]]
"""Ranges of a row that the parser of a source cuts before it hashes the row."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of the log's tree: its exact bytes, its place, and its path to the root of the pack's head."""

    data: bytes
    index: int
    path: Sequence[bytes] = ()

    def form(self) -> dict[str, Any]:
        """As JSON members."""
        return {"leaf": self.data.decode(), "index": self.index, "path": [one.hex() for one in self.path]}


@dataclass(frozen=True, slots=True)
class PackedRow:
    """A row of a capture. ``line``: the record as a leaf of the tree of records that ``records`` names the root of,
    at ``index``, with its ``path``; ``noise``: ranges of ``body`` that are cut before hashing; ``withheld``: it was
    taken down, and has no body here.
    """

    capture: CaptureRow
    source: str
    source_number: str
    row: int
    start: int
    end: int
    sha256: str
    line: bytes
    index: int
    path: Sequence[bytes]
    records: Leaf
    body: bytes = b""
    noise: Sequence[tuple[int, int]] = ()
    withheld: bool = False

    @property
    def file(self) -> str:
        """Its name in the pack."""
        return f"records/{self.capture.capture.id}-{self.row}.txt"


@dataclass(frozen=True, slots=True)
class PackedVersion:
    """A version of a notice, the leaf of its event, and the place of the row that it was read from among those of the
    pack. ``name``: that of its files, ``2``, in a pack of several notices ``3-2``; ``taken_down``: the leaf of the
    event that says so, where it was.
    """

    notice: NoticeRow
    name: str
    version: VersionRow
    event: Leaf
    row: int
    taken_down: Leaf | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """What a pack holds. ``as_of``: the last ``seq`` of the log, for a pack of a whole notice; None for one version.

    notice: the one it is about; members: of a procurement all its notices, else none; left_out: ids of those of which
    nothing can be shown, since they came when they were taken down already. captures: leaves by id of the capture;
    documents: those whose file was captured, by the capture that holds it; taken_down: leaves of the events that say
    so of such files, by the capture.
    """

    notice: NoticeRow
    as_of: int | None
    head: Head
    key: dict[str, Any]
    captures: dict[str, tuple[CaptureRow, Leaf]]
    rows: Sequence[PackedRow]
    versions: Sequence[PackedVersion]
    documents: Sequence[tuple[DocumentRow, CaptureRow]]
    taken_down: Mapping[str, Leaf]
    members: Sequence[NoticeRow] = ()
    left_out: Sequence[str] = ()


def gather(
    archive: Archive, notice: NoticeRow, version: int | None, noise: Noise, members: Sequence[NoticeRow] = ()
) -> Material:
    """Everything for the pack of a version, or of all versions of a notice where none is named, or of all versions of
    the ``members`` of its procurement where these are.

    Of what was taken down it holds leaves and hashes alone. Raises NotFound for an unknown version, Withheld for one
    that came when the notice was taken down already, NotSealed where no head covers all of it yet, CaptureDamaged,
    TreeDamaged.
    """
    with archive.reading() as connection:
        material = _proved(connection, notice, version, members)
    return _with_bodies(archive, material, noise)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a pack holds of one of its notices. ``prefix``: of the names of its files; events and read_from: the leaf
    and the row of each version; places: where its rows stand.
    """

    notice: NoticeRow
    prefix: str
    versions: Sequence[VersionRow]
    takedowns: Mapping[int, Leaf]
    events: Mapping[int, Leaf]
    read_from: Mapping[int, Any]
    places: Sequence[Any]
    filed: Sequence[tuple[DocumentRow, CaptureRow]]


def _proved(connection: Connection, notice: NoticeRow, number: int | None, members: Sequence[NoticeRow]) -> Material:
    found, left_out = _parts(connection, notice, number, members)
    filed = [one for part in found for one in part.filed]
    places = [place for part in found for place in part.places]
    files = _file_takedowns(connection, filed)
    rows = {place.record: place for place in places}
    order = {record: at for at, record in enumerate(rows)}
    versions = [one for part in found for one in _packed(part, order)]
    seen = [*(place.capture for place in places), *(one.capture_id for part in found for one in part.versions)]
    told = (orjson.loads(one.event.data).get("capture") for one in versions)  # a record may have moved to an older one
    captures = _captures(connection, [*seen, *filter(None, told)], filed)
    stones = of_records(connection, {place.record: place.notice for place in places})
    packed = [_row(connection, place, captures, withheld=place.record in stones) for place in rows.values()]
    leaves = [*_leaves(captures, packed), *(one.event for one in versions), *files.values()]
    leaves += [one.taken_down for one in versions if one.taken_down]
    head, stored = heads.covering(connection, max(leaf.index for leaf in leaves)), StoredTree(connection)
    if head is None:
        raise NotSealed(f"No signed head covers all of {notice.id} yet; one is signed when its run is closed.")

    def led(leaf: Leaf) -> Leaf:
        if stored.node(0, leaf.index) != merkle.leaf_hash(leaf.data):
            raise TreeDamaged(f"Leaf {leaf.index} is not what the archive holds; run noticewatch verify --full.")
        return Leaf(leaf.data, leaf.index, merkle.inclusion(stored.node, leaf.index, head.size))

    return Material(
        notice,
        log_head(connection) if number is None else None,
        head,
        answers.key_form(connection, head.key),
        {name: (row, led(leaf)) for name, (row, leaf) in sorted(captures.items())},
        [replace(row, records=led(row.records)) for row in packed],
        [
            replace(one, event=led(one.event), taken_down=led(one.taken_down) if one.taken_down else None)
            for one in versions
        ],
        [(one, capture) for one, capture in filed if capture.capture.id not in files],
        {name: led(leaf) for name, leaf in files.items()},
        members,
        left_out,
    )


def _parts(
    connection: Connection, notice: NoticeRow, number: int | None, members: Sequence[NoticeRow]
) -> tuple[list[_Part], list[str]]:
    """What there is of each notice, and the ids of those of which nothing can be shown. Raises as :func:`gather`."""
    if not members:
        return [_part(connection, notice, number, "")], []
    found, left_out = list[_Part](), list[str]()
    for place, member in enumerate(members, start=1):
        try:
            found.append(_part(connection, member, None, f"{place}-"))
        except Withheld:
            left_out.append(member.id)
            if len(left_out) == len(members):
                raise
    return found, left_out


def _part(connection: Connection, notice: NoticeRow, number: int | None, prefix: str) -> _Part:
    versions, takedowns = _provable(connection, notice, number)
    events = {one.version: _event(connection, one.seq) for one in versions}
    places = _places(connection, notice)
    read_from = {version: _read_from(places, version, event) for version, event in events.items()}
    listed = documents.of_notice(connection, notice.number) if number is None else []
    filed = [(one, _capture(connection, one.file.capture_id)) for one in listed if one.file]
    provable = [(one, capture) for one, capture in filed if _may_be_told(connection, one, capture)]
    shown = places if number is None else list(read_from.values())
    return _Part(notice, prefix, versions, takedowns, events, read_from, shown, provable)


def _read_from(places: Sequence[Any], version: int, event: Leaf) -> Any:
    """The place of the row that a version comes from. Where several answers tell of a notice, what came later may have
    changed at which of them the history comes to say so: then it is the row of the answer that told it first, that
    which the leaf names where it names one.
    """
    own = next(place for place in places if place.version == version)
    said = orjson.loads(event.data)
    of_told = [place for place in places if place.capture == said.get("capture")]
    first = next((place for place in of_told if place.row == said.get("row", place.row)), own)
    known = "row" in said and own in of_told
    return first if known or first.fetched_at < own.fetched_at else own


def _may_be_told(connection: Connection, document: DocumentRow, capture: CaptureRow) -> bool:
    """Whether a file stands, or an event says that it was taken down: what came again later has no such event."""
    stands = document.file is not None and document.file.tombstone is None
    return stands or reading.takedown_of_file(connection, capture.number) is not None


def _packed(part: _Part, order: Mapping[int, int]) -> list[PackedVersion]:
    """The versions of a part. ``order``: places of rows in the pack by record."""
    return [
        PackedVersion(
            part.notice, f"{part.prefix}{one.version}", one, part.events[one.version],
            order[part.read_from[one.version].record], part.takedowns.get(one.version),
        )
        for one in part.versions
    ]  # fmt: skip


def _provable(
    connection: Connection, notice: NoticeRow, number: int | None
) -> tuple[list[VersionRow], dict[int, Leaf]]:
    """The versions for a pack, and by number the leaves of the events by which those that are withheld were taken down.

    One that came when the notice was taken down already has no such event, and stays out. Raises NotFound, Withheld.
    """
    versions, leaves = _versions(connection, notice, number), dict[int, Leaf]()
    for one in versions:
        seq = reading.takedown_of(connection, notice.id, one.version) if one.tombstone else None
        if seq is not None:
            leaves[one.version] = _event(connection, seq)
    kept = [one for one in versions if one.tombstone is None or one.version in leaves]
    if not kept:
        stone = versions[-1].tombstone
        assert stone is not None
        raise Withheld(f"{notice.id}, version {versions[-1].version},", stone, notice_id=notice.id)
    return kept, leaves


def _file_takedowns(connection: Connection, filed: Iterable[tuple[DocumentRow, CaptureRow]]) -> dict[str, Leaf]:
    """Leaves of the events by which files of documents were taken down, by capture."""
    found = {}
    for document, capture in filed:
        if document.file and document.file.tombstone:
            seq = reading.takedown_of_file(connection, capture.number)
            assert seq is not None, "a part holds no other"
            found[capture.capture.id] = _event(connection, seq)
    return found


def _versions(connection: Connection, notice: NoticeRow, number: int | None) -> list[VersionRow]:
    if number is None:
        return queries.versions(connection, notice.number)
    found = queries.version(connection, notice.number, number)
    if found is None:
        held = ", ".join(str(one.version) for one in queries.versions(connection, notice.number))
        raise NotFound(f"{notice.id} has no version {number}; its history holds {held}.")
    return [found]


def _places(connection: Connection, notice: NoticeRow) -> Sequence[Any]:
    """Where a notice's records stand, with the versions that were read from them; also those without a version."""
    r, v, c = t.records.c, t.versions.c, t.captures.c
    of_versions = select(v.record).where(v.notice == notice.number)
    query = (
        select(
            r.number.label("record"), v.version, c.id.label("capture"), c.number.label("capture_number"), c.fetched_at,
            r.row, r.start, r.end, r.sha256, r.source, r.source_number, r.notice,
        )
        .select_from(t.records)
        .join(t.captures, c.number == r.capture)
        .outerjoin(t.versions, (v.record == r.number) & (v.notice == notice.number))
        .where((r.notice == notice.number) | r.number.in_(of_versions))
        .order_by(c.fetched_at, c.id, r.row, r.number, v.version)
    )  # fmt: skip
    return connection.execute(query).all()


def _capture(connection: Connection, capture_id: str) -> CaptureRow:
    found = queries.capture(connection, capture_id)
    if found is None:
        raise NotFound(f"Capture {capture_id} is not held.")
    return found


def _captures(
    connection: Connection, ids: Iterable[str], filed: Iterable[tuple[DocumentRow, CaptureRow]]
) -> dict[str, tuple[CaptureRow, Leaf]]:
    rows = {one.capture.id: one for _, one in filed}
    rows |= {name: _capture(connection, name) for name in dict.fromkeys(ids)}
    return {name: (row, _capture_leaf(connection, row.number)) for name, row in rows.items()}


def _capture_leaf(connection: Connection, number: int) -> Leaf:
    stated = connection.execute(select(t.captures).where(t.captures.c.number == number)).mappings().one()
    query = select(t.leaves.c.number).where(t.leaves.c.capture == number, t.leaves.c.kind == "capture")
    place = connection.scalar(query.order_by(t.leaves.c.number).limit(1))
    if place is None:
        raise NotSealed(f"Capture {stated['id']} has no leaf yet.")
    return Leaf(forms.capture_leaf(stated), int(place))


def _row(
    connection: Connection, place: Row[Any], captures: dict[str, tuple[CaptureRow, Leaf]], *, withheld: bool
) -> PackedRow:
    query = (
        select(t.leaves.c.number, t.leaves.c.body)
        .where(t.leaves.c.capture == place.capture_number, t.leaves.c.kind == "records")
        .order_by(t.leaves.c.number)
    )
    wanted = (place.record, place.row, place.start, place.end, place.sha256)
    for number, body in connection.execute(query).all():
        placed = forms.unpack(bytes(body))
        index = next((at for at, one in enumerate(placed) if one == wanted), None)
        if index is not None:
            path = merkle.inclusion(merkle.over(forms.record_hashes(placed)), index, len(placed))
            return PackedRow(
                captures[place.capture][0], place.source, place.source_number, place.row, place.start, place.end,
                place.sha256, placed[index].line, index, path,
                Leaf(forms.records_leaf(place.capture, placed), int(number)), withheld=withheld,
            )  # fmt: skip
    raise TreeDamaged(f"Row {place.row} of capture {place.capture} has no leaf; run noticewatch verify --full.")


def _event(connection: Connection, seq: int) -> Leaf:
    proof = answers.of_event(connection, seq)
    return Leaf(proof.data, proof.index)


def _leaves(captures: dict[str, tuple[CaptureRow, Leaf]], rows: Iterable[PackedRow]) -> list[Leaf]:
    return [*(leaf for _, leaf in captures.values()), *(row.records for row in rows)]


def _with_bodies(archive: Archive, material: Material, noise: Noise) -> Material:
    ranges: dict[str, list[tuple[int, int]]] = {}
    for row in material.rows:
        if row.withheld:
            continue
        ranges.setdefault(row.capture.capture.id, []).append((row.start, row.end))
    captures = {row.capture.capture.id: row.capture for row in material.rows}
    read = {name: read_ranges(archive, captures[name], wanted) for name, wanted in ranges.items()}
    rows = []
    for row in material.rows:
        if row.withheld:
            rows.append(row)
            continue
        body = read[row.capture.capture.id][row.start, row.end]
        cut = () if _sha256(body) == row.sha256 else tuple(noise(row.source, body))
        if _sha256(body, cut) != row.sha256:
            raise CaptureDamaged(f"Row {row.row} of capture {row.capture.capture.id} is not as it was archived.")
        rows.append(replace(row, body=body, noise=cut))
    return replace(material, rows=rows)


def _sha256(body: bytes, cut: Sequence[tuple[int, int]] = ()) -> str:
    at, digest = 0, hashlib.sha256()
    for begin, end in cut:
        digest.update(body[at:begin])
        at = end
    digest.update(body[at:])
    return digest.hexdigest()
