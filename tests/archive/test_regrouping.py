"""Chains regrouped: whatever order postings arrive in, the same notices in the end, and every id leads to its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive import queries
from archive import tables as t
from archive.absence import Rules
from archive.grouping import CROWDED
from archive.proof.extent import extent
from archive.proof.history_check import check_histories
from archive.proof.log_check import LogCheck
from archive.rows import VersionRow
from archive.store import Archive
from noticewatch.models import Content, EventKind, Reading
from tests.archive.making import append, events, head, history, kinds, loud, open_archive, reading

pytestmark = pytest.mark.both_databases

SAM: dict[str, Any] = {"source": "sam_gov_bulk", "register": "sam"}
SPARES = "Portable units and radio spares"
TITLES = ("Radio sets", "Radio sets, base year", "Road salt", "Generator")


def content(number: str, solicitation: str, name: str, posted: int, **more: Any) -> Content:
    numbers = [
        {"type": "solicitation", "printed": solicitation, "plain": solicitation},
        {"type": "notice_id", "printed": number, "plain": number.upper()},
    ]
    return {
        "kind": "solicitation",
        "kind_published": "Solicitation",
        "title": [{"text": name}],
        "buyers": [{"role": "contracting", "name": "ICE", "codes": {"cgac": "070", "aac": "70CDCR"}}],
        "numbers": numbers,
        "dates": [{"role": "posted", "value": f"2026-03-{posted:02}T00:00:00Z", "precision": "time"}],
        **more,
    }


def sam(
    number: str, posted: int, *, solicitation: str = "70CDCR26R00001", name: str = TITLES[0], **more: Any
) -> Reading:
    stated = content(number, solicitation, name, posted, **more)
    revision = f"2026-03-{posted:02}T00:00:00.000Z {number}"
    return reading(number, stated, key=None, revision=revision, carried=frozenset(stated) | {"status"})


@dataclass(frozen=True)
class Told:
    """What a capture of a day says of a posting."""

    number: str
    posted: int
    solicitation: str
    name: str

    def reading(self) -> Reading:
        return sam(self.number, self.posted, solicitation=self.solicitation, name=self.name)


def tell(archive: Archive, days: Sequence[int], told: dict[int, dict[str, Told]]) -> None:
    for day in days:
        rows = sorted((one.reading() for one in told[day].values()), key=lambda row: (row.revision, row.source_number))
        append(archive, rows, day=day, **SAM)


def postings(archive: Archive) -> dict[str, frozenset[str]]:
    """Of each notice that has records: its postings."""
    query = select(t.notices.c.id, t.records.c.source_number).join(t.records, t.records.c.notice == t.notices.c.number)
    found: dict[str, set[str]] = {}
    with archive.reading() as connection:
        for notice, number in connection.execute(query):
            found.setdefault(notice, set()).add(number)
    return {notice: frozenset(numbers) for notice, numbers in found.items()}


def leads(archive: Archive) -> dict[str, str]:
    """Where each id leads."""
    with archive.reading() as connection:
        ids = connection.scalars(select(t.notices.c.id)).all()
        return {one: queries.find(connection, one)[0] for one in ids}


def stories(archive: Archive) -> dict[frozenset[str], list[str]]:
    """What each notice said, in order, by its postings."""
    return {
        numbers: [version.content_sha256 for version in history(archive, notice)]
        for notice, numbers in postings(archive).items()
    }


def assert_whole(archive: Archive) -> None:
    """Every id leads to the notice that has its posting, and so does every number; everything still verifies."""
    held = postings(archive)
    for notice, numbers in held.items():
        assert notice.removeprefix("sam:") in numbers
    for one, led in leads(archive).items():
        assert one.removeprefix("sam:") in held[led]
    with archive.reading() as connection:
        for notice, numbers in held.items():
            for number in numbers:
                assert queries.find(connection, number) == [notice], number
    with archive.reading() as connection:
        end = extent(connection)
    LogCheck(archive, 0, end).run(lambda _: None)
    check_histories(archive, 0, end.events)


def live(archive: Archive, rows: Sequence[Reading], day: int) -> None:
    """A crawl of the file; the first one is quiet."""
    append(archive, [], windows={"active": rows}, scope="file", kind="crawl", day=day, **SAM)


def version(archive: Archive, notice: str, number: int) -> VersionRow | None:
    with archive.reading() as connection:
        row = queries.notice(connection, notice)
        assert row is not None
        return queries.version(connection, row.number, number)


def changed(archive: Archive, after: int) -> dict[str, list[tuple[str, Any, Any]]]:
    """What the events of regroupings say, by id."""
    return {event.notice_id: list(event.changed) for event in events(archive, after) if event.capture_id is None}


def test_two_notices_that_turn_out_to_be_one_chain_become_the_older_one(archive: Archive) -> None:
    live(archive, [], 0)
    live(archive, [sam("aa", 1, name="Radio sets")], 1)
    live(archive, [sam("aa", 1, name="Radio sets"), sam("cc", 9, name=SPARES)], 2)
    assert [event.kinds for event in loud(archive)] == [(EventKind.NEW,), (EventKind.NEW,)]
    told, since = version(archive, "sam:cc", 1), head(archive)
    append(archive, [sam("bb", 5, name="Radio sets, portable units")], day=3, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa", "bb", "cc"})}
    assert leads(archive) == {"sam:aa": "sam:aa", "sam:cc": "sam:aa"}
    assert version(archive, "sam:cc", 1) == told
    assert [event for event in loud(archive) if event.seq > since] == []
    assert kinds(archive, since) == [("joined",), ("amended",), ("joined",), ("joined",)]
    assert changed(archive, since) == {
        "sam:aa": [("notice_ids", ["aa"], ["aa", "bb", "cc"])],
        "sam:cc": [("notice_ids", ["cc"], []), ("notice", "sam:cc", "sam:aa")],
    }
    assert [row.content["title"][0]["text"] for row in history(archive, "sam:aa")] == [
        "Radio sets", "Radio sets, portable units", "Portable units and radio spares",
    ]  # fmt: skip
    assert_whole(archive)


def test_what_comes_to_either_id_later_is_told_once_and_under_the_older(archive: Archive) -> None:
    live(archive, [], 0)
    live(archive, [sam("aa", 1), sam("cc", 9, name=SPARES)], 1)
    append(archive, [sam("bb", 5, name="Radio sets, portable units")], day=2, **SAM)
    since = head(archive)
    live(archive, [sam("cc", 9, name=SPARES, status="cancelled")], 3)
    assert [(event.notice_id, event.quiet) for event in events(archive, since)] == [("sam:aa", False)]
    assert_whole(archive)


def test_a_posting_that_states_another_number_later_leaves_the_chain(archive: Archive) -> None:
    live(archive, [], 0)
    live(archive, [sam("aa", 1), sam("bb", 3, name="Radio sets, base year")], 1)
    live(archive, [sam("dd", 2, solicitation="70CDCR26R00002", name="Radio sets")], 2)
    told, since = version(archive, "sam:aa", 2), head(archive)
    live(archive, [sam("bb", 3, solicitation="70CDCR26R00002", name="Radio sets, base year")], 3)
    assert postings(archive) == {"sam:aa": frozenset({"aa"}), "sam:dd": frozenset({"dd", "bb"})}
    kept = version(archive, "sam:aa", 2)
    assert told is not None
    assert kept is not None
    assert (kept.content, kept.content_sha256, kept.seq) == (told.content, told.content_sha256, told.seq)
    assert [row.version for row in history(archive, "sam:aa")] == [1]
    assert [(event.notice_id, event.kinds) for event in loud(archive) if event.seq > since] == [
        ("sam:dd", (EventKind.AMENDED,))
    ]
    assert_whole(archive)


def test_a_posting_that_leaves_for_no_other_notice_gets_one_of_its_own(archive: Archive) -> None:
    append(archive, [sam("aa", 1), sam("bb", 3)], day=0, **SAM)
    since = head(archive)
    append(archive, [sam("bb", 3, solicitation="70CDCR26R00002")], day=1, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa"}), "sam:bb": frozenset({"bb"})}
    assert changed(archive, since) == {
        "sam:aa": [("notice_ids", ["aa", "bb"], ["aa"])],
        "sam:bb": [("notice_ids", [], ["bb"])],
    }
    first = events(archive, since)[0]
    assert (first.notice_id, first.kinds) == ("sam:bb", (EventKind.SPLIT,))
    append(archive, [sam("bb", 3)], day=2, **SAM)
    assert leads(archive) == {"sam:aa": "sam:aa", "sam:bb": "sam:aa"}
    assert_whole(archive)


def award(number: str, posted: int, to: str, amount: str, signed: str, printed: str = "VARIOUS") -> Reading:
    numbers = [
        {"type": "solicitation", "printed": "70CDCR26R00001", "plain": "70CDCR26R00001"},
        {"type": "award", "printed": printed, "plain": printed},
        {"type": "notice_id", "printed": number, "plain": number.upper()},
    ]
    dates = [
        {"role": "posted", "value": f"2026-03-{posted:02}T00:00:00Z", "precision": "time"},
        {"role": "signed", "value": signed, "precision": "day"},
    ]
    amounts = [{"kind": "announced", "basis": "limit", "value": amount, "currency": "USD"}]
    return sam(
        number, posted, kind="award", kind_published="Award Notice", numbers=numbers, dates=dates, amounts=amounts,
        parties=[{"role": "supplier", "name": to}],
    )  # fmt: skip


def test_an_award_notice_of_another_awardee_never_joins_and_one_that_is_corrected_to_another_leaves(
    archive: Archive,
) -> None:
    first = award("aa", 1, "FCN", "100", "2026-02-01")
    append(
        archive, [first, award("bb", 2, "FCN", "100", "2026-02-01"), award("cc", 3, "West", "9", "2026-02-02")], **SAM
    )
    assert postings(archive) == {"sam:aa": frozenset({"aa", "bb"}), "sam:cc": frozenset({"cc"})}
    append(archive, [award("bb", 2, "West", "9", "2026-02-02")], day=1, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa"}), "sam:cc": frozenset({"bb", "cc"})}
    assert_whole(archive)


def test_a_text_that_came_before_its_notice_belongs_to_the_chain_all_the_same(archive: Archive) -> None:
    text = {"kind": "other", "numbers": [{"type": "notice_id", "printed": "bb", "plain": "BB"}],
            "description": [{"text": "All about it."}]}  # fmt: skip
    alone = reading("bb", text, key=None, carried=frozenset({"description"}))
    append(archive, [alone], day=0, source="sam_gov_opportunities", register="sam")
    append(archive, [sam("aa", 1)], day=1, **SAM)
    assert set(postings(archive)) == {"sam:aa", "sam:bb"}
    append(archive, [sam("bb", 2)], day=2, **SAM)
    assert postings(archive) == {"sam:bb": frozenset({"aa", "bb"})}
    assert leads(archive) == {"sam:aa": "sam:bb", "sam:bb": "sam:bb"}
    assert history(archive, "sam:bb")[-1].content["description"][0]["text"] == "All about it."
    assert_whole(archive)


def test_a_better_parser_that_reads_another_number_regroups(archive: Archive) -> None:
    rows = [sam("aa", 1), sam("bb", 2)]
    append(archive, rows, day=0, **SAM)
    again = [rows[0], replace(sam("bb", 2, solicitation="70CDCR26R00002"), sha256=rows[1].sha256)]
    append(archive, again, day=0, kind="reparse", parser_version=2, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa"}), "sam:bb": frozenset({"bb"})}
    assert_whole(archive)


def listed(archive: Archive) -> dict[str, str]:
    """The listing of the notices that have records."""
    query = select(t.notices.c.id, t.notices.c.listing).where(t.notices.c.leads_to.is_(None))
    with archive.reading() as connection:
        return {row.id: row.listing for row in connection.execute(query)}


def walk(archive: Archive, day: int, *rows: Reading) -> None:
    windows = {"active": list(rows)}
    append(archive, [], windows=windows, scope="file", kind="crawl", day=day, rules=Rules(absence=True), **SAM)


def test_a_chain_is_listed_while_one_of_its_postings_is(archive: Archive) -> None:
    walk(archive, 0, sam("aa", 1), sam("cc", 9, name=SPARES))
    for day in (1, 2, 3):
        walk(archive, day, sam("cc", 9, name=SPARES))
    assert listed(archive) == {"sam:aa": "unlisted", "sam:cc": "listed"}
    since = head(archive)
    append(archive, [sam("bb", 5, name="Radio sets, portable units")], day=1.5, **SAM)
    assert listed(archive) == {"sam:aa": "listed"}
    assert ("listing", "unlisted", "listed") in changed(archive, since)["sam:aa"]
    assert [event for event in loud(archive) if event.seq > since] == []
    for day in (4, 5, 6):
        walk(archive, day)
    assert listed(archive) == {"sam:aa": "unlisted"}


def test_what_was_told_to_be_gone_is_not_told_again_of_its_parts(archive: Archive) -> None:
    walk(archive, 0, sam("aa", 1), sam("bb", 2))
    for day in (1, 2, 3, 4):
        walk(archive, day)
    assert listed(archive) == {"sam:aa": "unlisted"}
    since = head(archive)
    append(archive, [sam("bb", 2, solicitation="70CDCR26R00002")], day=0.5, **SAM)
    append(archive, [sam("bb", 2, solicitation="70CDCR26R00003")], day=4.5, **SAM)
    assert listed(archive) == {"sam:aa": "unlisted", "sam:bb": "unlisted"}
    for day in (5, 6, 7):
        walk(archive, day)
    assert [event for event in loud(archive) if event.seq > since] == []
    walk(archive, 8, sam("bb", 2, solicitation="70CDCR26R00003"))
    assert listed(archive) == {"sam:aa": "unlisted", "sam:bb": "listed"}


def test_a_part_that_was_gone_while_the_chain_was_listed_is_found_out_at_the_next_complete_walk(
    archive: Archive,
) -> None:
    walk(archive, 0, sam("aa", 1), sam("bb", 2))
    for day in (1, 2, 3):
        walk(archive, day, sam("aa", 1))
    append(archive, [sam("bb", 2, solicitation="70CDCR26R00002")], day=0.5, **SAM)
    assert listed(archive) == {"sam:aa": "listed", "sam:bb": "listed"}
    walk(archive, 4, sam("aa", 1))
    assert listed(archive) == {"sam:aa": "listed", "sam:bb": "unlisted"}


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


def say(archive: Archive, day: int, number: str, source: str, solicitation: str, name: str) -> None:
    """One import of one answer of a source about a posting."""
    row = sam(number, 1 + "abcd".index(number[0]), solicitation=solicitation, name=name)
    if source == "text":
        row, source = text_alone(number, name), "sam_gov_opportunities"
    append(archive, [row], day=day, source=source, register="sam", ranks={"sam_gov_bulk": 1})


def text_alone(number: str, text: str) -> Reading:
    ids = [{"type": "notice_id", "printed": number, "plain": number.upper()}]
    stated = {"kind": "other", "numbers": ids, "description": [{"text": text}]}
    return reading(number, stated, key=None, carried=frozenset({"description"}))


def test_a_number_of_hundreds_of_postings_keeps_together_only_what_has_the_same_title(archive: Archive) -> None:
    unlike = [sam(f"x{number:03}", 2, name=f"{number:x} of {number * 7919:x}") for number in range(CROWDED - 2)]
    append(archive, [sam("aa", 1, name="Radio sets"), sam("bb", 3, name="Radio sets, base year"), *unlike], **SAM)
    assert frozenset({"aa", "bb"}) in postings(archive).values()
    append(archive, [sam("cc", 4, name="Radio sets")], day=1, **SAM)
    assert {frozenset({"aa", "cc"}), frozenset({"bb"})} <= set(postings(archive).values())
    append(archive, [sam("dd", 5, name="Radio sets, base year"), sam("ee", 1, name="Radio sets, first")], day=2, **SAM)
    append(archive, [sam("ff", 2, name="Radio sets")], day=3, **SAM)
    assert {frozenset({"aa", "cc", "ff"}), frozenset({"bb", "dd"}), frozenset({"ee"})} <= set(
        postings(archive).values()
    )
    assert_whole(archive)
