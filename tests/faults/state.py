"""What an archive says, in a form that can be compared: without numbers, times and ids of captures."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import func, select

from archive import tables
from archive.captures import open_payload
from archive.store import Archive

Loud: TypeAlias = Counter[tuple[str, str, str]]
"""Loud events: notice, kinds, what changed; with how often each stands in the log."""


@dataclass(frozen=True, slots=True)
class State:
    """notices: id to its listing, the hashes of its contents in version order, and the current one; sightings: source
    number and bytes of every record, with how many there are; walked, scopes: what is walked and open.
    """

    notices: dict[str, tuple[str, tuple[str, ...], str]]
    loud: Loud
    quiet: Loud
    records: Counter[tuple[str, str]]
    walked: frozenset[tuple[str, str]]
    scopes: frozenset[str]

    @property
    def listings(self) -> dict[str, str]:
        return {notice: listing for notice, (listing, _, _) in self.notices.items()}


@dataclass(frozen=True, slots=True)
class Walked:
    """A window of a run as the ledger has it."""

    state: str
    verdict: str | None
    walked: bool
    rows: int | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of a run as the ledger has it, with the window that it was sent for."""

    window: tuple[str, str]
    purpose: str
    page: int | None
    method: str
    url: str
    body: str | None
    rows: int


def state_of(archive: Archive) -> State:
    """What the log of an archive says."""
    with archive.reading() as connection:
        w, s = tables.walked_windows.c, tables.scopes.c
        walked = frozenset((scope, key) for scope, key in connection.execute(select(w.scope, w.key)))
        scopes = frozenset(scope for (scope,) in connection.execute(select(s.scope)))
        return State(
            _notices(connection), _events(connection, quiet=False), _events(connection, quiet=True),
            _records(connection), walked, scopes,
        )  # fmt: skip


def last_run(archive: Archive) -> int:
    """The number of the last run."""
    with archive.reading() as connection:
        return int(connection.scalar(select(func.max(tables.runs.c.number))) or 0)


def windows_of(archive: Archive, run: int) -> dict[tuple[str, str], Walked]:
    """The windows of a run by scope and key."""
    w = tables.windows.c
    query = select(w.scope, w.key, w.state, w.verdict, w.walked, w.rows, w.expected).where(w.run == run)
    with archive.reading() as connection:
        return {(scope, key): Walked(*rest) for scope, key, *rest in connection.execute(query)}


def sent_in(archive: Archive, run: int) -> list[Sent]:
    """The answered requests of a run in the order in which they were planned."""
    r, w, c = tables.requests.c, tables.windows.c, tables.captures.c
    query = (
        select(w.scope, w.key, r.purpose, r.page, c.method, c.url, c.request_body, r.rows)
        .join(tables.windows, w.number == r.window)
        .join(tables.captures, c.number == r.capture)
        .where(w.run == run, r.state == "answered")
        .order_by(r.number)
    )
    with archive.reading() as connection:
        return [
            Sent((scope, key), purpose, page, method, url, body, rows or 0)
            for scope, key, purpose, page, method, url, body, rows in connection.execute(query)
        ]


def unreadable_captures(archive: Archive) -> list[str]:
    """Captures of which the archive does not hold the bytes that it says it holds."""
    with archive.reading() as connection:
        rows = connection.execute(select(tables.captures)).all()
    bad = []
    for row in rows:
        with open_payload(archive, row) as stream:
            length = sum(len(block) for block in iter(lambda: stream.read(1 << 16), b""))
        if length != row.payload_length:
            bad.append(row.id)
    return bad


def _notices(connection: Any) -> dict[str, tuple[str, tuple[str, ...], str]]:
    n, v, c = tables.notices.c, tables.versions.c, tables.captures.c
    contents: dict[int, list[str]] = {}
    current: dict[tuple[int, int], str] = {}
    query = (
        select(v.notice, v.version, v.content_sha256)
        .join(tables.captures, c.number == v.capture)
        .where(v.superseded.is_(False))
        .order_by(v.notice, v.revision, v.observed_at, c.id, v.version)
    )
    for notice, version, sha256 in connection.execute(query):
        contents.setdefault(notice, []).append(sha256)
        current[notice, version] = sha256
    return {
        one.id: (one.listing, tuple(contents[one.number]), current[one.number, one.current_version])
        for one in connection.execute(select(n.number, n.id, n.listing, n.current_version))
    }


def _events(connection: Any, *, quiet: bool) -> Loud:
    e, n = tables.events.c, tables.notices.c
    query = select(n.id, e.kinds, e.changed).join(tables.notices, n.number == e.notice).where(e.quiet.is_(quiet))
    return Counter(tuple(row) for row in connection.execute(query))


def _records(connection: Any) -> Counter[tuple[str, str]]:
    r = tables.records.c
    return Counter(tuple(row) for row in connection.execute(select(r.source_number, r.sha256)))
