"""What went wrong, in words for people; ``blocked`` only where the publisher refuses."""

import hashlib
import io
from datetime import UTC, datetime

import aiohttp
import pytest

from archive.warc import Placed
from crawlers import failures
from crawlers.connection_errors import no_answer
from crawlers.failures import Problem, problem_of_answer, problem_of_error
from crawlers.held import SMALL, Held
from crawlers.quota import QuotaExhausted
from noticewatch.errors import NotRecorded
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin

LATER = datetime(2026, 11, 26, tzinfo=UTC)
PAGE = "text/html"


def held(status: int, body: bytes = b"", media: str | None = "application/json", until: datetime | None = None) -> Held:
    capture = Capture(
        id=new_id(), source="tiny_asks", url="https://publisher.example/list?page=2", status=status, media_type=media,
        fetched_at=LATER, payload_sha256=hashlib.sha256(body).hexdigest(), payload_length=len(body),
        origin=Origin.LIVE, recorder="a test",
    )  # fmt: skip
    return Held(capture, Placed("a.warc.gz", 0, 0), lambda: io.BytesIO(body), asked_again_at=until)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (held(200, b"{}"), None),
        (held(200, b"", None), None),
        (held(200, b"<html>nothing of the kind", PAGE), None),
        (held(200, b"captcha,access denied\n", "text/csv"), None),
        (held(200, b"captcha,access denied\n", None), None),
        (held(401), Problem("publisher.example refuses with status 401", blocked=True)),
        (held(403, b"<html>Access Denied", PAGE), Problem("publisher.example refuses with status 403", blocked=True)),
        (held(451), Problem("publisher.example refuses with status 451", blocked=True)),
        (held(429, until=LATER), Problem(
            "publisher.example refuses with status 429; it asks to wait until 2026-11-26 00:00 UTC", blocked=True,
            until=LATER)),
        (held(503, until=LATER), Problem(
            "publisher.example answered with status 503; it asks to wait until 2026-11-26 00:00 UTC", until=LATER)),
        (held(404), Problem("publisher.example answered with status 404")),
        (held(204), Problem("publisher.example answered with status 204")),
        (held(304), Problem("publisher.example answered with status 304")),
        (held(500, b"<html>Oops", PAGE), Problem("publisher.example answered with status 500")),
        (held(200, b"<HTML><title>Request unsuccessful. Incapsula", PAGE),
         Problem("publisher.example answered with a challenge page", blocked=True)),
        (held(503, b"<html><form class=cf-challenge>", PAGE),
         Problem("publisher.example answered with a challenge page", blocked=True)),
        (held(200, b"\n<!DOCTYPE html><div>Please verify you are human", None),
         Problem("publisher.example answered with a challenge page", blocked=True)),
        (held(200, b"<html><input name=p TYPE='password'>", PAGE),
         Problem("publisher.example answered with a log-in page", blocked=True)),
        (held(200, b"<html>captcha" + bytes(SMALL), PAGE), None),
    ],
)  # fmt: skip
def test_what_an_answer_is_worth(answer: Held, problem: Problem | None) -> None:
    assert problem_of_answer(answer) == problem


def test_only_a_publisher_s_refusal_is_called_blocked() -> None:
    kinds = [kind for kind in vars(failures).values() if isinstance(kind, type) and issubclass(kind, failures.NoAnswer)]
    blocked = {kind.__name__ for kind in kinds if problem_of_error(kind("why"), "https://a.example/", 1).blocked}
    assert blocked == {"HostRests", "LogInWanted", "RobotsForbid"}  # each by the publisher's own word
    assert len(kinds) > 10


@pytest.mark.parametrize("kind", [NotRecorded, QuotaExhausted, failures.AnswerTooLarge])
def test_an_error_with_a_sentence_of_its_own_keeps_it(kind: type[Exception]) -> None:
    assert problem_of_error(kind("what happened"), "https://a.example/", 1) == Problem("what happened")


def test_an_unknown_error_is_named_without_what_it_holds() -> None:
    said = problem_of_error(ValueError("a secret in the error"), "https://a.example/x", 1)
    assert said == Problem("a.example gave no answer (ValueError)")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (TimeoutError(), failures.AnswerTooSlow, "a.example did not answer within 2.5 seconds"),
        (aiohttp.ServerDisconnectedError(), failures.ConnectionLost,
         "a.example closed the connection without an answer"),
        (aiohttp.ClientOSError(104, "reset"), failures.ConnectionLost,
         "a.example broke the connection off before an answer came"),
        (ConnectionResetError(), failures.ConnectionLost, "a.example broke the connection off before an answer came"),
        (aiohttp.ClientError("odd"), failures.AnswerNotHttp, "the answer of a.example does not follow HTTP"),
        (None, failures.AnswerNotHttp, "the answer of a.example does not follow HTTP"),
    ],
)  # fmt: skip
def test_errors_of_the_library_become_facts(error: Exception | None, kind: type[Exception], said: str) -> None:
    fact = no_answer(error, "a.example", 2.5)
    assert (type(fact), str(fact)) == (kind, said)
