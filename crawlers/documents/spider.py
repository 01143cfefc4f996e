"""Asks for the documents of notices: a notice is a window, a document a request."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, cast

from crawlers.documents.conductor import DocumentConductor
from crawlers.documents.planning import SCOPE, Wanted
from crawlers.failures import host_of
from crawlers.spider import Answer, PlannedRequest, Refusal, SourceSpider, Window
from noticewatch.models import Capture

_GONE: Final = frozenset({404, 410})


class DocumentsSpider(SourceSpider):
    """Windows of one notice each."""

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:  # noqa: ARG002 - notices have no days here
        """The notices whose documents are wanted."""
        return windows_of(self.wanted)

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        """The documents of a notice."""
        return (PlannedRequest(one.url, purpose="document") for one in self.wanted[window.key])

    def window_of(self, capture: Capture) -> Window | None:
        """The notice that lists the address of a capture."""
        found = (key for key, listed in self.wanted.items() if any(one.url == capture.url for one in listed))
        return next((Window(SCOPE, key) for key in found), None)

    def problem(self, answer: Answer) -> Refusal | None:
        """A document that is gone is an answer: there is nothing."""
        status = answer.capture.status
        if status not in _GONE:
            return None
        return Refusal(f"{host_of(answer.request.url)} has no such document (status {status})", nothing=True)

    @property
    def wanted(self) -> Mapping[str, Sequence[Wanted]]:
        """The documents of this crawl by notice id."""
        return cast(DocumentConductor, self.conductor).wanted


def windows_of(wanted: Mapping[str, Sequence[Wanted]]) -> list[Window]:
    """A window a notice, in the order in which they are asked for."""
    return [Window(SCOPE, notice) for notice in wanted]
