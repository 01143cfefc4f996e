"""Packs of notices of which several answers tell, some of them received late."""

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from api.evidence import write_pack
from archive import ledger, log, queries
from archive.batches import WindowBatch
from archive.store import Archive
from noticewatch.models import Reading, Verdict
from noticewatch.settings import Settings
from tests.api.test_evidence import carried, unpack
from tests.archive.grouping import sam
from tests.archive.making import never_reread, open_archive, reading
from tests.archive.proving import received

pytestmark = pytest.mark.both_databases


def receive(archive: Archive, day: int, source: str, row: Reading) -> None:
    """One import of one answer that holds this row alone, in a WARC file of its own."""
    body = orjson.dumps([day, row.notice.content()])
    run = ledger.start_run(archive, source, "import")
    number, seen = received(archive, run, day, body)
    with archive.writing() as connection:
        window = ledger.plan_window(connection, run, "made", f"{day}", None, None)
    held = replace(row, start=0, end=len(body), sha256=seen.payload_sha256)
    batch = WindowBatch(window, "made", f"{day}", None, [(number, seen, held)], Verdict.COMPLETE, [], walked=True)
    log.append(
        archive, run, [batch], register="sam", parser_version=1, late_after=lambda _: 30, reread=never_reread,
        ranks={"sam_gov_bulk": 1},
    )  # fmt: skip
    ledger.finish_run(archive, run, Verdict.COMPLETE)


def text(number: str, name: str) -> Reading:
    """The text of a posting, as a request of its own gives it."""
    ids = [{"type": "notice_id", "printed": number, "plain": number.upper()}]
    stated = {"kind": "other", "numbers": ids, "description": [{"text": name}]}
    return reading(number, stated, key=None, carried=frozenset({"description"}))


WHOLE, BULK = "sam_gov_opportunities", "sam_gov_bulk"
TOLD: Sequence[tuple[int, str, Reading]] = (
    (2, WHOLE, text("bb", "Generator")), (5, WHOLE, sam("dd", 4, name="Radio sets")),
    (4, BULK, sam("bb", 2, name="Generator")), (1, WHOLE, text("bb", "Road salt")),
    (6, WHOLE, sam("aa", 1, name="Generator")), (0, WHOLE, text("aa", "Road salt")),
)  # fmt: skip


def test_a_version_whose_history_comes_to_be_told_by_a_later_answer_is_proved_by_the_one_that_its_event_names(
    tmp_path: Path,
) -> None:
    with closing(open_archive(tmp_path / "data")) as archive:
        for day, source, row in TOLD:
            receive(archive, day, source, row)
        packs = 0
        with archive.reading() as connection:
            rows = list(queries.notices(connection, range(1, 10)).values())
            held = {row.id: [one.version for one in queries.versions(connection, row.number)] for row in rows}
        for row in rows:
            for version in (None, *held[row.id]):
                file, folder = io.BytesIO(), tmp_path / f"pack {packs}"
                write_pack(archive, Settings(home=archive.folder), row, version, file)
                unpack(file.getvalue(), folder)
                done = carried(folder)
                assert (done.returncode, done.stderr) == (0, ""), (row.id, version)
                packs += 1
        assert packs > len(TOLD)
