"""Counts of phrases follow from the log alone: whatever the batches, and whatever happens between two steps."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from archive.store import Archive
from noticewatch.models import Content
from noticewatch.settings import Settings
from tests.archive.making import WHOLE, append, open_archive, reading, title
from tests.databases import settings_at
from tests.faults.killing import Acknowledge, child, lines_of, spread
from tests.faults.scale import KILLS
from watchlist.radar import counting
from watchlist.radar.counting import PhraseCounter
from watchlist.radar.phrases import key
from watchlist.radar.tables import agencies, counted, phrase_counts

pytestmark = pytest.mark.both_databases

ICE, CBP = "usg-dhs-ice", "usg-dhs-cbp"


def said(text: str, agency: str = ICE, day: str = "2026-07-01") -> Content:
    buyer = {"role": "contracting", "name": agency, "buyer_id": agency}
    return title(text, buyers=[buyer], dates=[{"role": "posted", "value": day, "precision": "day"}])


def fill(archive: Archive) -> None:
    append(archive, [reading("a", said("Skip tracing")), reading("b", said("Skip hire", CBP))])
    append(archive, [reading("a", said("Skip tracing services"))], day=1)
    append(archive, [reading("a", said("Skip tracing")), reading("c", said("Tracing paper"))], day=2)


def follow(archive: Archive) -> None:
    counter = PhraseCounter()
    while counter.advance(archive):
        pass


def counts(archive: Archive) -> dict[tuple[str, int], int]:
    p = phrase_counts.c
    query = select(agencies.c.agency, p.phrase, p.notices).join(agencies, agencies.c.number == p.agency)
    with archive.reading() as connection:
        return {(agency, phrase): notices for agency, phrase, notices in connection.execute(query)}


def test_a_notice_counts_once_for_what_any_of_its_versions_says(archive: Archive) -> None:
    fill(archive)
    follow(archive)
    found = counts(archive)
    assert found[ICE, key("skip tracing")] == 1
    assert found[ICE, key("tracing")] == 2
    assert found[ICE, key("tracing services")] == 1
    assert found[CBP, key("skip")] == 1
    assert (CBP, key("tracing")) not in found


def test_each_notice_keeps_its_agency_and_day(archive: Archive) -> None:
    fill(archive)
    everything = WHOLE | {"buyers"}
    append(archive, [reading("d", said("Paper"), carried=everything)], day=3)
    append(archive, [reading("d", said("Paper", CBP, "2026-07-09"), carried=everything)], day=4)
    follow(archive)
    query = select(counted.c.notice, agencies.c.agency, counted.c.day).join(
        agencies, agencies.c.number == counted.c.agency
    )
    with archive.reading() as connection:
        held = [tuple(row) for row in connection.execute(query.order_by(counted.c.notice))]
    assert held == [(1, ICE, "2026-07-01"), (2, CBP, "2026-07-01"), (3, ICE, "2026-07-01"), (4, CBP, "2026-07-09")]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_counts_do_not_depend_on_the_batches(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    fill(archive)
    follow(archive)
    monkeypatch.setattr(counting, "BATCH", size)
    other = open_archive(tmp_path / "other")
    append(other, [reading("a", said("Skip tracing")), reading("b", said("Skip hire", CBP))])
    follow(other)
    append(other, [reading("a", said("Skip tracing services"))], day=1)
    append(other, [reading("a", said("Skip tracing")), reading("c", said("Tracing paper"))], day=2)
    follow(other)
    assert counts(other) == counts(archive)
    other.close()


def test_two_processes_that_count_at_once_count_nothing_twice(archive: Archive) -> None:
    fill(archive)
    both = PhraseCounter(), PhraseCounter()
    inner = archive.writing

    def writing_late() -> Any:
        object.__setattr__(archive, "writing", inner)
        follow(archive)  # the other process is quicker
        return inner()

    object.__setattr__(archive, "writing", writing_late)
    while both[0].advance(archive):
        pass
    once = counts(archive)
    assert once[ICE, key("tracing")] == 2
    assert both[1].advance(archive) is False
    assert counts(archive) == once


def followed(_: Acknowledge, settings: Settings) -> None:
    archive = Archive.open(settings)
    counting.BATCH = 1  # type: ignore[misc]  # one step an event, so that there are many places to be killed at
    follow(archive)
    archive.close()


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_counter_goes_on_and_counts_nothing_twice(archive: Archive, number: int) -> None:
    fill(archive)
    settings = settings_at(archive.folder)
    files = ["watchlist/radar/counting.py", "archive/readers.py"]
    at = spread(Random(number), 400)
    with child(followed, settings, files=files, at=at) as killed:
        assert killed.wait() in {-9, 0}
    follow(archive)
    assert counts(archive)[ICE, key("tracing")] == 2
    assert counts(archive)[ICE, key("skip tracing")] == 1
    assert lines_of(followed, settings, files=files) > 0
