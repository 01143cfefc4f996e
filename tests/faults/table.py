"""The faults: what each does to a reply, to which sources it applies, and how a crawl under it must end."""

import gzip
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, Literal, TypeAlias

import orjson

from crawlers.source import Source
from crawlers.verdict import ENOUGH
from noticewatch.models import Verdict
from tests.faults.payloads import Form, form_of, json_like, rows_of, shifted, with_rows, without_column, without_rows
from tests.faults.server import Reply
from tests.faults.state import Sent

COMPLETE, PARTIAL, BLOCKED = Verdict.COMPLETE, Verdict.PARTIAL, Verdict.BLOCKED
FAILED, SUSPICIOUS = Verdict.FAILED, Verdict.EMPTY_SUSPICIOUS

HTML: Final = b"<!doctype html><html><head><title>Sorry</title></head><body><h1>Something went wrong</h1></body></html>"
CHALLENGE: Final = (
    b"<!doctype html><html><body><script src='/cdn-cgi/challenge-platform/x.js'></script>captcha</body></html>"
)
LOG_IN: Final = b"<!doctype html><html><body><form action='/login'><input type='password'></form></body></html>"
_HTML_TYPE: Final = (("Content-Type", "text/html; charset=utf-8"),)
_FAR: Final = 86_400
_BIG_LINE: Final = 50 << 20
_PATIENT: Final = 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """The request that a fault is about. form: of its answer; good: its good reply; before: the good reply of the page
    before; keys: source numbers of the rows of its answer; total: the source's own count of its window; known: the
    archive knows its window from yesterday.
    """

    sent: Sent
    good: Reply
    form: Form
    before: Reply | None = None
    keys: Sequence[str] = ()
    total: int | None = None
    known: bool = False

    @property
    def later(self) -> bool:
        """Whether it is not the first page of its window."""
        return (self.sent.page or 1) > 1


Bend: TypeAlias = Callable[[Target, Reply], Reply]
Choice: TypeAlias = Callable[[Sequence[Target]], Target | None]


def largest(targets: Sequence[Target]) -> Target | None:
    """The first request of the window whose first answer holds most rows."""
    first = [target for target in targets if not target.later and target.sent.purpose != "count"]
    return max(first, key=lambda target: (target.known, target.sent.rows), default=None)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and what is expected of a crawl under it.

    bend: what it does to the good reply of its target; times: how often it strikes, None for always; choose: its
    target, None where the source has none; everywhere: it strikes every request; verdicts, says: how the crawl ends,
    and a pattern that its reasons match; walked: the target's window may count as walked to the end; facts: of
    ``source.toml`` that are lowered for it; applies: to which sources; way: how the source is reached; throttles: the
    source says that it has been asked too much; empties: its answer lacks rows that there are.
    """

    name: str
    verdicts: frozenset[Verdict]
    says: str
    bend: Bend = lambda target, good: good
    times: int | None = None
    choose: Choice = largest
    everywhere: bool = False
    walked: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    applies: Callable[[Source], bool] = lambda source: True
    way: Literal["http", "tls", "nowhere"] = "http"
    robots: Reply | None = None
    throttles: bool = False
    empties: bool = False

    def expected(self, target: Target) -> frozenset[Verdict]:
        """The verdicts that are right; where good pages came before, what failed alone makes its window partial."""
        return self.verdicts | {PARTIAL} if target.later and FAILED in self.verdicts else self.verdicts


def later_page(targets: Sequence[Target]) -> Target | None:
    """A later page of a window, where there is one, else the largest."""
    return next((target for target in targets if target.later and target.sent.rows), None) or largest(targets)


def only_later_page(targets: Sequence[Target]) -> Target | None:
    """A later page with rows whose page before is known."""
    return next((one for one in targets if one.later and one.before and len(rows_of(one.good.payload)) > 1), None)


def largest_of(*forms: Form) -> Choice:
    """The largest whose answer has one of these forms."""
    return lambda targets: largest([target for target in targets if target.form in forms])


def tellable(targets: Sequence[Target]) -> Target | None:
    """The largest, where the archive knows rows enough of it that their change cannot be taken for corrections."""
    found = largest([target for target in targets if target.form in {"csv", "json", "xml"}])
    return found if found and found.known and len(found.keys) >= ENOUGH else None


def states_total(targets: Sequence[Target]) -> Target | None:
    """A count, or a later page, that states the source's own count."""
    told = [one for one in targets if one.total and _states(one.good.payload, one.total)]
    return next((one for one in told if one.later or one.sent.purpose == "count"), None)


def has_key(source: Source) -> bool:
    return source.key is not None


def has_quota(source: Source) -> bool:
    return source.quota is not None


