"""Postings of SAM.gov as tests tell of them, and what a house makes of these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive import queries
from archive import tables as t
from archive.proof.extent import extent
from archive.proof.history_check import check_histories
from archive.proof.log_check import LogCheck
from archive.rows import VersionRow
from archive.store import Archive
from noticewatch.models import Content, Reading
from tests.archive.making import append, events, history, reading

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
