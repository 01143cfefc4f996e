"""What people are told about a PostgreSQL server that cannot be used, and how the program outlives one that goes."""

import json
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from archive import tables
from archive.store import Archive
from noticewatch.settings import Settings
from tests.house.test_rooms import ROOT
from tests.plugins.postgresql_server import PostgresqlServer
from tests.service.test_run import running
from tests.waiting import PATIENCE, until

pytestmark = [pytest.mark.postgresql, pytest.mark.xdist_group("postgresql server")]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """A server of these tests' own, because they stop it."""
    made = PostgresqlServer()
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def fresh(server: PostgresqlServer, request: pytest.FixtureRequest) -> str:
    """Address of an empty database."""
    name = f"d{abs(hash(request.node.name))}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.url(name)


def started(surroundings: dict[str, str], url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments], env=surroundings | {"NOTICEWATCH_DATABASE_URL": url},
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=PATIENCE,
    )  # fmt: skip


def one_sentence(code: int, said: str, expected: int) -> str:
    """What a command said that ended with the expected code: one sentence."""
    assert code == expected, said
    assert len(said.strip().splitlines()) == 1, said
    assert "Traceback" not in said
    assert "Unexpected" not in said
    return said


def refused_as_a_process(surroundings: dict[str, str], url: str) -> str:
    done = started(surroundings, url, "show", "any")
    return one_sentence(done.returncode, done.stderr, 1)


