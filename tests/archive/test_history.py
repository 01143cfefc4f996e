"""Records and versions: any order of arrival gives the same history."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive import tables
from archive.sightings import LAST_SEEN, WITH_LAST
from archive.store import Archive
from noticewatch.models import Content, Reading, content_hash, notice_from
from tests.archive.making import (
    append,
    events,
    head,
    history,
    kinds,
    loud,
    open_archive,
    reading,
    sighting,
    title,
    titles,
)

pytestmark = pytest.mark.both_databases

ID = "us-action:A"


def intervals(archive: Archive) -> list[tuple[str, str, str]]:
    r = tables.records.c
    with archive.reading() as connection:
        rows = connection.execute(
            select(r.content, r.first_seen, LAST_SEEN).select_from(WITH_LAST).order_by(r.first_seen, LAST_SEEN)
        )
        return [(content, first[8:10], last[8:10]) for content, first, last in rows]


def test_a_wording_that_comes_back_is_a_record_and_a_version_of_its_own(archive: Archive) -> None:
    for day, text in enumerate("ABA"):
        append(archive, [reading("A", text)], day=day)
    assert titles(archive, ID) == ["A", "B", "A"]
    assert len(intervals(archive)) == 3


def test_the_same_bytes_again_only_stretch_the_sighting(archive: Archive) -> None:
    append(archive, [reading("A", "one")], day=0)
    done = append(archive, [sighting(reading("A", "one"))], day=4)
    assert (done.records, done.versions, done.events) == (0, 0, 0)
    assert [row[1:] for row in intervals(archive)] == [("01", "05")]


def test_an_observation_inside_an_interval_splits_it(archive: Archive) -> None:
    append(archive, [reading("A", "one")], day=0)
    append(archive, [reading("A", "one")], day=9)
    append(archive, [reading("A", "two")], day=5)
    assert [row[1:] for row in intervals(archive)] == [("01", "01"), ("06", "06"), ("10", "10")]
    assert titles(archive, ID) == ["one", "two", "one"]


def test_an_older_observation_is_filed_quietly_and_never_becomes_current(archive: Archive) -> None:
    append(archive, [reading("A", "old")], day=0, kind="crawl")
    append(archive, [reading("A", "new")], day=5, kind="crawl")
    before = head(archive)
    append(archive, [reading("A", "between")], day=2, kind="crawl")
    assert titles(archive, ID) == ["old", "between", "new"]
    assert [event.quiet for event in events(archive, before)] == [True]
    assert [row.version for row in history(archive, ID)] == [1, 3, 2]


def test_version_numbers_go_by_arrival_and_never_change(archive: Archive) -> None:
    append(archive, [reading("A", "new")], day=5)
    append(archive, [reading("A", "old")], day=0)
    assert [(row.version, row.content["title"][0]["text"]) for row in history(archive, ID)] == [(2, "old"), (1, "new")]


def test_bytes_that_change_without_a_change_of_content_make_no_version(archive: Archive) -> None:
    append(archive, [reading("A", "same", sha256="a" * 64)], day=0)
    done = append(archive, [reading("A", "same", sha256="b" * 64)], day=1)
    assert (done.records, done.versions, done.events) == (1, 0, 0)


def test_what_an_answer_cannot_carry_stays_as_it_was(archive: Archive) -> None:
    full = title("T", description=[{"text": "long"}])
    append(archive, [reading("A", full)], day=0)
    append(archive, [reading("A", "U", carried=frozenset({"kind", "title"}))], day=1)
    assert history(archive, ID)[-1].content == {**full, "title": [{"text": "U"}]}


def test_what_an_answer_can_carry_and_does_not_state_is_gone(archive: Archive) -> None:
    append(archive, [reading("A", title("T", description=[{"text": "long"}]))], day=0)
    append(archive, [reading("A", "T")], day=1)
    assert "description" not in history(archive, ID)[-1].content


def test_a_row_that_comes_twice_in_one_capture_with_other_words_speaks_once(archive: Archive) -> None:
    rows = [reading("A", "one", index=1), reading("A", "two", index=2)]
    append(archive, rows, day=0)
    again = append(archive, list(reversed(rows)), day=1)
    assert len(history(archive, ID)) == 1
    assert again.records == 0


def test_hashes_of_versions_are_hashes_of_their_content(archive: Archive) -> None:
    append(archive, [reading("A", title("T", dates=[{"role": "signed", "value": "2026-01-01"}]))], day=0)
    append(archive, [reading("A", "U", carried=frozenset({"kind", "title"}))], day=1)
    for row in history(archive, ID):
        assert row.content_sha256 == content_hash(row.content)
        assert notice_from(row.content).content() == row.content


def test_the_better_witness_of_a_register_wins_and_the_other_enriches(archive: Archive) -> None:
    ranks = {"fpds": 1, "usaspending_transactions": 2}
    append(archive, [reading("A", "from the second", carried=frozenset({"kind", "title"}))], day=0, ranks=ranks)
    append(
        archive, [reading("A", title("from the first", description=[{"text": "d"}]))], day=1, source="fpds", ranks=ranks
    )
    append(archive, [reading("A", "second again", carried=frozenset({"kind", "title"}))], day=2, ranks=ranks)
    assert titles(archive, ID) == ["from the second", "from the first"]
    assert kinds(archive) == [("new",), ("enriched",)]


contents = st.builds(
    lambda text, description, due: {
        **title(text),
        **({"description": [{"text": description}]} if description else {}),
        **({"dates": [{"role": "due", "value": due}]} if due else {}),
    },
    st.sampled_from("ABC"),
    st.sampled_from(["", "x", "y"]),
    st.sampled_from(["", "2026-01-01", "2026-02-02"]),
)


@st.composite
def observations(draw: st.DrawFn) -> list[tuple[int, Reading]]:
    """Readings of one notice on different days; some by answers that carry less."""
    days = draw(st.lists(st.integers(0, 20), min_size=1, max_size=6, unique=True))
    found = []
    for day in sorted(days):
        content: Content = draw(contents)
        carried = draw(st.sampled_from([WHOLE, NARROW]))
        stated = {name: value for name, value in content.items() if carried is WHOLE or name in {"kind", "title"}}
        revision = draw(st.sampled_from(["", "r1"])) if draw(st.booleans()) else ""
        found.append((day, reading("A", stated, carried=carried, revision=revision)))
    return found


WHOLE = frozenset({"kind", "title", "description", "dates"})
NARROW = frozenset({"kind", "title"})


def story(archive: Archive) -> list[tuple[str, str, str]]:
    return [(row.content_sha256, row.revision, row.observed_at.isoformat()) for row in history(archive, ID)]


@pytest.mark.sqlite_suffices
@settings(max_examples=60)
@given(observed=observations(), data=st.data())
def test_any_order_of_arrival_gives_the_same_history_and_no_loud_event(
    observed: list[tuple[int, Reading]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("orders")
    in_order, shuffled = open_archive(folder / "a"), open_archive(folder / "b")
    for day, seen in observed:
        append(in_order, [seen], day=day)
    for day, seen in data.draw(st.permutations(observed)):
        append(shuffled, [seen], day=day)
        append(shuffled, [seen], day=day)
    wordings = Counter(seen.sha256 for _, seen in observed)
    if max(wordings.values()) <= 2:  # of an interval first and last are held: what is seen between them later splits it
        assert story(in_order) == story(shuffled)
    assert story(in_order)[-1][:2] == story(shuffled)[-1][:2]
    assert loud(in_order) == loud(shuffled) == []
    in_order.close()
    shuffled.close()
