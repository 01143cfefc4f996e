"""Search over the text of documents: the field, its pages, what changes in it, and how a hit is cited."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.documents import texts
from archive.documents.listing import DocumentLister
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from indexer import sync
from indexer.embedded import EmbeddedEngine
from indexer.items import Highlight
from indexer.requests import SearchRequest
from indexer.results import items
from indexer.search import Search
from indexer.sync import IndexReader
from indexer.upkeep import rebuild
from tests.archive.documents import making
from tests.archive.documents.shelving import URL, answer, listing, opened
from tests.archive.making import open_archive
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

ALL = SearchRequest(lens="everything", scope="notice", limit=200)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    held = open_archive(tmp_path / "data")
    yield held
    held.close()


@pytest.fixture
def search(archive: Archive, dictionary: Dictionary) -> Iterator[Search]:
    engine = EmbeddedEngine(archive.folder / "index")
    yield Search(archive, engine, dictionary)
    engine.close()


def follow(search: Search, dictionary: Dictionary) -> None:
    texts.read_waiting(search.archive)
    readers = [Joiner(), Tagger(Matcher(dictionary)), DocumentLister(), IndexReader(search.engine)]
    drive(search.archive, readers)


def asked(search: Search, query: str, scope: str = "notice") -> tuple[int, ...]:
    return search.search(replace(ALL, query=query, scope=scope)).hits  # type: ignore[arg-type]  # a literal


def quoted(search: Search, query: str) -> list[Highlight]:
    answer_ = search.search(replace(ALL, query=query))
    return [hit for item in items(search.archive, answer_) for hit in item.highlights if hit.document]


SOW = making.pdf(["Statement of work"], ["Vendor shall provide", "license plate readers"], ["Delivery in Laredo"])


def test_words_of_a_document_find_its_notice_by_field_and_without(
    archive: Archive, search: Search, dictionary: Dictionary
) -> None:
    listing(archive, URL)
    follow(search, dictionary)
    assert asked(search, "document:laredo") == asked(search, "laredo") == ()
    answer(archive, SOW)
    follow(search, dictionary)
    assert asked(search, "document:laredo") == asked(search, "laredo") == (1,)
    assert asked(search, "document:laredo", "procurement") == (1,)
    assert asked(search, 'document:"license plate readers"') == (1,)
    assert asked(search, "document:licence") == (1,)
    assert asked(search, "document:lare*") == (1,)
    assert asked(search, "title:laredo") == asked(search, "body:laredo") == ()
    assert asked(search, "has:document") == (1,)


def test_no_phrase_and_no_nearness_reaches_over_the_end_of_a_page(
    archive: Archive, search: Search, dictionary: Dictionary
) -> None:
    listing(archive, URL)
    answer(archive, SOW)
    follow(search, dictionary)
    assert asked(search, 'document:"plate readers"') == (1,)
    assert asked(search, 'document:"readers delivery"') == ()
    assert asked(search, 'document:"readers delivery"~10') == ()


def test_another_file_under_the_same_address_is_searched_in_place_of_the_first(
    archive: Archive, search: Search, dictionary: Dictionary
) -> None:
    listing(archive, URL)
    answer(archive, SOW)
    follow(search, dictionary)
    answer(archive, making.pdf(["Delivery in El Paso"]), day=2)
    follow(search, dictionary)
    assert asked(search, "laredo") == ()
    assert asked(search, '"el paso"') == (1,)


def test_a_document_that_is_no_longer_listed_is_still_found(
    archive: Archive, search: Search, dictionary: Dictionary
) -> None:
    listing(archive, URL)
    answer(archive, SOW)
    listing(archive, day=2)
    follow(search, dictionary)
    assert asked(search, "document:laredo") == (1,)
    assert asked(search, "has:document") == ()


def test_a_hit_cites_document_and_page(archive: Archive, search: Search, dictionary: Dictionary) -> None:
    opened(archive)
    listing(archive, URL)
    answer(archive, making.zipped({"annex/sow.pdf": SOW}))
    follow(search, dictionary)
    (hit,) = quoted(search, "licence plate")
    assert (hit.notice, hit.field, hit.document) == ("us-action:N1", "documents", URL)
    assert hit.place == "sow.pdf, annex/sow.pdf, page 2"
    assert [text for text, matches in hit.parts if matches] == ["license", "plate"]
    assert quoted(search, "N1") == []


@pytest.mark.parametrize("word", ["city", "grey", "tying"])
def test_a_short_word_that_does_not_begin_as_its_stem_is_cited(
    archive: Archive, search: Search, dictionary: Dictionary, word: str
) -> None:
    listing(archive, URL)
    answer(archive, making.pdf([f"Here is {word} at last"]))
    follow(search, dictionary)
    (hit,) = quoted(search, word)
    assert (word, True) in hit.parts


def test_the_page_with_most_of_the_words_is_cited_first(
    archive: Archive, search: Search, dictionary: Dictionary
) -> None:
    listing(archive, URL)
    answer(archive, making.pdf(["A reader"], ["A plate"], ["A plate reader"], ["Nothing"]))
    follow(search, dictionary)
    assert [hit.place for hit in quoted(search, "plate reader")] == [f"sow.pdf, page {page}" for page in (3, 1, 2)]


def test_a_hit_far_inside_a_long_text_is_cited(archive: Archive, search: Search, dictionary: Dictionary) -> None:
    listing(archive, URL)
    answer(archive, b"filling words " * 20_000 + b"laredo " + b"more words " * 20_000)
    follow(search, dictionary)
    (hit,) = quoted(search, "laredo")
    assert ("laredo", True) in hit.parts


def test_a_question_of_hundreds_of_words_is_answered_and_cited(
    archive: Archive, search: Search, dictionary: Dictionary
) -> None:
    listing(archive, URL)
    answer(archive, SOW)
    follow(search, dictionary)
    many = " OR ".join(["surprising", "laredo", *(f"w{number}" for number in range(190))])
    assert [hit.place for hit in quoted(search, many)] == ["sow.pdf, page 3"]


def test_an_index_built_anew_finds_the_same(archive: Archive, search: Search, dictionary: Dictionary) -> None:
    listing(archive, URL)
    answer(archive, SOW)
    follow(search, dictionary)
    rebuild(archive, EmbeddedEngine(archive.folder / "index"))
    assert asked(search, "document:laredo") == (1,)


def test_much_text_is_indexed_in_several_steps_and_all_of_it_is_found(
    archive: Archive, search: Search, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        listing(archive, f"{URL}?{number}", number=f"N{number}", day=number / 10)
        answer(archive, f"word{number} of a document".encode(), url=f"{URL}?{number}", day=number)
    monkeypatch.setattr(sync, "_MOST_TEXT", 30)
    texts.read_waiting(archive)
    drive(archive, [Joiner(), Tagger(Matcher(dictionary)), DocumentLister()])
    reader, steps = IndexReader(search.engine), 0
    while reader.advance(archive):
        steps += 1
    assert steps > 3
    assert [asked(search, f"document:word{number}") for number in range(1, 5)] == [(1,), (2,), (3,), (4,)]


def test_of_a_notice_only_so_much_text_is_indexed(
    archive: Archive, search: Search, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing(archive, URL)
    answer(archive, SOW)
    monkeypatch.setattr(sync, "MOST_INDEXED", 60)
    follow(search, dictionary)
    assert asked(search, "document:statement") == (1,)
    assert asked(search, "document:laredo") == ()
