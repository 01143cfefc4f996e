"""Turns at a host: crawls of several sources ask it as one asker would."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from archive import locks
from archive.hosts import Asker, resting
from archive.processes import Process
from archive.store import Archive

pytestmark = pytest.mark.both_databases

HOST = "publisher.example"
SECOND = timedelta(seconds=1)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self, connection: object) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def askers(archive: Archive, clock: Clock) -> Iterator[tuple[Asker, Asker]]:
    """Two crawls of two sources, each under its lock."""
    with ExitStack() as stack:
        held = [stack.enter_context(locks.hold(archive, name, renew_every=None)) for name in ("one", "two")]
        one, two = (Asker(archive, lease.source, lease.owner, clock) for lease in held)
        yield one, two


def test_the_next_waits_for_the_greater_of_its_own_distance_and_that_of_the_last(
    askers: tuple[Asker, Asker], clock: Clock
) -> None:
    one, two = askers
    assert one.turn(HOST, 4 * SECOND, 1).given
    one.done(HOST)
    assert two.turn(HOST, SECOND, 1).wait == 4 * SECOND
    clock.move(3)
    assert two.turn(HOST, SECOND, 1).wait == SECOND
    clock.move(1)
    assert two.turn(HOST, SECOND, 1).given
    two.done(HOST)
    assert one.turn(HOST, 4 * SECOND, 1).wait == 4 * SECOND
    assert one.turn("other.example", 4 * SECOND, 1).given


def test_a_request_under_way_counts_for_all_crawls_of_a_host(askers: tuple[Asker, Asker], clock: Clock) -> None:
    one, two = askers
    assert one.turn(HOST, SECOND, 2).given
    clock.move(60)
    assert two.turn(HOST, SECOND, 1).busy
    assert two.turn(HOST, SECOND, 2).given
    clock.move(60)
    assert one.turn(HOST, SECOND, 2).busy
    two.done(HOST)
    assert one.turn(HOST, SECOND, 2).given


def test_what_a_crawl_had_under_way_is_over_with_its_lock(archive: Archive, clock: Clock) -> None:
    dead = Process("elsewhere", 4711, "1")
    with locks.hold(archive, "two", renew_every=None) as lease:
        two = Asker(archive, "two", lease.owner, clock)
        with locks.hold(archive, "one", renew_every=None, process=dead) as gone:
            assert Asker(archive, "one", gone.owner, clock).turn(HOST, SECOND, 1).given
            clock.move(60)
            assert two.turn(HOST, SECOND, 1).busy
        assert two.turn(HOST, SECOND, 1).given
        two.done(HOST)
    with locks.hold(archive, "one", renew_every=None) as again:
        clock.move(60)
        one = Asker(archive, "one", again.owner, clock)
        assert one.turn(HOST, SECOND, 1).given, "what its own killed crawl had under way is no longer"
        clock.move(60)
        assert one.turn(HOST, SECOND, 1).busy


def test_a_host_that_wants_to_be_left_alone_is_left_alone_by_all(
    archive: Archive, askers: tuple[Asker, Asker], clock: Clock
) -> None:
    one, two = askers
    one.rest(HOST, 30 * SECOND)
    one.rest(HOST, 10 * SECOND)
    until = clock.at + 30 * SECOND
    assert (two.turn(HOST, SECOND, 1).wait, two.turn(HOST, SECOND, 1).rests_until) == (30 * SECOND, until)
    with archive.reading() as connection:
        assert resting(connection) == {HOST: until}
    clock.move(30)
    assert two.turn(HOST, SECOND, 1).given


def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_the_distance(
    askers: tuple[Asker, Asker], clock: Clock
) -> None:
    one, two = askers
    assert one.turn(HOST, 4 * SECOND, 1).given
    one.done(HOST)
    clock.move(-86_400)
    assert two.turn(HOST, SECOND, 1).wait == 4 * SECOND
