"""How often something may be asked for: a bucket of grants for each who asks, filled again as time goes by, and one for
all of them together.

Buckets are in the database, where all processes count together and a restart forgets nothing. Of who asks there is a
hash alone, and no longer than until the bucket is full again. A bucket is known by the moment at which it will be full.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select

from alerts.tables import alert_limits
from archive.times import moment, stamp
from noticewatch.database import insert_many
from noticewatch.errors import NoticewatchError

_ALL: Final = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """``each``: grants that one has in the time that it ``lasts``; ``total``: grants that all have together in it."""

    name: str
    each: int
    total: int
    lasts: timedelta


SIGN_UPS: Final = Limit("sign_ups", 10, 500, timedelta(hours=1))
"""Searches saved and targets added by a network."""
CONFIRMATIONS: Final = Limit("confirmations", 3, 500, timedelta(days=1))
"""Mails to an address that ask whether it wants any."""
TESTS: Final = Limit("tests", 5, 200, timedelta(hours=1))
"""Tests of a target."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What is left. ``reset``: seconds until the whole limit is there again."""

    limit: int
    left: int
    reset: int


class LimitReached(NoticewatchError):
    """Nothing was granted. ``wait``: seconds after which it is."""

    def __init__(self, granted: Granted, wait: int) -> None:
        super().__init__(f"The limit is reached; there is more in {wait} seconds.")
        self.granted, self.wait = granted, wait


def look(connection: Connection, limit: Limit, who: str, at: datetime, grants: int = 1) -> Granted:
    """What would be left after some grants, which are not taken; without the writers' lock. Raises LimitReached."""
    return _asked(connection, limit, who, at, grants)[0]


def take(connection: Connection, limit: Limit, who: str, at: datetime, grants: int = 1) -> Granted:
    """Take grants, all of them or none; what rolls back has taken none. Needs a writing transaction. Raises
    LimitReached.
    """
    granted, full = _asked(connection, limit, who, at, grants)
    insert_many(
        connection, alert_limits,
        [{"what": limit.name, "who": key, "full_at": stamp(then)} for key, then in full.items()], over=True,
    )  # fmt: skip
    return granted


def forget(connection: Connection, at: datetime) -> None:
    """Delete what counts no more. Needs a writing transaction."""
    connection.execute(delete(alert_limits).where(alert_limits.c.full_at <= stamp(at)))


def _asked(
    connection: Connection, limit: Limit, who: str, at: datetime, grants: int
) -> tuple[Granted, dict[str, datetime]]:
    own = hashlib.sha256(f"{limit.name} {who}".encode("utf-8", "surrogatepass")).hexdigest()
    most = {own: limit.each, _ALL: limit.total}
    a = alert_limits.c
    query = select(a.who, a.full_at).where(a.what == limit.name, a.who.in_(most))
    held = {row.who: moment(row.full_at) for row in connection.execute(query)}
    now = {key: _full_at(held.get(key, at), limit, at) for key in most}
    then = {key: now[key] + grants * limit.lasts / most[key] for key in most}
    if (over := max(then.values()) - at - limit.lasts) > timedelta(0):
        raise LimitReached(_granted(limit, now[own] - at), math.ceil(over.total_seconds()))
    return _granted(limit, then[own] - at), then


def _full_at(held: datetime, limit: Limit, at: datetime) -> datetime:
    """When a bucket is full; one that fills for longer than can be was noted by a clock that was ahead."""
    return at if held - at > limit.lasts else max(held, at)


def _granted(limit: Limit, until_full: timedelta) -> Granted:
    left = (limit.lasts - until_full) // (limit.lasts / limit.each)
    return Granted(limit.each, left, math.ceil(until_full.total_seconds()))
