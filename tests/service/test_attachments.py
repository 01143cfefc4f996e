"""Which documents are collected, by setting and watchlist, and the scheduler that has them crawled."""

import subprocess
import sys

import pytest
from sqlalchemy import select, update

from archive import queries
from archive.documents.listing import DocumentLister
from archive.joins import Joiner
from archive.readers import drive
from archive.tables import memberships
from crawlers.source import load_sources
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from service.attachments import due_sources, wanted_of
from service.children import Children
from service.schedule import Schedule
from tests.archive.documents import making
from tests.archive.making import WHOLE, append, open_archive, reading, title
from tests.crawlers.wires import http, wires
from tests.waiting import PATIENCE
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

SOURCE = "federal_register"
CARRIED = WHOLE | {"documents"}


def listing(archive, dictionary, **titles):
    """Notices of the Federal Register by number, each with a document of its own."""
    for number, words in titles.items():
        content = title(words, documents=[{"url": f"https://www.govinfo.gov/{number}.pdf"}])
        append(archive, [reading(number, content, carried=CARRIED)], source=SOURCE, register="fr")
    drive(archive, [Joiner(), Tagger(Matcher(dictionary)), DocumentLister()])


@pytest.fixture
def archive(tmp_path):
    opened = open_archive(tmp_path / "data")
    yield opened
    opened.close()


def settings(tmp_path, **more):
    return Settings(home=tmp_path / "data", contact="desk@example.org", **more)


def test_the_watchlist_is_the_notices_that_carry_a_tag(archive, dictionary, tmp_path):
    listing(archive, dictionary, a="Clearview AI facial recognition", b="Office chairs")
    with archive.reading() as connection:
        numbers = list(connection.scalars(wanted_of(settings(tmp_path), SOURCE)))
    assert numbers == [1]
    assert wanted_of(settings(tmp_path, documents="all"), SOURCE) is None


def test_notices_of_a_watched_procurement_are_watched_too(archive, dictionary, tmp_path):
    listing(archive, dictionary, a="Clearview AI facial recognition", b="Office chairs", c="Office desks")
    with archive.writing() as connection:
        m = memberships.c
        first = select(m.procurement).where(m.notice == 1).scalar_subquery()
        connection.execute(update(memberships).where(m.notice == 2).values(procurement=first))
    with archive.reading() as connection:
        assert sorted(connection.scalars(wanted_of(settings(tmp_path), SOURCE))) == [1, 2]


def test_only_sources_with_documents_due_are_crawled_for_them(archive, dictionary, tmp_path):
    sources = load_sources()
    assert due_sources(archive, settings(tmp_path, documents="all"), sources) == []
    listing(archive, dictionary, b="Office chairs")
    assert due_sources(archive, settings(tmp_path), sources) == []
    assert due_sources(archive, settings(tmp_path, documents="all"), sources) == [SOURCE]
    assert due_sources(archive, settings(tmp_path, sources={SOURCE: {"documents": "all"}}), sources) == [SOURCE]
    off = {SOURCE: {"documents": "all", "enabled": False}}
    assert due_sources(archive, settings(tmp_path, sources=off), sources) == []
    assert due_sources(archive, Settings(home=tmp_path / "data", documents="all"), sources) == []
    listing(archive, dictionary, a="Clearview AI facial recognition")
    assert due_sources(archive, settings(tmp_path), sources) == [SOURCE]


def test_the_command_crawls_documents_and_says_what_came(archive, dictionary, tmp_path, surroundings):
    listing(archive, dictionary, a="Clearview AI facial recognition", b="Office chairs")
    file = http(200, making.pdf(["Page"]), ("Content-Type", "application/pdf"))
    with wires() as publisher:
        publisher.answers = lambda asked: file if asked.target == "/a.pdf" else http(404)
        (tmp_path / "noticewatch.toml").write_text(
            f'contact = "desk@example.org"\n[sources.{SOURCE}]\nthrough = "{publisher.address}"\n'
        )
        command = [sys.executable, "-m", "service.cli", "crawl", SOURCE, "--documents"]
        ended = subprocess.run(
            command, env=surroundings, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert ended.returncode == 0, ended.stderr
    assert "federal_register: complete. 1 document asked for, 1 file came." in ended.stdout
    with archive.reading() as connection:
        (run,) = queries.runs(connection, SOURCE, kinds=("documents",))
    assert run.verdict == Verdict.COMPLETE
    assert publisher.targets() == ["/robots.txt", "/a.pdf"]


def test_the_scheduler_has_documents_crawled_beside_the_source(
    archive, dictionary, tmp_path, surroundings, monkeypatch
):
    listing(archive, dictionary, a="Clearview AI facial recognition")
    with wires() as publisher:
        publisher.answers = lambda asked: http(200, b"Text", ("Content-Type", "text/plain"))
        own = settings(tmp_path, sources={SOURCE: {"through": publisher.address}})
        (tmp_path / "noticewatch.toml").write_text(
            f'contact = "desk@example.org"\n[sources.{SOURCE}]\nthrough = "{publisher.address}"\n'
        )
        for name, value in surroundings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        children = Children()
        schedule = Schedule(archive, own, children)
        schedule.crawl_documents()
        schedule.crawl_documents()
        children.stop()
    assert publisher.targets() == ["/robots.txt", "/a.pdf"]
    with archive.reading() as connection:
        kinds = [(run.kind, run.verdict) for run in queries.runs(connection, SOURCE)][:1]
    assert kinds == [("documents", Verdict.COMPLETE)]
