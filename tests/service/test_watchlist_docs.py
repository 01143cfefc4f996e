"""Every example of docs/watchlist.md is run."""

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from service.cli import app
from tests.watchlist.changing import changed_dictionary
from watchlist.dictionary import DATA, load_dictionary

TEXT = (Path(__file__).parents[2] / "docs" / "watchlist.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^ {4,}noticewatch (.+)$", TEXT, re.MULTILINE)
INLINE = re.findall(r"`noticewatch (search [^`]+)`", TEXT)


@pytest.fixture
def own_watchlist(inside, monkeypatch):
    folder = changed_dictionary(inside / "watchlist")
    monkeypatch.setenv("NOTICEWATCH_WATCHLIST", str(folder))
    return folder


def test_every_example_does_what_it_says(loaded, own_watchlist):
    assert len(EXAMPLES) >= 7
    _, out, _ = loaded("watchlist", "suggest", "--since", "2000-01-01", "--json")
    phrase = next(one["key"] for one in json.loads(out)["suggestions"] if one["what"] == "phrase")
    for example in EXAMPLES:
        code, out, err = loaded(*shlex.split(example.replace("WORDS", phrase)))
        assert (code, bool(out)) == (0, True), f"{example}: {err}"
    assert phrase in (own_watchlist / "terms.en.toml").read_text(encoding="utf-8")
    assert "Said of every purchase." in (own_watchlist / "rejected.toml").read_text(encoding="utf-8")


def test_the_search_that_shows_where_else_a_phrase_stands_works(loaded):
    assert INLINE
    for example in INLINE:
        code, out, err = loaded(*shlex.split(example.replace("the phrase", "modification")))
        assert (code, "results" in out) == (0, True), err


def test_what_it_says_of_files_and_commands_is_there():
    dictionary = load_dictionary()
    assert "lpr" in dictionary.technologies
    for name in re.findall(r"`(\w+\.toml)`", TEXT):
        assert (DATA / name).exists(), name
    for option in set(re.findall(r"`(--[a-z-]+)", TEXT)):
        assert option in OPTIONS, option


GROUP = typer.main.get_command(app).commands["watchlist"]
OPTIONS = {option for command in GROUP.commands.values() for given in command.params for option in given.opts}
OPTIONS |= {"--all"}  # of search
