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


@dataclass(frozen=True, slots=True)
class Need:
    """What a source must have for a fault to apply. absent: what is said of a source that lacks it; lacks: whether a
    source does, told by its facts and the ledger of a healthy crawl, not by looking for a target.
    """

    absent: str
    lacks: Callable[[Source, Sequence[Target]], bool]


A_KEY: Final = Need("it has no key", lambda source, targets: source.key is None)
A_QUOTA: Final = Need("it counts no calls", lambda source, targets: source.quota is None)
NO_QUOTA: Final = Need(
    "it counts calls, so a 429 is never asked again", lambda source, targets: source.quota is not None
)
A_TABLE: Final = Need(
    "its recorded answers are no tables but JSON", lambda source, targets: all(is_json(one.good) for one in targets)
)
A_SECOND_PAGE: Final = Need(
    "no window of its recorded crawl has a second page with rows",
    lambda source, targets: not any((one.sent.page or 1) > 1 and one.sent.rows > 1 for one in targets),
)
A_SECOND_COUNT: Final = Need(
    "no answer behind a window's first page states its count",
    lambda source, targets: (
        not any(
            one.total and str(one.total).encode() in one.good.payload
            for one in targets
            if one.later or one.sent.purpose == "count"
        )
    ),
)
ENOUGH_ROWS: Final = Need(
    f"its recorded windows hold fewer than {ENOUGH} rows that yesterday knew",
    lambda source, targets: max((one.sent.rows for one in targets if one.known), default=0) < ENOUGH,
)


def is_json(reply: Reply) -> bool:
    """Whether a reply is JSON through and through."""
    try:
        orjson.loads(reply.payload)
    except orjson.JSONDecodeError:
        return False
    return True


