"""The daily file and the interface of SAM.gov are two witnesses of one notice: one id, one event, one sum.

No NoticeId stands in recorded answers of both, so the interface's side is made here from real rows of the daily file.
"""

import csv
import io
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from archive import queries
from archive.rows import NoticeRow
from archive.store import Archive
from archive.warc import recorded
from archive.witnesses import differences, witnesses
from crawlers.appending import ranks
from crawlers.parsing import Shape, read
from crawlers.source import source
from crawlers.sources.sam_gov_bulk import parser as bulk
from crawlers.sources.sam_gov_opportunities import parser as interface
from noticewatch.models import Capture, EventKind, Origin, Reading, to_paths
from tests.archive.making import append, events, history, loud, open_archive
from tests.sources.reading import STARTER

BULK, INTERFACE = "sam_gov_bulk", "sam_gov_opportunities"
RANKS = ranks(source(BULK))
PARSERS = {name: source(name).parser_version for name in (BULK, INTERFACE)}
CAPTURE = Capture(
    id="c", source=BULK, url="u", status=200, fetched_at=datetime(2026, 4, 25, tzinfo=UTC), payload_sha256="",
    payload_length=0, origin=Origin.REBUILT, recorder="a test",
)  # fmt: skip
AWARD, CHAIN = "70CMSD26P00000034", "N4008526R0002"
"""An award without a text; a solicitation of four revisions on two days, whose deadline moved."""

Cells = dict[str, str]


@cache
def _file() -> bytes:
    *_, last = recorded(STARTER / BULK)
    with last.open() as stream:
        return stream.read()


@cache
def rows_with(number: str) -> tuple[Cells, ...]:
    """Recorded rows of the daily file with this solicitation or award number, oldest first."""
    payload = _file()
    header = next(csv.reader(io.StringIO(payload[: payload.index(b"\r\n")].decode())))
    found = []
    for row in bulk.rows(io.BytesIO(payload), Shape()):
        raw = payload[row.start : row.end]
        if number.encode() in raw:
            cells = dict(zip(header, next(csv.reader(io.StringIO(raw.decode("cp1252"), newline=""))), strict=True))
            if number in {cells["Sol#"], cells["AwardNumber"]}:
                found.append((row.revision, cells))
    return tuple(cells for _, cells in sorted(found, key=lambda one: one[0]))


def by_file(*rows: Cells) -> list[Reading]:
    """What the daily file says."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    payload = buffer.getvalue().encode("cp1252")
    return sorted(read(bulk, io.BytesIO(payload), CAPTURE), key=lambda reading: reading.revision)


def by_interface(*rows: Cells, **more: Any) -> list[Reading]:
    """What the interface would say of the same revisions."""
    items = [{**_item(row), **more} for row in rows]
    payload = json.dumps({"totalRecords": len(items), "opportunitiesData": items}).encode()
    return sorted(read(interface, io.BytesIO(payload), CAPTURE), key=lambda reading: reading.revision)


def _item(row: Cells) -> Mapping[str, Any]:
    award = {
        "date": row["AwardDate"], "number": row["AwardNumber"], "amount": row["Award$"],
        "awardee": {"name": "FCN, INC.", "ueiSAM": "KT4LXQLC2E15", "cageCode": "0T5C5"},
    }  # fmt: skip
    return {
        "noticeId": row["NoticeId"], "title": row["Title"], "solicitationNumber": row["Sol#"],
        "fullParentPathName": ".".join((row["Department/Ind.Agency"], row["Sub-Tier"], row["Office"])),
        "fullParentPathCode": ".".join((row["CGAC"], row["FPDS Code"], row["AAC Code"])),
        "postedDate": row["PostedDate"][:10], "type": row["Type"], "archiveDate": row["ArchiveDate"] or None,
        "typeOfSetAside": row["SetASideCode"] or None, "typeOfSetAsideDescription": row["SetASide"] or None,
        "responseDeadLine": row["ResponseDeadLine"] or None, "naicsCode": row["NaicsCode"] or None,
        "classificationCode": row["ClassificationCode"] or None, "active": row["Active"],
        "award": award if row["AwardNumber"] else None, "organizationType": "OFFICE", "uiLink": row["Link"],
        "resourceLinks": ["https://sam.gov/api/prod/opps/v3/opportunities/resources/files/1/download"],
    }  # fmt: skip


def see(
    archive: Archive,
    name: str,
    readings: Sequence[Reading],
    day: float,
    kind: Any = "import",
    window: str = "2026-08-01",
) -> None:
    append(
        archive, readings, day=day, kind=kind, source=name, register="sam", ranks=RANKS,
        windows={window: readings}, scope="file" if name == BULK else "posted", late_after=10_000,
        parser_version=PARSERS[name],
    )  # fmt: skip


def text_of(row: Cells, text: str) -> list[Reading]:
    """What the interface says at the address of a revision's text."""
    url = f"https://api.sam.gov/prod/opportunities/v1/noticedesc?noticeid={row['NoticeId']}"
    payload = json.dumps({"description": text}).encode()
    return list(read(interface, io.BytesIO(payload), CAPTURE.model_copy(update={"url": url})))


