"""Suggestions: what the dictionary lacks is put before a person, with quotes; what was judged stays judged."""

import pytest

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from archive.takedowns import take_down
from noticewatch.errors import NotFound
from noticewatch.models import Reading
from tests.archive.making import append, reading
from tests.watchlist.radar.test_counting import CBP, ICE, follow, said
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.radar import reading as looking
from watchlist.radar.suggest import Look, Suggestion, look
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases

SINCE = "2026-07-01"
OLD = "2025-02-01"


def sold(number: str, text: str, supplier: str, day: str) -> Reading:
    return reading(number, said(text, day=day) | {"parties": [{"role": "supplier", "name": supplier}]})


def fill(archive: Archive, dictionary: Dictionary) -> None:
    old = [reading(f"v{n}", said(f"Office chairs for floor {n}", day=OLD)) for n in range(40)]
    old += [reading(f"f{n}", said("Cellebrite UFED phone extraction for seized handsets", day=OLD)) for n in range(3)]
    new = [
        reading("t1", said("Zyphertrace for seized handsets", day="2026-07-02")),
        reading("t2", said("Zyphertrace licences, seized handsets", day="2026-07-03")),
        reading("c1", said("Office chairs for floor 2", CBP, "2026-07-03")),
        sold("s1", "Cellebrite UFED phone extraction", "Dale & Sons, Inc.", "2026-07-04"),
        sold("s2", "Cellebrite UFED", "DALE AND SONS", "2026-07-05"),
        sold("s3", "Cellebrite UFED", "Carahsoft Technology Corp", "2026-07-05"),
    ]
    append(archive, [*old, *new])
    drive(archive, [Joiner(), Tagger(Matcher(dictionary))])
    follow(archive)


def looked(archive: Archive, dictionary: Dictionary, agency: str | None = None, **more: object) -> Look:
    with archive.reading() as connection:
        only = looking.agencies_called(connection, agency) if agency else None
        return look(connection, Matcher(dictionary), SINCE, only=only, **more)  # type: ignore[arg-type]


def by_id(found: Look) -> dict[str, Suggestion]:
    return {one.id: one for one in found.suggestions}


def test_a_new_word_beside_what_matched_notices_say_is_suggested_with_its_quotes(
    archive: Archive, dictionary: Dictionary
) -> None:
    fill(archive, dictionary)
    one = by_id(looked(archive, dictionary))["phrase:zyphertrace"]
    assert (
        one.why == "2 new notices of Immigration and Customs Enforcement (ICE): no notice of any agency said it before."
    )
    assert [(quote.quote, quote.field, quote.start) for quote in one.quotes] == [("Zyphertrace", "title", 0)] * 2
    assert "device_forensics" in one.leads_to


def test_words_that_the_dictionary_knows_and_those_of_other_trades_are_not_suggested(
    archive: Archive, dictionary: Dictionary
) -> None:
    fill(archive, dictionary)
    found = by_id(looked(archive, dictionary))
    assert not [name for name in found if "chairs" in name or "cellebrite" in name or "ufed" in name]


def test_sellers_that_the_dictionary_does_not_know_are_named_once_whatever_their_spelling(
    archive: Archive, dictionary: Dictionary
) -> None:
    fill(archive, dictionary)
    found = by_id(looked(archive, dictionary))
    sellers = [one for one in found.values() if one.what == "seller"]
    (one,) = sellers
    assert (one.key, one.name, one.resells) == ("dale sons", "DALE AND SONS", True)
    assert [quote.quote for quote in one.quotes] == ["DALE AND SONS", "Dale & Sons, Inc."]


def test_a_notice_without_a_tag_is_shown_beside_the_matched_one_that_it_is_near_to(
    archive: Archive, dictionary: Dictionary
) -> None:
    fill(archive, dictionary)
    near = [one for one in looked(archive, dictionary).suggestions if one.what == "notice"]
    assert near
    assert all(one.key.partition(":")[2] in {"t1", "t2"} for one in near)
    assert {quote.quote for one in near for quote in one.quotes} == {"seized handsets"}


def test_what_was_rejected_is_not_suggested_again(archive: Archive, dictionary: Dictionary) -> None:
    fill(archive, dictionary)
    before = by_id(looked(archive, dictionary))
    rejected = {(one.what, one.key) for one in before.values() if one.key in {"zyphertrace", "dale sons"}}
    after = by_id(looked(archive, dictionary, rejected=rejected))
    assert not after.keys() & {f"{what}:{name}" for what, name in rejected}
    assert before.keys() - after.keys() == {f"{what}:{name}" for what, name in rejected}


def test_the_same_archive_gives_the_same_suggestions(archive: Archive, dictionary: Dictionary) -> None:
    fill(archive, dictionary)
    assert looked(archive, dictionary) == looked(archive, dictionary)


def test_an_agency_is_looked_at_alone(archive: Archive, dictionary: Dictionary) -> None:
    fill(archive, dictionary)
    assert looked(archive, dictionary, CBP).notices == 1
    assert looked(archive, dictionary, ICE).notices == 5
    with pytest.raises(NotFound, match="Nowhere"):
        looked(archive, dictionary, "Nowhere")


def test_what_was_taken_down_is_not_quoted(archive: Archive, dictionary: Dictionary) -> None:
    fill(archive, dictionary)
    with archive.reading() as connection:
        ids = [seen.id for seen in looking.new_notices(connection, SINCE)]
    take_down(archive, [one for one in ids if one.endswith(("t1", "t2"))], "Names a private person.")
    found = looked(archive, dictionary)
    assert "zyphertrace" not in repr(found).lower()
    assert found.notices == len(ids) - 2


def test_a_department_has_the_notices_of_its_agencies(archive: Archive, dictionary: Dictionary) -> None:
    fill(archive, dictionary)
    assert looked(archive, dictionary, "usg-dhs").notices == 6
