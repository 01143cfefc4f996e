import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.joins import Joiner
from archive.queries import procurement_of
from archive.readers import drive
from archive.store import Archive
from indexer import documents as document_shapes
from indexer import upkeep
from indexer.embedded import EmbeddedEngine
from indexer.engine import IndexBusy, Position
from indexer.sync import IndexReader
from indexer.upkeep import index_status, rebuild
from noticewatch.errors import DataFolderError
from noticewatch.models import Kind, Notice, notice_from
from tests.archive.making import append, reading
from tests.databases import settings_at
from tests.engines import put
from tests.indexer.growing import answers, award, follow, grow
from tests.indexer.making import EPOCH, ask, documents, filled, row, texts
from tests.limits import files_of_at_most
from watchlist.dictionary import Dictionary

pytestmark = pytest.mark.both_databases


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.open(settings_at(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def engine(archive: Archive) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(archive.folder / "index")
    yield made
    made.close()


def test_what_was_appended_is_found_and_what_was_amended_is_found_by_its_new_words_alone(
    archive: Archive, engine: EmbeddedEngine, dictionary: Dictionary
) -> None:
    append(archive, [reading("A", "drone")])
    follow(archive, engine, dictionary)
    assert len(ask(engine, "drone")) == 1
    append(archive, [reading("A", "camera")], day=1)
    follow(archive, engine, dictionary)
    assert ask(engine, "drone") == set()
    assert len(ask(engine, "camera")) == len(ask(engine, "camera", "procurement")) == 1


def test_a_rebuilt_index_answers_as_the_one_that_followed_the_log(
    archive: Archive, engine: EmbeddedEngine, dictionary: Dictionary
) -> None:
    grow(archive, engine, dictionary)
    before = answers(archive, engine, dictionary)
    first = {path.name for path in (archive.folder / "index").iterdir() if path.is_dir()}
    rebuild(archive, engine)
    status = index_status(archive, engine)
    assert status.usable
    assert status.behind == 0
    assert answers(archive, engine, dictionary) == before
    left = {path.name for path in (archive.folder / "index").iterdir() if path.is_dir()}
    assert len(left) == 1
    assert not left & first


def test_an_engine_of_another_process_sees_a_commit_at_its_next_search(
    archive: Archive, engine: EmbeddedEngine, dictionary: Dictionary
) -> None:
    other = EmbeddedEngine(archive.folder / "index")
    assert other.position() is None
    grow(archive, engine, dictionary)
    assert other.position() == engine.position()
    assert ask(other, "camera") == ask(engine, "camera") != set()


def test_reading_the_log_again_changes_nothing(
    archive: Archive, engine: EmbeddedEngine, dictionary: Dictionary
) -> None:
    grow(archive, engine, dictionary)
    before = answers(archive, engine, dictionary)
    status = index_status(archive, engine)
    put(engine, [], Position(archive.epoch, 1))
    follow(archive, engine, dictionary)
    assert answers(archive, engine, dictionary) == before
    assert index_status(archive, engine) == status


def test_an_index_of_another_epoch_is_left_and_built_anew(
    archive: Archive, engine: EmbeddedEngine, dictionary: Dictionary
) -> None:
    put(engine, documents([row(99, texts(["stranger"]))]), Position(EPOCH, 1_000))
    engine.settle()
    assert not index_status(archive, engine).usable
    append(archive, [reading("A", "drone")])
    follow(archive, engine, dictionary)
    assert index_status(archive, engine).usable
    assert ask(engine, "stranger") == set()
    assert len(ask(engine, "drone")) == 1


def test_the_index_never_gets_ahead_of_the_tagger(archive: Archive, engine: EmbeddedEngine) -> None:
    append(archive, [reading("A", "drone")])
    drive(archive, [Joiner(), IndexReader(engine)])
    assert engine.position() is None or engine.position().seq == 0


def test_two_writers_of_one_index_are_told_apart_by_a_sentence(tmp_path: Path) -> None:
    first = filled(tmp_path, [row(1, texts(["drone"]))])
    second = EmbeddedEngine(tmp_path)
    with pytest.raises(IndexBusy):
        put(second, documents([row(2, texts(["camera"]))]), Position(EPOCH, 2))
    first.settle()
    put(second, documents([row(2, texts(["camera"]))]), Position(EPOCH, 2))
    assert ask(first, "drone OR camera") == {1, 2}
    second.close()


def test_a_notice_of_a_buyer_that_left_the_table_is_indexed_all_the_same(tmp_path: Path) -> None:
    gone = texts(["drone"], buyers=[{"role": "contracting", "name": "Gone Agency", "buyer_id": "gone-agency"}])
    engine = filled(tmp_path, [row(1, gone)])
    assert ask(engine, 'buyer:"Gone Agency"') == {1}
    engine.close()


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"amounts": [{"kind": "obligated", "basis": "change", "value": "9" * 30, "currency": "USD"}]},
        {"amounts": [{"kind": "obligated", "basis": "change", "value": "-" + "9" * 30, "currency": "USD"}]},
        {"dates": [{"role": "posted", "value": "0001-01-01"}, {"role": "due", "value": "9999-12-31"}]},
        {"dates": [{"role": "due", "value": "2026-Q1", "precision": "quarter"}]},
        {"title": [{"text": "\ud800 \x00 drone"}]},
        {"description": [{"text": "x" * 2_000_000}]},
        {"numbers": [{"type": "piid", "printed": "é" * 70_000, "plain": "9" * 70_000}]},
        {"title": [{"text": ""}, {"text": "…"}]},
    ],
)
def test_no_content_that_the_models_allow_stops_the_index(tmp_path: Path, content: dict[str, object]) -> None:
    notice: Notice = notice_from({"kind": "award", **content})
    assert notice.kind is Kind.AWARD
    engine = filled(tmp_path, [row(1, notice), row(2, texts(["plain"]))])
    assert ask(engine, "plain") == {2}
    assert ask(engine, "is:award") == {1, 2}
    engine.close()


