"""Corrections that join and split: standing decisions over the rules, in the public log, undone by the opposite."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from archive import chain_corrections, contract_corrections, corrections, queries, takedowns
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import CorrectionKind
from tests.archive.grouping import SAM, assert_whole, leads, postings, sam, stories, version
from tests.archive.making import append, events, head, history, kinds, loud, open_archive, reading
from tests.archive.test_joins import action, members, number

pytestmark = pytest.mark.both_databases

RANKS: Mapping[str, int] = {}


def join(archive: Archive, *named: str) -> corrections.Correction:
    return chain_corrections.join(archive, named, "They are one purchase.", RANKS)


def split(archive: Archive, named: str, *at: str) -> corrections.Correction:
    return chain_corrections.split(archive, named, at, "They are two purchases.", RANKS)


def test_a_posting_is_parted_with_a_reason_in_the_public_log_and_stays_parted(archive: Archive) -> None:
    rows = [sam("aa", 1), sam("bb", 2), sam("cc", 3)]
    append(archive, rows, **SAM)
    told, since = [version(archive, "sam:aa", held) for held in (1, 2, 3)], head(archive)
    made = split(archive, "70CDCR26R00001", "bb")
    assert postings(archive) == {"sam:aa": frozenset({"aa", "cc"}), "sam:bb": frozenset({"bb"})}
    assert (made.kind, made.concerns, made.reason) == (CorrectionKind.SPLIT, ("sam:aa",), "They are two purchases.")
    told_of = {event.notice_id for event in events(archive, made.first_seq - 1) if event.seq <= made.last_seq}
    assert told_of == {"sam:aa", "sam:bb"}
    assert loud(archive, since) == []
    for before, held in zip(told, (1, 2, 3), strict=True):
        now = version(archive, "sam:aa", held)
        assert now is not None
        assert before is not None
        assert (now.content, now.content_sha256, now.seq) == (before.content, before.content_sha256, before.seq)
    append(archive, [*rows, sam("dd", 4)], day=1, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa", "cc", "dd"}), "sam:bb": frozenset({"bb"})}
    append(archive, [sam("bb", 2, name="Radio sets, base year")], day=2, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa", "cc", "dd"}), "sam:bb": frozenset({"bb"})}
    append(archive, rows, day=0, kind="reparse", parser_version=2, **SAM)
    assert set(postings(archive)) == {"sam:aa", "sam:bb"}
    assert_whole(archive)
    join(archive, "sam:bb", "sam:aa")
    assert postings(archive) == {"sam:aa": frozenset({"aa", "bb", "cc", "dd"})}
    assert leads(archive)["sam:bb"] == "sam:aa"
    assert_whole(archive)


def test_notices_under_other_numbers_are_joined_and_what_follows_either_follows_both(archive: Archive) -> None:
    append(archive, [sam("aa", 1), sam("bb", 2, solicitation="70CDCR26R00002", name="Road salt")], **SAM)
    made = join(archive, "aa", "bb")
    assert made.concerns == ("sam:aa", "sam:bb")
    assert postings(archive) == {"sam:aa": frozenset({"aa", "bb"})}
    append(archive, [sam("cc", 3, solicitation="70CDCR26R00002", name="Road salt, coarse")], day=1, **SAM)
    append(archive, [sam("dd", 4, solicitation="70CDCR26R00001", name="Road salt")], day=2, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa", "bb", "cc", "dd"})}
    assert_whole(archive)
    split(archive, "sam:bb", "bb", "cc", "dd")
    assert postings(archive) == {
        "sam:aa": frozenset({"aa"}), "sam:bb": frozenset({"bb", "cc"}), "sam:dd": frozenset({"dd"}),
    }  # fmt: skip
    assert_whole(archive)


def test_parting_the_posting_that_names_a_notice_takes_the_id_along(archive: Archive) -> None:
    append(archive, [sam("aa", 1), sam("bb", 2), sam("cc", 3)], **SAM)
    split(archive, "sam:aa", "aa")
    assert postings(archive) == {"sam:aa": frozenset({"aa"}), "sam:bb": frozenset({"bb", "cc"})}
    assert [row.version for row in history(archive, "sam:aa")] == [1]
    assert_whole(archive)


@pytest.mark.parametrize(
    ("named", "at", "says"),
    [
        ("nowhere", ["aa"], "No notice"),
        ("sam:aa", ["zz"], "none of the postings of sam:aa, which are aa, bb"),
        ("sam:aa", ["aa", "bb"], "leave it others"),
        ("us-action:P", ["P"], "--contract"),
    ],
)
def test_what_cannot_be_parted_is_refused_and_nothing_is_written(
    archive: Archive, named: str, at: list[str], says: str
) -> None:
    append(archive, [sam("aa", 1), sam("bb", 2)], **SAM)
    append(archive, [reading("P", "An order")], day=1)
    since = head(archive)
    with pytest.raises((NotFound, UsageError), match=says):
        split(archive, named, *at)
    with pytest.raises(UsageError, match="reason"):
        chain_corrections.split(archive, "sam:aa", ["bb"], " ", RANKS)
    with pytest.raises(UsageError, match="same notice"):
        join(archive, "aa", "bb")
    with pytest.raises(UsageError, match="--contract"):
        join(archive, "sam:aa", "us-action:P")
    assert head(archive) == since
    assert set(postings(archive)) == {"sam:aa", "us-action:P"}
    with archive.reading() as connection:
        assert corrections.count(connection) == 0


def shown(archive: Archive, notice: str) -> list[bool]:
    """Of each version of a notice whether readers see it."""
    with archive.reading() as connection:
        row = queries.notice(connection, notice)
        assert row is not None
        held = [queries.version(connection, row.number, number) for number in range(1, row.versions + 1)]
    return [one is not None and one.tombstone is None for one in held]


def test_what_was_taken_down_stays_so_under_whatever_notice_and_all_that_comes_later(archive: Archive) -> None:
    append(archive, [sam("aa", 1), sam("cc", 9, name="Generator")], **SAM)
    takedowns.take_down(archive, ["sam:cc"], "Names a private person.")
    join(archive, "sam:aa", "sam:cc")
    append(archive, [sam("cc", 9, name="Generator, silent")], day=1, **SAM)
    assert postings(archive) == {"sam:aa": frozenset({"aa", "cc"})}
    assert not any(shown(archive, "sam:aa") + shown(archive, "sam:cc"))
    split(archive, "sam:aa", "cc")
    assert not any(shown(archive, "sam:aa") + shown(archive, "sam:cc"))
    takedowns.restore(archive, ["sam:aa"], "Only the other one does.")
    assert shown(archive, "sam:aa")[0]
    assert not any(shown(archive, "sam:cc"))
    takedowns.restore(archive, ["sam:cc"], "Agreed.")
    assert all(shown(archive, "sam:aa") + shown(archive, "sam:cc"))
    assert_whole(archive)


def test_the_log_tells_of_every_version_that_is_given_back_with_what_it_leads_to(archive: Archive) -> None:
    append(archive, [sam("aa", 1), sam("cc", 2, solicitation="70CDCR26R00002", name="Road salt")], **SAM)
    takedowns.take_down(archive, ["sam:cc"], "Names a person.")
    join(archive, "aa", "cc")
    since = head(archive)
    takedowns.restore(archive, ["sam:aa"], "Agreed.")
    assert ("sam:cc", 1) in [(event.notice_id, event.version) for event in events(archive, since)]


def test_a_restored_notice_names_what_withholds_it_still(archive: Archive) -> None:
    append(archive, [sam("aa", 1), sam("cc", 9, name="Generator")], **SAM)
    takedowns.take_down(archive, ["sam:cc"], "Names a private person.")
    join(archive, "sam:aa", "sam:cc")
    split(archive, "sam:aa", "cc")
    for named, left in (("sam:cc", ["sam:aa"]), ("sam:aa", [])):
        made = takedowns.restore(archive, [named], "Agreed.")
        assert all(shown(archive, "sam:cc")) is not bool(left)
        with archive.reading() as connection:
            assert takedowns.withholding(connection, made) == left


def test_a_restored_notice_gives_back_what_leads_to_it(archive: Archive) -> None:
    append(archive, [sam("aa", 1), sam("cc", 9, name="Generator")], **SAM)
    takedowns.take_down(archive, ["sam:cc"], "Names a private person.")
    join(archive, "sam:aa", "sam:cc")
    takedowns.restore(archive, ["sam:cc"], "Agreed.")
    assert all(shown(archive, "sam:aa") + shown(archive, "sam:cc"))
    takedowns.take_down(archive, ["sam:cc@1"], "Names a private person.")
    assert shown(archive, "sam:cc") == [False]


@pytest.mark.sqlite_suffices
@settings(max_examples=20, phases=[Phase.generate])
@given(data=st.data())
def test_decisions_hold_whatever_arrives_and_in_whatever_order(data: st.DataObject) -> None:
    numbers = ["aa", "bb", "cc", "dd", "ee", "ff"]
    rows = {
        number: sam(number, posted, name=data.draw(st.sampled_from(["Radio sets", "Radio sets, spare", "Generator"])))
        for posted, number in enumerate(data.draw(st.permutations(numbers)), start=1)
    }
    early, first, second = numbers[:3], *(data.draw(st.permutations(numbers)) for _ in range(2))
    with TemporaryDirectory() as folder:
        archives = [open_archive(Path(folder) / name) for name in ("one", "other")]
        for archive, order in zip(archives, (first, second), strict=True):
            for day, one in enumerate([one for one in order if one in early]):
                append(archive, [rows[one]], day=day, **SAM)
            held = postings(archive)
            if len(held) > 1:
                join(archive, *sorted(held))
            split(archive, "aa", "bb")
            for day, one in enumerate([one for one in order if one not in early], start=10):
                append(archive, [rows[one]], day=day, **SAM)
            assert_whole(archive)
        groups = [set(postings(archive).values()) for archive in archives]
        assert groups[0] == groups[1]
        assert stories(archives[0]) == stories(archives[1])
        assert not any("bb" in group and group & {"aa", "cc"} for group in groups[0])
        for archive in archives:
            archive.close()


def contracts(archive: Archive) -> dict[str, set[str]]:
    return {contract: set(held) for contract, held in members(archive).items()}


def tender(name: str, solicitation: str) -> dict[str, object]:
    buyer = {"role": "contracting", "name": "ICE", "codes": {"cgac": "070", "aac": "70CMSD"}}
    return {"kind": "solicitation", "title": [{"text": name}], "numbers": [number("solicitation", solicitation)],
            "buyers": [buyer]}  # fmt: skip


ONE, OTHER = "award:7012:70CMSD26P00000034", "award:7012:70CMSD26P00000099"


def test_contracts_joined_stay_joined_for_what_comes_later_and_part_again(archive: Archive) -> None:
    append(
        archive, [reading("P:0", action("70CMSD26P00000034", "0")), reading("Q:0", action("70CMSD26P00000099", "0"))]
    )
    assert set(contracts(archive)) == {ONE, OTHER}
    since = head(archive)
    made = contract_corrections.join(archive, ["us-action:P:0", OTHER], "One order under two numbers.")
    assert made.concerns == (ONE, OTHER)
    assert kinds(archive, since) == [("joined",)]
    append(archive, [reading("Q:1", action("70CMSD26P00000099", "P00001"))], day=1)
    assert contracts(archive) == {ONE: {"us-action:P:0", "us-action:Q:0", "us-action:Q:1"}}
    contract_corrections.split(archive, ONE, ["us-action:Q:0"], "Two orders after all.")
    assert contracts(archive) == {ONE: {"us-action:P:0"}, OTHER: {"us-action:Q:0", "us-action:Q:1"}}
    append(archive, [reading("Q:2", action("70CMSD26P00000099", "P00002"))], day=2)
    assert len(contracts(archive)[OTHER]) == 3
    assert loud(archive, since) == []


def test_a_notice_parted_from_a_contract_that_it_names_stands_alone_until_it_is_joined_again(archive: Archive) -> None:
    rows = [reading(f"P:{place}", action("70CMSD26P00000034", str(place))) for place in range(3)]
    append(archive, rows)
    members(archive)
    contract_corrections.split(archive, ONE, ["us-action:P:1", "us-action:P:2"], "Another order.")
    parted = {ONE: {"us-action:P:0"}, "us-action:P:1": {"us-action:P:1", "us-action:P:2"}}
    assert contracts(archive) == parted
    append(archive, [reading("P:2", action("70CMSD26P00000034", "2", "99"))], day=1)
    assert contracts(archive) == parted
    contract_corrections.join(archive, [ONE, "us-action:P:1"], "The same order.")
    assert contracts(archive) == {ONE: {"us-action:P:0", "us-action:P:1", "us-action:P:2"}}


def test_a_tender_joined_to_a_contract_stays_there_and_refusals_say_why(archive: Archive) -> None:
    append(archive, [reading("P:0", action("70CMSD26P00000034", "0"))])
    append(archive, [reading("bb", tender("Radio sets", "70CMSD26Q00000007"), key=None)], day=1, **SAM)
    drive(archive, [Joiner()])
    contract_corrections.join(archive, [ONE, "sam:bb"], "Its tender.")
    assert contracts(archive) == {ONE: {"us-action:P:0", "sam:bb"}}
    with pytest.raises(UsageError, match="of one contract already"):
        contract_corrections.join(archive, [ONE, "sam:bb"], "Again.")
    with pytest.raises(UsageError, match="none of its notices"):
        contract_corrections.split(archive, ONE, ["sam:zz"], "x")
    with pytest.raises(NotFound):
        contract_corrections.split(archive, "award:7012:NOTHING0000000", ["sam:bb"], "x")
    contract_corrections.split(archive, ONE, ["sam:bb"], "Another tender.")
    assert contracts(archive) == {ONE: {"us-action:P:0"}, "sam:bb": {"sam:bb"}}
    with archive.reading() as connection:
        assert queries.procurement_of(connection, [1, 2]).keys() == {1, 2}
