"""A rebuild killed at random points: the index that was in use goes on answering, and the next rebuild clears up."""

import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from archive.store import Archive
from indexer.embedded import EmbeddedEngine
from indexer.upkeep import index_status, rebuild, reconcile
from noticewatch.settings import Settings
from tests.archive.making import append, reading
from tests.faults.scale import KILLS
from tests.indexer.growing import answers, follow, grow
from watchlist.dictionary import Dictionary

_CHILD = """
import sys
from contextlib import suppress
from pathlib import Path
from archive.store import Archive
from indexer.embedded import EmbeddedEngine
from indexer.upkeep import rebuild
from noticewatch.settings import Settings
archive = Archive.open(Settings(home=Path(sys.argv[1])))
print("ready", flush=True)
while True:
    engine = EmbeddedEngine(archive.folder / "index")
    rebuild(archive, engine)
    engine.close()
    print("rebuilt", flush=True)
"""


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_rebuild_that_is_killed_leaves_an_index_that_answers_as_before(
    tmp_path: Path, dictionary: Dictionary, seed: int
) -> None:
    chance = random.Random(seed)
    home = tmp_path / "data"
    archive = Archive.open(Settings(home=home))
    engine = EmbeddedEngine(home / "index")
    append(archive, [reading(f"N{number}", f"drone {number}") for number in range(300)])
    grow(archive, engine, dictionary)
    expected = answers(archive, engine, dictionary)
    engine.close()
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(home)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    if chance.random() < 0.5:
        assert child.stdout.readline() == "rebuilt\n"
    with suppress(subprocess.TimeoutExpired):  # it goes on until it is killed, at a random point
        child.wait(timeout=chance.random() * 0.4)
    assert child.poll() is None, f"seed {seed}: it was alive when it was killed"
    child.kill()
    child.communicate()
    after = EmbeddedEngine(home / "index")
    assert answers(archive, after, dictionary) == expected, f"seed {seed}"
    after.close()
    rebuild(archive, engine)
    assert answers(archive, engine, dictionary) == expected
    assert index_status(archive, engine).behind == 0
    assert reconcile(archive, engine) == []
    assert len([path for path in (home / "index").iterdir() if path.is_dir()]) == 1
    follow(archive, engine, dictionary)
    engine.close()
    archive.close()
