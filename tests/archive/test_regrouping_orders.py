"""Whatever order postings, witnesses and texts arrive in, the same notices in the end, and everything verifies."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from archive.store import Archive
from tests.archive.grouping import (
    SAM,
    TITLES,
    Told,
    assert_whole,
    changed,
    postings,
    sam,
    say,
    stories,
    tell,
    text_alone,
)
from tests.archive.making import append, head, history, loud, open_archive

pytestmark = pytest.mark.both_databases

TOLD = st.dictionaries(
    st.integers(0, 9),
    st.dictionaries(
        st.sampled_from(["aa", "bb", "cc", "dd", "ee"]),
        st.tuples(st.sampled_from(["70CDCR26R00001", "70CDCR26R00001", "70CDCR26R00002"]), st.sampled_from(TITLES)),
        min_size=1, max_size=4,
    ),
    min_size=2, max_size=6,
)  # fmt: skip
POSTED = st.permutations(range(1, 6))


@pytest.mark.sqlite_suffices
@settings(max_examples=30, phases=[Phase.generate])
@given(told=TOLD, posted=POSTED, data=st.data())
def test_any_order_of_arrival_gives_the_same_notices(
    told: dict[int, dict[str, tuple[str, str]]], posted: list[int], data: st.DataObject
) -> None:
    of = dict(zip(["aa", "bb", "cc", "dd", "ee"], posted, strict=True))
    days = {
        day: {number: Told(number, of[number], *said) for number, said in some.items()} for day, some in told.items()
    }
    shuffled = data.draw(st.permutations(sorted(days)))
    with TemporaryDirectory() as folder:
        one, other = open_archive(Path(folder) / "one"), open_archive(Path(folder) / "other")
        tell(one, sorted(days), days)
        tell(other, shuffled, days)
        assert set(postings(one).values()) == set(postings(other).values())
        assert stories(one) == stories(other)
        assert_whole(one)
        assert_whole(other)
        assert not loud(other)
        before = head(other)
        tell(other, sorted(days), days)
        assert head(other) == before
        one.close()
        other.close()


SAYS = st.tuples(
    st.sampled_from(["aa", "bb", "cc", "dd"]),
    st.sampled_from(["sam_gov_bulk", "sam_gov_opportunities", "text"]),
    st.sampled_from(["70CDCR26R00001", "70CDCR26R00001", "70CDCR26R00002"]),
    st.sampled_from(TITLES),
)


@pytest.mark.sqlite_suffices
@settings(max_examples=40, phases=[Phase.generate])
@given(
    said=st.lists(SAYS, min_size=3, max_size=8).filter(lambda said: max(Counter(said).values()) <= 2), data=st.data()
)
def test_witnesses_and_texts_alone_make_the_same_notices_in_any_order(
    said: list[tuple[str, str, str, str]], data: st.DataObject
) -> None:
    """Nothing is said three times: of what is said again and again only the first and the last time are kept, and what
    comes late and falls between them ends the first saying there and begins it again at its last time.
    """
    shuffled = data.draw(st.permutations(range(len(said))))
    with TemporaryDirectory() as folder:
        found = []
        for name, order in (("one", range(len(said))), ("other", shuffled)):
            archive = open_archive(Path(folder) / name)
            for day in order:
                say(archive, day, *said[day])
            assert_whole(archive)
            found.append((set(postings(archive).values()), stories(archive)))
            archive.close()
        assert found[0] == found[1]


def test_a_version_of_a_posting_that_left_its_notice_again_is_still_held_to_its_record(archive: Archive) -> None:
    say(archive, 0, "aa", "sam_gov_opportunities", "70CDCR26R00002", TITLES[1])
    say(archive, 1, "cc", "text", "70CDCR26R00001", TITLES[2])
    say(archive, 2, "aa", "sam_gov_bulk", "70CDCR26R00001", TITLES[0])
    say(archive, 3, "cc", "sam_gov_opportunities", "70CDCR26R00001", TITLES[2])
    assert set(postings(archive).values()) == {frozenset({"aa", "cc"})}
    say(archive, 4, "bb", "sam_gov_opportunities", "70CDCR26R00001", TITLES[1])
    assert set(postings(archive).values()) == {frozenset({"aa", "bb"}), frozenset({"cc"})}
    assert_whole(archive)


def test_a_version_of_a_posting_that_came_and_went_with_one_answer_is_held_to_its_record(archive: Archive) -> None:
    told = [sam("aa", 1, solicitation="70CDCR26R00002", name=TITLES[2]), text_alone("bb", TITLES[0])]
    append(archive, told, day=0, **SAM)
    told = [sam("bb", 2, solicitation="70CDCR26R00002"), sam("aa", 1, status="open")]
    append(archive, told, day=1, source="sam_gov_opportunities", register="sam", ranks={"sam_gov_bulk": 1})
    assert set(postings(archive)) == {"sam:aa", "sam:bb"}
    assert changed(archive, 0) == {f"sam:{one}": [("notice_ids", [one], [one])] for one in ("aa", "bb")}
    assert_whole(archive)


def test_a_version_of_several_postings_is_held_to_its_record_when_only_one_is_left(archive: Archive) -> None:
    say(archive, 0, "cc", "sam_gov_opportunities", "70CDCR26R00001", TITLES[1])
    say(archive, 4, "bb", "sam_gov_opportunities", "70CDCR26R00001", TITLES[1])
    say(archive, 1, "bb", "text", "", TITLES[0])
    say(archive, 3, "cc", "text", "", TITLES[0])
    assert set(postings(archive)) == {"sam:cc"}
    say(archive, 2, "cc", "sam_gov_opportunities", "70CDCR26R00002", TITLES[0])
    assert set(postings(archive).values()) == {frozenset({"bb"}), frozenset({"cc"})}
    assert_whole(archive)


def test_both_halves_of_a_text_that_a_whole_notice_parts_speak_of_its_revision(archive: Archive) -> None:
    say(archive, 1, "dd", "text", "", TITLES[3])
    say(archive, 3, "dd", "text", "", TITLES[3])
    say(archive, 2, "dd", "sam_gov_opportunities", "70CDCR26R00002", TITLES[3])
    assert [(one.version, one.observed_at.day) for one in history(archive, "sam:dd")] == [(1, 2), (2, 3)]
    assert_whole(archive)


@pytest.mark.parametrize("days", [[1, 2, 6], [2, 6, 1]])
def test_a_wording_that_is_seen_to_be_older_may_change_whose_number_is_the_latest(
    archive: Archive, days: list[int]
) -> None:
    say(archive, 0, "bb", "sam_gov_bulk", "70CDCR26R00001", TITLES[0])
    for day in days:
        source, solicitation = ("opportunities", "70CDCR26R00001") if day == 2 else ("bulk", "70CDCR26R00002")
        say(archive, day, "cc", f"sam_gov_{source}", solicitation, TITLES[0])
    assert set(postings(archive).values()) == {frozenset({"bb", "cc"})}
    assert_whole(archive)
