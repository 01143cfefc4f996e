"""A burst of news stays within the limits, and one bad target holds up no other."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from alerts import forming, searches
from alerts.channels.registry import channels
from alerts.channels.webhook import new_secret
from alerts.delivery import Delivery
from alerts.models import Rhythm, Target, Terms
from alerts.tables import deliveries, matches, outbox
from alerts.tokens import Tokens
from archive.store import Archive
from noticewatch.identifiers import now
from noticewatch.settings import Settings
from tests.alerts.making import crawl, follow, names, opened, save
from tests.alerts.receiver import receiver
from tests.archive.making import reading
from tests.dictionary import matcher
from tests.waiting import PATIENCE, until

SEARCHES, NEWS, EACH = 1_000, 10_000, 3


def formed(archive: Archive) -> int:
    rows, at = 0, now()
    while True:
        with archive.writing() as connection:
            moved = forming.form(connection, at)
        rows += moved
        if not moved:
            return rows


def test_ten_thousand_events_for_a_thousand_searches_make_a_digest_each(archive: Archive) -> None:
    opened(archive)
    every = save(archive, "all*")
    for number in range(SEARCHES - 1):
        save(archive, f"word{number}")
    crawl(archive, *(
        reading(f"{one}", "all " + " ".join(f"word{(one * EACH + step) % (SEARCHES - 1)}" for step in range(EACH)))
        for one in range(NEWS)
    ))  # fmt: skip
    follow(archive)
    with archive.reading() as connection:
        found = connection.scalar(select(func.count()).select_from(matches))
    assert found == NEWS * (EACH + 1)
    assert formed(archive) == found
    with archive.reading() as connection:
        rhythms = Counter(connection.scalars(select(deliveries.c.rhythm)))
        largest = connection.execute(
            select(deliveries.c.search, func.count()).join(outbox, outbox.c.delivery == deliveries.c.number)
            .group_by(deliveries.c.search).order_by(func.count().desc()).limit(1)
        ).one()  # fmt: skip
    assert rhythms == {Rhythm.HOURLY: SEARCHES}
    assert tuple(largest) == (every.number, NEWS)


@contextmanager
def silent() -> Iterator[tuple[str, threading.Event]]:
    """An address that takes connections and never says a word, and whether anybody came."""
    came = threading.Event()
    server = socket.create_server(("127.0.0.2", 0))
    held: list[socket.socket] = []

    def take() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return
            came.set()

    threading.Thread(target=take, daemon=True).start()
    try:
        yield f"http://127.0.0.2:{server.getsockname()[1]}/hook", came
    finally:
        server.close()
        for one in held:
            one.close()


def held(archive: Archive) -> int:
    """How many messages are under way: taken up by a sender, and their end not yet written down."""
    with archive.reading() as connection:
        return int(connection.scalar(select(func.count()).where(deliveries.c.owner.is_not(None))) or 0)


@pytest.mark.both_databases
def test_a_target_that_hangs_delays_no_other(archive: Archive) -> None:
    settings = Settings(home=archive.folder, alerts_allow_private=True)
    sender = Delivery(archive, channels(settings), matcher(), "https://notices.example")
    opened(archive)
    with receiver() as good, silent() as (url, came):
        for address in (url, good.url):
            with archive.writing() as connection:
                searches.create(connection, Tokens(archive.folder), names(), Terms(query="drone", lens="everything"),
                                [(Target("webhook", address, new_secret()), "active")])  # fmt: skip
        crawl(archive, *(reading(str(number), "drone") for number in range(5)))
        follow(archive)
        stopping = threading.Event()
        loop = threading.Thread(target=sender.run, args=(stopping, 0.02))
        loop.start()
        assert came.wait(PATIENCE)
        until(lambda: (len(good.got), held(archive)) == (5, 1), lambda: (len(good.got), held(archive)))
        assert len(good.got) == 5
        assert held(archive) == 1, "the message to the silent one is still under way"
        stopping.set()
    loop.join(PATIENCE)
    assert not loop.is_alive()
