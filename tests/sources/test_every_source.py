"""One suite that every source passes without code of its own: recordings, replay, idempotence, contact data, sanity.

A source is here as soon as it has a folder below crawlers/sources; what it needs is tests/replays/SOURCE with
recordings and a PROVENANCE.md. Faults are in tests/faults, reviewed notices in test_golden.py.
"""

import ast
import contextlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archive import tables
from archive.warc import recorded
from crawlers.loading import load_parser
from crawlers.parsing import Shape
from crawlers.source import source
from noticewatch.contacts import mask
from noticewatch.errors import SourceDrift
from noticewatch.identifiers import new_id
from noticewatch.models import Origin, Verdict, carries, to_paths
from tests.faults.crawling import healthy
from tests.faults.payloads import form_of, rows_of, with_rows
from tests.faults.state import state_of
from tests.sources.every import (
    LARGEST,
    NAMES,
    REPLAYS,
    Answered,
    Replayed,
    archive_in,
    contact_values,
    import_each,
    is_hash_of,
    read_again,
    recordings,
    replay_all,
    rows_of_versions,
    strings,
)

EACH = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(f"source {name}")) for name in NAMES]
)
MAIL = re.compile(r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)+")
BASES = {
    "obligated": {"change", "state"}, "base_and_exercised": {"change", "state"},
    "base_and_all_options": {"change", "state", "limit"}, "ceiling": {"limit"}, "not_to_exceed": {"limit"},
    "estimate": {"plan"}, "budget": {"plan", "limit"}, "announced": {"state", "limit", "plan"}, "awarded": {"state"},
    "paid": {"change", "state"},
}  # fmt: skip
"""What an amount of a kind can be: of an action, a total on a day, a limit, a plan."""
CLOCK = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}


@EACH
def test_recordings_are_there_small_and_their_provenance_is_told(name: str) -> None:
    assert recordings(name), f"tests/replays/{name} holds no recording"
    assert sum(path.stat().st_size for path in recordings(name)) < LARGEST
    told = (REPLAYS / name / "PROVENANCE.md").read_text(encoding="utf-8")
    assert not [path.name for path in recordings(name) if path.name not in told]


@EACH
def test_a_source_that_is_crawled_says_which_crawl_of_it_is_recorded_whole(name: str) -> None:
    if source(name).live:
        assert healthy(name) is not None, f"tests/replays/{name}/healthy.toml is missing; faults are tried on its crawl"


@EACH
def test_recordings_replay_to_their_end(name: str, replayed: Callable[[str], Replayed]) -> None:
    found = replayed(name)
    assert set(found.verdicts) <= {Verdict.COMPLETE, Verdict.PARTIAL}, found.reasons
    assert found.contents


@EACH
def test_the_same_replay_again_brings_no_event_and_no_record(name: str, replayed: Callable[[str], Replayed]) -> None:
    found = replayed(name)
    with archive_in(found.home) as archive:
        *_, last = replay_all(archive, name)[-1:]
        assert (last.counts.records, last.counts.versions, last.counts.events) == (0, 0, 0)
        after = state_of(archive)
    assert (after.notices, after.records, after.loud, after.quiet) == (
        found.said.notices, found.said.records, found.said.loud, found.said.quiet,
    )  # fmt: skip


@EACH
def test_recordings_imported_in_another_order_give_the_same_state_quietly(
    name: str, replayed: Callable[[str], Replayed], read: Callable[[str], list[Answered]], tmp_path: Path
) -> None:
    found = replayed(name)
    with archive_in(tmp_path / "imported") as archive:
        import_each(archive, name, recordings(name)[::-1])
        said = state_of(archive)
    assert not said.loud
    if any(one.key is None for answer in read(name) for one in answer.readings):  # the first seen names a chain
        assert Counter(said.notices.values()) == Counter(found.said.notices.values())
    else:
        assert said.notices == found.said.notices


@EACH
def test_no_contact_data_of_officials_stand_in_notices(
    name: str, replayed: Callable[[str], Replayed], read: Callable[[str], list[Answered]]
) -> None:
    private = {value for answer in read(name) for value in contact_values(answer.payload)}
    for notice, content in replayed(name).contents.items():
        for text in strings(content):
            assert not MAIL.search(text), (notice, text)
            assert text not in private, (notice, text)
        for text in strings([content.get(field) for field in ("title", "description", "documents", "hearings")]):
            assert mask(text) == text, (notice, text)


@EACH
def test_dates_are_days_of_this_age(name: str, replayed: Callable[[str], Replayed]) -> None:
    stated = healthy(name)
    strange = stated.strange_dates if stated else {}
    for notice, content in replayed(name).contents.items():
        for one in content.get("dates", []):
            assert 1990 <= int(one["value"][:4]) <= 2060 or one["value"] in strange, (notice, one)
            if one.get("precision", "day") in {"day", "time"}:
                date.fromisoformat(one["value"][:10])
        roles = Counter(one["role"] for one in content.get("dates", []))
        assert roles["posted"] <= 1, (notice, roles)


