"""Asks SAM.gov's opportunities interface for the notices of one posted day after the other.

2026-02-02: production answers under /prod and never echoes the key. 2026-08-18: ``offset`` is the index of a page, not
of a record; behind the last page stands one arbitrary record, so the end is known only from ``totalRecords``.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson

from crawlers.spider import Answer, JsonPagesSpider, Refusal, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture

LIMIT: Final = 1_000
"""Records a page, the most that the interface gives."""

TYPES: Final = "uparsogki"
"""Codes of ``ptype``: justification, presolicitation, award, sources sought, special notice, solicitation, sale of
surplus property, combined synopsis/solicitation, intent to bundle. Together they make a day."""

SCOPE: Final = "posted"

_US_DAY: Final = "%m/%d/%Y"
_NOTHING_FOUND: Final = re.compile(r"\bno (?:data|records?) found\b", re.IGNORECASE)
_MOST_WORDS: Final = 200
_READ: Final = 1 << 16


class SamGovOpportunitiesSpider(JsonPagesSpider):
    """Windows of one posted day (Eastern time). A day above the interface's limit is walked type by type."""

    name = "sam_gov_opportunities"
    address: ClassVar[str] = "https://api.sam.gov/prod/opportunities/v2/search"

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """One window a posted day; without dates today and the overlap before it."""
        first = date_from or today - timedelta(days=self.source.overlap)
        last = min(date_to or today, today)
        for offset in range((last - first).days + 1):
            yield day_window(first + timedelta(days=offset))

    def page_url(self, window: Window, page: int) -> str:
        """Address of a page; pages count from 0 there."""
        day = date.fromisoformat(window.key[:10]).strftime(_US_DAY)
        _, _, code = window.key.partition("/")
        parameters = {"postedFrom": day, "postedTo": day, **({"ptype": code} if code else {})}
        return f"{self.address}?{urlencode({**parameters, 'limit': LIMIT, 'offset': page - 1}, safe='/')}"

    def window_of(self, capture: Capture) -> Window | None:
        """The window of a recorded search for one day; None for descriptions and searches of other kinds."""
        stated = {name: values[-1] for name, values in parse_qs(urlsplit(capture.url).query).items()}
        day = stated.get("postedFrom", "")
        if not capture.url.startswith(f"{self.address}?") or day != stated.get("postedTo"):
            return None
        if not stated.keys() <= {"postedFrom", "postedTo", "ptype", "limit", "offset"}:
            return None
        try:
            return day_window(datetime.strptime(day, _US_DAY).replace(tzinfo=UTC).date(), stated.get("ptype", ""))
        except ValueError:
            return None

    def total(self, window: Window, answer: Answer) -> int | None:  # noqa: ARG002 - the answer says it
        """``totalRecords``. Raises SourceDrift where it is not stated."""
        return _count(answer, "totalRecords")

    def has_next(self, answer: Answer) -> bool:
        """Whether the count leaves rows for another page.

        Raises SourceDrift where the answer is another page than was asked for: all would look well and rows be missing.
        """
        page = (answer.request.page or 1) - 1
        stated = _count(answer, "offset") if "offset" in answer.json else page
        if stated != page:
            raise SourceDrift(f"Page {page} was asked for, and SAM.gov answered with page {stated}.")
        size = _count(answer, "limit") if "limit" in answer.json else LIMIT
        return (page + 1) * (size or LIMIT) < _count(answer, "totalRecords")

    def split(self, window: Window) -> Sequence[Window]:
        """The types of a day; a type of a day cannot be split."""
        if "/" in window.key:
            return ()
        day = date.fromisoformat(window.key)
        return [day_window(day, code) for code in TYPES]

    def problem(self, answer: Answer) -> Refusal | None:
        """What SAM.gov's error bodies say: five shapes are known, one of which only says that there is nothing."""
        words, code, until = _said(answer)
        status = answer.capture.status
        if status == 404:
            return _not_found(words)
        if status == 429:
            sentence = f"SAM.gov answers no more calls with this key {'today' if until else 'for now'}"
            return Refusal(f"{sentence}; it says: {words}" if words else sentence, blocked=True, until=until)
        if status in {401, 403} and (code or words):
            obtain = self.source.key.obtain if self.source.key else self.source.home
            return Refusal(
                f"SAM.gov refuses the key ({words or code}); set the key of {self.name} to a valid one ({obtain})",
                blocked=True,
            )
        return Refusal(f"SAM.gov answered with status {status} and says: {words}") if words else None


def day_window(day: date, code: str = "") -> Window:
    """The window of a posted day, or of one type (``ptype``) of it."""
    return Window(SCOPE, f"{day}/{code}" if code else f"{day}", f"{day}", f"{day}")


def next_access(printed: str) -> datetime | None:
    """``2026-Sep-02 00:00:00+0000 UTC`` as a moment; None for anything else."""
    try:
        return datetime.strptime(printed.removesuffix(" UTC").strip(), "%Y-%b-%d %H:%M:%S%z").astimezone(UTC)
    except ValueError:
        return None


def _count(answer: Answer, name: str) -> int:
    value = answer.json.get(name) if isinstance(answer.json, dict) else None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    said = _words(_inner(answer.json))
    raise SourceDrift(f"SAM.gov's answer does not state {name}{f', but says: {said}' if said else ''}.")


def _not_found(words: str) -> Refusal:
    if _NOTHING_FOUND.search(words):
        return Refusal(words, nothing=True)
    if words:
        return Refusal(f"SAM.gov answered with status 404 and says: {words}")
    return Refusal("SAM.gov's gateway answered with status 404 and nothing else, which says nothing about the day")


def _said(answer: Answer) -> tuple[str, str, datetime | None]:
    """Words, code and end of a lock-out in an error body; empty where it has none."""
    with answer.open() as stream:
        payload = stream.read(_READ)
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError:
        plain = payload.decode("utf-8", "replace").strip()
        return ("" if plain.startswith("<") else plain[:_MOST_WORDS]), "", None
    inner = _inner(body)
    code = str(inner.get("code") or inner.get("errorCode") or "") if isinstance(inner, dict) else ""
    until = body.get("nextAccessTime") if isinstance(body, dict) else None
    return _words(inner), code, next_access(until) if isinstance(until, str) else None


def _inner(body: Any) -> Any:
    """The object that says what went wrong: ``error`` where that is one, else the body itself."""
    return body["error"] if isinstance(body, dict) and isinstance(body.get("error"), dict) else body


def _words(body: Any) -> str:
    if isinstance(body, str):
        return body[:_MOST_WORDS]
    if not isinstance(body, dict):
        return ""
    names = ("errorMessage", "description", "message", "error", "detail")
    return next((str(body[name])[:_MOST_WORDS] for name in names if isinstance(body.get(name), str)), "")
