"""Recordings that the tests of the sources share."""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from tests.sources.every import Answered, Replayed, answers, replayed_in
from tests.sources.states import DAYS, rebuild


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[date, Path]:
    folder = tmp_path_factory.mktemp("states")
    return {day: rebuild(day, folder) for day in DAYS}


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Replayed]:
    """The recordings of a source by name, replayed in order on first use."""
    return cache(lambda name: replayed_in(tmp_path_factory.mktemp(name), name))


@pytest.fixture(scope="session")
def read() -> Callable[[str], list[Answered]]:
    """The answers of a source by name with their readings, made on first use."""
    return cache(answers)