@EACH
def test_money_is_finite_has_a_currency_and_a_basis_that_fits_its_kind(
    name: str, replayed: Callable[[str], Replayed]
) -> None:
    for notice, content in replayed(name).contents.items():
        for amount in content.get("amounts", []):
            values = [Decimal(amount[part]) for part in ("value", "minimum", "maximum") if part in amount]
            assert values, (notice, amount)
            assert all(value.is_finite() and abs(value) < 10**13 for value in values), (notice, amount)
            assert amount.get("currency"), (notice, amount)
            assert amount["basis"] in BASES[amount["kind"]], (notice, amount)


@EACH
def test_ids_begin_with_the_register_and_one_thing_has_one(
    name: str, replayed: Callable[[str], Replayed], read: Callable[[str], list[Answered]]
) -> None:
    register = source(name).register
    assert all(
        notice.startswith(f"{register}:") and len(notice) > len(register) + 1 for notice in replayed(name).contents
    )
    keys = {(one.source_number, one.key) for answer in read(name) for one in answer.readings}
    assert max(Counter(number for number, _ in keys).values()) == 1
    if all(key for _, key in keys):
        assert {f"{register}:{key}" for _, key in keys} == replayed(name).contents.keys()


@EACH
def test_an_id_depends_neither_on_the_capture_nor_on_the_order_of_rows(
    name: str, read: Callable[[str], list[Answered]]
) -> None:
    for answer in read(name):
        right = {one.source_number: (one.key, one.notice) for one in answer.readings}
        other = answer.capture.model_copy(
            update={"id": new_id(), "fetched_at": datetime(2030, 1, 1, tzinfo=UTC), "origin": Origin.LIVE}
        )
        again = read_again(name, other, answer.payload)
        assert {number: (one.key, one.notice) for number, one in again.items()} == right
        if form_of(answer.payload) != "other" and len(rows_of(answer.payload)) == len(answer.rows) > 1:
            turned = read_again(name, other, with_rows(answer.payload, lambda rows: rows[::-1]))
            assert {number: (one.key, one.notice) for number, one in turned.items()} == right


@EACH
def test_every_row_can_be_read(name: str, read: Callable[[str], list[Answered]]) -> None:
    assert [len(answer.readings) for answer in read(name)] == [len(answer.rows) for answer in read(name)]


@EACH
def test_every_field_is_read_or_declared_unread(name: str, read: Callable[[str], list[Answered]]) -> None:
    assert not {field for answer in read(name) for field in answer.shape.unread}


@EACH
def test_a_row_carries_what_its_notice_states(name: str, read: Callable[[str], list[Answered]]) -> None:
    """A path that a notice states and its record does not claim to carry would never be told as changed."""
    for answer in read(name):
        for one in answer.readings:
            uncarried = [path for path in to_paths(one.notice.content()) if not carries(one.carried, path)]
            assert not uncarried, (one.source_number, uncarried)


@EACH
def test_rows_stand_one_behind_another_and_hold_their_bytes(name: str, read: Callable[[str], list[Answered]]) -> None:
    for answer in read(name):
        ends = [0, *(row.end for row in answer.rows)]
        assert all(end <= row.start < row.end for end, row in zip(ends, answer.rows, strict=False))
        assert ends[-1] <= len(answer.payload)
        assert [row.index for row in answer.rows] == list(range(len(answer.rows)))


@EACH
def test_every_version_leads_to_the_bytes_that_it_was_read_from(name: str, replayed: Callable[[str], Replayed]) -> None:
    with archive_in(replayed(name).home) as archive:
        led = list(rows_of_versions(archive))
        with archive.reading() as connection:
            assert len(led) == connection.scalar(select(func.count()).select_from(tables.versions)) > 0
    for sha256, row in led:
        assert is_hash_of(name, sha256, row), row


@EACH
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n "])
def test_the_hash_of_a_row_is_that_of_its_bytes_whatever_stands_before_it(name: str, before: bytes) -> None:
    parser, read = load_parser(source(name)), 0
    for path in recordings(name):
        for one in recorded(path):
            with one.open() as stream:
                payload = before + stream.read()
            with contextlib.suppress(SourceDrift):
                for row in parser.rows(io.BytesIO(payload), Shape()):
                    assert is_hash_of(name, row.sha256, payload[row.start : row.end]), payload[row.start : row.end]
                    read += 1
    assert read or before


@EACH
def test_a_parser_never_asks_what_time_it_is(name: str) -> None:
    asked = [(file.name, call) for file in _parsing(name) for call in _clock_calls(file)]
    assert not asked


def _parsing(name: str) -> list[Path]:
    """The modules of a source that read answers: all but its spider."""
    return [file for file in source(name).folder.glob("*.py") if file.name != "spider.py"]


def _clock_calls(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if word in CLOCK:
                yield f"{word} in line {node.lineno}"
