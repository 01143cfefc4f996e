"""From a crawl to a webhook on loopback: each thing arrives, and its message says what was found and why."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from alerts import searches
from alerts.channels.registry import channels
from alerts.channels.webhook import new_secret
from alerts.delivery import Delivery
from alerts.models import Target, Terms
from alerts.searches import SavedSearch
from alerts.tables import alert_tokens, deliveries, outbox, saved_searches, search_revisions
from alerts.tokens import Tokens, hashed
from archive.store import Archive
from archive.times import stamp
from noticewatch.identifiers import now
from noticewatch.settings import Settings
from tests.alerts.making import crawl, follow, names, opened
from tests.alerts.receiver import Receiver, receiver
from tests.archive.making import reading, title
from tests.dictionary import matcher
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.both_databases


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


def delivery(archive: Archive) -> Delivery:
    settings = Settings(home=archive.folder, alerts_allow_private=True)
    return Delivery(archive, channels(settings), matcher(), "https://notices.example")


def save(archive: Archive, hook: Receiver, query: str) -> tuple[SavedSearch, str]:
    with archive.writing() as connection:
        return searches.create(
            connection, Tokens(archive.folder), names(), Terms(query=query, lens="everything"),
            [(Target("webhook", hook.url, new_secret()), "active")],
        )  # fmt: skip


def test_a_message_arrives_once_and_says_what_was_found(archive: Archive, hook: Receiver) -> None:
    opened(archive)
    save(archive, hook, "drone")
    crawl(archive, reading("A", title("A drone for the coast")), reading("B", "paper"))
    follow(archive)
    sender = delivery(archive)
    assert sender.once() == 1
    assert sender.once() == 0
    ((message_id, body),) = hook.got
    with archive.reading() as connection:
        assert connection.execute(select(deliveries.c.id, deliveries.c.state)).all() == [(message_id, "delivered")]
    said = str(body)
    assert "A drone for the coast" in said
    assert "us-action:A" in said
    assert "paper" not in said


def test_what_was_refused_comes_again_under_the_same_id(archive: Archive, hook: Receiver) -> None:
    opened(archive)
    save(archive, hook, "drone")
    crawl(archive, reading("A", "drone"))
    follow(archive)
    hook.answers = [503]
    assert delivery(archive).once() == 1
    with archive.writing() as connection:
        connection.execute(deliveries.update().values(next_attempt_at="2000-01-01T00:00:00.000000Z"))
    assert delivery(archive).once() == 1
    assert hook.got[0] == hook.got[1]


def test_two_processes_at_once_send_each_message_once(archive: Archive, hook: Receiver) -> None:
    opened(archive)
    for _ in range(3):
        save(archive, hook, "drone")
    crawl(archive, *(reading(str(number), "drone") for number in range(10)))
    follow(archive)
    threads = [threading.Thread(target=delivery(archive).once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    delivery(archive).once()
    assert len(hook.got) == len({one for one, _ in hook.got}) == 30


def test_the_loop_delivers_soon_and_stops_when_told(archive: Archive, hook: Receiver) -> None:
    opened(archive)
    save(archive, hook, "drone")
    stopping = threading.Event()
    loop = threading.Thread(target=delivery(archive).run, args=(stopping, 0.05))
    loop.start()
    crawl(archive, reading("A", "drone"))
    follow(archive)
    until(lambda: hook.got)
    stopping.set()
    loop.join(PATIENCE)
    assert not loop.is_alive()
    assert len(hook.got) == 1


def test_links_lead_to_the_search_and_the_database_alone_gives_none(archive: Archive, hook: Receiver) -> None:
    saved, token = save(archive, hook, "drone")
    with archive.reading() as connection:
        found = searches.by_token(connection, token)
        assert searches.by_token(connection, token + "x") is None
        held = set(connection.scalars(select(alert_tokens.c.sha256)))
    assert found == saved
    assert token not in held
    assert hashed(token) in held
    with archive.writing() as connection:
        assert Tokens(archive.folder).token(connection, "manage", saved.number, saved.id) == token


def test_what_a_search_found_and_that_it_is_not_read_any_more_is_told_by_another_version(
    archive: Archive, hook: Receiver
) -> None:
    opened(archive)
    save(archive, hook, "drone")
    crawl(archive, reading("A", title("A drone for the coast")))
    follow(archive)
    with archive.writing() as connection:
        connection.execute(search_revisions.update().values(terms='{"query": "drone", "lens": "none such"}'))
    crawl(archive, reading("A", title("A drone for the coast")), reading("B", "drone"), day=2)
    follow(archive)
    assert delivery(archive).once() == 2
    said = {body["type"]: str(body) for _, body in hook.got}
    assert "A drone for the coast" in said["search.found"]
    assert "It was saved by another version" in said["search.note"]


def test_what_is_to_be_told_in_a_rhythm_of_another_version_is_told_daily(archive: Archive, hook: Receiver) -> None:
    opened(archive)
    save(archive, hook, "drone")
    with archive.writing() as connection:
        connection.execute(saved_searches.update().values(rhythm="monthly", weekday=31, zone="Mars/Olympus"))
    crawl(archive, reading("A", title("A drone for the coast")))
    follow(archive)
    assert delivery(archive).once() == 0
    with archive.writing() as connection:
        connection.execute(outbox.update().values(due_at=stamp(now())))
    assert delivery(archive).once() == 1
    assert [body["data"]["rhythm"] for _, body in hook.got] == ["daily"]
    with archive.writing() as connection:
        held = searches.by_numbers(connection)[0]
        assert held.mistimed
        assert not searches.change(connection, names(), held.number, timing=held.timing).mistimed
