"""Fetches the file of all active notices, and by request the files of archived ones.

2026-10-07: the active file answers at its storage address; the front door, sam.gov, leads to storage by a redirect.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Final

from crawlers.spider import BulkFileSpider, PlannedRequest, Window
from noticewatch.errors import UsageError
from noticewatch.models import Capture

ADDRESS: Final = (
    "https://falextracts.s3.amazonaws.com/Contract%20Opportunities/datagov/ContractOpportunitiesFullCSV.csv"
)
ARCHIVED: Final = (
    "https://sam.gov/api/prod/fileextractservices/v1/api/download/Contract%20Opportunities/Archived%20Data/"
    "FY{year}_archived_opportunities.csv?privacy=Public"
)
SCOPE: Final = "archive"
"""Scope of the archive years. No regular crawl walks it, so it never opens: what it brings is quiet for ever."""

_YEAR: Final = re.compile(r"/FY(\d{4})_archived_opportunities\.csv")
_OCTOBER: Final = 10


class SamGovBulkSpider(BulkFileSpider):
    """One window, the file of all active notices, from its storage address.

    With dates: the files of the fiscal years (October to September) that hold them, one window each. A year's file
    holds what was archived in it, so a notice posted in one year may stand in the next year's file.
    """

    name = "sam_gov_bulk"
    address: ClassVar[str] = ADDRESS

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """The active file; with dates the archive years. Raises UsageError where there is none for them."""
        if date_from is None and date_to is None:
            return (self.window,)
        earliest = int(self.source.options["first_archive_year"])
        latest = min(fiscal_year(date_to or today), fiscal_year(today))
        first = max(fiscal_year(date_from), earliest) if date_from else earliest
        if first > latest:
            raise UsageError(
                f"SAM.gov has no archive file for these days: its files hold the fiscal years {earliest} to "
                f"{fiscal_year(today)} (October {earliest - 1} until today)."
            )
        return tuple(year_window(year) for year in range(first, latest + 1))

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        """The file of the window."""
        if window.scope != SCOPE:
            return super().requests(window)
        return (PlannedRequest(ARCHIVED.format(year=window.key.removeprefix("FY")), purpose="file"),)

    def window_of(self, capture: Capture) -> Window | None:
        """The window of a capture of the active file or of an archive year."""
        year = _YEAR.search(capture.url)
        return year_window(int(year[1])) if year else super().window_of(capture)


def year_window(year: int) -> Window:
    """The window of a fiscal year's archive file."""
    return Window(SCOPE, f"FY{year}", f"{year - 1}-10-01", f"{year}-09-30")


def fiscal_year(day: date) -> int:
    """The fiscal year of the US Government that a day belongs to: it begins in October of the year before."""
    return day.year + (day.month >= _OCTOBER)
