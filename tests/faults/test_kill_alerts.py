"""Alerts killed, or without disk, while they match, fill the outbox, send and note: all is evaluated once, and told.

A message may come twice where its sender died between sending and noting; it has the same id then.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts import searches
from alerts.channels.registry import channels
from alerts.channels.webhook import new_secret
from alerts.delivery import AT_ONCE, Delivery
from alerts.models import Reason, Target, Terms
from alerts.tables import alert_groups, deliveries, matches, outbox
from alerts.tokens import Tokens
from archive.store import Archive
from noticewatch.settings import Settings
from tests.alerts.making import crawl, follow, names, opened
from tests.alerts.receiver import Receiver, receiver
from tests.archive.making import reading, title
from tests.databases import copied, settings_at
from tests.dictionary import matcher
from tests.faults.full_disk import can_be_full, fill
from tests.faults.killing import Acknowledge, child, lines_of, spread
from tests.faults.scale import KILLS

pytestmark = [pytest.mark.both_databases, pytest.mark.xdist_group("processes")]

FILES = [
    f"alerts/{name}.py"
    for name in ("matching", "forming", "outbox", "delivery", "assembly", "epoch", "tokens", "channels/webhook")
]
NOTICES = 30


def work(_acknowledge: Acknowledge, settings: Settings) -> None:
    """Match what the log holds and deliver what comes of it."""
    archive = Archive.open(settings)
    finish(archive, settings)
    archive.close()


def finish(archive: Archive, settings: Settings) -> None:
    follow(archive)
    Delivery(archive, channels(settings), matcher(), "https://notices.example").once()


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture
def prepared(tmp_path: Path, hook: Receiver) -> Path:
    """A data folder with searches, and news in its log that nobody has matched yet."""
    home = tmp_path / "prepared"
    archive = Archive.open(settings_at(home))
    old = [reading(f"old {number}", f"drone {number}") for number in range(5)]
    opened(archive, *old)
    with archive.writing() as connection:
        for query in ("drone", "camera", "drone OR camera", "-drone"):
            terms = Terms(query=query, lens="everything", reasons=(Reason.NEW, Reason.AMENDED))
            target = Target("webhook", f"{hook.url}/{len(query)}", new_secret())
            searches.create(connection, Tokens(archive.folder), names(), terms, [(target, "active")])
    changed = [reading(f"old {number}", f"camera {number}") for number in range(3)]
    late = {"dates": [{"role": "posted", "value": "2020-01-01"}]}
    new = [reading(str(number), title(("drone", "camera", "paper")[number % 3], **(late if number % 5 == 0 else {})))
           for number in range(NOTICES)]  # fmt: skip
    crawl(archive, *changed, *old[3:], *new)
    archive.close()
    return home


def settings_of(home: Path) -> Settings:
    return settings_at(home, alerts_allow_private=True)


def state(archive: Archive) -> dict[str, Any]:
    """What was found, and into how many messages each row has gone."""
    with archive.reading() as connection:
        found = connection.execute(
            select(matches.c.revision, matches.c.seq, matches.c.crossing, alert_groups.c.key, alert_groups.c.late)
            .join(alert_groups, alert_groups.c.number == matches.c.event_group)
            .order_by(matches.c.revision, matches.c.seq)
        ).all()
        told = connection.execute(
            select(alert_groups.c.search, alert_groups.c.key, alert_groups.c.first_seq, outbox.c.target)
            .join(alert_groups, alert_groups.c.number == outbox.c.event_group)
            .order_by(outbox.c.target, alert_groups.c.first_seq)
        ).all()
        sent = connection.execute(select(deliveries.c.id, deliveries.c.state)).all()
    return {"found": found, "told": told, "ids": {row.id for row in sent}, "states": [row.state for row in sent]}


def undisturbed(prepared: Path, home: Path) -> tuple[int, dict[str, Any]]:
    """How many lines of ``FILES`` the work takes, and the state it ends in, where nothing happens to it."""
    settings = settings_of(copied(prepared, home))
    lines = lines_of(work, settings, files=FILES)
    with closing(Archive.open(settings)) as archive:
        return lines, state(archive)


def test_alerts_killed_anywhere_find_everything_once_and_tell_it(
    prepared: Path, tmp_path: Path, hook: Receiver
) -> None:
    lines, expected = undisturbed(prepared, tmp_path / "undisturbed")
    assert len(expected["told"]) == len(expected["found"]) > 2 * NOTICES
    for seed in range(KILLS):
        home, at = copied(prepared, tmp_path / f"killed {seed}"), spread(Random(seed), lines)
        hook.got.clear()
        with child(work, settings_of(home), files=FILES, at=at) as killed:
            code = killed.wait()
        assert code in (0, -9), f"seed {seed}, line {at}"  # threads do not run in the same order each time
        goes_on(home, hook, expected, f"seed {seed}, line {at}")


@pytest.mark.sqlite_suffices
@pytest.mark.skipif(not can_be_full(), reason="the disk of this machine cannot be made to look full")
def test_alerts_whose_disk_fills_up_anywhere_find_everything_once_and_tell_it_when_there_is_space(
    prepared: Path, tmp_path: Path, hook: Receiver
) -> None:
    lines, expected = undisturbed(prepared, tmp_path / "undisturbed")
    for seed in range(KILLS):
        home, at = copied(prepared, tmp_path / f"full {seed}"), spread(Random(seed), lines)
        hook.got.clear()
        with child(work, settings_of(home), files=FILES, at=at, happens=fill) as filled:
            filled.wait()
        goes_on(home, hook, expected, f"seed {seed}, line {at}")


def goes_on(home: Path, hook: Receiver, expected: dict[str, Any], where: str) -> None:
    """Let another process do the rest, and hold what there is then to what there must be."""
    archive = Archive.open(settings_of(home))
    with archive.writing() as connection:  # time goes by: leases of the dead process end
        connection.execute(update(deliveries).values(owned_until=None))
    finish(archive, settings_of(home))
    after = state(archive)
    archive.close()
    got = [one for one, _ in hook.got]
    assert after["found"] == expected["found"], where
    assert after["told"] == expected["told"], where
    assert set(after["states"]) == {"delivered"}, where
    assert set(got) == after["ids"], where
    assert len(got) - len(set(got)) <= AT_ONCE, where