@pytest.fixture
def command(
    noticewatch: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run a command on a database in this process; gives exit code, standard output and standard error."""

    def run(url: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("NOTICEWATCH_DATABASE_URL", url)
        return noticewatch(*arguments)

    return run


@pytest.fixture
def refused(command: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    """The one sentence with which a command ends."""

    def run(url: str, code: int = 1) -> str:
        ended, _, said = command(url, "show", "any")
        return one_sentence(ended, said, code)

    return run


def test_a_server_that_does_not_answer_is_named(surroundings: dict[str, str]) -> None:
    said = refused_as_a_process(surroundings, "postgresql://someone:pa55-w0rd@127.0.0.1:9/notices")
    assert "127.0.0.1:9 does not answer; start it" in said
    assert "pa55-w0rd" not in said


def test_a_wrong_password_is_named_and_not_shown(surroundings: dict[str, str], server: PostgresqlServer) -> None:
    said = refused_as_a_process(surroundings, server.url().replace(server.password, "pa55-w0rd"))
    assert "refuses the user or the password" in said
    assert "pa55-w0rd" not in said


def test_a_database_that_is_not_there_is_named(refused: Callable[..., str], server: PostgresqlServer) -> None:
    assert "The database nothing_there does not exist on the server" in refused(server.url("nothing_there"))


def test_a_user_without_rights_is_told_which(refused: Callable[..., str], server: PostgresqlServer, fresh: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE USER reader PASSWORD 'reads'")
    said = refused(fresh.replace(f"tests:{server.password}", "reader:reads"))
    assert "The user reader may not do this" in said
    assert "permission denied" in said
    assert "reads" not in said.replace("reader", "")


def test_a_newer_schema_is_refused_by_the_name_of_the_database(
    command: Callable[..., tuple[int, str, str]], refused: Callable[..., str], fresh: str
) -> None:
    assert command(fresh, "sources")[0] == 0
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = refused(fresh)
    assert "were written by a newer noticewatch (schema 9999)" in said
    assert "NOTICEWATCH_DATABASE_URL" in said


@pytest.mark.parametrize("url", ["mysql://u:pa55-w0rd@h/d", "postgresql+psycopg2://u:pa55-w0rd@h/d", "notices",
                                 "postgresql://u:pa55-w0rd@h:port/d"])  # fmt: skip
def test_an_address_of_no_such_database_is_refused_without_its_password(refused: Callable[..., str], url: str) -> None:
    said = refused(url, code=2)
    assert "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE" in said
    assert "pa55-w0rd" not in said


@pytest.mark.parametrize("more", ["", "--json"])
def test_settings_mask_the_password_of_the_database(command: Callable[..., tuple[int, str, str]], more: str) -> None:
    url = "postgresql://u:pa55-w0rd@h/d?sslpassword=s3cret"
    code, said, _ = command(url, "settings", *([more] if more else []))
    assert code == 0
    assert "postgresql+psycopg://u:***@h/d" in said.replace("\n", "")
    assert "pa55-w0rd" not in said
    assert "s3cret" not in said


def test_the_commands_work_on_postgresql_from_load_to_restore(
    surroundings: dict[str, str], server: PostgresqlServer, fresh: str, tmp_path: Path
) -> None:
    loaded = started(surroundings, fresh, "load-starter")
    assert "110 notices" in loaded.stderr + loaded.stdout, loaded
    found = json.loads(started(surroundings, fresh, "search", "--all", "--json", "facial").stdout)
    done = started(surroundings, fresh, "archive", "vacuum")
    assert done.returncode == 0, done.stderr
    done = started(surroundings, fresh, "backup", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    other = server.url("restored")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    elsewhere = surroundings | {"NOTICEWATCH_HOME": str(tmp_path / "restored")}
    done = started(elsewhere, other, "restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    again = json.loads(started(elsewhere, other, "search", "--all", "--json", "facial").stdout)
    assert again["total"] == found["total"]
    assert server.password not in done.stderr + done.stdout


def test_pages_answer_again_after_the_server_was_restarted(
    surroundings: dict[str, str], server: PostgresqlServer, fresh: str, tmp_path: Path
) -> None:
    assert started(surroundings, fresh, "load-starter").returncode == 0
    with running(surroundings | {"NOTICEWATCH_DATABASE_URL": fresh}, tmp_path / "log", "serve") as pages:
        pages.get("/readyz")
        server.stop()
        assert _status(f"{pages.address()}/api/v1/notices") == 503
        assert _status(f"{pages.address()}/healthz") == 200
        server.start()
        pages.get("/readyz")
        assert pages.get("/api/v1/notices?lens=everything")["total"]
        pages.stop(signal.SIGTERM)
    assert server.password not in (tmp_path / "log").read_text()


def test_a_load_whose_server_goes_fails_with_the_reason_and_the_next_repairs(
    surroundings: dict[str, str], server: PostgresqlServer, fresh: str, tmp_path: Path
) -> None:
    recorded = tmp_path / "starter" / "usaspending_transactions"
    recorded.mkdir(parents=True)
    shutil.copy(ROOT / "starter" / "usaspending_transactions" / "fy2021.warc.gz", recorded)
    surroundings = surroundings | {"NOTICEWATCH_DATABASE_URL": fresh, "NOTICEWATCH_STARTER": str(recorded.parent)}
    command = [sys.executable, "-m", "service.cli", "load-starter"]
    with (tmp_path / "log").open("w") as log:
        loading = subprocess.Popen(command, env=surroundings, stdout=log, stderr=log, cwd=ROOT)
        until(lambda: loading.poll() is not None or _events(fresh) >= 1_000)
        assert loading.poll() is None, (tmp_path / "log").read_text()
        server.stop()
        code = loading.wait(PATIENCE)
    said = (tmp_path / "log").read_text()
    assert code != 0
    assert "The connection to the PostgreSQL server" in said or "does not answer" in said, said
    assert "Traceback" not in said
    server.start()
    assert _events(fresh) >= 1_000, "something acknowledged was lost"
    again = subprocess.run(
        command, env=surroundings, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert again.returncode == 0, again.stderr
    archive = Archive.open(Settings(home=Path(surroundings["NOTICEWATCH_HOME"]), database_url=fresh))
    with archive.reading() as connection:
        seqs = list(connection.scalars(select(tables.events.c.seq).order_by(tables.events.c.seq)))
        verdicts = list(connection.scalars(select(tables.runs.c.verdict)))
    archive.close()
    assert seqs == list(range(1, len(seqs) + 1))
    assert None not in verdicts


def _events(url: str) -> int:
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
            return int(row[0]) if row else 0
    except psycopg.Error:
        return 0


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
