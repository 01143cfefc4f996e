"""Headers that keep readers safe: no third parties, no scripts but ours, no trace of where a reader came from, and no
page in the place of its JSON twin.
"""

from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
INERT = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For archived bytes: nothing in them may act."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "Vary": "Accept",
}

PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
"""For what only one reader is to see, and its address with it: pages and answers of saved searches."""

_PRIVATE_PATHS = ("/alerts/", "/api/v1/searches", "/api/v1/alerts")


class _Answered(Exception):
    """All that a HEAD asks for was sent."""


class HeadAsGet:
    """Answers HEAD as GET without the body, so that every address can be checked without being read. What comes in
    parts, as a download does, is not read on.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({**message, "body": b"", "more_body": False})
            if message.get("more_body"):
                raise _Answered

        with suppress(_Answered):
            await self.app({**scope, "method": "GET"}, receive, bodiless)


class Protection:
    """Adds the headers to every answer that does not state them itself. Streams pass through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(_PRIVATE_PATHS):
                    headers.update(PRIVATE)
            await send(message)

        await self.app(scope, receive, protected)
