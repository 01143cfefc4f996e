"""Errors as RFC 9457 problem documents: what is wrong and the way out. They are answered by api/problem_answers.py."""

from collections.abc import Mapping
from typing import Any

from api.tombstones import stone_form
from archive.withheld import Withheld
from indexer.engine import SearchUnavailable
from noticewatch.errors import (
    CaptureDamaged,
    DatabaseUnavailable,
    DataFolderError,
    NotFound,
    NoticewatchError,
    UsageError,
)

_TYPES = "/docs/api#problem-"
AGAIN = 10
"""Seconds after which a search is worth another try while the search server does not answer."""


class Problem(NoticewatchError):
    """An answer that is an error: HTTP status, a short name, one sentence, members of its own, and more headers."""

    def __init__(
        self, status: int, name: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.members = status, name, detail, members
        self.headers = headers or {}

    def document(self) -> dict[str, Any]:
        """The problem document: type, title, status, detail and its own members."""
        title = self.name.replace("-", " ").capitalize()
        return {"type": _TYPES + self.name, "title": title, "status": self.status, "detail": self.detail} | self.members


def problem_of(error: Exception) -> Problem:
    """The problem that an error of any room is for a reader. Unknown errors tell nothing of the inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotFound):
        return Problem(404, "not-found", str(error))
    if isinstance(error, UsageError):
        return _usage(error)
    return _not_now(error) or Problem(
        500, "internal-error", "Something went wrong here; the operator's log says what. Try again later."
    )


def _not_now(error: Exception) -> Problem | None:
    """The problem of what may be well again later."""
    if isinstance(error, CaptureDamaged):
        return Problem(503, "capture-damaged", str(error))
    if isinstance(error, (DataFolderError, DatabaseUnavailable)):
        return Problem(503, "archive-not-ready", "The archive cannot be read at the moment; try again in a minute.")
    if isinstance(error, SearchUnavailable):
        return Problem(503, "search-unavailable", f"{error} Try again in {AGAIN} seconds.", retry_after=AGAIN)
    return None


def _usage(error: UsageError) -> Problem:
    """What was taken down, a query error with its position and hint, a cursor error, or another wrong argument."""
    if isinstance(error, Withheld):
        return Problem(410, "taken-down", str(error), **stone_form(error.tombstone), **error.members)
    name = {"QueryError": "query-error", "CursorError": "cursor-error"}.get(type(error).__name__, "bad-request")
    members = {key: getattr(error, key) for key in ("position", "hint") if getattr(error, key, None) is not None}
    return Problem(400, name, str(getattr(error, "message", None) or error), **members)
