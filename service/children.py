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

CRAWL_GRACE: Final = 20.0
"""The same for a crawl: it waits for the page in hand, so that what was asked of a publisher is kept."""

_log = logging.getLogger("noticewatch.children")


class Children:
    """Starts commands of noticewatch as processes of their own and ends those that still run."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[bytes], float] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether no further child is started."""
        return self._closed

    def start(self, arguments: Sequence[str], grace: float = GRACE) -> subprocess.Popen[bytes] | None:
        """Start ``noticewatch ARGUMENTS --child``; None once :meth:`stop` was called. ``grace``: seconds that it has to
        end once it is asked to.

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
            self._running[process] = grace
            return process

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a child; gives its exit code."""
        code = process.wait()
        if process.stdin:
            process.stdin.close()
        with self._lock:
            self._running.pop(process, None)
        return code

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Ask a child to end, and kill it where it has not after its grace."""
        with self._lock:
            grace = self._running.get(process, GRACE)
        process.terminate()
        _end(process, time.monotonic() + grace)

    def stop(self) -> None:
        """Ask all children to end, and kill those that have not after their grace. No further one is started."""
        with self._lock:
            self._closed, running = True, dict(self._running)
        asked = time.monotonic()
        for process in running:
            process.terminate()
        for process, grace in running.items():
            _end(process, asked + grace)


def _end(process: subprocess.Popen[bytes], by: float) -> None:
    """Wait for a child until a moment of the monotonic clock, then kill it."""
    try:
        process.wait(max(0.0, by - time.monotonic()))
    except subprocess.TimeoutExpired:
        _log.warning("Process %d did not end when asked and was killed; its run is closed as failed.", process.pid)
        process.kill()
        process.wait()


def end_with_parent(grace: float = GRACE) -> None:
    """Let this process end when the server that started it is gone: standard input comes to its end then.

    grace: seconds after which it is ended hard where it has not ended in order.
    """
    threading.Thread(target=_watch, args=(grace,), name="parent", daemon=True).start()


def _watch(grace: float) -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)
