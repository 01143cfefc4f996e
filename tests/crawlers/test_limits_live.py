"""Limits of a source, live on loopback: windows too large, files unchanged, calls used up, keys that are missing."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from archive import tables
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import Source, read_source
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.crawlers.conftest import page_of
from tests.crawlers.server import Publisher, publisher
from tests.crawlers.test_engine_live import rows, run
from tests.databases import settings_at

JSON = "application/json"


@pytest.fixture
def server() -> Iterator[Publisher]:
    with publisher() as told:
        yield told


def with_facts(found: Source, folder: Path, facts: str, *, above: str = "") -> Source:
    """The source with more lines in its source.toml."""
    copied = shutil.copytree(found.folder, folder / found.name)
    stated = (copied / "source.toml").read_text()
    (copied / "source.toml").write_text(f"{above}\n{stated}\n{facts}\n")
    return read_source(copied)


def counted(path: str, body: bytes) -> tuple[int, str, bytes]:
    """Pages of two rows that state how many rows the window has: 20 on the second day, of which each part has 2."""
    asked = orjson.loads(body)
    part = asked.get("part", "")
    total = 20 if asked["day"] == "2026-08-02" and not part else 2
    titles = {f"{asked['day']}{part}-{letter}": "title" for letter in "ab"}
    return 200, JSON, orjson.dumps({**orjson.loads(page_of(titles)), "count": total})


def test_a_window_over_the_sources_limit_splits_itself_and_its_parts_are_walked(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher, tmp_path: Path
) -> None:
    limited = with_facts(tiny_list, tmp_path, "", above="window_limit = 10")
    server.answers = counted
    code, said = run(settings, limited, server.address)
    assert (code, said.splitlines()[0]) == (0, "complete")
    w = tables.windows.c
    assert sorted(rows(archive, w.key, w.verdict, w.walked, w.parts)) == [
        ("2026-08-01", "complete", True, None), ("2026-08-02", "complete", False, 2),
        ("2026-08-02/a", "complete", True, None), ("2026-08-02/b", "complete", True, None),
        ("2026-08-03", "complete", True, None),
    ]  # fmt: skip
    assert len(rows(archive, tables.notices.c.id)) == 8
    assert rows(archive, tables.scopes.c.scope) == [("all",)]
    assert (
        run(
            settings_at(tmp_path / "again", contact="test@example.org"),
            limited,
            server.address,
            str(archive.warc_folder),
        )[0]
        == 0
    )


def test_a_window_that_cannot_be_split_further_fails_with_its_figures(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher, tmp_path: Path
) -> None:
    limited = with_facts(tiny_list, tmp_path, "", above="window_limit = 1")
    server.answers = counted
    code, said = run(settings, limited, server.address)
    assert code == 5
    assert "it holds 2 rows, more than the 1 that the source lets one page through, and cannot be split" in said
    assert rows(archive, tables.notices.c.id) == []


def test_a_count_that_moves_while_rows_are_walked_is_drift(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    def answers(path: str, body: bytes) -> tuple[int, str, bytes]:
        asked = orjson.loads(body)
        if path == "/list/count":
            return 200, JSON, b'{"count": 4}'
        titles = {f"{asked['day']}-{asked['page']}{letter}": "title" for letter in "ab"}
        page = orjson.loads(page_of(titles, more=asked["page"] < 2))
        return 200, JSON, orjson.dumps({**page, "count": 4 + asked["page"]})

    server.answers = answers
    code, said = run(settings, tiny_list, server.address)
    assert (code, said.splitlines()[0]) == (3, "partial")
    assert "drift: the source counted" in said
    assert {walked for (walked,) in rows(archive, tables.windows.c.walked)} == {True}


def test_an_unchanged_file_costs_one_request_and_is_complete(
    archive: Archive, settings: Settings, tiny_file: Source, server: Publisher
) -> None:
    server.answers = lambda path, body: (200, "text/csv", b"id,title\nA1,one\nA2,two\n")
    server.etag = '"one"'
    run(settings, tiny_file, server.address)
    code, said = run(settings, tiny_file, server.address)
    assert (code, said.splitlines()[0]) == (0, "complete")
    assert "unchanged since" in said
    assert [path for path, *_ in server.asked].count("/file.csv") == 2
    w = tables.windows.c
    assert [row[:3] for row in rows(archive, w.verdict, w.walked, w.rows)] == [("complete", True, 2)] * 2
    assert rows(archive, tables.captures.c.status)[-1] == (304,)


def test_a_file_that_was_not_appended_whole_is_asked_for_again(
    archive: Archive, settings: Settings, tiny_file: Source, server: Publisher
) -> None:
    server.answers = lambda path, body: (200, "text/csv", b"id,title\nA1,one\n")
    server.etag = '"one"'
    assert run(settings, tiny_file, server.address)[0] == 6
    assert run(settings, tiny_file, server.address)[0] == 6
    assert rows(archive, tables.validators.c.etag) == []


def test_a_file_that_was_appended_in_part_is_asked_for_again(
    archive: Archive, settings: Settings, tiny_file: Source, server: Publisher
) -> None:
    whole = b"id,title\nA1,one\nA2,two\n"
    server.answers = lambda path, body: (200, "text/csv", whole + b"A3,\n")
    server.etag = '"one"'
    assert run(settings, tiny_file, server.address)[0] == 3
    assert len(rows(archive, tables.notices.c.id)) == 2
    assert rows(archive, tables.validators.c.etag) == []
    code, said = run(settings, tiny_file, server.address)
    assert (code, "unchanged" in said) == (3, False)


def test_calls_used_up_end_the_crawl_and_the_next_one_waits_for_the_new_day(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher, tmp_path: Path
) -> None:
    limited = with_facts(tiny_list, tmp_path, "[quota]\ncalls = 2")
    server.answers = counted
    code, said = run(settings, limited, server.address)
    assert (code, said.splitlines()[0]) == (4, "blocked")
    assert "2 of 2 calls of the day are used; it goes on after" in said
    assert len(rows(archive, tables.notices.c.id)) == 4
    asked = len(server.asked)
    assert run(settings, limited, server.address)[0] == 4
    assert [path for path, *_ in server.asked[asked:] if path != "/robots.txt"] == []


def test_the_sources_own_word_that_calls_are_used_holds_until_then(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    until = datetime.now(UTC) + timedelta(hours=3)
    server.answers = lambda path, body: (429, JSON, orjson.dumps({"until": until.isoformat()}))
    code, said = run(settings, tiny_list, server.address)
    assert (code, said.splitlines()[0]) == (4, "blocked")
    asked = len(server.asked)
    code, said = run(settings, tiny_list, server.address)
    assert f"the source answers no more calls until {until:%Y-%m-%d %H:%M} UTC" in said
    assert [path for path, *_ in server.asked[asked:] if path != "/robots.txt"] == []


def test_a_source_that_says_there_is_nothing_gives_an_empty_window(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    server.answers = lambda path, body: (410, JSON, b"{}") if b"08-02" in body else counted(path, body)
    assert run(settings, tiny_list, server.address) == (0, "complete\n")
    w = tables.windows.c
    assert ("2026-08-02", "complete", True, 0) in rows(archive, w.key, w.verdict, w.walked, w.rows)


def test_a_source_without_its_key_is_not_started_and_says_where_to_get_one(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    keyed = with_facts(tiny_list, tmp_path, '[key]\nheader = "X-Api-Key"\nobtain = "http://127.0.0.1/key"')
    result = crawl(archive, settings, keyed)
    assert result.verdict is Verdict.NOT_STARTED
    assert result.reasons == [
        "no key: get one at http://127.0.0.1/key and set it as key in the table [sources.tiny_list]"
    ]


def test_a_source_that_is_not_crawled_says_why(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    closed = with_facts(tiny_list, tmp_path, "", above='live = false\nlive_note = "its feed has ended"')
    result = crawl(archive, settings, closed)
    assert (result.verdict, result.reasons) == (Verdict.NOT_STARTED, ["not crawled: its feed has ended"])
