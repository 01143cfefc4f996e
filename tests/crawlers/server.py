"""A publisher on loopback: answers lists and files, keeps what it was asked, and can be told to misbehave."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Publisher:
    """``answers``: path and body to (status, media type, payload); ``asked``: (path, body, user agent).

    ``etag``: that of all answers; who asks with it gets 304.
    """

    address: str = ""
    answers: Callable[[str, bytes], tuple[int, str, bytes]] = lambda path, body: (404, "text/plain", b"")
    robots: bytes = b"User-agent: *\nAllow: /\n"
    asked: list[tuple[str, bytes, str]] = field(default_factory=list)
    etag: str | None = None


@contextmanager
def publisher() -> Iterator[Publisher]:
    told = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            told.asked.append((self.path, body, self.headers["User-Agent"]))
            status, media, payload = (
                (200, "text/plain", told.robots) if self.path == "/robots.txt" else told.answers(self.path, body)
            )
            if told.etag and self.headers["If-None-Match"] == told.etag:
                status, payload = 304, b""
            self.send_response(status)
            if told.etag:
                self.send_header("ETag", told.etag)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
