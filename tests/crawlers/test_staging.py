"""A bulk file is found, compared and put in order as a small answer is, in little memory."""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.batches import Seen, Sighting
from archive.warc import Placed
from crawlers.flat_rows import FlatRows
from crawlers.held import SMALL, Held
from crawlers.known import Hashes
from crawlers.parsing import Row, Shape
from crawlers.sorted_spool import SortedSpool
from crawlers.staging import Found, Tally, find_rows, read_rows, stage
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Notice, Origin, Reading, Text


class Lines:
    """A parser of lines ``number revision text``; a line that says ``bad`` cannot be read."""

    def rows(self, stream: BinaryIO, shape: Shape) -> Iterator[Row]:
        """One row a line."""
        start = 0
        for index, line in enumerate(stream):
            number, revision, _ = line.decode().split()
            sha256 = hashlib.sha256(line).hexdigest()
            yield Row(index, start, start + len(line), sha256, number, revision, line.decode())
            start += len(line)

    def read_row(self, row: Row, capture: Capture, shape: Shape) -> Reading:
        """The line as a title."""
        text = row.raw.split()[2]
        if text == "bad":
            raise SourceDrift(f"Row {row.index + 1} is bad.")
        notice = Notice(kind=Kind.OTHER, title=(Text(text=text),))
        return Reading(
            row.source_number, row.source_number, row.revision, notice, frozenset({"title", text}), row.index,
            row.start, row.end, row.sha256,
        )  # fmt: skip


def held(payload: bytes, *, large: bool) -> Held:
    capture = Capture(
        id="c", source="s", url="u", status=200, fetched_at=datetime(2026, 4, 25, tzinfo=UTC), payload_sha256="",
        payload_length=SMALL + 1 if large else len(payload), origin=Origin.IMPORTED, recorder="a test",
    )  # fmt: skip
    return Held(capture, Placed("none", 0, 1), lambda: io.BytesIO(payload))


lines = st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.sampled_from(["1", "2", "bad"])).map(" ".join)
files = st.lists(lines, max_size=12).map(lambda rows: "".join(f"{row}\n" for row in rows).encode())


def known_of(payload: bytes) -> Hashes:
    """What is held after a crawl of this file: the last row of each number."""
    rows = list(Lines().rows(io.BytesIO(payload), Shape()))
    hashes = Hashes({row.source_number for row in rows})
    for row in rows:
        hashes.put(row.source_number, row.sha256, row.index + 1)
    return hashes


def staged(payload: bytes, before: bytes, *, large: bool) -> tuple[list[Seen], list[str], Tally]:
    found, tally = find_rows(Lines(), held(payload, large=large), Shape()), Tally()
    tally.add(found.rows)
    stage_of, problems = stage(Lines(), found, known_of(before), set(), Shape())
    with stage_of as items:
        listed = list(items)
        assert len(items) == len(listed)
    return listed, problems, tally


@given(files, files)
def test_a_large_file_gives_what_a_small_one_gives(payload: bytes, before: bytes) -> None:
    small, problems, tally = staged(payload, before, large=False)
    large, large_problems, large_tally = staged(payload, before, large=True)
    assert large_problems == problems
    assert [one for one in large if isinstance(one, Reading)] == [one for one in small if isinstance(one, Reading)]
    sightings = [one for one in small if isinstance(one, Sighting)]
    assert large[: len(sightings)] == sorted(sightings, key=lambda sighting: sighting.index)
    assert (large_tally.rows, large_tally.doubles) == (tally.rows, tally.doubles)
    assert large_tally.numbers == tally.numbers


@given(files, files)
def test_doubles_are_counted_over_all_answers_of_a_walk(one: bytes, other: bytes) -> None:
    kinds = [(False, False), (True, False), (False, True), (True, True)]
    counted = []
    for first, second in kinds:
        tally = Tally()
        tally.add(find_rows(Lines(), held(one, large=first), Shape()).rows)
        tally.add(find_rows(Lines(), held(other, large=second), Shape()).rows)
        counted.append((tally.rows, tally.doubles, tally.numbers))
    rows = one.splitlines() + other.splitlines()
    assert counted == [(len(rows), len(rows) - len(set(rows)), {row.decode()[0] for row in rows})] * len(kinds)


@given(files, st.sets(st.integers(0, 12)))
def test_rows_that_are_not_wanted_are_forgotten(payload: bytes, wanted: set[int]) -> None:
    for large in (False, True):
        found = find_rows(Lines(), held(payload, large=large), Shape())
        found.keep(wanted)
        assert [row.index for row in found.rows] == [index for index in range(len(payload.splitlines()))
                                                     if index in wanted]  # fmt: skip
        assert list(found.numbers()) == [row.source_number for row in found.rows]


@given(files, st.integers(1, 400))
def test_a_spool_gives_readings_back_in_chain_order_whatever_its_runs(payload: bytes, run: int) -> None:
    readable = payload.replace(b"bad", b"3")
    parser = Lines()
    capture = held(b"", large=False).capture
    readings = [parser.read_row(row, capture, Shape()) for row in parser.rows(io.BytesIO(readable), Shape())]
    spool = SortedSpool(run)
    for reading in readings:
        spool.add(reading)
    in_order = sorted(readings, key=lambda reading: (reading.revision, reading.source_number, reading.index))
    assert len(spool) == len(readings)
    assert list(spool) == in_order
    assert list(spool) == in_order, "a second pass gives the same"
    spool.close()


def test_flat_rows_give_back_what_they_took() -> None:
    rows, flat = list(Lines().rows(io.BytesIO(b"a x 1\nb y 2\n"), Shape())), FlatRows()
    for row in rows:
        flat.add(row)
    assert [(row.index, row.start, row.end, row.sha256, row.source_number) for row in flat] == [
        (row.index, row.start, row.end, row.sha256, row.source_number) for row in rows
    ]
    assert list(flat.digests()) == [bytes.fromhex(row.sha256) for row in rows]


@given(st.lists(st.sampled_from([f"{number} x {text}" for number in "abc" for text in "12"]), max_size=30))
def test_flat_rows_know_those_that_stand_before_them_already(lines: list[str]) -> None:
    flat = FlatRows()
    for row in Lines().rows(io.BytesIO("".join(f"{line}\n" for line in lines).encode()), Shape()):
        flat.add(row)
    assert flat.repeats() == {place for place, line in enumerate(lines) if line in lines[:place]}


def test_a_row_that_cannot_be_read_again_is_left_out() -> None:
    read = read_rows(Lines(), held(b"a x 1\nb y bad\nc z 2\n", large=False), {0, 1})
    assert list(read) == [0]


def test_hashes_hold_the_latest_of_each_number() -> None:
    hashes = Hashes(["a", "b"])
    hashes.put("a", "00" * 32, 1)
    hashes.put("a", "11" * 32, 2)
    hashes.forget_unknown()
    assert dict(hashes) == {"a": "11" * 32}
    assert (hashes.record("a"), hashes.record("b"), len(hashes), hashes.get("b")) == (2, 0, 1, None)
    with pytest.raises(KeyError):
        hashes["b"]
    assert Found(held(b"", large=False), []).rows == []
