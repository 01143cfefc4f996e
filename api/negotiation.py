"""Which form of an answer is wanted, and whether the asker has it already."""

import hashlib
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"


def wants_json(request: Request) -> bool:
    """Whether JSON is asked for: below ``/api/``, by ``.json``, or by an Accept header that prefers it to HTML."""
    path = request.url.path
    if path.startswith("/api/") or path.endswith(".json"):
        return True
    accept = request.headers.get("accept", "")
    wanted = {part.partition(";")[0].strip() for part in accept.split(",")}
    return "application/json" in wanted and "text/html" not in wanted


def json_answer(value: Any, status: int = 200) -> Response:
    """An answer in JSON that may change."""
    return Response(orjson.dumps(value, default=str), status, {"Cache-Control": FRESH}, media_type="application/json")


def etag_of(*parts: object) -> str:
    """A strong entity tag over what decides an answer."""
    return '"' + hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32] + '"'


def unchanged(request: Request, etag: str) -> Response | None:
    """304 where the asker holds this very answer, else None."""
    held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in held or "*" in held:
        return Response(status_code=304, headers={"ETag": etag})
    return None


def tagged_json(request: Request, value: Any, etag: str, *, immutable: bool = False) -> Response:
    """An answer in JSON with an entity tag, or 304 where the asker has it."""
    held = unchanged(request, etag)
    if held is None:
        held = json_answer(value)
        held.headers["ETag"] = etag
    held.headers["Cache-Control"] = IMMUTABLE if immutable else FRESH
    return held
