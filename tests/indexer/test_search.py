from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from indexer.embedded import EmbeddedEngine
from indexer.engines import open_engine
from indexer.money import BANDS
from indexer.relevance import ranked
from indexer.requests import CursorError, FilterError, SearchAnswer, SearchRequest
from indexer.results import items
from indexer.search import Search
from indexer.sync import IndexReader
from tests.archive.making import append, head, reading
from tests.conftest import Small
from tests.engines import clear
from tests.indexer.making import filled, meant, row, texts
from tests.small_archive import fill
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

ALL = SearchRequest(lens="everything")


@pytest.fixture(scope="module")
def search(smalls: Callable[[str], Small]) -> Iterator[Search]:
    small = smalls("sqlite")
    engine = open_engine(small.settings, small.archive)
    drive(small.archive, [IndexReader(engine)])
    yield Search(small.archive, engine)
    engine.close()


def ids(search: Search, answer: SearchAnswer) -> list[str]:
    return [item.id for item in items(search.archive, answer)]


def pages(search: Search, request: SearchRequest) -> list[int]:
    """The numbers of all pages of a search, one after the other."""
    hits: list[int] = []
    while True:
        answer = search.search(request)
        hits += answer.hits
        if answer.next_cursor is None:
            return hits
        request = replace(request, cursor=answer.next_cursor)


@pytest.mark.parametrize("scope", ["procurement", "notice"])
@pytest.mark.parametrize("sort", ["dated", "found", "relevance", "amount", "due"])
def test_pages_of_any_order_hold_every_result_exactly_once(search: Search, sort: str, scope: str) -> None:
    wanted = replace(ALL, sort=sort, scope=scope)
    whole = search.search(replace(wanted, limit=200))
    assert whole.total == len(whole.hits) == len(set(whole.hits)) > 5
    for limit in (1, 2, 3, whole.total):
        assert pages(search, replace(wanted, limit=limit)) == list(whole.hits)


def test_results_by_date_are_newest_first_and_by_amount_greatest_first(search: Search) -> None:
    dated = items(search.archive, search.search(replace(ALL, scope="notice")))
    assert [item.dated for item in dated] == sorted((item.dated for item in dated), reverse=True)
    amounts = [item.headline and item.headline.value for item in items(
        search.archive, search.search(replace(ALL, scope="notice", sort="amount")))]  # fmt: skip
    stated = [amount for amount in amounts if amount is not None]
    assert amounts[: len(stated)] == sorted(stated, reverse=True)
    assert stated[-1] < 0


def test_an_award_is_one_result_with_the_sum_of_its_held_actions(search: Search) -> None:
    answer = search.search(SearchRequest(query="Fivecast"))
    assert answer.total == 1
    (item,) = items(search.archive, answer)
    assert item.members == 3
    assert item.headline is not None
    assert item.headline.value == Decimal("2737600.5")
    assert item.headline.called == "known part since 2023-09-05"
    assert search.search(SearchRequest(query="Fivecast", scope="notice")).total == 3
    assert search.search(SearchRequest(query="amount:2737600.50")).total == 1


def test_the_lens_shows_what_is_tagged_and_everything_shows_all(search: Search) -> None:
    tagged = search.search(SearchRequest(limit=200))
    assert tagged.total < search.search(ALL).total
    assert all(item.tags for item in items(search.archive, tagged))
    assert search.search(SearchRequest(query="EVIGILANT")).total == 0
    assert search.search(replace(ALL, query="EVIGILANT")).total == 1


@pytest.mark.parametrize("query", ["70CMSD26P00000034", "70-CMSD-26P00000034", "number:70cmsd26p00000034"])
def test_a_number_is_found_in_any_spelling(search: Search, query: str) -> None:
    found = items(search.archive, search.search(replace(ALL, query=query, scope="notice")))
    assert len(found) == 2
    assert all("70CMSD26P00000034" in item.numbers for item in found)


def test_facets_count_under_all_other_filters(search: Search) -> None:
    free = search.search(ALL)
    kept = search.search(replace(ALL, filters={"source": ("sam_gov_bulk",)}))
    assert kept.facets["source"] == free.facets["source"]
    assert sum(value.count for value in kept.facets["year"]) < sum(value.count for value in free.facets["year"])
    for value in free.facets["kind"]:
        assert search.search(replace(ALL, filters={"kind": (value.value,)})).total == value.count


def test_facets_sum_what_their_results_state_and_say_what_is_shared(search: Search) -> None:
    answer = search.search(replace(ALL, scope="notice"))
    found = items(search.archive, search.search(replace(ALL, scope="notice", limit=200)))
    stated = {
        item.id: sum(a.value for a in item.amounts if a.kind == "obligated" and a.basis == "change") for item in found
    }
    for name, of in (("vendor", lambda item: {t.id for t in item.tags if t.kind == "vendor"}),
                     ("year", lambda item: {item.dated[:4]})):  # fmt: skip
        for value in answer.facets[name]:
            holders = [item for item in found if value.value in of(item)]
            (total,) = [one for one in value.sums if one.kind == "obligated"] or [None]
            assert (total.value if total else 0) == sum(stated[item.id] for item in holders)
            if total:
                assert total.currency == "USD"
                assert total.shared == sum(
                    stated[item.id] for item in holders if name == "vendor" and len(of(item)) > 1
                )


