"""From the commit of news to a webhook on loopback that has it; readers and delivery run as in the server."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from alerts import searches
from alerts.channels.webhook import new_secret
from alerts.models import Target, Terms
from alerts.tokens import Tokens
from indexer.names import Names
from noticewatch.models import Notice, Text
from service.assembly import House
from service.delivering import DeliveryThread
from service.readers import ReadersThread

TIMES = 6
LIMIT_SECONDS = 3.0
_WORD = "zyxlatency"
_PATIENCE = 120.0


def measure(house: House, like: Notice, crawl: Callable[[Notice, int], None]) -> list[float]:
    """Seconds of each of some commits; the first one is that of a process that has just started. ``crawl``: commits a
    notice as news, under a number of its own.
    """
    house = replace(house, settings=house.settings.model_copy(update={"alerts_allow_private": True}))
    taken = []
    with _webhook() as (url, came):
        with house.archive.writing() as connection:
            terms = Terms(query=_WORD, lens="everything")
            to = Target("webhook", url, new_secret())
            searches.create(
                connection, Tokens(house.archive.folder), Names(house.dictionary), terms, [(to, "active")]
            )  # fmt: skip
        with _running(house):
            for number in range(TIMES):
                came.clear()
                crawl(like.model_copy(update={"title": (Text(text=f"{_WORD} {number}"),)}), number)
                began = time.monotonic()
                if not came.wait(_PATIENCE):
                    raise TimeoutError(f"No webhook came within {_PATIENCE:.0f} s.")
                taken.append(time.monotonic() - began)
    return taken


@contextmanager
def _running(house: House) -> Iterator[None]:
    readers, delivery = ReadersThread(house), DeliveryThread(house)
    readers.start()
    delivery.start()
    try:
        yield
    finally:
        delivery.stop()
        readers.stop()


@contextmanager
def _webhook() -> Iterator[tuple[str, threading.Event]]:
    came = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()
            came.set()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", came
    finally:
        server.shutdown()
        server.server_close()
