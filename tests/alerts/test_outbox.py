"""Messages are formed once, sent by one process at a time, tried again and again, and kept."""

from datetime import time, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from alerts import forming, outbox, searches
from alerts.models import Outcome, Rhythm, Timing
from alerts.outbox import LEASE, TRIED_FOR, wait
from alerts.tables import deliveries
from archive import tables
from archive.store import Archive
from noticewatch.identifiers import now
from tests.alerts.boxing import (
    DONE,
    GONE,
    LATER,
    ME,
    OTHER,
    formed,
    found,
    noted,
    states,
    taken,
    target_states,
    within,
)  # fmt: skip
from tests.alerts.making import crawl, follow, names, opened, save
from tests.archive.making import reading, title

pytestmark = pytest.mark.both_databases


def test_a_group_becomes_a_message_for_each_target_once(archive: Archive) -> None:
    found(archive, 2, to=("a@example.org", "b@example.org"))
    at = now()
    assert formed(archive, at) == 4
    assert formed(archive, at) == 4


def test_two_processes_never_take_the_same_message_and_a_dead_one_gives_its_own_back(archive: Archive) -> None:
    found(archive)
    at = now()
    formed(archive, at)
    (first,) = taken(archive, at)
    assert taken(archive, at + LEASE / 2, OTHER) == []
    (again,) = taken(archive, at + LEASE, OTHER)
    assert (again.id, again.attempts) == (first.id, 2)
    noted(archive, first, LATER, at + LEASE)  # it was only slow: what it says counts no more
    assert taken(archive, at + LEASE + timedelta(minutes=2), ME) == []
    noted(archive, again, DONE, at + LEASE, OTHER)
    assert states(archive) == ["delivered"]


def test_what_a_slow_process_has_delivered_is_delivered(archive: Archive) -> None:
    found(archive)
    at = now()
    formed(archive, at)
    (first,) = taken(archive, at)
    (again,) = taken(archive, at + LEASE, OTHER)
    noted(archive, first, DONE, at + LEASE)
    noted(archive, again, LATER, at + LEASE, OTHER)
    assert states(archive) == ["delivered"]


def test_a_message_is_tried_with_growing_waits_for_72_hours_then_kept_and_its_target_paused(archive: Archive) -> None:
    search = found(archive, to=("a@example.org",))
    begun = at = now()
    formed(archive, at)
    moments = []
    while at < begun + timedelta(hours=100):
        for one in taken(archive, at):
            moments.append(at)
            noted(archive, one, LATER, at)
        at += timedelta(minutes=1 if at < begun + timedelta(hours=1) else 60)
    waits = [later - sooner for sooner, later in pairwise(moments)]
    assert waits[0] < waits[2] < waits[4] < waits[-1]
    assert moments[-1] - begun >= TRIED_FOR
    assert moments[-1] - begun < TRIED_FOR + timedelta(hours=10)
    assert states(archive) == ["failed"]
    assert target_states(archive, search) == ["paused"]
    within(archive, lambda connection: searches.resume(connection, search.targets[0].number))
    (again,) = taken(archive, at)
    noted(archive, again, DONE, at)
    assert states(archive) == ["delivered"]


def test_the_other_side_may_ask_for_a_longer_wait_but_not_for_ever() -> None:
    assert timedelta(seconds=54) <= wait(LATER, 1) <= timedelta(seconds=66)
    assert wait(Outcome("retry", "", 3_600), 1) == timedelta(hours=1)
    assert wait(Outcome("retry", "", 1e300), 1) == timedelta(hours=24)
    assert wait(Outcome("retry", "", -5), 1) > timedelta(0)


def test_a_target_that_asks_to_be_left_alone_is_paused_its_owner_told_by_another_and_nothing_lost(
    archive: Archive,
) -> None:
    search = found(archive, 2, to=("gone@example.org", "b@example.org"))
    at = now()
    formed(archive, at)
    while some := taken(archive, at):
        for one in some:
            noted(archive, one, GONE if one.target.target.address.startswith("gone") else DONE, at)
    assert target_states(archive, search) == ["paused", "active"]
    with archive.reading() as connection:
        notes = connection.execute(select(deliveries.c.target, deliveries.c.note).where(deliveries.c.note != "")).all()
        kept = connection.scalars(select(deliveries.c.target).where(deliveries.c.state == "waiting")).all()
    assert [target for target, _ in notes] == [search.targets[1].number]
    assert "410" in notes[0].note
    assert list(kept) == [search.targets[0].number] * 2
    within(archive, lambda connection: searches.resume(connection, search.targets[0].number))
    sent, at = 0, now()
    while some := taken(archive, at):
        sent += len(some)
        for one in some:
            noted(archive, one, DONE, at)
    assert sent == 2


