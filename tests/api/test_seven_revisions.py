"""RFP-002132 as SAM.gov posted it: seven NoticeIds, one notice, what changed in each, in whatever order they came."""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.diff import compared, diff_lines
from archive import queries
from archive.joins import Joiner
from archive.readers import drive
from archive.rows import VersionRow
from archive.store import Archive
from archive.warc import recorded
from crawlers.parsing import read
from crawlers.sources.sam_gov_bulk import parser
from indexer.engines import open_engine
from indexer.search import Search
from noticewatch.models import Capture, Reading
from service.commands.archive import find_notices, version_lines
from tests.archive.making import append
from tests.databases import settings_at
from watchlist.dictionary import Dictionary

STARTER = Path(__file__).parents[2] / "starter" / "sam_gov_bulk"
pytestmark = pytest.mark.skipif(not STARTER.is_dir(), reason="the starter archive is not there")

NUMBER = "RFP-002132"
SAID = [
    "remove CLIN 3-Digital Asset Information",
    "Updated RFP, SOW and Pricing Template have been upload",
    "Answers to questions submitted via the Question Template have been posted",
    "Extended the proposal deadline to 5/1/2026",
    "a closing date of 4/24/2026 at 2:00pm ET",
]
"""What was put before the description in revisions 3 to 7."""


@pytest.fixture(scope="module")
def tender() -> tuple[Capture, list[Reading]]:
    """The recorded rows of the seven revisions, in chain order."""
    for held in recorded(STARTER):
        with held.open() as stream:
            rows = [row for row in read(parser, stream, held.capture) if _is_of_tender(row)]
        if rows:
            return held.capture, sorted(rows, key=lambda row: row.revision)
    raise AssertionError("the starter archive holds the tender")


def _is_of_tender(row: Reading) -> bool:
    return any(number.printed == NUMBER for number in row.notice.numbers)


@pytest.fixture(params=["in order", "reversed", 1, 2, 3])
def archive(request: pytest.FixtureRequest, tmp_path: Path, tender: tuple[Capture, list[Reading]]) -> Iterator[Archive]:
    """The revisions as they came, each in an import of its own."""
    capture, rows = tender[0], list(tender[1])
    if request.param == "reversed":
        rows.reverse()
    elif request.param != "in order":
        random.Random(request.param).shuffle(rows)
    opened = Archive.open(settings_at(tmp_path / "home"))
    for row in rows:
        append(opened, [row], given=capture, source="sam_gov_bulk", register="sam")
    drive(opened, [Joiner()])
    yield opened
    opened.close()


def revisions(archive: Archive) -> list[VersionRow]:
    with archive.reading() as connection:
        [row] = find_notices(connection, NUMBER)
        return queries.versions(connection, row.number)


def test_seven_revisions_are_one_notice_and_each_id_leads_to_it(
    archive: Archive, tender: tuple[Capture, list[Reading]]
) -> None:
    ids = [row.source_number for row in tender[1]]
    history = revisions(archive)
    assert [row.content["numbers"][0]["printed"] for row in history] == ids
    with archive.reading() as connection:
        assert len({*(one for number in ids for one in queries.find(connection, number))}) == 1
        assert len({*(one for number in ids for one in queries.find(connection, f"sam:{number}"))}) == 1


def test_the_second_is_re_posted_without_a_visible_change_and_the_others_say_what_they_add(archive: Archive) -> None:
    history = revisions(archive)
    with archive.reading() as connection:
        [row] = find_notices(connection, NUMBER)
        found = [compared(connection, row, before.version, after.version) for before, after in pairwise(history)]
    fields = [[change.field for change in one.changes] for one in found]
    assert fields[0] == ["posted", "links", "SAM.gov notice id"]
    assert all("description" in names for names in fields[1:])
    for one, said in zip(found[1:], SAID, strict=True):
        [added] = [line for line in diff_lines(one.changes) if line.startswith("description: ")]
        assert "[-" not in added
        assert said in added.partition("{+")[2].partition("+}")[0]


def test_pages_and_commands_show_the_seven(archive: Archive, dictionary: Dictionary) -> None:
    history = revisions(archive)
    settings = settings_at(archive.folder)
    engine = open_engine(settings, archive)
    with TestClient(create_app(archive, Search(archive, engine, dictionary), settings, dictionary)) as client:
        page = client.get(f"/notices/{NUMBER}").text
        for row in history:
            assert f"/versions/{row.version}" in page
        first, second = history[0].version, history[1].version
        text = client.get(f"/notices/{NUMBER}/diff?from={first}&to={second}").text
        assert "SAM.gov notice id" in text
        assert client.get(f"/api/v1/notices/{NUMBER}/versions").json()["items"][1]["version"] == second
    engine.close()
    assert "4/16/2026- Uploaded an updated RFP" in "\n".join(version_lines(history[-1]))


def test_in_order_the_second_is_called_re_posted_without_a_visible_change(
    tmp_path: Path, tender: tuple[Capture, list[Reading]]
) -> None:
    opened = Archive.open(settings_at(tmp_path / "home"))
    append(opened, tender[1], given=tender[0], source="sam_gov_bulk", register="sam")
    told = [version_lines(row)[0] for row in revisions(opened)]
    opened.close()
    assert [": re-posted without a visible change (" in line for line in told] == [place == 1 for place in range(7)]
    assert [": amended (" in line for line in told] == [place > 1 for place in range(7)]
