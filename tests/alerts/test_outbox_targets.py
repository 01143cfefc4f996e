"""What becomes of a target, and of a message, by what came of sending it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from alerts import searches
from alerts.tables import deliveries
from archive.store import Archive
from noticewatch.identifiers import now
from tests.alerts.boxing import DONE, LATER, OTHER, formed, found, noted, states, taken, within
from tests.alerts.making import crawl, follow, save
from tests.archive.making import reading

pytestmark = pytest.mark.both_databases


def test_a_message_is_not_given_up_because_nobody_could_try_it(archive: Archive) -> None:
    found(archive)
    at = now()
    formed(archive, at)
    for hours in (0, 80, 100):
        (one,) = taken(archive, at + timedelta(hours=hours))
        noted(archive, one, LATER, at + timedelta(hours=hours))
    assert states(archive) == ["waiting"]


def test_since_when_a_target_fails_is_told_until_something_comes_through(archive: Archive) -> None:
    search = found(archive)
    at = now()
    formed(archive, at)

    def since() -> datetime | None:
        with archive.reading() as connection:
            return searches.targets_of(connection, [search.number])[search.number][0].failing_since

    for minutes in (0, 10):
        (one,) = taken(archive, at + timedelta(minutes=minutes))
        noted(archive, one, LATER, at + timedelta(minutes=minutes))
        assert since() == at
    (one,) = taken(archive, at + timedelta(hours=1))
    noted(archive, one, DONE, at + timedelta(hours=1))
    assert since() is None


def test_a_target_gets_one_message_at_a_time(archive: Archive) -> None:
    found(archive, 2)
    at = now()
    formed(archive, at)
    assert len(taken(archive, at)) == 1
    assert taken(archive, at, OTHER) == []


def test_what_came_of_a_deleted_message_is_not_noted_of_another_with_its_number(archive: Archive) -> None:
    search = found(archive)
    at = now()
    formed(archive, at)
    (old,) = taken(archive, at)
    within(archive, lambda connection: searches.remove(connection, [search.number]))
    save(archive, "drone")
    crawl(archive, reading("later", "drone later"), day=2)
    follow(archive)
    formed(archive, now())
    with archive.reading() as connection:
        number = connection.scalars(select(deliveries.c.number)).one()
    noted(archive, replace(old, number=number), DONE, now())
    assert states(archive) == ["waiting"]
