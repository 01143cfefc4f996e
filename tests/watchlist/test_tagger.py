"""The tagger keeps tags at the current version and the present dictionary, and says quietly what changed later."""

import pytest

from archive.joins import Joiner
from archive.readers import cursor, drive
from archive.store import Archive
from noticewatch.models import EventKind
from tests.archive.making import append, events, head, reading, title
from watchlist import queries
from watchlist.dictionary import Dictionary
from watchlist.evidence import field_texts
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases

PLAIN, CELLEBRITE, AXON = "Paper", "Cellebrite UFED licences", "Axon Flex cameras"


def tag(archive: Archive, dictionary: Dictionary) -> None:
    drive(archive, [Joiner(), Tagger(Matcher(dictionary))])


def tag_ids(archive: Archive) -> dict[int, list[str]]:
    with archive.reading() as connection:
        return {number: [tag.id for tag in tags] for number, tags in queries.tags_of(connection, range(1, 99)).items()}


def retagged(archive: Archive) -> list[tuple[int, object, object]]:
    return [
        (event.notice_number, *event.changed[0][1:]) for event in events(archive) if EventKind.RETAGGED in event.kinds
    ]


def test_first_tags_append_no_event_and_can_be_quoted(archive: Archive, dictionary: Dictionary) -> None:
    stored = [reading("a", CELLEBRITE), reading("b", PLAIN)]
    before = append(archive, stored).last_seq
    tag(archive, dictionary)
    assert head(archive) == before
    with archive.reading() as connection:
        tags = queries.tags_of(connection, [1, 2])
        assert queries.tagged_notices(connection, "vendor", "cellebrite") == [1]
        counts = {(row.kind, row.id): (row.notices, row.alerts) for row in queries.counts_by_tag(connection)}
    assert set(tags) == {1}
    assert counts["vendor", "cellebrite"] == (1, 1)
    evidence = [evidence for tag in tags[1] for evidence in tag.evidence]
    assert {e.quote for e in evidence} == {"Cellebrite", "UFED"}
    texts = field_texts(stored[0].notice)
    assert all(texts[e.field][e.start : e.end] == e.quote for e in evidence)


def test_a_version_that_changes_tags_appends_one_quiet_event(archive: Archive, dictionary: Dictionary) -> None:
    append(archive, [reading("a", CELLEBRITE), reading("b", PLAIN)])
    tag(archive, dictionary)
    append(archive, [reading("a", AXON), reading("b", "Pens")], day=1)
    tag(archive, dictionary)
    assert "axon" in tag_ids(archive)[1]
    assert "cellebrite" not in tag_ids(archive)[1]
    ((number, old, new),) = retagged(archive)
    assert number == 1
    assert "vendor:cellebrite:maker:alert" in old  # type: ignore[operator]  # a list of strings, from JSON
    assert "vendor:axon:maker:alert" in new  # type: ignore[operator]  # a list of strings, from JSON
    assert all(event.quiet for event in events(archive) if EventKind.RETAGGED in event.kinds)


def test_driving_again_changes_nothing(archive: Archive, dictionary: Dictionary) -> None:
    append(archive, [reading("a", CELLEBRITE)])
    append(archive, [reading("a", AXON)], day=1)
    tag(archive, dictionary)
    before, tags = head(archive), tag_ids(archive)
    tag(archive, dictionary)
    assert (head(archive), tag_ids(archive)) == (before, tags)
    assert Tagger(Matcher(dictionary)).advance(archive) is False


def test_the_tagger_never_passes_the_joiner(archive: Archive, dictionary: Dictionary) -> None:
    append(archive, [reading("a", CELLEBRITE)])
    tagger = Tagger(Matcher(dictionary))
    assert tagger.advance(archive) is False
    assert tag_ids(archive) == {}
    with archive.reading() as connection:
        assert cursor(connection, "tagger") == 0


def test_more_notices_than_one_batch_are_all_tagged(archive: Archive, dictionary: Dictionary) -> None:
    append(archive, [reading(f"n{number}", title(f"{CELLEBRITE} {number}")) for number in range(2_050)])
    tag(archive, dictionary)
    with archive.reading() as connection:
        assert len(queries.tagged_notices(connection, "vendor", "cellebrite")) == 2_050
