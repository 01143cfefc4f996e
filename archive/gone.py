"""Since when a notice is no longer listed, and by how many complete crawls that is known."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from archive import listing_tables as lt
from archive.times import moment
from noticewatch.models import Listing


@dataclass(frozen=True, slots=True)
class Gone:
    """since: the first complete crawl without the notice, or the first that heard that it is withdrawn, UTC;
    crawls: complete crawls without it up to now, 0 for one that is withdrawn.
    """

    since: datetime
    crawls: int


def gone(connection: Connection, notice_number: int) -> Gone | None:
    """What is known of a notice that is no longer listed; None for one that is."""
    d, w = lt.departures.c, lt.key_walks.c
    row = connection.execute(
        select(d.key, d.since).where(d.notice == notice_number, d.listing != Listing.LISTED.value)
    ).first()
    if row is None:
        return None
    crawls = select(func.count()).select_from(lt.key_walks).where(w.key == row.key, w.at >= row.since)
    return Gone(moment(row.since), int(connection.scalar(crawls) or 0))