def only_notice(archive: Archive) -> NoticeRow:
    with archive.reading() as connection:
        numbers = {event.notice_number for event in queries.events(connection, 0, 1_000)}
        found = queries.notices(connection, numbers)
    assert len(found) == 1
    return next(iter(found.values()))


def kinds(archive: Archive) -> list[tuple[EventKind, ...]]:
    return [event.kinds for event in events(archive)]


@pytest.mark.parametrize("first", [BULK, INTERFACE])
def test_the_second_witness_enriches_the_notice_quietly_whichever_comes_first(archive: Archive, first: str) -> None:
    (row,) = ({**cells, "Description": "Licences."} for cells in rows_with(AWARD))
    seen = {BULK: by_file(row), INTERFACE: by_interface(row)}
    second = INTERFACE if first == BULK else BULK
    see(archive, first, seen[first], 0)
    see(archive, second, seen[second], 1)
    assert kinds(archive) == [(EventKind.NEW,), (EventKind.ENRICHED,)]
    stated = only_notice(archive).notice
    assert stated.parties[0].uei == "KT4LXQLC2E15"
    assert "Cellebrite" in stated.title[0].text
    assert stated.description
    assert [document.url[-10:] for document in stated.documents] == ["1/download"]
    assert len(stated.amounts) == 1
    assert len(stated.buyers) == 1


