"""What the search server can do to us: refuse, answer late or in part, forget everything, restart."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from dev.elasticsearch_server import ElasticsearchServer
from indexer import dead_letters
from indexer import embedded as embedded_module
from indexer import engine as engine_module
from indexer import sync as sync_module
from indexer.ast import Code
from indexer.elastic import engine as elastic_module
from indexer.elastic.client import elasticsearch_engine
from indexer.elastic.engine import ElasticsearchEngine
from indexer.embedded import EmbeddedEngine
from indexer.engine import SCHEMA, Position, SearchUnavailable
from indexer.engines import Substituted
from indexer.search import Search
from indexer.sync import IndexReader
from indexer.upkeep import index_status, rebuild, reconcile, replay
from noticewatch.settings import Settings
from tests.archive.making import append, reading, title
from tests.engines import clear, elastic, put, raw, server_url, settings
from tests.indexer.growing import WORDS, answers, follow, grow
from tests.indexer.making import EPOCH, ask, documents, row, texts
from tests.waiting import nobody_listening
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = pytest.mark.elasticsearch


@pytest.fixture
def engine() -> Iterator[ElasticsearchEngine]:
    made = elastic()
    yield made
    clear(made)


@pytest.fixture
def shut() -> Iterator[int]:
    """A port at which no server is."""
    with nobody_listening() as port:
        yield port


def test_the_same_archive_answers_the_same_from_both_engines_and_from_rebuilt_ones(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    embedded = EmbeddedEngine(archive.folder / "index")
    grow(archive, engine, dictionary)
    follow(archive, embedded, dictionary)
    expected = answers(archive, embedded, dictionary)
    assert answers(archive, engine, dictionary) == expected
    rebuild(archive, engine)
    assert answers(archive, engine, dictionary) == expected
    assert index_status(archive, engine).behind == 0
    assert len(engine._all()) == 1
    embedded.close()


def test_a_server_that_is_away_stops_the_index_alone_and_it_goes_on_by_itself(
    archive: Archive, dictionary: Dictionary
) -> None:
    server = ElasticsearchServer(briefly=True)
    engine = elasticsearch_engine(Settings(search_index="away"), server.url)
    try:
        append(archive, [reading("A", "drone")])
        with pytest.raises(SearchUnavailable, match="cannot be reached; start it"):
            follow(archive, engine, dictionary)
        embedded = EmbeddedEngine(archive.folder / "index")
        drive(archive, [IndexReader(embedded)])
        assert ask(embedded, "drone") == {1}, "the tagger before it has gone on"
        server.start()
        follow(archive, engine, dictionary)
        assert ask(engine, "drone") == {1}
        append(archive, [reading("B", "drone")], day=1)
        server.stop(9)
        with pytest.raises(SearchUnavailable):
            follow(archive, engine, dictionary)
        server.start()
        follow(archive, engine, dictionary)
        assert ask(engine, "drone") == {1, 2}
        embedded.close()
    finally:
        server.remove()


def test_searches_say_that_the_server_is_away_and_when_to_try_again(
    archive: Archive, dictionary: Dictionary, shut: int
) -> None:
    engine = elasticsearch_engine(Settings(), f"http://127.0.0.1:{shut}")
    app = create_app(archive, Search(archive, engine, dictionary), Settings(home=archive.folder), dictionary)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/api/v1/notices", params={"q": "drone"})
        page = client.get("/search", params={"q": "drone"}, headers={"accept": "text/html"})
    assert answer.status_code == page.status_code == 503
    assert answer.headers["retry-after"] == page.headers["retry-after"] == "10"
    assert answer.json()["type"].endswith("search-unavailable")
    assert "cannot be reached" in page.text


def test_a_reader_is_answered_from_the_other_index_where_it_was_so_set(
    archive: Archive, dictionary: Dictionary, shut: int
) -> None:
    embedded = EmbeddedEngine(archive.folder / "index")
    append(archive, [reading("A", "drone")])
    follow(archive, embedded, dictionary)
    away = elasticsearch_engine(Settings(), f"http://127.0.0.1:{shut}")
    answer = Search(archive, Substituted(away, embedded), dictionary).search(WORDS)
    assert answer.hits == (1,)
    assert any("does not answer" in warning for warning in answer.warnings)
    embedded.close()


def test_an_index_that_was_removed_is_made_again_and_nothing_is_lost(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    grow(archive, engine, dictionary)
    expected = answers(archive, engine, dictionary)
    with raw() as client:
        for name in engine._all():
            client.indices.delete(index=name)
    assert Search(archive, engine, dictionary).search(WORDS).warnings, "it says what is still being indexed"
    follow(archive, engine, dictionary)
    assert answers(archive, engine, dictionary) == expected


def test_an_index_that_lost_its_alias_is_never_written_under_the_alias_name(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    grow(archive, engine, dictionary)
    with raw() as client:
        client.indices.delete_alias(index="_all", name=engine._prefix)
    append(archive, [reading("Z", "drone")], day=9)
    follow(archive, engine, dictionary)
    with raw() as client:
        assert not client.indices.exists(index=engine._prefix, allow_no_indices=False) or client.indices.exists_alias(
            name=engine._prefix
        )
    assert len(ask(engine, "drone")) == 1


def test_a_read_only_index_stops_the_cursor_until_it_can_be_written_again(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    append(archive, [reading("A", "drone")])
    follow(archive, engine, dictionary)
    before = engine.position()
    append(archive, [reading("B", "drone")], day=1)
    with raw() as client:
        client.indices.put_settings(index=engine._prefix, settings={"index.blocks.write": True})
        with pytest.raises(SearchUnavailable, match="read-only"):
            follow(archive, engine, dictionary)
        assert engine.position() == before
        client.indices.put_settings(index=engine._prefix, settings={"index.blocks.write": None})
    follow(archive, engine, dictionary)
    assert ask(engine, "drone") == {1, 2}


def test_a_document_that_is_refused_is_kept_shown_and_sent_again(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    long = "1" * 40_000  # longer than the server lets a code be
    number = {"type": "piid", "printed": long, "plain": long}
    append(archive, [reading("A", "drone"), reading("B", title("drone", numbers=[number])), reading("C", "drone")])
    follow(archive, engine, dictionary)
    assert len(ask(engine, "drone")) == 2, "the others are there"
    (letter,) = dead_letters.held(archive, engine)
    assert letter.key == "n2"
    assert "immense term" in letter.reason
    assert index_status(archive, engine).refused == 1
    assert replay(archive, engine) == 1, "it is refused still"
    append(archive, [reading("B", "drone")], day=1)
    follow(archive, engine, dictionary)
    assert dead_letters.held(archive, engine) == []
    assert ask(engine, "drone") == {1, 2, 3}


def test_an_older_writer_cannot_put_its_documents_over_newer_ones(engine: ElasticsearchEngine) -> None:
    put(engine, documents([row(1, texts(["camera"]))]), Position(EPOCH, 20))
    put(engine, documents([row(1, texts(["drone"]))]), Position(EPOCH, 10))
    assert ask(engine, "camera") == {1}
    assert ask(engine, "drone") == set()
    assert engine.position() == Position(EPOCH, 20)


def test_the_position_is_never_ahead_of_what_searches_find(engine: ElasticsearchEngine) -> None:
    put(engine, documents([row(1, texts(["camera"]))]), Position(EPOCH, 20))
    with raw() as client:  # as a writer that ends between its mark and the refresh leaves it
        index = engine._all()[0]
        client.index(index=index, id="position", document={"key": "position"}, version=30, version_type="external_gte")
        assert engine.position() == Position(EPOCH, 20)
        client.indices.refresh(index=index)
    assert engine.position() == Position(EPOCH, 30)


@pytest.mark.parametrize("kind", ["embedded", "elasticsearch"])
def test_reconciling_finds_and_mends_lost_stale_and_foreign_documents(
    archive: Archive, dictionary: Dictionary, kind: str
) -> None:
    engine = EmbeddedEngine(archive.folder / "index") if kind == "embedded" else elastic()
    grow(archive, engine, dictionary)
    expected = answers(archive, engine, dictionary)
    assert reconcile(archive, engine) == []
    position = engine.position()
    assert position is not None
    put(engine, documents([row(2, texts(["stale"])), row(5_000, texts(["foreign"]))]), position, gone=["n1"])
    assert answers(archive, engine, dictionary) != expected
    found = reconcile(archive, engine)
    assert [(one.first, one.expected > 0) for one in found] == [(0, True), (5_000, False)]
    assert answers(archive, engine, dictionary) == expected
    assert reconcile(archive, engine) == []
    clear(engine)


def test_after_a_restore_the_index_of_the_other_log_answers_nothing(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    put(engine, documents([row(1, texts(["camera"]))]), Position(EPOCH, 1))
    with pytest.raises(SearchUnavailable, match="another state of the archive"):
        Search(archive, engine, dictionary).search(WORDS)
    append(archive, [reading("A", "drone")])
    follow(archive, engine, dictionary)
    assert Search(archive, engine, dictionary).search(WORDS).total == 1


@pytest.mark.parametrize("kind", ["embedded", "elasticsearch"])
def test_an_index_of_a_newer_program_is_neither_read_nor_written_over(
    archive: Archive, dictionary: Dictionary, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(archive.folder / "index") if kind == "embedded" else elastic()
    with monkeypatch.context() as newer:
        for module in (engine_module, embedded_module, elastic_module, sync_module):
            newer.setattr(module, "SCHEMA", SCHEMA + 1)
        grow(archive, engine, dictionary)
        engine.settle()
        held = engine.position()
    append(archive, [reading("Z", "drone")], day=9)
    for refused in (
        lambda: follow(archive, engine, dictionary),
        lambda: put(engine, documents([row(1, texts(["drone"]))]), Position(archive.epoch, 99)),
        lambda: Search(archive, engine, dictionary).search(WORDS),
        lambda: Search(archive, engine, dictionary).search(replace(WORDS, query="drone", sort="relevance")),
    ):
        with pytest.raises(SearchUnavailable, match="made by a newer noticewatch"):
            refused()
    assert engine.position() == held
    assert not index_status(archive, engine).usable
    rebuild(archive, engine)
    assert Search(archive, engine, dictionary).search(WORDS).total == 7
    clear(engine)


@pytest.mark.parametrize("kind", ["embedded", "elasticsearch"])
def test_an_index_of_an_older_program_answers_nothing_until_it_is_built_anew(
    archive: Archive, dictionary: Dictionary, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(archive.folder / "index") if kind == "embedded" else elastic()
    with monkeypatch.context() as older:
        for module in (engine_module, embedded_module, elastic_module, sync_module):
            older.setattr(module, "SCHEMA", SCHEMA - 1)
        grow(archive, engine, dictionary)
        engine.settle()
    search = Search(archive, engine, dictionary)
    everything = Code("scope", "notice")
    for refused in (
        lambda: search.search(WORDS),
        lambda: search.search(replace(WORDS, query="drone", sort="relevance")),
        lambda: engine.facets(everything, ("kind",), {}),
    ):
        with pytest.raises(SearchUnavailable, match="made by an older noticewatch"):
            refused()
    assert not index_status(archive, engine).usable
    follow(archive, engine, dictionary)
    assert search.search(WORDS).total == 6
    clear(engine)


def test_secrets_in_an_address_are_never_shown(shut: int) -> None:
    engine = elasticsearch_engine(Settings(), f"http://reader:s3cret@127.0.0.1:{shut}")
    with pytest.raises(SearchUnavailable) as said:
        engine.position()
    assert "s3cret" not in f"{said.value} {engine.label}"
    engine.close()


def test_readers_go_on_behind_one_that_waits(archive: Archive, dictionary: Dictionary, shut: int) -> None:
    append(archive, [reading("A", "drone")])
    away = elasticsearch_engine(Settings(), f"http://127.0.0.1:{shut}")
    embedded = EmbeddedEngine(archive.folder / "index")
    readers = [Joiner(), Tagger(Matcher(dictionary)), IndexReader(away), IndexReader(embedded)]
    with pytest.raises(SearchUnavailable):
        drive(archive, readers)
    assert ask(embedded, "drone") == {1}
    embedded.close()


def test_the_settings_say_which_server_and_refuse_what_is_none() -> None:
    assert settings().search_url == server_url()
    for wrong in ("search.example", "http://search.example", "ftp://search.example:9200"):
        with pytest.raises(ValueError, match="write addresses with their ports"):
            Settings(search_url=wrong)
