"""The services of docker-compose.yml as plain processes: their commands, settings and health checks."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import yaml

from noticewatch.settings import PREFIX
from tests import databases, engines
from tests.house.test_rooms import ROOT
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.postgresql, pytest.mark.elasticsearch]

SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "noticewatch"}


@pytest.fixture
def database() -> Iterator[str]:
    """A database of the test's own: others of this file may run beside it."""
    name = f"compose{uuid4().hex}"
    with psycopg.connect(databases.server_url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield databases.address(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def surroundings(tmp_path: Path, cut_starter: Path, database: str) -> dict[str, str]:
    """The environment of a service, with the addresses of the servers of the tests in the places of its own."""
    given = OURS["server"]["environment"]
    ours = re.sub(r"postgresql://noticewatch:\$\{POSTGRES_PASSWORD[^}]*\}@postgresql/notices",
                  database, given["NOTICEWATCH_DATABASE_URL"])  # fmt: skip
    search = re.sub(r"\$\{ELASTIC_PASSWORD[^}]*\}@elasticsearch:9200",
                    f"s3cret@{engines.server_url()[7:]}", given["NOTICEWATCH_SEARCH_URL"])  # fmt: skip
    assert "$" not in ours + search
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | given | {
        "NOTICEWATCH_DATABASE_URL": ours, "NOTICEWATCH_SEARCH_URL": search, "NOTICEWATCH_CONTACT": "",
        "NOTICEWATCH_PUBLIC_URL": "", "NOTICEWATCH_HOME": str(tmp_path / "data"),
        "NOTICEWATCH_STARTER": str(cut_starter), "NOTICEWATCH_BIND": "127.0.0.1:0",
        "NOTICEWATCH_SEARCH_INDEX": f"compose{os.getpid()}", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip


def _started(name: str, surroundings: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "service.cli", *OURS[name]["command"]]
    return subprocess.Popen(
        command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )  # fmt: skip


def _ended(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=PATIENCE)


def _healthy(name: str, surroundings: dict[str, str], port: str = "8484") -> bool:
    _, program, option, code = OURS[name]["healthcheck"]["test"]
    assert (program, option) == ("python", "-c")
    here = code.replace("/data", surroundings["NOTICEWATCH_HOME"]).replace("8484", port)
    return subprocess.run([sys.executable, "-c", here], cwd=ROOT, env=surroundings, check=False).returncode == 0


def test_the_services_load_serve_and_schedule_and_their_health_checks_say_so(surroundings: dict[str, str]) -> None:
    loading = _started("starter", surroundings)
    said = loading.communicate(timeout=PATIENCE)[0]
    assert loading.returncode == 0, said
    server = _started("server", surroundings)
    assert server.stdout is not None
    port = next(found[1] for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE) as answer:
        ready = json.load(answer)
    assert ready["ready"]
    assert ready["behind"] == 0
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/notices?lens=everything", timeout=PATIENCE) as answer:
        found = json.load(answer)
    assert found["total"] > 50
    assert found["query"]["warnings"] == [], "it is the search server that answers"
    assert _healthy("server", surroundings, port)
    assert not _healthy("scheduler", surroundings)
    scheduler = _started("scheduler", surroundings)
    assert scheduler.stdout is not None
    assert next(line for line in scheduler.stdout if line.strip())
    assert _healthy("scheduler", surroundings)
    assert _ended(scheduler) == 0
    assert _ended(server) == 0


def test_secrets_of_the_services_are_shown_nowhere(surroundings: dict[str, str]) -> None:
    command = [sys.executable, "-m", "service.cli", "settings"]
    told = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True).stdout
    assert "NOTICEWATCH_SEARCH_URL" in told
    assert "s3cret" not in told
