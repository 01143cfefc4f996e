"""Asks for the whole list of forecasts, which is one answer."""

from typing import ClassVar

from crawlers.spider import BulkFileSpider, Window


class DhsApfsSpider(BulkFileSpider):
    """One list, one window."""

    name = "dhs_apfs"
    address: ClassVar[str] = "https://apfs-cloud.dhs.gov/api/forecast/"
    window: ClassVar[Window] = Window("forecasts", "published")