def test_a_failing_target_does_not_hold_up_others(archive: Archive) -> None:
    found(archive, 3, to=("bad@example.org", "good@example.org"))
    at = now()
    formed(archive, at)
    delivered = 0
    for _ in range(10):
        for one in taken(archive, at):
            bad = one.target.target.address.startswith("bad")
            noted(archive, one, LATER if bad else DONE, at)
            delivered += not bad
    assert delivered == 3


def test_no_more_than_two_messages_are_under_way_to_one_host(archive: Archive) -> None:
    opened(archive)
    for number in range(4):
        saved = save(archive, "drone", to=())
        within(archive, lambda connection, number=number, saved=saved: searches.add_target(
            connection, saved.number, searches.Target("webhook", f"https://one.example/{number}"), "active"))  # type: ignore[misc]  # fmt: skip
    other = save(archive, "drone", to=())
    within(archive, lambda connection: searches.add_target(
        connection, other.number, searches.Target("webhook", "https://other.example/"), "active"))  # fmt: skip
    crawl(archive, reading("1", "drone"))
    follow(archive)
    at = now()
    formed(archive, at)
    hosts = [outbox.host_of("webhook", one.target.target.address) for one in taken(archive, at)]
    assert sorted(hosts) == ["one.example", "one.example", "other.example"]
    assert taken(archive, at, OTHER) == []


def test_however_much_waits_for_a_slow_relay_a_webhook_does_not_wait_behind_it(archive: Archive) -> None:
    opened(archive)
    for part in range(52):
        save(archive, "drone", to=[f"{part}.{number}@example.org" for number in range(10)])
    later = save(archive, "drone", to=())
    within(archive, lambda connection: searches.add_target(
        connection, later.number, searches.Target("webhook", "https://other.example/"), "active"))  # fmt: skip
    crawl(archive, reading("1", "drone"))
    follow(archive)
    at = now()
    while formed(archive, at) < 521:
        pass
    assert [one.target.target.channel for one in taken(archive, at)] == ["email", "email", "webhook"]


def test_too_many_messages_an_hour_become_a_digest(archive: Archive) -> None:
    search = found(archive, forming.MOST_AT_ONCE + 5)
    at = now()
    assert formed(archive, at) == 1
    (digest,) = taken(archive, at)
    assert (digest.rhythm, len(digest.groups)) == (Rhythm.HOURLY, forming.MOST_AT_ONCE + 5)
    crawl(archive, *(reading(f"more {number}", "drone") for number in range(3)), day=2)
    follow(archive)
    soon = now() + timedelta(seconds=1)
    assert formed(archive, soon) == 1  # within the hour of a digest nothing more is sent one by one
    assert formed(archive, at + timedelta(hours=1, seconds=2)) == 4
    assert search.timing.rhythm is Rhythm.AT_ONCE


def test_a_digest_holds_all_of_its_time_in_one_message(archive: Archive) -> None:
    found(archive, 30, timing=Timing(Rhythm.DAILY, time(8), zone="America/New_York"))
    at = now()
    assert formed(archive, at) == 0
    assert formed(archive, at + timedelta(days=1, hours=1)) == 1
    (digest,) = taken(archive, at + timedelta(days=1, hours=1))
    assert (digest.rhythm, len(digest.groups)) == (Rhythm.DAILY, 30)


def test_what_came_late_goes_into_a_daily_digest_of_a_search_that_fires_at_once(archive: Archive) -> None:
    opened(archive)
    save(archive, "drone")
    old = title("drone", dates=[{"role": "posted", "value": "2020-01-01"}])
    crawl(archive, reading("1", old), reading("2", old), reading("3", "drone"))
    follow(archive)
    at = now()
    assert formed(archive, at) == 1
    assert formed(archive, at + timedelta(days=1, hours=1)) == 2
    rhythms = [(one.rhythm, len(one.groups)) for one in taken(archive, at + timedelta(days=2), most=1)]
    assert rhythms == [(Rhythm.AT_ONCE, 1)]


def test_a_target_that_is_not_confirmed_gets_nothing_until_it_is(archive: Archive) -> None:
    search = found(archive, state="unconfirmed")
    at = now()
    assert formed(archive, at) == 0
    within(archive, lambda connection: searches.confirm(connection, search.targets[0].number))
    assert formed(archive, at) == 1