def largest(targets: Sequence[Target]) -> Target | None:
    """The first request of the window whose first answer holds most rows."""
    first = [target for target in targets if not target.later and target.sent.purpose != "count"]
    return max(first, key=lambda target: (target.known, target.sent.rows), default=None)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and what is expected of a crawl under it.

    verdict, says: how the crawl ends, and a pattern that its reasons match; bend: what it does to the good reply of its
    target; times: how often it strikes, None for always; needs: what a source must have for it; choose: its target;
    missing: no usable answer comes, so a window with a good page before is partial and names the page; counted: the
    verdict where the source states a count of its own; everywhere: it strikes every request; walked: the target's
    window may count as walked to the end; facts: of ``source.toml`` that are lowered for it; way: how the source is
    reached; throttles: the source says that it has been asked too much; empties: its answer lacks rows that there are.
    """

    name: str
    verdict: Verdict
    says: str
    bend: Bend = lambda target, good: good
    times: int | None = None
    needs: Need | None = None
    choose: Choice = largest
    missing: bool = False
    counted: Verdict | None = None
    everywhere: bool = False
    walked: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    way: Literal["http", "tls", "nowhere"] = "http"
    robots: Reply | None = None
    throttles: bool = False
    empties: bool = False

    def target(self, source: Source, targets: Sequence[Target]) -> Target | None:
        """What it strikes in a source; None where it does not apply."""
        if self.needs in {A_KEY, A_QUOTA, NO_QUOTA} and self.needs.lacks(source, targets):
            return None
        return self.choose(targets)

    def expected(self, target: Target) -> Verdict:
        """The verdict that is right."""
        if self.counted is not None and target.total:
            return self.counted
        return PARTIAL if self.missing and target.later and self.verdict is FAILED else self.verdict

    def reason(self, target: Target) -> str:
        """The pattern that the reasons match."""
        if self.missing and target.later:
            return rf"page {target.sent.page} is missing: [^;]*({self.says})"
        return self.says


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


_WAITS: Final = (
    r"refuses with status 429; it asks to wait until \d{4}-\d\d-\d\d \d\d:\d\d UTC"
    r"|answers no more calls with this key for now; it says: too many requests"
)
"""Each source says a 429 in the words of its publisher, where that has some."""

LONG_LINE: Final = r"cut (off )?or broken JSON|(line|row) of more than [\d,]+ bytes|text of the feed is longer than"
"""What is said of a line without end: of JSON that it is none, of a table or feed that no line of it is that long."""

FAULTS: Final[Sequence[Fault]] = (
    Fault("429, asks for a second", COMPLETE, "^$", _throttled(1), times=1, walked=True, needs=NO_QUOTA),
    Fault("429, asks for a day", BLOCKED, _WAITS, _throttled(_FAR), choose=later_page, missing=True, throttles=True),
    Fault("429, asks for a date", BLOCKED, _WAITS, _throttled_until, throttles=True),
    Fault("503 once", COMPLETE, "^$", _failing(503), times=1, walked=True),
    Fault("503 for good", FAILED, r"status 503", _failing(503), choose=later_page, missing=True),
    Fault("403 with an HTML page", BLOCKED, r"status 403", _failing(403, HTML)),
    Fault("challenge page", BLOCKED, "answered with a challenge page$", _page(CHALLENGE)),
    Fault("redirect to a log-in", BLOCKED, r"sends on to a log-in page \(https://login\.example/sign-in\)",
          _redirect("https://login.example/sign-in?next=x")),
    Fault("log-in page with status 200", BLOCKED, "answered with a log-in page$", _page(LOG_IN)),
    Fault("redirect loop", FAILED, "redirects in a circle", _redirect("?again"), choose=later_page, missing=True),
    Fault("connection reset", FAILED, "broke the connection off before an answer came$",
          lambda target, good: Reply(reset=True)),
    Fault("slow drip", FAILED, r"only drips \([\d,]+ bytes in \d+ seconds\) and was given up$", _drip,
          facts={"timeout": _PATIENT}),
    Fault("cut body", FAILED, r"the answer of \S+ broke off", _cut_body, choose=later_page, missing=True),
    Fault("stated length too small", FAILED, "goes on behind the length that it states$", _stated_short),
    Fault("broken gzip", FAILED, r"cannot be unpacked \(.+\)$", _broken_gzip),
    Fault("gzip bomb", FAILED, "unpacks to more than 8 MB, the most that this source's answers may have$", _gzip_bomb,
          facts={"max_megabytes": 8}),
    Fault("HTML with status 200", FAILED, "an HTML (or XML )?page where .+ was due",
          lambda target, good: replace(good, payload=HTML), empties=True),
    Fault("cut JSON, CSV or XML", FAILED, "cut (off )?or broken (JSON|behind row|at byte)|it is cut off", _payload(cut),
          choose=later_page, empties=True),
    Fault("wrong encoding", FAILED, "UTF-16 where .+ was due", _payload(utf16)),
    Fault("empty with status 200", FAILED, "^The answer is empty|answered nothing where .+ was due",
          _payload(lambda _: b""), empties=True),
    Fault("no rows where there were many", SUSPICIOUS,
          r"^only 0 rows where at least [\d,]+ are expected|the source counts [\d,]+ rows, [\d,]+ came",
          _payload(without_rows), empties=True, counted=PARTIAL, choose=largest_of("csv", "json", "xml")),
    Fault("a column less", FAILED, r"\d+ of \d+ columns|\d+ cells where the file has \d+ columns",
          _payload(without_column), needs=A_TABLE, choose=largest_of("csv")),
    Fault("shifted column", FAILED,
          r"change storm: [\d,]+ of [\d,]+ rows held before differ|name another .+, or its columns have shifted",
          _shifted, needs=ENOUGH_ROWS, choose=tellable),
    Fault("total that changes", PARTIAL,
          r"drift: the source counted [\d,]+, then [\d,]+ rows|the source counts [\d,]+ rows, [\d,]+ came",
          _other_total, needs=A_SECOND_COUNT, choose=states_total, walked=True),
    Fault("page drift", PARTIAL, r"drift: (the source counts [\d,]+ rows, [\d,]+ came|exact doubles: \d)", _drifted,
          needs=A_SECOND_PAGE, choose=only_later_page, walked=True),
    Fault("expired key", BLOCKED, "An invalid API key was supplied", _failing(403, _EXPIRED), everywhere=True,
          needs=A_KEY),
    Fault("used-up quota", BLOCKED, "the source answers no more calls until 2099-01-01 00:00 UTC",
          _failing(429, _SPENT), everywhere=True, needs=A_QUOTA),
    Fault("robots.txt 503", FAILED, r"the robots\.txt of \S+ cannot be read \(status 503\), so nothing was asked",
          everywhere=True, robots=_robots(503)),
    Fault("robots.txt 404", COMPLETE, "^$", walked=True, robots=_robots(404)),
    Fault("robots.txt disallows", BLOCKED, r"the robots\.txt of \S+ does not allow https://", everywhere=True,
          robots=_robots(200, b"User-agent: *\nDisallow: /\n")),
    Fault("self-signed certificate", FAILED, r"the certificate of .+ is refused \(self-signed certificate\)",
          everywhere=True, way="tls"),
    Fault("name that does not resolve", FAILED, r"no network \(.+ cannot be reached\)", everywhere=True, way="nowhere"),
    Fault("line of 50 MB", FAILED, LONG_LINE, _big_line, facts={"max_megabytes": 64}),
)  # fmt: skip
"""Every fault. One without needs applies to every source."""
