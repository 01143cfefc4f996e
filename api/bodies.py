"""Bodies of requests that change something: read within a limit, and only where no other site sends them."""

from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson
from fastapi import Request

from api.problems import Problem
from noticewatch.settings import Settings

MOST: Final = 64_000
"""Bytes of a body."""

_MOST_FIELDS: Final = 500


async def body(request: Request) -> bytes:
    """The body, as a FastAPI dependency. Raises Problem (413) as soon as it is too large, whatever was announced."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MOST:
            raise Problem(413, "too-large", f"What was sent is larger than {MOST:,} bytes; send less.")
    return bytes(received)


def form_of(received: bytes) -> list[tuple[str, str]]:
    """The fields of a form (``application/x-www-form-urlencoded``) in their order. Raises Problem (400)."""
    try:
        return parse_qsl(
            received.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )  # fmt: skip
    except ValueError as error:
        raise Problem(400, "bad-request", "The form cannot be read; send it again from its page.") from error


def object_of(received: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises Problem (400)."""
    try:
        value = orjson.loads(received)
    except orjson.JSONDecodeError as error:
        raise Problem(
            400, "bad-request", f"The body is not JSON ({error.msg}, line {error.lineno}, column {error.colno})."
        ) from error
    if not isinstance(value, dict):
        raise Problem(400, "bad-request", 'The body is not a JSON object; write one, such as {"query": "drone"}.')
    return value


def refuse_other_sites(request: Request, settings: Settings) -> None:
    """Raises Problem (403) where a browser says that the page of another site sends this.

    Pages here send no referrer, so where a browser does not say from which site it comes its ``Origin`` is ``null``.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")
    if site is not None:
        foreign = site not in {"same-origin", "none"}
    else:
        foreign = origin != "null" and _host(origin) not in {request.headers.get("host"), _host(settings.base_url)}
    if foreign:
        raise Problem(403, "other-site", "The page of another site sent this; open the page here and send it again.")


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return ""