def test_both_witnesses_word_everything_else_alike() -> None:
    for number in (AWARD, CHAIN):
        row = rows_with(number)[-1]
        one, other = (to_paths(read[0].notice.content()) for read in (by_file(row), by_interface(row)))
        differ = {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
        assert differ <= {"parties.supplier", "description", "documents", "dates.posted", "places"}


def test_both_complete_each_other_and_are_told_apart_nowhere(archive: Archive) -> None:
    (row,) = rows_with(AWARD)
    see(archive, INTERFACE, by_interface(row), 0)
    see(archive, BULK, by_file(row), 1)
    held = only_notice(archive)
    posted, party = held.notice.date("posted"), held.notice.parties[0]
    assert posted is not None
    assert (posted.value, posted.precision) == ("2026-04-15T15:46:25.3-04:00", "time")
    assert (party.uei, party.printed) == ("KT4LXQLC2E15", "FCN, INC. Rockville MD 20852 USA")
    with archive.reading() as connection:
        said = witnesses(connection, held.number, RANKS)
    assert [witness.source for witness in said] == [INTERFACE, BULK]
    assert differences(said, held.notice.content()) == []


def test_the_same_observations_give_the_same_notice_in_every_order(tmp_path: Path) -> None:
    older, newer = rows_with(CHAIN)[-2:]
    observed = [
        (BULK, by_file(older), 0), (INTERFACE, by_interface(older), 1),
        (INTERFACE, by_interface(newer), 2), (BULK, by_file(older, newer), 3),
    ]  # fmt: skip
    stories = []
    for place, order in enumerate(itertools.permutations(observed)):
        archive = open_archive(tmp_path / str(place))
        for name, readings, day in order:
            see(archive, name, readings, day)
        held = only_notice(archive)
        stories.append((held.content_sha256, [row.content_sha256 for row in history(archive, held.id)]))
        archive.close()
    assert all(story == stories[0] for story in stories)


def test_a_corrected_day_of_posting_gives_the_same_notice_in_every_order(tmp_path: Path) -> None:
    row = rows_with(CHAIN)[-1]
    earlier = {**row, "PostedDate": "2026-04-12 09:00:00.000-04", "Description": "Earlier"}
    later = {**row, "PostedDate": "2026-04-14 09:00:00.000-04", "Description": "Later"}
    other = {**earlier, "Title": "Another purchase altogether", "NoticeId": "f" * 32}
    observed = [
        (BULK, by_file(later), 0), (INTERFACE, by_interface(earlier), 1), (BULK, by_file(earlier, other), 2),
        (BULK, by_file({**later, "Sol#": "70B03C26R00000077"}), 3),
    ]  # fmt: skip
    stories = set()
    for place, order in enumerate(itertools.permutations(observed)):
        archive = open_archive(tmp_path / str(place))
        for name, readings, day in order:
            see(archive, name, readings, day)
        with archive.reading() as connection:
            held = [queries.find(connection, one["NoticeId"])[0] for one in (row, other)]
        stories.add(tuple(tuple(version.content_sha256 for version in history(archive, one)) for one in held))
        archive.close()
    assert len(stories) == 1


def test_four_revisions_of_the_file_and_the_last_of_them_in_the_interface_are_one_notice(archive: Archive) -> None:
    rows = rows_with(CHAIN)
    see(archive, INTERFACE, by_interface(rows[-1]), 0)
    see(archive, BULK, by_file(*rows), 1)
    held = only_notice(archive)
    assert len(rows) == 4
    newest = by_file(rows[-1])[0].notice
    assert held.notice.date("due") == newest.date("due")
    assert held.notice.documents
    with archive.reading() as connection:
        for row in rows:
            assert queries.find(connection, row["NoticeId"]) == [held.id]


def test_a_moved_deadline_is_told_once_whichever_witness_sees_it_first(tmp_path: Path) -> None:
    row = rows_with(CHAIN)[0]
    moved = {
        **row, "NoticeId": f"ffff{row['NoticeId'][4:]}", "PostedDate": "2026-04-26 10:00:00.000-04",
        "ResponseDeadLine": "2026-06-01T12:00:00-04:00",
    }  # fmt: skip
    for first, second in ((BULK, INTERFACE), (INTERFACE, BULK)):
        archive = open_archive(tmp_path / first)
        says = {BULK: by_file, INTERFACE: by_interface}
        for day, name in enumerate((BULK, INTERFACE)):
            see(archive, name, says[name](row), day, kind="crawl")
        assert loud(archive) == []
        see(archive, first, says[first](moved), 2, kind="crawl")
        told = loud(archive)
        assert [EventKind.DEADLINE_MOVED in event.kinds for event in told] == [True]
        see(archive, second, says[second](moved), 3, kind="crawl")
        assert loud(archive) == told
        due = only_notice(archive).notice.date("due")
        assert due is not None
        assert due.value == "2026-06-01T12:00:00-04:00"
        archive.close()


def test_a_witness_that_has_fallen_behind_hides_nothing(archive: Archive) -> None:
    older, newer = rows_with(CHAIN)[-2:]
    see(archive, INTERFACE, by_interface(older, responseDeadLine="2026-01-01T00:00:00-05:00"), 0)
    see(archive, BULK, by_file(older, newer), 1)
    due = only_notice(archive).notice.date("due")
    assert due is not None
    assert due == by_file(newer)[0].notice.date("due")


def test_a_witness_that_is_received_late_has_no_row_of_the_other_one_read_by_its_parser(archive: Archive) -> None:
    assert PARSERS[BULK] != PARSERS[INTERFACE]
    older, newer = rows_with(CHAIN)[-2:]
    for day, row in ((0, older), (2, newer)):
        see(archive, BULK, by_file(row), day)
    see(archive, INTERFACE, by_interface(older), 1)
    *_, last = events(archive)
    assert last.quiet
    assert only_notice(archive).notice.documents


def test_a_loud_notice_is_new_once(tmp_path: Path) -> None:
    (row,) = rows_with(AWARD)
    other = rows_with(CHAIN)[0]
    for first, second in ((BULK, INTERFACE), (INTERFACE, BULK)):
        archive = open_archive(tmp_path / first)
        says = {BULK: by_file, INTERFACE: by_interface}
        for day, name in enumerate((BULK, INTERFACE)):
            see(archive, name, says[name](other), day, kind="crawl")
        for day, name in enumerate((first, second), start=2):
            see(archive, name, says[name](other, row), day, kind="crawl")
        assert [event.kinds for event in loud(archive)] == [(EventKind.NEW,)]
        archive.close()


@pytest.mark.parametrize("day", [1, -1], ids=["text-later", "text-observed-earlier"])
def test_a_text_that_was_asked_apart_enriches_its_notice_and_changes_nothing_else(archive: Archive, day: float) -> None:
    older, *_, newer = rows_with(CHAIN)
    see(archive, INTERFACE, by_interface(older), 0)
    before = only_notice(archive).notice
    see(archive, INTERFACE, text_of(older, "The text."), day)
    assert kinds(archive)[1:] == [(EventKind.ENRICHED,)] or day < 0
    assert all(event.quiet for event in events(archive))
    after = only_notice(archive).notice
    assert [text.text for text in after.description] == ["The text."]
    assert after.model_copy(update={"description": ()}) == before
    see(archive, INTERFACE, by_interface(older), 2)
    see(archive, INTERFACE, by_interface(newer), 3)
    last = only_notice(archive).notice
    assert last.date("due") == by_interface(newer)[0].notice.date("due")
    assert last.kind is before.kind
