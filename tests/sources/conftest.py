"""Recordings that the tests of the sources share."""

from datetime import date
from pathlib import Path

import pytest

from tests.sources.states import DAYS, rebuild


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[date, Path]:
    folder = tmp_path_factory.mktemp("states")
    return {day: rebuild(day, folder) for day in DAYS}
