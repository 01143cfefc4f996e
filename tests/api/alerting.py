"""Archives, servers and sign-ups for the tests of saved searches over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from alerts.matching import AlertReader
from alerts.tables import alert_targets, deliveries
from archive.joins import Joiner
from archive.store import Archive
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.archive.making import open_archive
from tests.databases import settings_at
from tests.dictionary import dictionary, matcher
from watchlist.tagger import Tagger

API = "/api/v1/searches"
BASE = "https://notices.example"
HOOK = {"channel": "webhook", "address": "https://hooks.example.org/alerts"}
MAIL = {"channel": "email", "address": "desk@example.org"}
MAILING = {"smtp_url": "smtp://127.0.0.1:9?starttls=never", "mail_from": "noticewatch <alerts@notices.example>"}


@contextmanager
def desk(home: Path, archive: Archive | None = None, **settings: Any) -> Iterator[tuple[TestClient, Archive]]:
    """A client of the pages over an archive, and the archive. Mail can be sent, at least as far as the settings go."""
    opened = archive or open_archive(home)
    try:
        given = settings_at(opened.folder, **({"public_url": BASE} | MAILING | settings))
        readers = [Joiner(), Tagger(matcher()), AlertReader(matcher())]
        with served(opened, given, dictionary(), readers) as client:
            yield client, opened
    finally:
        if archive is None:
            opened.close()


def save(client: TestClient, *targets: dict[str, str], **given: Any) -> dict[str, Any]:
    """A search saved by the API, as it was answered, with ``token``."""
    asked = {"query": "drone", "lens": "everything", "targets": list(targets or (HOOK,))} | given
    answer = client.post(API, json=asked)
    assert answer.status_code == 201, answer.text
    saved = answer.json()
    assert isinstance(saved, dict)
    return saved | {"token": saved["api_url"].rpartition("/")[2]}


def states(archive: Archive) -> list[tuple[str, str]]:
    """Address and state of every target."""
    t = alert_targets.c
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(select(t.address, t.state).order_by(t.number))]  # type: ignore[misc]  # of two


def asked(archive: Archive) -> int:
    """How many messages there are, sent or to be sent."""
    with archive.reading() as connection:
        return len(connection.execute(select(deliveries.c.number)).all())


def link(archive: Archive, purpose: str, address: str = MAIL["address"]) -> str:
    """The token of a link in a mail to an address."""
    from alerts.tokens import Tokens  # noqa: PLC0415 - makes the key of the data folder

    t = alert_targets.c
    with archive.writing() as connection:
        row = connection.execute(select(t.number, t.id, t.search).where(t.address == address)).one()
        return Tokens(archive.folder).token(connection, purpose, row.search, row.id, row.number)  # type: ignore[arg-type]  # a purpose


def settings_of(archive: Archive) -> Settings:
    return settings_at(archive.folder, public_url=BASE, **MAILING)