_KILLED = """
import os, sys
from pathlib import Path
from tests.indexer.making import EPOCH, documents, row, texts
from indexer import documents as document_shapes
from indexer import upkeep
from indexer.embedded import EmbeddedEngine
from indexer.engine import Position
from tests.engines import put
engine = EmbeddedEngine(Path(sys.argv[1]))
for seq in range(1, 100_000):
    put(engine, documents([row(seq, texts(["drone"]))]), Position(EPOCH, seq))
    print(seq, flush=True)
"""


def test_after_a_kill_the_index_holds_exactly_what_its_cursor_says(tmp_path: Path) -> None:
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )
        assert child.stdout is not None
        for _ in range(7):
            assert child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    engine = EmbeddedEngine(tmp_path)
    position = engine.position()
    assert position is not None
    assert position.seq >= 7
    assert ask(engine, "drone") >= set(range(1, position.seq + 1))
    put(engine, documents([row(1_000_000, texts(["camera"]))]), Position(EPOCH, position.seq + 1))
    assert ask(engine, "camera") == {1_000_000}
    engine.close()


def test_a_full_disk_is_told_in_a_sentence_and_writing_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    engine = filled(tmp_path, [row(1, texts(["drone"]))])
    big = [
        row(number, texts([f"word{number}"], [" ".join(f"w{n}x{number}" for n in range(300))]))
        for number in range(2, 60)
    ]
    with files_of_at_most(2_000), pytest.raises(DataFolderError) as caught:
        put(engine, documents(big), Position(EPOCH, 60))
    assert "\n" not in str(caught.value)
    assert engine.position() == Position(EPOCH, 1)
    put(engine, documents(big), Position(EPOCH, 60))
    assert ask(engine, "drone OR word59") == {1, 59}
    engine.close()


def test_contracts_with_notices_in_many_buckets_are_compared_and_mended(
    archive: Archive, engine: EmbeddedEngine, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (document_shapes, upkeep):
        monkeypatch.setattr(module, "BUCKET", 2)
    grow(archive, engine, dictionary)
    for modification in ("P00003", "P00004", "P00005"):
        append(archive, [award("70CMSD23FR0000145", modification, "camera", "2024-08-15")], day=4)
    follow(archive, engine, dictionary)
    expected = answers(archive, engine, dictionary)
    assert upkeep.reconcile(archive, engine) == []
    position = engine.position()
    assert position is not None
    with archive.reading() as connection:
        contract = procurement_of(connection, [1])[1]
    put(engine, [], position, gone=[f"p{contract}", "n8"])
    assert answers(archive, engine, dictionary) != expected
    found = upkeep.reconcile(archive, engine)
    assert [(one.first, one.indexed, one.expected) for one in found] == [(0, 1, 2), (8, 1, 2)]
    assert answers(archive, engine, dictionary) == expected
