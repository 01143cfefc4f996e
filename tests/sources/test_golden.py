"""Recorded answers give the notices that people have reviewed: golden/SOURCE/NAME.json.

A golden file is ``{"id": …, "content": …}``; ``"versions": 7`` may stand beside them. To begin one write its id
alone: the content is filled in once, and the test fails until a person has read it and commits it.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources.every import NAMES, Replayed

GOLDEN = Path(__file__).parent / "golden"
FILES = [
    pytest.param(
        file, id=f"{file.parent.name}-{file.stem}", marks=pytest.mark.xdist_group(f"source {file.parent.name}")
    )
    for file in sorted(GOLDEN.glob("*/*.json"))
]


@pytest.mark.parametrize("file", FILES)
def test_a_recorded_notice_is_the_reviewed_one(file: Path, replayed: Callable[[str], Replayed]) -> None:
    golden = json.loads(file.read_text(encoding="utf-8"))
    found = replayed(file.parent.name)
    content = found.contents.get(golden["id"])
    assert content is not None, f"no recording of {file.parent.name} holds {golden['id']}"
    if "content" not in golden:
        filled = json.dumps({"id": golden["id"], "content": content}, indent=2, ensure_ascii=False)
        file.write_text(f"{filled}\n", encoding="utf-8")
        pytest.fail(f"{file.name} is written; read it against the recorded answer, then commit it")
    assert content == golden["content"]
    assert golden.get("versions") in {None, len(found.said.notices[golden["id"]][1])}


@pytest.mark.parametrize("name", NAMES)
def test_every_source_has_reviewed_notices(name: str) -> None:
    assert list((GOLDEN / name).glob("*.json")), f"choose notices of {name} and write their ids to golden/{name}/"


def test_goldens_stand_below_a_source_that_there_is() -> None:
    assert {folder.name for folder in GOLDEN.iterdir()} <= set(NAMES)
