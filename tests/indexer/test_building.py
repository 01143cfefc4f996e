"""An index that is built from nothing: each document is written once, whatever is appended meanwhile."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from archive import contract_corrections
from archive.joins import Joiner
from archive.log import head
from archive.readers import drive, set_cursor
from archive.store import Archive
from indexer import embedded, sync
from indexer.embedded import EmbeddedEngine
from indexer.engine import Position, SearchUnavailable
from indexer.search import Search
from indexer.sync import IndexReader
from indexer.upkeep import index_status, rebuild, reconcile
from noticewatch.errors import DataFolderError
from tests.archive.making import append, reading
from tests.databases import settings_at
from tests.engines import clear, engine_in
from tests.indexer.growing import WORDS, answers, award, follow
from tests.limits import files_of_at_most
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

_CONTRACTS = ("70CMSD23FR0000145", "70CMSD24FR0000007", "70CMSD25FR0000301")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.open(settings_at(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def filled(archive: Archive, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Contracts with actions in several batches, and notices of their own with several wordings."""
    monkeypatch.setattr(sync, "_BATCH", 3)
    for day, modification in enumerate(["0", "P00001", "P00002", "P00003"]):
        actions = [award(contract, modification, "camera", f"2024-0{day + 1}-15") for contract in _CONTRACTS]
        append(archive, [*actions, reading("A", f"drone {day}"), reading(f"B{day}", "desk")], day=day)
    _join_and_tag(archive, dictionary)
    return archive


