"""SAM chains: which revisions are one notice, held against the recorded file of 13,210 rows."""

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive import queries
from archive.chains import Link, chain_key, likeness
from archive.grouping import Posting, grouped
from archive.store import Archive
from archive.tables import aliases, records
from archive.warc import recorded
from crawlers.parsing import read
from crawlers.sources.sam_gov_bulk import parser
from noticewatch.models import Capture, Notice, Reading
from tests.archive.making import append, events, history, reading

pytestmark = pytest.mark.both_databases

STARTER = Path(__file__).parents[2] / "starter" / "sam_gov_bulk"
SAM = {"source": "sam_gov_bulk", "register": "sam"}


def notice(number: str = "70CDCR26R00001", name: str = "A thing", cgac: str = "070", **more: Any) -> dict[str, Any]:
    return {
        "kind": "solicitation",
        "kind_published": "Solicitation",
        "title": [{"text": name}],
        "buyers": [{"role": "contracting", "name": "ICE", "codes": {"cgac": cgac, "aac": "70CDCR"}}],
        "numbers": [{"type": "solicitation", "printed": number, "plain": number}],
        **more,
    }


def key(**more: Any) -> str | None:
    return chain_key(Notice.model_validate(notice(**more)))


@pytest.mark.parametrize("weak", ["", "UNNUMBERED", "A1", "70CDCR", "123456"])
def test_a_weak_number_makes_no_chain(weak: str) -> None:
    assert key(number=weak) is None


def test_the_code_of_the_office_makes_no_chain() -> None:
    office = {"role": "contracting", "name": "ICE", "codes": {"cgac": "070", "aac": "70-CDCR1"}}
    assert key(number="70CDCR1", buyers=[office]) is None
    assert key(number="70CDCR2", buyers=[office]) is not None


def test_the_services_of_the_defense_department_are_one_department() -> None:
    assert len({key(cgac=code) for code in ("017", "021", "057", "097")}) == 1
    assert key(cgac="070") != key(cgac="097")


def test_a_department_printed_by_name_is_the_one_of_its_code() -> None:
    buyer = {"role": "contracting", "name": "HOMELAND SECURITY, DEPARTMENT OF"}
    assert key(buyers=[buyer]) == key(cgac="070")


def test_another_type_is_another_chain() -> None:
    assert key() != key(kind_published="Presolicitation")


def award(number: str, to: str = "FCN, INC.") -> str | None:
    numbers = [
        {"type": "solicitation", "printed": "70CDCR26R00001", "plain": "70CDCR26R00001"},
        {"type": "award", "printed": number, "plain": number},
    ]
    return key(kind="award", kind_published="Award Notice", numbers=numbers, parties=[{"role": "supplier", "name": to}])


def test_award_notices_chain_by_award_number_or_awardee() -> None:
    assert award("70CDCR26P00001", "FCN") == award("70CDCR26P00001", "Somebody else")
    assert award("70CDCR26P00001") != award("70CDCR26P00002")
    assert award("VARIOUS", "FCN") != award("VARIOUS", "Somebody else")
    assert award("TBD", "FCN, Inc.") == award("VARIES", "FCN INC")


def link(name: str, posted: str, amount: str | None = None, signed: str | None = None) -> Link:
    dates = [{"role": "posted", "value": posted, "precision": "time"}]
    if signed:
        dates.append({"role": "signed", "value": signed})
    amounts = [{"kind": "announced", "basis": "limit", "value": amount}] if amount else []
    return Link.of(notice(name=name, kind="award", dates=dates, amounts=amounts))


def test_an_award_whose_amount_and_date_both_differ_a_day_later_is_another() -> None:
    first = link("Ammunition", "2026-03-01T10:00:00-05:00", "100", "2026-03-01")
    assert link("Ammunition", "2026-03-01T18:00:00-05:00", "200", "2026-03-02").follows(first)
    assert link("Ammunition", "2026-03-05T18:00:00-05:00", "200", "2026-03-01").follows(first)
    assert not link("Ammunition", "2026-03-05T18:00:00-05:00", "200", "2026-03-02").follows(first)


def test_times_and_days_of_posting_without_an_offset_count_too() -> None:
    first = link("Ammunition", "2026-03-01", "100", "2026-03-01")
    assert link("Ammunition", "2026-03-02", "200", "2026-03-02").follows(first)
    assert not link("Ammunition", "2026-03-05 18:00:00", "200", "2026-03-02").follows(first)
    assert not link("Ammunition", "2026-03-05T18:00:00-05:00", "200", "2026-03-02").follows(first)


def test_titles_are_alike_by_words_or_by_letters() -> None:
    assert likeness("cell phone forensics", "forensics for cell phone") >= 0.6
    assert likeness("licence plate readers", "license plate reader") >= 0.6
    assert likeness("generator set", "road salt") < 0.6


