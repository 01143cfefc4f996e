"""What the documents say is there."""

import re
from pathlib import Path

import pytest
import typer

from indexer.query import FIELDS
from service.cli import app
from tests.house.test_rooms import ROOT, tracked

DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]
USER_DOCUMENTS = [path for path in DOCUMENTS if path.parent in {ROOT, ROOT / "docs"}]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def commands() -> dict[str, object]:
    """Every command by its words: ``search``, ``index status``."""
    found: dict[str, object] = {}

    def collect(group, before):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                collect(command, f"{before}{name} ")
            else:
                found[f"{before}{name}"] = command

    collect(typer.main.get_command(app), "")
    return found


COMMANDS = commands()
MAKE_TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path):
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        assert (document.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("document", USER_DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_documents_exist(document: Path):
    text = document.read_text(encoding="utf-8")
    for line in re.findall(r"^ {4}(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text, re.MULTILINE):
        assert line in MAKE_TARGETS
    for line in re.findall(r"^ {4}(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?noticewatch ([a-z][a-z -]*)", text, re.MULTILINE):
        words = line.split()
        assert words[0] in COMMANDS or " ".join(words[:2]) in COMMANDS, line


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example_and_json(name: str):
    command = COMMANDS[name]
    assert "Example:" in command.help
    assert f"noticewatch {name}" in command.help
    assert any("--json" in parameter.opts for parameter in command.params)


def test_the_commands_of_the_first_form_are_there():
    first = {"run", "load-starter", "serve", "schedule", "sources", "crawl", "import", "search", "show", "history"}
    assert first | {"settings", "index status", "index rebuild"} <= set(COMMANDS)


def test_the_readme_says_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^ {4}make run\b", text, re.MULTILINE)
    assert re.search(r"^ {4}make test\b", text, re.MULTILINE)


@pytest.mark.parametrize("decision", sorted((ROOT / "docs/decisions").glob("0*.md")), ids=lambda path: path.stem[:4])
def test_a_decision_is_headed_by_the_number_in_its_name(decision: Path):
    assert decision.read_text(encoding="utf-8").startswith(f"# {decision.stem[:4]}: ")


def test_every_field_of_the_query_language_is_documented():
    said = (ROOT / "docs/search.md").read_text(encoding="utf-8").partition("\nFields: ")[2].partition("\n")[0]
    assert set(re.findall(r"`(\w+)`", said)) == set(FIELDS)


def test_every_picture_is_shown_by_a_document():
    shown = {
        (document.parent / target).resolve()
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text(encoding="utf-8"))
    }
    assert set((ROOT / "docs/images").iterdir()) <= shown
