"""Serves the pages and the API of a data folder, and drives the readers of its log."""

import errno
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Final

import uvicorn

from api.access_log import log_config
from api.app import create_app
from noticewatch.errors import NoticewatchError, SettingsError
from noticewatch.settings import Settings
from service.assembly import House

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # fmt: skip

_BACKLOG: Final = 128


class AddressTaken(NoticewatchError):
    """The address to serve on is in use or cannot be used."""


def listen(settings: Settings) -> socket.socket:
    """A socket bound to the setting BIND; nothing is answered on it before the server runs.

    Raises AddressTaken where another program has the address, SettingsError where it is none.
    """
    host, port = settings.host_and_port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise SettingsError(
            f"NOTICEWATCH_BIND is {settings.bind!r}, but the host {host!r} is not known ({error})."
        ) from error
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise AddressTaken(
            f"The address {settings.bind} cannot be used ({error.strerror}); {way_out(error, settings.bind)}."
        ) from error
    bound.set_inheritable(False)
    return bound


def way_out(error: OSError, bind: str) -> str:
    """What to do where an address cannot be used, by the reason."""
    host, _, port = bind.rpartition(":")
    if error.errno == errno.EADDRINUSE:
        other = int(port) + (1 if int(port) < 65535 else -1)
        return f"stop the program that has it, or choose another: NOTICEWATCH_BIND={host}:{other}"
    if error.errno == errno.EACCES:
        return f"ports below 1024 are the administrator's, so choose another: NOTICEWATCH_BIND={host}:8484"
    return f"choose one that this machine has: NOTICEWATCH_BIND=127.0.0.1:{port}"


def bound_settings(settings: Settings, bound: socket.socket) -> Settings:
    """The settings with the port that the system chose, where BIND left it open with 0."""
    host, port = settings.host_and_port
    if port:
        return settings
    return settings.model_copy(update={"bind": f"[{host}]:{_port(bound)}" if ":" in host else f"{host}:{_port(bound)}"})


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


class PageServer:
    """uvicorn over the application, until a signal or :meth:`stop`."""

    def __init__(self, house: House, bound: socket.socket, *, access_log: bool) -> None:
        app = create_app(house.archive, house.search(), house.settings, house.watchlist)
        config = uvicorn.Config(
            app, log_config=logging_config(), access_log=access_log, server_header=False,
            timeout_graceful_shutdown=2, lifespan="off",
        )  # fmt: skip
        self._server, self._bound = uvicorn.Server(config), bound

    def run(self) -> None:
        """Answer requests until stopped."""
        gc.collect()
        gc.freeze()  # what lives as long as the program is not gone through again: a third of a large page's time
        self._server.run(sockets=[self._bound])

    def stop(self) -> None:
        """Let :meth:`run` return after the requests in hand."""
        self._server.should_exit = True


def logging_config() -> dict[str, Any]:
    """The API's private log with the service's own lines beside it, on standard error."""
    config = log_config("WARNING")
    config["loggers"]["uvicorn.access"]["level"] = "INFO"
    config["loggers"]["noticewatch"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config


class Stopping:
    """Set when the service is to end; what was handed to :meth:`then` is called at that moment.

    A signal sets it in the middle of whatever the main thread does, a look at it too: no lock that such a look holds is
    waited for, as that of an event is. It is waited for by one thread.
    """

    def __init__(self) -> None:
        self._set, self._told = False, SimpleQueue[None]()
        self._calls: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        """Whether the service is to end."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Wait so long that it is set; gives whether it is."""
        if not self._set:
            with suppress(Empty):
                self._told.get(timeout=seconds)
        return self._set

    def then(self, call: Callable[[], None]) -> None:
        """Call this when set; at once where it is set already, so that a signal between two lines is not lost."""
        self._calls.append(call)
        if self._set:
            call()

    def set(self) -> None:
        """Let the service end."""
        self._set = True
        self._told.put(None)
        for call in self._calls:
            call()


@contextmanager
def stopped_by_signals() -> Iterator[Stopping]:
    """An event that is set by Ctrl-C and by the signals that end a service, instead of ending the process at once."""
    stopping = Stopping()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    held = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)


def on_terminal() -> bool:
    """Whether a person is looking on."""
    return sys.stderr.isatty()
