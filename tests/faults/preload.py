"""What the fork server loads last: all of Scrapy that a crawl uses, the sources, and the watchlist."""

import contextlib
import gc

import scrapy.core.downloader
import scrapy.core.scheduler
import scrapy.core.scraper
import scrapy.pqueues
import scrapy.squeues  # noqa: F401 - so that it is loaded
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from crawlers.loading import load_parser, load_spider
from crawlers.source import load_sources
from tests.dictionary import matcher
from watchlist.patterns import patterns_of

for _kind in ("EXTENSIONS", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES"):
    for _component in Settings().getdict(f"{_kind}_BASE"):
        load_object(_component)
for _name in ("DUPEFILTER_CLASS", "LOG_FORMATTER", "STATS_CLASS"):
    load_object(Settings()[_name])
for _one in load_sources().values():
    with contextlib.suppress(Exception):  # a source under work fails in its own test, not here
        load_spider(_one)
        load_parser(_one)
patterns_of(matcher().dictionary)  # compiled here, not by each child

gc.freeze()  # children do not look through what they never let go of
