"""A regrouping is one transaction: killed at any moment, a chain is as it was before or as it is after."""

import os
import random
import signal
import tempfile
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from archive import chain_corrections
from archive.store import Archive
from noticewatch.errors import UsageError
from noticewatch.settings import Settings
from tests.archive.dying import statements
from tests.archive.grouping import SAM, SPARES, assert_whole, postings, sam, stories
from tests.archive.making import append, head, open_archive
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.both_databases, pytest.mark.xdist_group("processes")]

CHAINS = 24


def _regroup_many(settings: Settings, dies_at: int | None = None) -> int:
    """What a child does: of each chain two notices, then the posting that joins them; every third is parted again.
    Gives how many statements that took.
    """
    archive = Archive.open(settings)
    with statements(archive, dies_at) as run:
        for chain in range(CHAINS):
            number, solicitation = f"{chain:02}", f"70CDCR26R{chain:05}"
            append(archive, [sam(f"a{number}", 1, solicitation=solicitation)], day=chain, **SAM)
            append(archive, [sam(f"c{number}", 9, solicitation=solicitation, name=SPARES)], day=chain + 0.2, **SAM)
            between = sam(f"b{number}", 5, solicitation=solicitation, name="Radio sets, portable units")
            append(archive, [between], day=chain + 0.4, **SAM)
            if chain % 3 == 0 and len(postings(archive)[f"sam:a{number}"]) == 3:
                chain_corrections.split(archive, f"sam:a{number}", [f"b{number}"], "Another purchase.", {})
    archive.close()
    return run[0]


@dataclass(frozen=True)
class Undisturbed:
    """What becomes of the chains where nothing happens, and how many statements that takes."""

    statements: int
    head: int
    postings: dict[str, frozenset[str]]
    stories: dict[frozenset[str], list[str]]


@cache
def undisturbed(_kind: str) -> Undisturbed:
    """Of a kind of database; made once for all seeds."""
    with tempfile.TemporaryDirectory() as folder, closing(open_archive(Path(folder) / "data")) as archive:
        run = _regroup_many(settings_at(archive.folder))
        return Undisturbed(run, head(archive), postings(archive), stories(archive))


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("seed", range(3))
def test_a_killed_regrouping_is_whole_or_not_at_all(tmp_path: Path, database: str, seed: int) -> None:
    expected, disturbed = undisturbed(database), open_archive(tmp_path / "data")
    dies_at = random.Random(seed).randrange(expected.statements // 10, expected.statements * 3 // 4)
    child = FORKED.Process(target=_regroup_many, args=(settings_at(disturbed.folder), dies_at))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == -signal.SIGKILL
    assert 0 < head(disturbed) < expected.head, "it was killed in the middle"
    assert_whole(disturbed)
    _regroup_many(settings_at(disturbed.folder))
    assert_whole(disturbed)
    assert postings(disturbed) == expected.postings
    assert stories(disturbed) == expected.stories
    with pytest.raises(UsageError):
        chain_corrections.split(disturbed, "sam:a00", ["b00"], "Again.", {})
    disturbed.close()
