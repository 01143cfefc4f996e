"""Runs tests marked ``both_engines`` twice: on the embedded engine and on a real Elasticsearch.

The server is that of ``TEST_ELASTICSEARCH_URL``, else one started when a test first needs it; see
dev/elasticsearch_server.py.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from dev.elasticsearch_server import URL, fetch, missing
from tests import engines


@cache
def absent() -> str:
    """Why there is no Elasticsearch to be had; empty where there is."""
    return missing() or ("" if os.environ.get(URL) else fetch())


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[engines.FOLDER] = tempfile.mkdtemp(prefix="noticewatch-engines-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ[engines.FOLDER])
    if (started := folder / "server").exists():
        process, place = started.read_text().split("\n")
        with suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)
        subprocess.run(["rm", "-rf", place], check=False)  # the server may still be writing into it
    shutil.rmtree(folder, ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_engines"):
        other = pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)
        metafunc.parametrize("engine_kind", ["embedded", other], indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine_kind(request: pytest.FixtureRequest) -> str:
    """The engine that the test runs on."""
    return getattr(request, "param", engines.EMBEDDED)
