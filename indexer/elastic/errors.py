"""What goes wrong with a search server, as one sentence and the way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from elasticsearch import ApiError, ConnectionTimeout, TransportError
from elasticsearch import ConnectionError as Unreachable

from indexer.engine import SearchUnavailable

_REFUSED: Final = {
    401: "does not accept the API key; look at NOTICEWATCH_SEARCH_API_KEY",
    403: "does not allow this, or is read-only because its disk is full; look at the disk and at the API key's rights",
    429: "has more to do than it can take, or its disk is full; it is asked again",
}


@contextmanager
def explained(server: str) -> Iterator[None]:
    """Turn errors of the client into SearchUnavailable. ``server``: its address without secrets."""
    try:
        yield
    except ConnectionTimeout as error:
        raise SearchUnavailable(f"The search server {server} does not answer in time.") from error
    except Unreachable as error:
        raise SearchUnavailable(
            f"The search server {server} cannot be reached; start it, or mend NOTICEWATCH_SEARCH_URL."
        ) from error
    except ApiError as error:
        raise SearchUnavailable(refusal(server, error.status_code, str(error))) from error
    except TransportError as error:
        raise SearchUnavailable(f"The search server {server} cannot be used ({_first(error.message)}).") from error


def refusal(server: str, status: int, reason: str) -> str:
    """The sentence for an answer with an error status."""
    known = _REFUSED.get(status)
    said = _first(reason)
    return f"The search server {server} {known} ({said})." if known else (
        f"The search server {server} answers with {status} ({said})."
    )  # fmt: skip


def _first(text: object) -> str:
    return " ".join(str(text).split())[:200]
