"""An archive of its own for each test of alerts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.store import Archive
from tests.archive.making import open_archive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = open_archive(tmp_path / "data")
    yield opened
    opened.close()
