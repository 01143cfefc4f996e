"""Checks what the tables say of versions beside their contents: it follows from what is proved, though no leaf says it.

Every version was brought by an event; what changed with it is how its content differs from that of another version of
its notice; what is loud was brought by a crawl; the current version is the last one of the history.
"""

from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Connection, and_, func, or_, select

from archive.proof import reading
from archive.proof.extent import DoesNotHold
from archive.tables import events, notices, records, runs, versions
from archive.windows import WALKING
from noticewatch.models import ALWAYS_QUIET, content_hash, difference

if TYPE_CHECKING:
    from archive.store import Archive

_PAGE: Final = 20_000
_AT_ONCE: Final = 500
"""Contents that are held in memory."""
_e, _v = events.c, versions.c
_BROUGHT: Final = events.join(versions, and_(_v.notice == _e.notice, _v.version == _e.version, _v.seq == _e.seq)).join(
    notices, notices.c.number == _e.notice
)
"""Events with the versions that they brought."""


def check_histories(archive: "Archive", after: int, last: int) -> None:
    """Check the versions that the events behind ``after`` up to ``last`` brought. Raises DoesNotHold."""
    for first in range(after + 1, last + 1, _PAGE):
        own = first, min(first + _PAGE - 1, last)
        with archive.reading() as connection:
            _loud_by_crawls(connection, *own)
            _changed_as_contents_differ(connection, *own)
    with archive.reading() as connection:
        _current_is_last(connection, after)


def check_brought(archive: "Archive") -> None:
    """Check that every version is that of an event: no other content is proved, nor may be shown. Raises
    DoesNotHold.
    """
    brought = versions.outerjoin(events, and_(_e.seq == _v.seq, _e.notice == _v.notice, _e.version == _v.version))
    query = select(notices.c.id, _v.version).select_from(brought.outerjoin(notices, notices.c.number == _v.notice))
    with archive.reading() as connection:
        row = connection.execute(query.where(_e.seq.is_(None)).limit(1)).first()
    if row is not None:
        raise DoesNotHold(f"Version {row.version} of {row.id} has no event; it was not written by noticewatch.")


def _loud_by_crawls(connection: Connection, first: int, last: int) -> None:
    e = events.c
    query = (
        select(e.seq, e.kinds, notices.c.id, runs.c.kind)
        .select_from(_BROUGHT)
        .outerjoin(runs, runs.c.number == e.run)
        .where(e.seq.between(first, last), e.quiet.is_(False))
        .order_by(e.seq)
    )
    for row in connection.execute(query):
        if row.kind not in WALKING or ALWAYS_QUIET.issuperset(orjson.loads(row.kinds)):
            raise DoesNotHold(f"Event {row.seq} ({row.id}) is held to be loud, which nothing of its kind is.")


def _changed_as_contents_differ(connection: Connection, first: int, last: int) -> None:
    e, v, b = events.c, versions.c, versions.alias("before")
    against = reading.told_against(connection, first, last)
    of_before = records.alias("records_before")
    query = (
        select(
            e.seq, notices.c.id, e.notice, e.version, e.changed,
            func.coalesce(v.content, records.c.content).label("content"),
            func.coalesce(b.c.content, of_before.c.content).label("before"),
            b.c.content_sha256.label("before_sha256"),
        )
        .select_from(_BROUGHT)
        .outerjoin(records, records.c.number == v.record)
        .outerjoin(b, and_(b.c.notice == e.notice, b.c.version == e.version - 1))
        .outerjoin(of_before, of_before.c.number == b.c.record)
        .where(e.seq.between(first, last), e.changed != "[]")
        .order_by(e.seq)
    )  # fmt: skip
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        told = against.get(row.seq, row.before_sha256)
        if told == row.before_sha256 and _differ(row.before, row.content, row.changed):
            continue
        if not _differ_otherwise(connection, row, against.get(row.seq)):
            raise DoesNotHold(
                f"What event {row.seq} says that changed in {row.id} is not how its version {row.version} differs "
                f"from {'the one that its leaf names' if row.seq in against else 'another one'}."
            )


def _differ_otherwise(connection: Connection, row: Any, against: str | None) -> bool:
    """Whether changes are how a version differs from one of its notice that has the content whose hash its leaf names.
    Where that names none, from any: the one before it in the history, as it was then, may have come earlier or at the
    same moment. Also where the content of one is missing, because it was taken down, so that nobody can tell; where it
    was not, its own check names it.
    """
    stated = func.coalesce(versions.c.content, records.c.content).label("content")
    query = select(versions.c.version, stated, versions.c.content_sha256).select_from(versions).outerjoin(records)
    if against is not None:
        query = query.where(or_(versions.c.content_sha256 == against, versions.c.version == row.version))
    held = connection.execute(query.where(versions.c.notice == row.notice)).all()
    if any(_differ(one.content, row.content, row.changed) for one in held if one.version != row.version):
        return True
    return any(_hash(one.content) != one.content_sha256 for one in held)


def _differ(before: str | None, after: str | None, changed: str) -> bool:
    """Whether two contents that are there differ by exactly these changes."""
    held = [_parsed(content) for content in (before, after)]
    return None not in held and bool([list(one) for one in difference(*held)] == _parsed(changed))


def _parsed(content: str | None) -> Any:
    try:
        return orjson.loads(content or "")
    except orjson.JSONDecodeError:
        return None


def _hash(content: str | None) -> str:
    return content_hash(_parsed(content) or {})


def _current_is_last(connection: Connection, after: int) -> None:
    n, v, o = notices.c, versions.c, versions.alias("others")
    later = or_(o.c.revision > v.revision, and_(o.c.revision == v.revision, o.c.observed_at > v.observed_at))
    several = select(o.c.notice).where(o.c.version > 1, o.c.seq > after)
    held = notices.outerjoin(versions, and_(v.notice == n.number, v.version == n.current_version))
    own = or_(n.current_version != 1, n.number.in_(several)), n.leads_to.is_(None)
    query = (
        select(n.id, n.current_version)
        .select_from(held.outerjoin(o, and_(o.c.notice == n.number, o.c.superseded.is_(False), later)))
        .where(*own, or_(v.version.is_(None), v.superseded, o.c.version.is_not(None)))
    )
    row = connection.execute(query.order_by(n.number).limit(1)).first()
    if row is not None:
        raise DoesNotHold(f"Version {row.current_version} of {row.id} is held to be its current one, and is not.")