def test_an_address_that_nobody_confirms_is_forgotten_with_its_search(archive: Archive) -> None:
    found(archive, state="unconfirmed")
    confirmed = save(archive, "drone", to=("b@example.org",))
    at = now()
    assert within(archive, lambda connection: searches.forget_unconfirmed(connection, at + timedelta(days=2))) == 0
    assert within(archive, lambda connection: searches.forget_unconfirmed(connection, at + timedelta(days=4))) == 1
    with archive.reading() as connection:
        assert [one.number for one in searches.by_numbers(connection)] == [confirmed.number]


@pytest.mark.parametrize("moment", ["found", "formed", "taken"])
def test_a_clock_that_is_set_back_a_day_delays_nothing_that_is_told_at_once(archive: Archive, moment: str) -> None:
    found(archive, 2)
    ahead = now()
    if moment != "found":
        formed(archive, ahead)
    if moment == "taken":
        assert taken(archive, ahead)
    at = ahead - timedelta(days=1)
    within(archive, lambda connection: outbox.mend_clock(connection, at))
    formed(archive, at)
    sent = 0
    while some := taken(archive, at):
        sent += len(some)
        for one in some:
            noted(archive, one, DONE, at)
    assert sent == 2
    assert states(archive) == ["delivered"] * 2


def test_a_clock_that_was_a_day_ahead_for_a_while_neither_loses_nor_doubles_anything(archive: Archive) -> None:
    found(archive, 2, timing=Timing(Rhythm.DAILY))
    at = now()
    assert formed(archive, at + timedelta(days=2)) == 1
    (one,) = taken(archive, at + timedelta(days=2))
    noted(archive, one, LATER, at + timedelta(days=2))
    within(archive, lambda connection: outbox.mend_clock(connection, at))
    assert formed(archive, at) == 1
    (again,) = taken(archive, at + timedelta(days=3))
    assert again.id == one.id


def test_a_right_clock_moves_nothing(archive: Archive) -> None:
    found(archive, 2, timing=Timing(Rhythm.WEEKLY))
    at = now()
    within(archive, lambda connection: outbox.mend_clock(connection, at))
    assert formed(archive, at) == 0


def test_another_rhythm_moves_what_waits(archive: Archive) -> None:
    search = found(archive, timing=Timing(Rhythm.WEEKLY))
    at = now()
    assert formed(archive, at) == 0
    within(archive, lambda connection: searches.change(
        connection, names(), search.number, timing=Timing(Rhythm.AT_ONCE)))  # fmt: skip
    assert formed(archive, now()) == 1


def test_deleting_a_search_deletes_what_was_to_be_sent(archive: Archive) -> None:
    search = found(archive)
    at = now()
    formed(archive, at)
    (one,) = taken(archive, at)
    within(archive, lambda connection: searches.remove(connection, [search.number]))
    noted(archive, one, LATER, at)
    assert states(archive) == []


def test_a_message_can_be_sent_again_under_its_id(archive: Archive) -> None:
    found(archive)
    at = now()
    formed(archive, at)
    (one,) = taken(archive, at)
    noted(archive, one, DONE, at)
    assert within(archive, lambda connection: outbox.replay(connection, [one.number], at)) == 1
    assert [again.id for again in taken(archive, at)] == [one.id]


def test_after_a_restore_nothing_goes_out_that_may_have_gone_out_before(archive: Archive) -> None:
    search = found(archive, 2)
    at = now()
    formed(archive, at)
    crawl(archive, reading("unmatched", "drone"), day=2)
    within(archive, lambda connection: connection.execute(
        update(tables.meta).where(tables.meta.c.name == "epoch").values(value="another epoch")))  # fmt: skip
    restored = Archive(archive.engine, archive.folder)
    follow(restored)
    assert taken(restored, at) == []
    crawl(restored, reading("unmatched", "drone"), reading("later", "drone"), day=3)
    follow(restored)
    assert formed(restored, now()) == 3
    assert states(restored) == ["held", "held", "waiting"]
    assert within(restored, lambda connection: outbox.let_go(connection, now())) == 2
    assert search.number == 1


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize(
    ("channel", "address", "host"),
    [
        ("email", "desk@example.org", "email"),
        ("webhook", "https://Hooks.example:8443/token", "hooks.example"),
        ("chat", "https://hooks.slack.com/services/T/B/X", "hooks.slack.com"),
        ("chat", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack"),
        ("chat", "ntfy://secret-topic", "ntfy"),
        ("chat", "tgram://123456789:abcdefg/12315544", "tgram"),
        ("chat", "mmosts://chat.example/token", "chat.example"),
        ("webhook", "https://[bad", "webhook"),
    ],
)
def test_a_host_is_told_and_never_a_token(channel: str, address: str, host: str) -> None:
    assert outbox.host_of(channel, address) == host
