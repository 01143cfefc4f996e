"""Messages formed, taken, sent and noted as the delivery loop does it, at any moment."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, select

from alerts import forming, searches
from alerts.models import Outcome
from alerts.outbox import Claimed, claim, settle
from alerts.searches import SavedSearch
from alerts.tables import deliveries
from archive.store import Archive
from tests.alerts.making import crawl, follow, opened, save
from tests.archive.making import reading

DONE, LATER, GONE = Outcome("delivered", "ok"), Outcome("retry", "503"), Outcome("gone", "410")
ME, OTHER = "this process", "another"


def found(archive: Archive, count: int = 1, **more: object) -> SavedSearch:
    """A search that has found so many notices."""
    opened(archive)
    search = save(archive, "drone", **more)  # type: ignore[arg-type]  # handed on
    crawl(archive, *(reading(str(number), f"drone {number}") for number in range(count)))
    follow(archive)
    return search


T = TypeVar("T")


def within(archive: Archive, do: Callable[[Connection], T]) -> T:
    with archive.writing() as connection:
        return do(connection)


def formed(archive: Archive, at: datetime) -> int:
    within(archive, lambda connection: forming.form(connection, at))
    with archive.reading() as connection:
        return len(connection.execute(select(deliveries)).all())


def taken(archive: Archive, at: datetime, owner: str = ME, most: int = 10) -> list[Claimed]:
    return within(archive, lambda connection: claim(connection, owner, most, at))


def noted(archive: Archive, one: Claimed, outcome: Outcome, at: datetime, owner: str = ME) -> None:
    within(archive, lambda connection: settle(connection, owner, one, outcome, at))


def states(archive: Archive) -> list[str]:
    with archive.reading() as connection:
        return list(connection.scalars(select(deliveries.c.state).order_by(deliveries.c.number)))


def target_states(archive: Archive, search: SavedSearch) -> list[str]:
    with archive.reading() as connection:
        return [one.state for one in searches.targets_of(connection, [search.number])[search.number]]
