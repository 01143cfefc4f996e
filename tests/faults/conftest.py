"""Servers and stages, made once and used by all faults of a source."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.faults.days import Days, make_days
from tests.faults.server import Publisher, publisher, self_signed
from tests.faults.stage import Stage, make_stage


@pytest.fixture(scope="session")
def server() -> Iterator[Publisher]:
    with publisher() as told:
        yield told


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """Speaks HTTPS with a certificate that nobody vouches for."""
    with publisher(self_signed(tmp_path_factory.mktemp("certificate"))) as told:
        yield told


@pytest.fixture(scope="session")
def stage_of(tmp_path_factory: pytest.TempPathFactory, server: Publisher) -> Callable[[str], Stage]:
    """The stage of a source by name, made on first use."""

    @cache
    def made(name: str) -> Stage:
        folder: Path = tmp_path_factory.mktemp(name)
        return make_stage(name, folder, server)

    return made


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    """Answers of two days as files."""
    return make_days(tmp_path_factory.mktemp("days"))
