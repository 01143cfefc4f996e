"""Which form of an answer is wanted, and whether the asker has it already."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRESH = "no-cache"
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def wants_json(request: Request) -> bool:
    """Whether JSON is asked for: below ``/api/``, by ``.json``, or by an Accept header that prefers it to HTML."""
    path = request.url.path
    if path.startswith("/api/") or path.endswith(".json"):
        return True
    wanted = dict(map(_preferred, request.headers.get("accept", "").lower().split(",")))
    return wanted.get("application/json", 0.0) > wanted.get("text/html", 0.0)


def _preferred(part: str) -> tuple[str, float]:
    """A media type of an Accept header, and how much it is wanted, from 0 to 1 (RFC 9110, section 12.5.1)."""
    kind, *parameters = (piece.strip() for piece in part.split(";"))
    quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
    return kind, float(quality) if _QUALITY.fullmatch(quality) else 1.0


def json_answer(value: Any, status: int = 200) -> Response:
    """An answer in JSON that may change."""
    return Response(orjson.dumps(value, default=str), status, {"Cache-Control": FRESH}, media_type="application/json")


def incomplete(warnings: Sequence[str]) -> dict[str, str]:
    """The header by which a file whose form has no place for it says that something is missing in it; none else."""
    return {"Noticewatch-Incomplete": " ".join(warnings).encode("ascii", "replace").decode()} if warnings else {}


def etag_of(*parts: object) -> str:
    """A strong entity tag over what decides an answer."""
    return '"' + hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32] + '"'


def unchanged(request: Request, etag: str) -> Response | None:
    """304 where the asker holds this very answer, else None."""
    held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in held or "*" in held:
        return Response(status_code=304, headers={"ETag": etag, "Cache-Control": FRESH})
    return None


class Tagged:
    """Gives an answer that may be kept a tag over its bytes where it has none, and tells who has these bytes so (304).
    What is streamed, or kept by nobody, passes through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        untagged: Message | None = None

        async def tagged(message: Message) -> None:
            nonlocal untagged
            if message["type"] == "http.response.start" and _is_untagged(message):
                untagged = message
                return
            if untagged is not None:
                start, untagged = untagged, None
                if not message.get("more_body"):
                    start, message = _tagged(Request(scope), start, message)
                await send(start)
            await send(message)

        await self.app(scope, receive, tagged)


def _is_untagged(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return start["status"] == 200 and headers.get("cache-control") == FRESH and "etag" not in headers


def _tagged(request: Request, start: Message, body: Message) -> tuple[Message, Message]:
    etag = etag_of(body.get("body", b"").hex())
    MutableHeaders(scope=start)["ETag"] = etag
    if unchanged(request, etag) is None:
        return start, body
    kept = [(name, value) for name, value in start["headers"] if name not in {b"content-length", b"content-type"}]
    return {**start, "status": 304, "headers": kept}, {**body, "body": b""}
