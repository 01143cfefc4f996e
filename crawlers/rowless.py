"""Answers of a recording that hold no rows and are no gaps either: what a crawl asks beside its pages. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from crawlers.replay import request_key
from crawlers.spider import SourceSpider
from noticewatch.models import Capture


def rowless(spider: SourceSpider, captures: Sequence[Capture]) -> Mapping[str, str]:
    """By id of a capture why it holds no rows, in words; what should hold some, and may not, is left out.

    A refusal or an error is such a one only where a later answer to the same request came; else it is a gap.
    """
    came = {_request(one) for one in captures if one.status == HTTPStatus.OK}
    kinds = ((one.id, _kind(spider, one, asked_again=_request(one) in came)) for one in captures)
    return {number: kind for number, kind in kinds if kind}


def sentences(kinds: Iterable[str]) -> list[str]:
    """How many answers of each kind were filed and not read."""
    counted = Counter(kinds)
    return [f"{count} without rows, filed and not read: {kind}" for kind, count in sorted(counted.items())]


def _kind(spider: SourceSpider, capture: Capture, *, asked_again: bool) -> str:
    if urlsplit(capture.url).path == "/robots.txt":
        return "robots.txt"
    if 300 <= capture.status < 400:
        return "redirect"
    if capture.status != HTTPStatus.OK:
        return f"status {capture.status}, asked again" if asked_again else ""
    return "" if spider.holds_rows(capture) else "the source's own count"


def _request(capture: Capture) -> tuple[str, str, bytes]:
    return request_key(capture.method, capture.url, capture.request_body)