def test_bands_and_months_are_facets_and_filters(search: Search) -> None:
    free = search.search(ALL)
    assert [one.value for one in free.facets["band"]] == [
        b for b in BANDS if b in {o.value for o in free.facets["band"]}
    ]
    for name in ("band", "month"):
        for value in free.facets[name]:
            assert search.search(replace(ALL, filters={name: (value.value,)})).total == value.count
    under = items(search.archive, search.search(replace(ALL, filters={"band": ("under_10k",)})))
    assert under
    assert all(item.headline.value < 10_000 for item in under)


@pytest.mark.both_engines
def test_by_relevance_a_title_comes_before_a_mention_and_the_new_before_the_old(
    tmp_path: Path, engine_kind: str
) -> None:
    old, new = ([{"role": "posted", "value": value}] for value in ("2012-04-15", "2026-04-15"))
    rows = [
        row(1, texts(["Office supplies"], ["With one drone"], dates=new)),
        row(2, texts(["Drone"], dates=old)),
        row(3, texts(["Drone"], dates=new)),
        row(4, texts(["Nothing of it"], dates=new)),
    ]
    engine = filled(tmp_path, rows, kind=engine_kind)
    best = engine.best(meant("drone").node, meant("drone").boosts, 10)
    assert ranked(best.hits) == [3, 2, 1]
    clear(engine)


def test_filters_of_one_name_widen_and_of_several_names_narrow(search: Search) -> None:
    years = search.search(replace(ALL, filters={"year": ("2021", "2026")}))
    alone = [search.search(replace(ALL, filters={"year": (year,)})).total for year in ("2021", "2026")]
    assert years.total == sum(alone)
    ranged = search.search(replace(ALL, date_from=date(2021, 1, 1), date_to=date(2021, 12, 31)))
    assert ranged.total == alone[0]
    both = search.search(replace(ALL, filters={"year": ("2021",)}, amount_min=Decimal(500000)))
    assert ids(search, both) == ["us-action:7014:70B03C21F00001114:0"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": {"colour": ("red",)}},
        {"filters": {"kind": ("nothing",)}},
        {"filters": {"vendor": ("nobody",)}},
        {"sort": "size"},
        {"limit": 0},
        {"limit": 100_000},
        {"facets": ("colour",)},
        {"lens": "rose"},
    ],
)
def test_a_filter_that_cannot_be_used_is_named(search: Search, wrong: dict[str, object]) -> None:
    with pytest.raises(FilterError) as caught:
        search.search(replace(ALL, **wrong))
    assert "\n" not in str(caught.value)


def test_a_cursor_that_was_changed_or_belongs_to_another_search_is_refused(search: Search) -> None:
    request = replace(ALL, limit=2)
    cursor = search.search(request).next_cursor
    assert cursor is not None
    assert search.search(replace(request, cursor=cursor)).hits
    other = "A" if cursor[-3] != "A" else "B"
    for wrong in ("", "x", "é", "=" * 9, cursor[:-2], cursor + "AAAA", cursor[:-3] + other + cursor[-2:], "0" * 3000):
        with pytest.raises(CursorError):
            search.search(replace(request, cursor=wrong))
    with pytest.raises(CursorError):
        search.search(replace(request, cursor=cursor, query="plate"))
    with pytest.raises(CursorError):
        search.search(replace(request, cursor=cursor, sort="amount"))


def test_highlights_quote_the_matching_words_as_published(search: Search) -> None:
    (item,) = items(search.archive, search.search(replace(ALL, query='"idiq tool" OR resellers', scope="notice")))
    marked = {part.lower() for highlight in item.highlights for part, hit in highlight.parts if hit}
    assert "resellers" in marked
    assert 1 <= len(item.highlights) <= 3


def test_a_result_of_a_rebuilt_capture_says_so_and_by_whom(search: Search) -> None:
    (item,) = items(search.archive, search.search(SearchRequest(query="Fivecast")))
    assert item.rebuilt
    assert item.recorders == ("another collector, commit 0000000",)


def test_an_answer_says_as_of_when_and_its_pages_repeat_it(
    archive: Archive, tmp_path: Path, dictionary: Dictionary
) -> None:
    fill(archive)
    engine = EmbeddedEngine(tmp_path / "index")
    readers = [Joiner(), Tagger(Matcher(dictionary)), IndexReader(engine)]
    drive(archive, readers)
    search = Search(archive, engine)
    first = search.search(replace(ALL, limit=2))
    assert 0 < first.as_of == head(archive)
    append(archive, [reading("A", "a drone")])
    drive(archive, readers)
    assert search.search(ALL).as_of > first.as_of
    assert search.search(replace(ALL, limit=2, cursor=first.next_cursor)).as_of == first.as_of
    engine.close()


def test_an_answer_of_an_index_behind_the_log_says_so(small_archive: Archive, tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "index")
    (warning,) = Search(small_archive, engine).search(ALL).warnings
    assert "still being indexed" in warning
    drive(small_archive, [IndexReader(engine)])
    assert Search(small_archive, engine).search(ALL).warnings == ()
    engine.close()


def test_names_are_suggested_by_any_beginning_and_their_question_finds_what_is_counted(search: Search) -> None:
    for text in ("cellebr", "CELLEBRITE", "giant o", "oak", "ICE", "immigration and cust", "drone"):
        found = search.suggest(text)
        assert found, text
        assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
        for one in found:
            assert search.search(replace(ALL, query=one.query)).total == one.count, one
    assert {one.id for one in search.suggest("cellebr")} >= {"cellebrite"}


@pytest.mark.parametrize("text", ["", "c", " ", "zzzz", "(((", '"', "é" * 200])
def test_what_begins_no_name_suggests_nothing(search: Search, text: str) -> None:
    assert search.suggest(text) == []
