"""One file at the address that the environment names."""

import os

from crawlers.spider import BulkFileSpider


class TinyFileSpider(BulkFileSpider):
    name = "tiny_file"
    address = os.environ.get("TINY_ADDRESS", "http://127.0.0.1:9/") + "file.csv"
