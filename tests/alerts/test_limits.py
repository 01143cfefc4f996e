"""How often something may be asked for is counted for all processes, over restarts, and forgotten in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from alerts.limits import Granted, Limit, LimitReached, forget, look, take
from alerts.tables import alert_limits
from archive.store import Archive
from tests.databases import settings_at

pytestmark = pytest.mark.both_databases

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOURLY = Limit("tries", 3, 5, timedelta(hours=1))


def taken(archive: Archive, who: str, at: datetime = AT, grants: int = 1, limit: Limit = HOURLY) -> Granted | int:
    """What is left, or the seconds to wait."""
    try:
        with archive.writing() as connection:
            return take(connection, limit, who, at, grants)
    except LimitReached as reached:
        return reached.wait


def rows(archive: Archive) -> int:
    with archive.reading() as connection:
        return connection.scalar(select(func.count()).select_from(alert_limits)) or 0


def test_grants_come_back_one_by_one(archive: Archive) -> None:
    assert [taken(archive, "a") for _ in range(4)] == [
        Granted(3, 2, 1_200), Granted(3, 1, 2_400), Granted(3, 0, 3_600), 1_200,
    ]  # fmt: skip
    later = AT + timedelta(minutes=15)
    assert taken(archive, "a", later) == 300
    assert taken(archive, "a", AT + timedelta(minutes=20)) == Granted(3, 0, 3_600)


def test_all_together_have_a_limit_too(archive: Archive) -> None:
    assert all(isinstance(taken(archive, who), Granted) for who in "abcde")
    assert taken(archive, "f") == 720
    assert isinstance(taken(archive, "f", AT + timedelta(minutes=12)), Granted)


def test_several_grants_are_taken_all_or_not_at_all(archive: Archive) -> None:
    assert isinstance(taken(archive, "a", grants=2), Granted)
    assert taken(archive, "a", grants=2) == 1_200
    assert taken(archive, "a") == Granted(3, 0, 3_600)


def test_another_process_and_a_restart_know_what_was_taken(archive: Archive) -> None:
    for _ in range(3):
        taken(archive, "a")
    other = Archive.open(settings_at(archive.folder))
    assert taken(other, "a") == 1_200
    with other.reading() as connection, pytest.raises(LimitReached):
        look(connection, HOURLY, "a", AT)
    other.close()


def test_who_asks_at_the_same_time_gets_no_more(archive: Archive) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: taken(archive, "a"), range(12)))
    assert sum(isinstance(answer, Granted) for answer in answers) == 3


def test_looking_and_what_is_rolled_back_take_nothing(archive: Archive) -> None:
    with archive.reading() as connection:
        assert look(connection, HOURLY, "a", AT, 3) == Granted(3, 0, 3_600)
    with pytest.raises(ZeroDivisionError), archive.writing() as connection:
        take(connection, HOURLY, "a", AT, 3)
        raise ZeroDivisionError
    assert taken(archive, "a", grants=3) == Granted(3, 0, 3_600)


def test_of_who_asks_a_hash_alone_is_held_and_not_for_long(archive: Archive) -> None:
    taken(archive, "203.0.113.0/24")
    with archive.reading() as connection:
        held = connection.execute(select(alert_limits)).all()
    assert sorted(len(row.who) for row in held) == [0, 64]
    assert "203.0.113" not in str(held)
    for seconds, left in ((719, 2), (720, 1), (1_200, 0)):
        with archive.writing() as connection:
            forget(connection, AT + timedelta(seconds=seconds))
        assert rows(archive) == left


def test_a_clock_that_was_set_back_locks_nobody_out(archive: Archive) -> None:
    for _ in range(3):
        taken(archive, "a", AT + timedelta(days=400))
    assert taken(archive, "a") == Granted(3, 2, 1_200)
