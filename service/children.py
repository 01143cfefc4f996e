"""Child processes of the server: one a crawl. None of them outlives it, however it ends."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

GRACE: Final = 4.0
"""Seconds that a child has to end by itself after it was asked to."""

_log = logging.getLogger("noticewatch.children")


class Children:
    """Starts commands of noticewatch as processes of their own and ends those that still run."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes] | None:
        """Start ``noticewatch ARGUMENTS --child``; None once :meth:`stop` was called.

        The child has a session of its own, so that Ctrl-C reaches the server alone, and notices by its standard input
        that the server is gone.
        """
        with self._lock:
            if self._closed:
                return None
            process = subprocess.Popen(  # noqa: S603 - our own program with arguments of our own
                [sys.executable, "-m", "service.cli", *arguments, "--child"],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            self._running.add(process)
            return process

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a child; gives its exit code."""
        code = process.wait()
        if process.stdin:
            process.stdin.close()
        with self._lock:
            self._running.discard(process)
        return code

    def stop(self, grace: float = GRACE) -> None:
        """Ask all children to end, and end those that have not after ``grace`` seconds. No further one is started."""
        with self._lock:
            self._closed, running = True, list(self._running)
        for process in running:
            process.terminate()
        ends = time.monotonic() + grace
        for process in running:
            try:
                process.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.warning(
                    "Process %d did not end when asked and was killed; its run is closed as failed.", process.pid
                )
                process.kill()
                process.wait()


def end_with_parent() -> None:
    """Let this process end when the server that started it is gone: standard input comes to its end then."""
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
