"""Every source's files, imported damaged: one sentence, nothing appended, and the good file puts it right."""

import gzip
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from archive.store import Archive
from archive.warc import recorded
from crawlers.importing import import_files
from crawlers.loading import load_parser
from crawlers.parsing import Shape
from crawlers.source import load_sources, source
from noticewatch.errors import SourceDrift, UsageError
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.databases import settings_at
from tests.faults.crawling import REPLAYS, as_recorded
from tests.faults.payloads import Form, form_of, shifted, without_column, without_rows
from tests.faults.scale import STEP
from tests.faults.state import State, state_of
from tests.faults.table import CHALLENGE, HTML, LONG_LINE, cut, utf16

DAY = datetime(2026, 9, 1, tzinfo=UTC)
REFUSED = {Verdict.FAILED, Verdict.EMPTY_SUSPICIOUS, Verdict.BLOCKED}
TABLES: set[Form] = {"csv", "json", "xml"}


@dataclass(frozen=True)
class Good:
    """The recorded answer of a source with most rows, as a file. keys: source numbers of its rows."""

    payload: bytes
    url: str
    keys: list[str]


@dataclass(frozen=True)
class Damage:
    """name: of the file too; make: the damaged payload; forms: of files to which it applies; says: in the reason."""

    name: str
    make: Callable[[Good], bytes]
    says: str
    forms: frozenset[str] = frozenset(TABLES)


DAMAGES = (
    Damage("cut", lambda good: cut(good.payload), "cut|broken|broke"),
    Damage("wrong-encoding", lambda good: utf16(good.payload), r"^The (answer|file) is UTF-16 where "),
    Damage("html", lambda good: HTML, "HTML"),
    Damage("challenge", lambda good: CHALLENGE, "HTML"),
    Damage("empty", lambda good: b"", "is empty|holds nothing"),
    Damage("no-rows", lambda good: without_rows(good.payload), "0 rows|no rows", frozenset({"csv"})),
    Damage(
        "column-less",
        lambda good: without_column(good.payload),
        r"(of|has) \d+ columns",
        frozenset({"csv"}),
    ),
    Damage("long-line", lambda good: good.payload[:-1] + b"x" * (50 << 20), LONG_LINE),
)
PACKED = {
    "broken.gz": lambda payload: gzip.compress(payload)[:-20],
    "garbage.gz": lambda payload: b"\x1f\x8b" + b"garbage" * 40,
    "bomb.gz": lambda payload: gzip.compress(bytes(80 << 20), 1),
    "broken.zip": lambda payload: _zipped(payload)[:-30],
    "bomb.zip": lambda payload: _zipped(bytes(80 << 20)),
}

SOURCES = {name: pytest.mark.xdist_group(f"import into {name}") for name in sorted(load_sources())}
EACH = pytest.mark.parametrize("name", [pytest.param(name, marks=group) for name, group in SOURCES.items()])


def _in_turns(kinds: Mapping[str, object]) -> list[Any]:
    """Cases of a source and a kind of damage: one kind in STEP on each source, not the same ones on all."""
    return [
        pytest.param(name, kind, id=f"{name}-{called}", marks=group)
        for place, (name, group) in enumerate(SOURCES.items())
        for called, kind in list(kinds.items())[place % STEP :: STEP]
    ]


@pytest.fixture(scope="module")
def good() -> Callable[[str], Good]:
    return cache(_good)


@pytest.mark.parametrize(("name", "damage"), _in_turns({one.name: one for one in DAMAGES}))
def test_a_damaged_file_is_refused_and_the_good_one_afterwards_puts_it_right(
    name: str, damage: Damage, good: Callable[[str], Good], tmp_path: Path
) -> None:
    whole = good(name)
    absent = _absent(name, damage, whole)
    if absent:
        pytest.skip(f"{damage.name} does not apply to {name}: {absent}")
    archive = Archive.open(settings_at(tmp_path / "home"))
    _take(archive, tmp_path, name, whole, whole.payload, DAY)
    before = state_of(archive)
    verdict, said = _take(archive, tmp_path, name, whole, damage.make(whole), DAY + timedelta(days=1))
    assert verdict in REFUSED, said
    assert re.search(damage.says, said, re.IGNORECASE), said
    assert _told(state_of(archive)) == _told(before)
    _take(archive, tmp_path, name, whole, whole.payload, DAY + timedelta(days=2))
    assert _told(state_of(archive)) == _told(before)
    archive.close()


