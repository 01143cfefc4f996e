"""Answers errors as problem documents, or as a page for readers."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from api.negotiation import FRESH, wants_json
from api.pages import render
from api.problems import Problem, problem_of
from api.protection import HEADERS
from noticewatch.errors import NoticewatchError

PROBLEM = "application/problem+json"


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
    response = render(request, "problem.html", {"problem": problem}, status=problem.status)
    response.headers.update(_again(problem))
    return response


def _http(error: HTTPException, path: str) -> Problem:
    if error.status_code == 404:
        return Problem(404, "not-found", f"Nothing stands at {path[:200]}; start from the search page or /docs/api.")
    phrase = HTTPStatus(error.status_code).phrase
    return Problem(error.status_code, phrase.lower().replace(" ", "-"), f"{phrase}.", headers=error.headers)


def _invalid(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][1:]) or "request"
    return Problem(400, "bad-request", f"Parameter {name}: {first['msg']}.", parameter=name)