def without_quota(source: Source) -> bool:
    return source.quota is None


def _failing(status: int, payload: bytes = b'{"detail":"trouble"}', **headers: str) -> Bend:
    def bend(_: Target, good: Reply) -> Reply:
        kind = _HTML_TYPE if payload.startswith(b"<") else (("Content-Type", "application/json"),)
        return Reply(status, payload, kind).having(**headers)

    return bend


def _throttled(seconds: int) -> Bend:
    return _failing(429, b'{"message":"too many requests"}', Retry_After=str(seconds))


def _throttled_until(_: Target, good: Reply) -> Reply:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=_FAR), usegmt=True)
    return _throttled(0)(_, good).having(Retry_After=until)


def _page(payload: bytes) -> Bend:
    return lambda target, good: replace(good, payload=payload, headers=_HTML_TYPE)


def _redirect(location: str) -> Bend:
    return lambda target, good: Reply(302, b"", (("Location", location),))


def _payload(change: Callable[[bytes], bytes]) -> Bend:
    return lambda target, good: replace(good, payload=change(good.payload))


def cut(payload: bytes) -> bytes:
    return payload[: max(len(payload) * 2 // 3, 1)].rstrip()[:-1]


def utf16(payload: bytes) -> bytes:
    return payload.decode("utf-8", "replace").encode("utf-16")


def _cut_body(_: Target, good: Reply) -> Reply:
    return replace(good, sent=len(good.payload) // 2)


def _stated_short(_: Target, good: Reply) -> Reply:
    return replace(good, stated=max(len(good.payload) * 2 // 3, 1))


def _drip(_: Target, good: Reply) -> Reply:
    return replace(good, pause=0.2, piece=1)


def _broken_gzip(_: Target, good: Reply) -> Reply:
    packed = gzip.compress(good.payload)
    return replace(good, payload=packed[: len(packed) // 2] + b"\xff" * 64).having(Content_Encoding="gzip")


def _gzip_bomb(target: Target, good: Reply) -> Reply:
    return replace(good, payload=_bomb(good.payload)).having(Content_Encoding="gzip")


def _bomb(start: bytes) -> bytes:
    return gzip.compress(start + bytes(64 << 20), 1)


def _big_line(_: Target, good: Reply) -> Reply:
    start = good.payload.splitlines(keepends=True)[0] if form_of(good.payload) == "csv" else good.payload[:-1]

    def parts() -> Iterator[bytes]:
        yield start
        for _ in range(_BIG_LINE >> 20):
            yield b"x" * (1 << 20)

    return replace(good, parts=parts)


def _shifted(target: Target, good: Reply) -> Reply:
    return replace(good, payload=shifted(good.payload, target.keys))


def _drifted(target: Target, good: Reply) -> Reply:
    """The last row of the page before stands on this page too, and a row of this page on none."""
    assert target.before is not None
    last = rows_of(target.before.payload)[-1]
    return replace(good, payload=with_rows(good.payload, lambda rows: [last, *rows[1:]]))


def _other_total(target: Target, good: Reply) -> Reply:
    assert target.total is not None
    return replace(good, payload=_with_total(good.payload, target.total, target.total + 7))


def _states(payload: bytes, total: int) -> bool:
    return form_of(payload) == "json" and _with_total(payload, total, total + 7) != payload


def _with_total(payload: bytes, total: int, other: int) -> bytes:
    value = orjson.loads(payload)
    changed = _counting(value, total, other)
    return json_like(value, payload) if changed else payload


def _counting(value: Any, total: int, other: int) -> bool:
    """Put another number in place of a count, wherever it stands outside the rows."""
    if not isinstance(value, dict):
        return False
    changed = False
    for name, held in value.items():
        if isinstance(held, int) and not isinstance(held, bool) and held == total and re.search(_COUNTS, name):
            value[name] = other
            changed = True
        changed = _counting(held, total, other) or changed
    return changed


_COUNTS: Final = re.compile(r"count|total|contracts|records|hits|found", re.IGNORECASE)

_SPENT: Final = orjson.dumps(
    {
        "code": "900804", "message": "Message throttled out",
        "description": "You have exceeded your quota. You can access API after 2099-Jan-01 00:00:00+0000 UTC",
        "nextAccessTime": "2099-Jan-01 00:00:00+0000 UTC",
    }
)  # fmt: skip
"""What the gateway before SAM.gov's interfaces says once the calls of a day are spent."""
_EXPIRED: Final = orjson.dumps({"error": {"code": "API_KEY_INVALID", "message": "An invalid API key was supplied."}})
"""What api.data.gov says of a key that is not, or no longer, one."""


def _robots(status: int, payload: bytes = b"") -> Reply:
    return Reply(status, payload, (("Content-Type", "text/plain"),))


FAULTS: Final[Sequence[Fault]] = (
    Fault("429, asks for a second", frozenset({COMPLETE}), "", _throttled(1), times=1, walked=True,
          applies=without_quota),
    Fault("429, asks for a day", frozenset({BLOCKED}), "429|too many", _throttled(_FAR), choose=later_page,
          throttles=True),
    Fault("429, asks for a date", frozenset({BLOCKED}), "429|too many", _throttled_until, throttles=True),
    Fault("503 once", frozenset({COMPLETE}), "", _failing(503), times=1, walked=True),
    Fault("503 for good", frozenset({FAILED}), "503", _failing(503), choose=later_page),
    Fault("403 with an HTML page", frozenset({BLOCKED}), "403", _failing(403, HTML)),
    Fault("challenge page", frozenset({BLOCKED}), "challenge", _page(CHALLENGE)),
    Fault("redirect to a log-in", frozenset({BLOCKED, FAILED}), "redirect|log-in|login|leads to",
          _redirect("https://login.example/sign-in?next=x")),
    Fault("log-in page with status 200", frozenset({BLOCKED, FAILED}), "log-in|login|HTML", _page(LOG_IN)),
    Fault("redirect loop", frozenset({FAILED}), "redirect", _redirect("?again"), choose=later_page),
    Fault("connection reset", frozenset({FAILED}), "broke|reset|closed|no answer",
          lambda target, good: Reply(reset=True)),
    Fault("slow drip", frozenset({FAILED}), "second|time|slow", _drip, facts={"timeout": _PATIENT}),
    Fault("cut body", frozenset({FAILED}), "broke off|cut|short", _cut_body, choose=later_page),
    Fault("stated length too small", frozenset({FAILED}), "broke|cut|length|longer|more than|HTTP", _stated_short),
    Fault("broken gzip", frozenset({FAILED}), "gzip|unpack|encod|decod", _broken_gzip),
    Fault("gzip bomb", frozenset({FAILED}), "larger|more than|large", _gzip_bomb, facts={"max_megabytes": 8}),
    Fault("HTML with status 200", frozenset({FAILED}), "HTML", lambda target, good: replace(good, payload=HTML),
          empties=True),
    Fault("cut JSON, CSV or XML", frozenset({FAILED}), "cut|broken|broke", _payload(cut), choose=later_page,
          empties=True),
    Fault("wrong encoding", frozenset({FAILED}), r"\w", _payload(utf16)),
    Fault("empty with status 200", frozenset({FAILED, SUSPICIOUS}), "nothing|empty|no rows|only 0",
          _payload(lambda _: b""), empties=True),
    Fault("no rows where there were many", frozenset({SUSPICIOUS, FAILED, PARTIAL}),
          "only 0 rows|0 came|counts|no rows", _payload(without_rows), empties=True,
          choose=largest_of("csv", "json", "xml")),
    Fault("a column less", frozenset({FAILED}), "column|cut", _payload(without_column), choose=largest_of("csv")),
    Fault("shifted column", frozenset({FAILED}), "change storm|differ|held|column|was due", _shifted,
          choose=tellable),
    Fault("total that changes", frozenset({PARTIAL}), "count", _other_total, choose=states_total, walked=True),
    Fault("page drift", frozenset({PARTIAL}), "drift", _drifted, choose=only_later_page, walked=True),
    Fault("expired key", frozenset({BLOCKED}), "key|403|refuse", _failing(403, _EXPIRED), everywhere=True,
          applies=has_key),
    Fault("used-up quota", frozenset({BLOCKED}), "quota|calls|429|again", _failing(429, _SPENT), everywhere=True,
          applies=has_quota),
    Fault("robots.txt 503", frozenset({BLOCKED, FAILED}), "robots", everywhere=True, robots=_robots(503)),
    Fault("robots.txt 404", frozenset({COMPLETE}), "", walked=True, robots=_robots(404)),
    Fault("robots.txt disallows", frozenset({BLOCKED}), "robots", everywhere=True,
          robots=_robots(200, b"User-agent: *\nDisallow: /\n")),
    Fault("self-signed certificate", frozenset({FAILED}), "certificate|TLS", everywhere=True, way="tls"),
    Fault("name that does not resolve", frozenset({FAILED}), "network|reached|resolve", everywhere=True, way="nowhere"),
    Fault("line of 50 MB", frozenset({FAILED}), r"\w", _big_line, facts={"max_megabytes": 64}),
)  # fmt: skip
"""Every fault. One that chooses no target in a source does not apply to it."""
