"""Every example of docs/search.md is asked."""

import re
import shlex
from pathlib import Path

import pytest

from service import cli
from tests.indexer.making import meant

DOCS = (Path(__file__).parents[2] / "docs" / "search.md").read_text()
COMMANDS = re.findall(r"^    noticewatch (search .*)$", DOCS, re.MULTILINE)
TABLE = [line.split("|")[1] for line in DOCS.splitlines() if line.startswith("| `")]
QUERIES = [query for cell in TABLE for query in re.findall(r"`([^`]+)`", cell)]
LETTERS = {"( )", "NOT a", "-a", "a AND b", "a OR b"}
"""Shapes in which a letter stands for a word."""


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_page_is_understood(query: str) -> None:
    if query == "( )":
        return
    found = meant(query)
    assert found.understood
    assert found.node
    assert (query in LETTERS) or found.words or ":" in query


def test_the_page_has_examples_of_the_whole_language() -> None:
    assert len(QUERIES) > 15
    assert len(COMMANDS) >= 3


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_runs(
    command: str, small_settings: object, small_archive: object, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("NOTICEWATCH_HOME", str(small_settings.home))  # type: ignore[attr-defined]
    with pytest.raises(SystemExit) as ended:
        cli.main(shlex.split(command))
    assert ended.value.code == 0, capsys.readouterr().err
