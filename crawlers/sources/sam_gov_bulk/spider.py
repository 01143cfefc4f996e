"""Fetches the one file."""

from typing import ClassVar

from crawlers.spider import BulkFileSpider

ADDRESS = "https://falextracts.s3.amazonaws.com/Contract%20Opportunities/datagov/ContractOpportunitiesFullCSV.csv"


class SamGovBulkSpider(BulkFileSpider):
    """One window, the file of all active notices, from its storage address."""

    name = "sam_gov_bulk"
    address: ClassVar[str] = ADDRESS
