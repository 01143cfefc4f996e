"""The pages of ``docs/`` about sources say what each ``source.toml`` says."""

import re

import pytest

from crawlers.source import load_sources
from dev.source_pages import BEGIN, DOCS, page, with_index, write
from noticewatch.identifiers import now

SOURCES = load_sources()


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_its_page_as_its_toml_has_it(name):
    written = (DOCS / "sources" / f"{name}.md").read_text(encoding="utf-8")
    assert written == page(SOURCES[name], SOURCES), "write it anew: python -m dev.source_pages"


def test_there_is_no_page_of_a_source_that_is_not_there():
    assert {file.stem for file in (DOCS / "sources").glob("*.md")} == set(SOURCES)


def test_the_index_lists_every_source():
    text = (DOCS / "sources.md").read_text(encoding="utf-8")
    assert text == with_index(text, SOURCES), "write it anew: python -m dev.source_pages"


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_says_what_it_does_not_cover_its_traps_and_when_it_was_verified(name):
    source = SOURCES[name]
    assert source.description
    assert source.not_covered
    assert source.traps
    assert source.verified_how
    assert source.last_verified <= now().date()
    assert source.live or source.live_note


@pytest.mark.parametrize("name", SOURCES)
def test_every_fact_of_a_source_stands_on_its_page(name):
    source, written = SOURCES[name], page(SOURCES[name], SOURCES)
    facts = [
        source.title, source.publisher, source.description, source.home, source.terms, source.register,
        str(source.last_verified), source.verified_how, *source.not_covered, *source.traps,
        *source.expectations.columns, *source.expectations.filled,
    ]  # fmt: skip
    if source.live:
        facts += [*source.hosts, source.timezone]
    else:
        facts.append(source.live_note)
    if source.key:
        facts += [source.key.header, source.key.obtain]
    if source.quota:
        facts.append(f"{source.quota.calls} call")
    assert [fact for fact in facts if fact not in written] == []


def test_a_changed_fact_changes_the_page():
    for source in SOURCES.values():
        changed = source.model_copy(update={"delay": 17.0, "traps": ("A trap of its own.",), "live": True})
        written = page(changed, SOURCES)
        assert "A trap of its own." in written
        assert "17 seconds apart" in written


def test_a_document_without_marks_is_refused():
    with pytest.raises(ValueError, match="no marks"):
        with_index("# Sources\n", SOURCES)


def test_pages_of_sources_that_are_gone_are_removed(tmp_path):
    (tmp_path / "sources.md").write_text(f"# Sources\n\n{BEGIN}\n<!-- written by dev/source_pages.py: end -->\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "gone.md").write_text("gone")
    write(tmp_path, SOURCES)
    assert {file.stem for file in (tmp_path / "sources").iterdir()} == set(SOURCES)
    assert len(re.findall(r"^\| \[", (tmp_path / "sources.md").read_text(), re.MULTILINE)) == len(SOURCES)
