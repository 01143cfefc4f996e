"""What the fork server loads once for all crawls."""

import contextlib

import scrapy.core.downloader
import scrapy.core.scraper
import scrapy.downloadermiddlewares.httpcompression
import scrapy.extensions.closespider  # noqa: F401 - likewise

import crawlers.addon
import crawlers.capturing
import crawlers.engine
import crawlers.importing  # noqa: F401 - likewise
from crawlers.loading import load_parser, load_spider
from crawlers.source import load_sources

for _one in load_sources().values():
    with contextlib.suppress(Exception):  # a source under work fails in its own test, not here
        load_spider(_one)
        load_parser(_one)