@EACH
def test_a_file_with_a_shifted_column_tells_nobody_and_the_good_one_puts_it_right(
    name: str, good: Callable[[str], Good], tmp_path: Path
) -> None:
    """Imports may be years old and differ in most rows, so they are no change storm; they are quiet instead."""
    whole = good(name)
    archive = Archive.open(settings_at(tmp_path / "home"))
    _take(archive, tmp_path, name, whole, whole.payload, DAY)
    before = state_of(archive)
    _take(archive, tmp_path, name, whole, shifted(whole.payload, whole.keys), DAY + timedelta(days=1))
    _take(archive, tmp_path, name, whole, whole.payload, DAY + timedelta(days=2))
    after = state_of(archive)
    assert not after.loud
    assert {notice: current for notice, (_, _, current) in after.notices.items()} == {
        notice: current for notice, (_, _, current) in before.notices.items()
    }
    archive.close()


@pytest.mark.parametrize(("name", "packed"), _in_turns({one: one for one in PACKED}))
def test_a_packed_file_that_cannot_be_unpacked_is_refused(
    name: str, packed: str, good: Callable[[str], Good], tmp_path: Path
) -> None:
    archive = Archive.open(settings_at(tmp_path / "home"))
    file = tmp_path / packed
    file.write_bytes(PACKED[packed](good(name).payload))
    with pytest.raises(
        UsageError, match=f"{packed} (cannot be unpacked|holds more than 64 MB|is a zip file that is cut)"
    ):
        import_files(archive, Settings(home=archive.folder), as_recorded(name, max_megabytes=64), [file])
    assert state_of(archive).notices == {}
    assert not list(archive.folder.rglob("*.part"))
    archive.close()


@EACH
def test_at_least_six_kinds_of_damage_apply_to_every_source_and_all_eight_to_tables(
    name: str, good: Callable[[str], Good]
) -> None:
    whole = good(name)
    absent = [damage.name for damage in DAMAGES if _absent(name, damage, whole)]
    if form_of(whole.payload) == "csv":
        assert not set(absent) - {"no-rows"}, absent
    else:
        assert len(DAMAGES) - len(absent) >= 6, absent


def _absent(name: str, damage: Damage, whole: Good) -> str:
    """Why a kind of damage does not apply to a source's file; empty where it does."""
    form = form_of(whole.payload)
    if form not in damage.forms:
        return f"its file is {form}, and no table"
    if damage.name == "no-rows" and not source(name).expectations.least_rows:
        return "its file may hold no rows"
    return ""


def _good(name: str) -> Good:
    parser, best = load_parser(source(name)), None
    for path in sorted((REPLAYS / name).glob("*.warc.gz")):
        for one in recorded(path):
            with one.open() as stream:
                payload = stream.read()
            try:
                keys = [row.source_number for row in parser.rows(io.BytesIO(payload), Shape())]
            except SourceDrift:
                continue
            if best is None or len(keys) > len(best.keys):
                best = Good(payload, one.capture.url, keys)
    assert best is not None and best.keys, f"tests/replays/{name} holds no rows"
    return best


def _take(
    archive: Archive, tmp_path: Path, name: str, whole: Good, payload: bytes, moment: datetime
) -> tuple[Verdict, str]:
    file = tmp_path / f"file.{form_of(whole.payload)}"
    file.write_bytes(payload)
    settings = Settings(home=archive.folder, contact="test@example.org")
    which = as_recorded(name, max_megabytes=64)
    result = import_files(archive, settings, which, [file], url=whole.url, captured_at=moment)
    return result.verdict, "; ".join(result.reasons)


def _told(state: State) -> tuple[object, ...]:
    return state.notices, state.loud, state.quiet, state.records


def _zipped(payload: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inside.json", payload)
    return out.getvalue()
