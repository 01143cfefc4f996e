"""Chains regrouped: both ids live on, every id leads to its own, and nothing is told twice."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from archive import tables as t
from archive.absence import Rules
from archive.grouping import CROWDED
from archive.store import Archive
from noticewatch.models import EventKind, Reading
from tests.archive.grouping import SAM, SPARES, assert_whole, changed, leads, live, postings, sam, version
from tests.archive.making import append, events, head, history, kinds, loud, reading

pytestmark = pytest.mark.both_databases


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
