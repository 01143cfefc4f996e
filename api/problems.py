"""Errors as RFC 9457 problem documents, or as a page for readers: what is wrong and the way out."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from api.negotiation import FRESH, wants_json
from api.protection import HEADERS
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

PROBLEM = "application/problem+json"
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


def install(app: FastAPI) -> None:
    """Answer every error of the application in these forms."""

    def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if wants_json(request):
            return problem_response(problem)
        return _page(request, problem)

    def unknown(request: Request, error: Exception) -> Response:
        """Answered outside of all middleware, so the protecting headers are added here."""
        response = answer(request, error)
        response.headers.update(HEADERS)
        return response

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, _http(error, request.url.path))

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, _invalid(error))

    app.add_exception_handler(NoticewatchError, answer)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unknown)


def problem_response(problem: Problem) -> Response:
    """A problem as JSON."""
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else _again(problem)
    return JSONResponse(problem.document(), problem.status, {"Cache-Control": FRESH} | headers, media_type=PROBLEM)


def _again(problem: Problem) -> dict[str, str]:
    again = problem.members.get("retry_after")
    return {**problem.headers, **({"Retry-After": str(again)} if again else {})}


def _page(request: Request, problem: Problem) -> Response:
    from api.pages import render  # noqa: PLC0415 - pages know problems

    response = render(request, "problem.html", {"problem": problem}, status=problem.status)
    response.headers.update(_again(problem))
    return response


def _usage(error: UsageError) -> Problem:
    """What was taken down, a query error with its position and hint, a cursor error, or another wrong argument."""
    if isinstance(error, Withheld):
        return Problem(410, "taken-down", str(error), **stone_form(error.tombstone), **error.members)
    name = {"QueryError": "query-error", "CursorError": "cursor-error"}.get(type(error).__name__, "bad-request")
    members = {key: getattr(error, key) for key in ("position", "hint") if getattr(error, key, None) is not None}
    return Problem(400, name, str(getattr(error, "message", None) or error), **members)


def _http(error: HTTPException, path: str) -> Problem:
    if error.status_code == 404:
        return Problem(404, "not-found", f"Nothing stands at {path[:200]}; start from the search page or /docs/api.")
    phrase = HTTPStatus(error.status_code).phrase
    return Problem(error.status_code, phrase.lower().replace(" ", "-"), f"{phrase}.", headers=error.headers)


def _invalid(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][1:]) or "request"
    return Problem(400, "bad-request", f"Parameter {name}: {first['msg']}.", parameter=name)
