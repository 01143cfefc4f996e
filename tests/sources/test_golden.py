"""Recorded answers give the notices that people have reviewed (tests/sources/golden)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sources.reading import GOLDEN, STARTER, readings, reviewed

ACTIONS = {"70CMSD23FR0000145": "fy2024", "70B03C26F00000640": "fy2026"}


def _held(number: str, name: str, file: str) -> list[dict[str, Any]]:
    read = [reviewed(answer, reading) for answer, reading in readings(STARTER / name / file, name, number)]
    found = [one for one in read if number in {held["printed"] for held in one["content"]["numbers"]}]
    return sorted(found, key=lambda one: (one["revision"], one["source_number"]))


def _check(file: Path, found: list[dict[str, Any]]) -> None:
    assert found
    assert json.loads(json.dumps(found)) == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("ice-cellebrite-award", "70CMSD26P00000034"),
        ("fbi-osint-seven-revisions", "RFP-002132"),
        ("dea-vehiclemanager", "D-26-NE-0042"),
        ("deadline-without-time", "SPE7M526T036W"),
    ],
)
def test_rows_of_the_daily_file_become_the_reviewed_notices(title: str, number: str) -> None:
    _check(GOLDEN / f"{title}.json", _held(number, "sam_gov_bulk", "sam-gov-2026-04-25.warc.gz"))


@pytest.mark.parametrize(("number", "file"), ACTIONS.items())
def test_results_of_the_transaction_list_become_the_reviewed_actions(number: str, file: str) -> None:
    _check(GOLDEN / f"{number}.json", _held(number, "usaspending_transactions", f"{file}.warc.gz"))
