"""A real Elasticsearch on loopback without Docker: ``python -m dev.elasticsearch_server`` (``make elasticsearch``).

A server that ``TEST_ELASTICSEARCH_URL`` names is used as it is; else Docker starts the official image; else Maven
fetches the server that Elasticsearch's own integration tests use, once, and Java runs it. It has no password and
listens on loopback alone: for development and tests.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import FileLock

from dev.ports import free_port

VERSION: Final = "8.19.0"
URL: Final = "TEST_ELASTICSEARCH_URL"
_IMAGE: Final = f"elasticsearch:{VERSION}"
_ARTIFACT: Final = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_HEAP: Final = "512m"
_STARTS_WITHIN: Final = 600
_FETCHED_WITHIN: Final = 180
_TRIES: Final = 3
_JAVA: Final = 17


def missing() -> str:
    """What is missing for a server without Docker; empty where one can be had."""
    if os.environ.get(URL):
        return ""
    if _java() is None:
        package = f"openjdk-{_JAVA}-jre-headless"
        return f"there is no Java {_JAVA} or later (Debian: apt install {package}; or name a server in {URL})"
    if not _archive().exists() and shutil.which("mvn") is None:
        return f"there is no Maven to fetch the server with (Debian: apt install maven; or name a server in {URL})"
    return ""


class ElasticsearchServer:
    """One node in a folder of its own, run by an unprivileged user where we are root."""

    def __init__(self, *, briefly: bool = False) -> None:
        """``briefly``: for minutes alone, in which to compile well costs more than it brings."""
        self._options = f"-Xms{_HEAP} -Xmx{_HEAP}" + (" -XX:TieredStopAtLevel=1" if briefly else "")
        self.folder = Path(tempfile.mkdtemp(prefix="noticewatch-elasticsearch-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        _unpack(self.folder)
        self._configure()
        self._prefix = _unprivileged(self.folder)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Number of its process."""
        return int((self.folder / "pid").read_text())

    def _configure(self) -> None:
        settings = {
            "cluster.name": "noticewatch", "node.name": "noticewatch", "network.host": "127.0.0.1",
            "http.port": str(self.port), "transport.port": str(free_port()), "xpack.security.enabled": "false",
            "path.data": str(self.folder / "data"), "path.logs": str(self.folder / "logs"),
            "cluster.routing.allocation.disk.threshold_enabled": "false", "discovery.type": "single-node",
        }  # fmt: skip
        lines = "".join(f"{name}: {value}\n" for name, value in settings.items())
        (self._home / "config" / "elasticsearch.yml").write_text(lines)

    def start(self) -> None:
        """Start it, and wait until it answers. Raises RuntimeError where it does not."""
        java = _java()
        assert java is not None
        environment = {
            "PATH": os.environ["PATH"], "ES_JAVA_HOME": str(java), "HOME": str(self.folder),
            "ES_JAVA_OPTS": self._options, "ES_TMPDIR": str(self.folder / "tmp"),
        }  # fmt: skip
        (self.folder / "pid").unlink(missing_ok=True)
        with (self.folder / "output").open("ab") as said:
            self._process = subprocess.Popen(
                [*self._prefix, str(self._home / "bin" / "elasticsearch"), "-p", str(self.folder / "pid")],
                cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        process = self._process
        _wait(self.url, lambda: process.poll() is None, self.folder / "output")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal and wait until it is gone."""
        if self._process is None:
            return
        try:
            os.kill(self.pid, number)
        except (FileNotFoundError, ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=_STARTS_WITHIN)
        self._process = None

    def remove(self) -> None:
        """End it and delete its folder."""
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _home(self) -> Path:
        return self.folder / f"elasticsearch-{VERSION}"


def _archive() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "noticewatch" / f"elasticsearch-{VERSION}.zip"


def fetch() -> str:
    """Fetch the server where that was not done, once for all processes; gives why it cannot be had, or nothing."""
    archive = _archive()
    archive.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{archive}.lock"):
        if archive.exists():
            return ""
        with tempfile.TemporaryDirectory(dir=archive.parent) as temporary:
            command = ["mvn", "-q", "-B", _PLUGIN, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={temporary}"]
            for _ in range(_TRIES):
                try:
                    subprocess.run(
                        command, check=True, stdin=subprocess.DEVNULL, capture_output=True, cwd=temporary,
                        timeout=_FETCHED_WITHIN,
                    )  # fmt: skip
                    next(Path(temporary).glob("*.zip")).replace(archive)
                except (subprocess.SubprocessError, StopIteration):
                    continue
                return ""
    return f"Maven could not fetch {_ARTIFACT} in {_TRIES} tries; name a server in {URL}"


def _unpack(folder: Path) -> None:
    """Unpack the server. Raises RuntimeError where it cannot be fetched."""
    if reason := fetch():
        raise RuntimeError(reason)
    with zipfile.ZipFile(_archive()) as packed:
        packed.extractall(folder)
    for program in (folder / f"elasticsearch-{VERSION}" / "bin").iterdir():
        program.chmod(0o755)
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir()


def _java() -> Path | None:
    """Home of a Java that is new enough."""
    named = [os.environ[name] for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    found = [Path(name) / "bin" / "java" for name in named]
    on_path = shutil.which("java")
    for program in (*found, *([Path(on_path)] if on_path else [])):
        if program.exists() and _major(program) >= _JAVA:
            return program.resolve().parent.parent
    return None


def _major(java: Path) -> int:
    said = subprocess.run([java, "-XshowSettings:properties", "-version"], capture_output=True, text=True, check=False)
    lines = [
        line.partition("=")[2].strip() for line in said.stderr.splitlines() if "java.specification.version" in line
    ]
    return int(float(lines[0])) if lines else 0


def _unprivileged(folder: Path) -> list[str]:
    """What its command begins with, so that it does not run as root; the folder is given to that user."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


def _wait(url: str, alive: Callable[[], bool], output: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and alive():
        try:
            with urllib.request.urlopen(
                f"{url}/_cluster/health?wait_for_status=yellow&timeout=30s", timeout=40
            ) as answer:
                if not json.load(answer)["timed_out"]:
                    return
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
    said = output.read_text()[-2000:]
    raise RuntimeError(f"Elasticsearch does not answer at {url}: {said}")


def _docker() -> bool:
    program = shutil.which("docker")
    return bool(program) and subprocess.run([program, "info"], capture_output=True, check=False).returncode == 0


def _run_in_docker() -> int:
    print("Starting Elasticsearch with Docker on http://127.0.0.1:9200; Ctrl-C ends it.")
    options = ["-e", "discovery.type=single-node", "-e", "xpack.security.enabled=false", "-e", "ES_JAVA_OPTS=-Xmx1g"]
    return subprocess.run(
        ["docker", "run", "--rm", "-p", "127.0.0.1:9200:9200", *options, _IMAGE], check=False
    ).returncode


def main() -> int:
    """Start a server and keep it until Ctrl-C."""
    if named := os.environ.get(URL):
        print(f"{URL} names a server already: {named}")
        return 0
    if _docker():
        return _run_in_docker()
    if lacking := missing() or fetch():
        print(f"No Elasticsearch can be started: {lacking}.", file=sys.stderr)
        return 1
    server = ElasticsearchServer()
    try:
        server.start()
        print(f"Elasticsearch {VERSION} answers at {server.url}; Ctrl-C ends it.", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.remove()
    return 0


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main())