def sam(number: str, posted: str, **more: Any) -> Reading:
    ids = [{"type": "notice_id", "printed": number, "plain": number.upper()}]
    content = notice(**more)
    content["numbers"] = [*content["numbers"], *ids]
    content["dates"] = [{"role": "posted", "value": posted, "precision": "time"}]
    return reading(number, content, key=None, revision=f"{posted} {number}", carried=frozenset(content) | {"status"})


def test_a_further_notice_id_is_a_version_of_the_first(archive: Archive) -> None:
    first, second = sam("aa", "2026-04-01T00:00:00Z"), sam("bb", "2026-04-02T00:00:00Z", name="A thing, amended")
    append(archive, [first], day=0, **SAM)  # type: ignore[arg-type]  # names only
    append(archive, [second], day=1, **SAM)  # type: ignore[arg-type]  # names only
    append(archive, [first, second], day=2, **SAM)  # type: ignore[arg-type]  # names only
    assert len(history(archive, "sam:aa")) == 2
    assert len(events(archive)) == 2
    with archive.reading() as connection:
        for spelling in ("sam:aa", "aa", "BB", "sam:bb", "70-CDCR-26-R-00001"):
            assert queries.find(connection, spelling) == ["sam:aa"], spelling


def test_a_revision_posted_again_unchanged_is_reposted_and_quiet(archive: Archive) -> None:
    append(archive, [], windows={"active": [sam("aa", "2026-04-01T00:00:00Z")]}, scope="file", kind="replay", **SAM)  # type: ignore[arg-type]  # names only
    append(
        archive, [], windows={"active": [sam("bb", "2026-04-02T00:00:00Z")]}, scope="file", kind="replay", day=1,
        **SAM,  # type: ignore[arg-type]  # names only
    )  # fmt: skip
    assert [(event.kinds, event.quiet) for event in events(archive)] == [(("new",), True), (("reposted",), True)]


@pytest.mark.sqlite_suffices
@pytest.mark.skipif(not STARTER.is_dir(), reason="the starter archive is not there")
@pytest.mark.parametrize("order", ["file", "reversed", 1, 2])
def test_the_recorded_rows_make_the_measured_chains_in_any_order(archive: Archive, order: str | int) -> None:
    for capture, recorded_rows in both_files():
        rows = list(recorded_rows)
        if order == "reversed":
            rows.reverse()
        elif order != "file":
            random.Random(order).shuffle(rows)
        append(archive, rows, kind="starter", given=capture, **SAM)  # type: ignore[arg-type]  # names only
    with archive.reading() as connection:
        [notice_id] = queries.find(connection, "RFP-002132")
        row = queries.notice(connection, notice_id)
        assert row is not None
        assert len(notice_ids(archive, row.number)) == 7
        assert len(queries.find(connection, "47QSMD20R0001")) == 115
    assert groups_of(archive) == expected_groups()


def test_the_recorded_file_of_a_day_makes_the_measured_number_of_chains() -> None:
    [_, (_, rows)] = both_files()
    assert (len(rows), *measured(sorted(rows, key=lambda row: (row.revision, row.source_number)))) == (
        13_210, 12_917, 4,
    )  # fmt: skip


@cache
def both_files() -> list[tuple[Capture, list[Reading]]]:
    """The recorded pages, and the recorded file of a day, as they stand."""
    found = []
    for held in sorted(recorded(STARTER), key=lambda held: held.capture.payload_length):
        with held.open() as stream:
            found.append((held.capture, list(read(parser, stream, held.capture))))
    return found


@cache
def expected_groups() -> frozenset[frozenset[str]]:
    """The postings of each notice by the rule alone, over all recorded rows."""
    latest = {row.source_number: row for _, rows in both_files() for row in rows}
    postings = [
        Posting(number, chain_key(row.notice), row.revision, frozenset({Link.of(row.notice.content())}))
        for number, row in latest.items()
    ]
    return frozenset(group.numbers for group in grouped(postings))


def groups_of(archive: Archive) -> frozenset[frozenset[str]]:
    """The postings of each notice that is held."""
    found: dict[int, set[str]] = {}
    with archive.reading() as connection:
        for notice, number in connection.execute(select(records.c.notice, records.c.source_number)):
            found.setdefault(notice, set()).add(number)
    return frozenset(map(frozenset, found.values()))


def measured(rows: Sequence[Reading]) -> tuple[int, int]:
    """How many chains the readings make, and how long the longest is."""
    chains: dict[str | None, list[list[Link]]] = {}
    for row in rows:
        last, held = Link.of(row.notice.content()), chains.setdefault(chain_key(row.notice), [])
        fitting = [chain for chain in held if last.follows(chain[-1])] if chain_key(row.notice) else []
        if fitting:
            fitting[-1].append(last)
        else:
            held.append([last])
    lengths = [len(chain) for held in chains.values() for chain in held]
    return len(lengths), max(lengths)


def notice_ids(archive: Archive, number: int) -> list[str]:
    query = select(aliases.c.number).where(aliases.c.notice == number, aliases.c.type == "notice_id")
    with archive.reading() as connection:
        return list(connection.scalars(query))