@pytest.mark.both_databases
@pytest.mark.parametrize("seed", range(6))
def test_an_index_built_while_the_log_grows_holds_what_the_log_says(
    archive: Archive, dictionary: Dictionary, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(sync, "_BATCH", chance.randint(1, 4))
    monkeypatch.setattr(embedded, "_COMMITTED", chance.choice([1, 5, 1_000]))
    days = iter(range(1_000))
    for _ in range(8):
        _happen(archive, chance, next(days))
    _join_and_tag(archive, dictionary)
    engine = EmbeddedEngine(archive.folder / "index")
    reader = IndexReader(engine)
    while reader.advance(archive):
        if chance.random() < 0.2:
            _happen(archive, chance, next(days))
        if chance.random() < 0.5:
            _join_and_tag(archive, dictionary)
        if chance.random() < 0.1:  # the process dies: what it has not committed is lost
            reader = IndexReader(engine := _another(engine))
    follow(archive, engine, dictionary)
    held = answers(archive, engine, dictionary)
    assert index_status(archive, engine).behind == 0
    assert reconcile(archive, engine) == []
    rebuild(archive, engine)
    assert answers(archive, engine, dictionary) == held
    engine.close()


def _happen(archive: Archive, chance: random.Random, day: int) -> None:
    """Something is published: an action of a contract, a notice of its own, or another wording of one."""
    if chance.random() < 0.6:
        modification = f"P{chance.randint(0, 20):05}"
        text = chance.choice(["camera", "drone", "license plate reader"])
        append(
            archive, [award(chance.choice(_CONTRACTS), modification, text, f"2024-0{chance.randint(1, 9)}-15")], day=day
        )
    else:
        append(archive, [reading(chance.choice("ABCDE"), chance.choice(["camera", "drone", "desk"]))], day=day)


def _join_and_tag(archive: Archive, dictionary: Dictionary) -> None:
    drive(archive, [Joiner(), Tagger(Matcher(dictionary))])


def _another(engine: EmbeddedEngine) -> EmbeddedEngine:
    folder = engine._folder
    engine._writer = engine._pending = None
    return EmbeddedEngine(folder)


@pytest.mark.parametrize("kind", ["embedded", "elasticsearch"])
def test_the_engines_are_built_alike(filled: Archive, dictionary: Dictionary, kind: str) -> None:
    engine = engine_in(kind, filled.folder / "index")
    follow(filled, engine, dictionary)
    assert len(answers(filled, engine, dictionary)) == 56
    assert reconcile(filled, engine) == []
    clear(engine)


@pytest.mark.parametrize("way", ["followed", "rebuilt"])
def test_nothing_is_written_twice(filled: Archive, dictionary: Dictionary, way: str) -> None:
    engine = EmbeddedEngine(filled.folder / "index")
    if way == "followed":
        follow(filled, engine, dictionary)
    else:
        rebuild(filled, engine)
    (meta,) = (filled.folder / "index").glob("*/meta.json")
    segments = json.loads(meta.read_text())["segments"]
    assert [segment["deletes"] for segment in segments] == [None] * len(segments) != []
    engine.close()


def test_contracts_that_are_parted_while_an_index_is_built_leave_nothing_behind(
    archive: Archive, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(archive, [award(_CONTRACTS[0], modification, "camera", "2024-01-15") for modification in ("0", "P00001")])
    _join_and_tag(archive, dictionary)
    append(archive, [reading("B", "desk")], day=1)
    _join_and_tag(archive, dictionary)
    with archive.reading() as connection:
        monkeypatch.setattr(sync, "_BATCH", head(connection) - 1)
    engine = EmbeddedEngine(archive.folder / "index")
    reader = IndexReader(engine)
    assert reader.advance(archive)  # the contract is written; what parts it comes in one batch with the last event
    first, second = (f"us-action:{_CONTRACTS[0]}:{modification}" for modification in ("0", "P00001"))
    contract_corrections.split(archive, first, [second], "They are two contracts.")
    _join_and_tag(archive, dictionary)
    while reader.advance(archive):
        pass
    assert reconcile(archive, engine) == []
    engine.close()


def test_a_log_that_is_put_back_after_an_index_was_built_is_read_to_its_end_and_no_further(filled: Archive) -> None:
    engine = EmbeddedEngine(filled.folder / "index")
    reader = IndexReader(engine)
    while reader.advance(filled):
        pass
    with filled.writing() as connection:
        set_cursor(connection, sync.FOLLOWS, 2)
    assert [reader.advance(filled), reader.advance(filled)] == [True, False]
    assert engine.position() == Position(filled.epoch, 2)
    engine.close()


def test_a_search_meanwhile_finds_all_that_is_committed_and_says_how_far_that_is(
    filled: Archive, dictionary: Dictionary
) -> None:
    engine = EmbeddedEngine(filled.folder / "index")
    other = EmbeddedEngine(filled.folder / "index")
    assert IndexReader(engine).advance(filled)
    assert other.position() is None
    assert not index_status(filled, other).usable
    assert Search(filled, other, dictionary).search(WORDS).total == 0
    follow(filled, engine, dictionary)
    assert other.position() == engine.position() is not None
    assert answers(filled, other, dictionary) == answers(filled, engine, dictionary)
    for one in (engine, other):
        one.close()


@pytest.mark.parametrize("longest", [0, 2_000, 20_000])
def test_a_disk_that_is_full_when_an_index_is_whole_takes_nothing_out_of_it(
    archive: Archive, dictionary: Dictionary, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "_BATCH", 50)
    monkeypatch.setattr(embedded, "_COMMITTED", 100)
    append(archive, [reading(f"N{n}", "camera " + " ".join(f"w{n}x{i}" for i in range(100))) for n in range(250)])
    _join_and_tag(archive, dictionary)
    engine = EmbeddedEngine(archive.folder / "index")
    reader = IndexReader(engine)
    for _ in range(5):
        assert reader.advance(archive)
    with files_of_at_most(longest):
        for _ in range(3):  # each time it is tried what is not committed is written again, and the end is not reached
            with pytest.raises(DataFolderError, match="free space"):
                while reader.advance(archive):
                    pass
            assert index_status(archive, engine).behind == 50
            assert Search(archive, engine, dictionary).search(WORDS).total == 200
    follow(archive, engine, dictionary)
    assert Search(archive, engine, dictionary).search(WORDS).total == 250
    assert reconcile(archive, engine) == []
    engine.close()


_CHILD = """
import sys
from pathlib import Path
from archive.store import Archive
from indexer import embedded, sync
from indexer.embedded import EmbeddedEngine
from indexer.sync import IndexReader
from noticewatch.settings import Settings
sync._BATCH, embedded._COMMITTED = 2, int(sys.argv[2])
archive = Archive.open(Settings(home=Path(sys.argv[1])))
reader = IndexReader(EmbeddedEngine(archive.folder / "index"))
while reader.advance(archive):
    print("advanced", flush=True)
"""


@pytest.mark.parametrize(("steps", "committed"), [(1, 1_000), (4, 1_000), (4, 3), (7, 5)])
def test_an_index_whose_building_was_killed_is_built_on(
    filled: Archive, dictionary: Dictionary, steps: int, committed: int
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(filled.folder), str(committed)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(steps):
        assert child.stdout.readline() == "advanced\n"
    child.kill()
    child.communicate()
    engine = EmbeddedEngine(filled.folder / "index")
    follow(filled, engine, dictionary)
    assert index_status(filled, engine).behind == 0
    assert reconcile(filled, engine) == []
    engine.close()


def cut_segment(folder: Path) -> None:
    next(folder.glob("*/*.idx")).unlink()


def garble_meta(folder: Path) -> None:
    next(folder.glob("*/meta.json")).write_text("junk")


@pytest.mark.parametrize("damage", [cut_segment, garble_meta])
def test_a_damaged_index_is_named_with_the_way_out_and_built_anew(
    filled: Archive, dictionary: Dictionary, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "index"
    with closing(EmbeddedEngine(folder)) as engine:
        follow(filled, engine, dictionary)
        before = answers(filled, engine, dictionary)
    damage(folder)
    with closing(EmbeddedEngine(folder)) as engine:
        for asked in (engine.position, partial(IndexReader(engine).advance, filled)):
            with pytest.raises(SearchUnavailable, match="cannot be read") as refused:
                asked()
            assert str(refused.value).endswith("; noticewatch index rebuild builds a new one.")
        rebuild(filled, engine)
        assert answers(filled, engine, dictionary) == before


def test_a_pointer_that_names_no_index_is_none(filled: Archive, dictionary: Dictionary, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with closing(EmbeddedEngine(folder)) as engine:
        follow(filled, engine, dictionary)
        before = answers(filled, engine, dictionary)
    (folder / "current").write_bytes(b"\xff\xfejunk")
    with closing(EmbeddedEngine(folder)) as engine:
        assert engine.position() is None
        follow(filled, engine, dictionary)
        assert answers(filled, engine, dictionary) == before


@pytest.mark.both_engines
def test_an_empty_log_needs_no_index(archive: Archive, engine_kind: str, tmp_path: Path) -> None:
    engine = engine_in(engine_kind, tmp_path / "index")
    assert index_status(archive, engine).usable
    assert reconcile(archive, engine) == []
    clear(engine)
