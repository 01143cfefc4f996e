"""The Scrapy add-on that every spider gets: politeness, safety, capture of every answer, or answers from recordings.

Live crawls go through ``crawlers.downloading``, replays through ``crawlers.replay``; what Scrapy itself would do to a
request or an answer on its way is switched off in both.
"""

from typing import TYPE_CHECKING, Any, Final

from scrapy import signals

from crawlers.spider import SourceSpider
from noticewatch import __version__

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from crawlers.source import Source

ALWAYS: Final[dict[str, Any]] = {
    "CONCURRENT_ITEMS": 1,  # Scrapy makes as many tasks for every answer; spiders here give requests, not items
    "COOKIES_ENABLED": False,
    "HTTPCACHE_ENABLED": False,
    "HTTPERROR_ALLOW_ALL": True,  # the ledger wants to know of every answer
    "LOGSTATS_INTERVAL": 0,
    "METAREFRESH_ENABLED": False,
    "REFERER_ENABLED": False,
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",  # by default the last one in is the first one out
    "REMOTE_CONTROL_ENABLED": False,  # on by default since Scrapy 2.19: a local server that executes Python
    "STATS_DUMP": False,
    "TELNETCONSOLE_ENABLED": False,
}

LIVE: Final[dict[str, Any]] = {
    "AUTOTHROTTLE_ENABLED": False,
    "COMPRESSION_ENABLED": False,
    "DOWNLOAD_DELAY": 0,  # the handler keeps the distances, Crawl-delay and Retry-After included
    "DOWNLOAD_HANDLERS": {
        "http": "crawlers.downloading.LiveHandler", "https": "crawlers.downloading.LiveHandler",
        "file": None, "data": None, "ftp": None, "s3": None,
    },
    "DOWNLOAD_VERIFY_CERTIFICATES": True,  # off by default; the handler verifies of itself
    "HTTPPROXY_ENABLED": False,
    "REDIRECT_ENABLED": False,
    "RETRY_ENABLED": False,
    "ROBOTSTXT_OBEY": False,  # the handler obeys; Scrapy's own check lets concurrent first requests pass
}  # fmt: skip

LIVE_MIDDLEWARES: Final[dict[str, int | None]] = {
    f"scrapy.downloadermiddlewares.{name}": None
    for name in (
        "defaultheaders.DefaultHeadersMiddleware",  # asks for HTML first, of sources that also speak JSON
        "downloadtimeout.DownloadTimeoutMiddleware",
        "httpauth.HttpAuthMiddleware",
        "offsite.OffsiteMiddleware",
    )
}

REPLAY: Final[dict[str, Any]] = {
    "COMPRESSION_ENABLED": False,
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
    "DOWNLOAD_DELAY": 0,
    "DOWNLOADER_STATS": False,
    "HTTPPROXY_ENABLED": False,
    "RETRY_ENABLED": False,
    "ROBOTSTXT_OBEY": False,  # a replay asks nobody
    "DOWNLOAD_HANDLERS": {
        "http": "crawlers.replay.ReplayHandler", "https": "crawlers.replay.ReplayHandler",
        "file": None, "data": None, "ftp": None, "s3": None,
    },
}  # fmt: skip

REPLAY_MIDDLEWARES: Final[dict[str, int | None]] = {
    f"scrapy.downloadermiddlewares.{name}": None
    for name in (
        "defaultheaders.DefaultHeadersMiddleware",
        "downloadtimeout.DownloadTimeoutMiddleware",
        "httpauth.HttpAuthMiddleware",
        "offsite.OffsiteMiddleware",
        "useragent.UserAgentMiddleware",
    )
}


def user_agent(contact: str) -> str:
    """How noticewatch names itself to publishers: ``noticewatch/1.0 (+CONTACT)``."""
    return f"noticewatch/{__version__} (+{' '.join(contact.split())})"


def live_settings(source: "Source", contact: str) -> dict[str, Any]:
    """Scrapy's settings for a live crawl of a source."""
    return ALWAYS | LIVE | {
        "CONCURRENT_REQUESTS": source.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": source.concurrency,
        "DOWNLOADER_MIDDLEWARES": LIVE_MIDDLEWARES,
        "USER_AGENT": user_agent(contact),
    }  # fmt: skip


def replay_settings() -> dict[str, Any]:
    """Scrapy's settings for a replay; without a reactor, so that one process can run several."""
    return ALWAYS | REPLAY | {"DOWNLOADER_MIDDLEWARES": REPLAY_MIDDLEWARES, "TWISTED_REACTOR_ENABLED": False}


class Addon:
    """Ties a crawl's conductor to Scrapy."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "Addon":
        """Made by Scrapy, once the spider exists."""
        return cls(crawler)

    def update_settings(self, settings: "BaseSettings") -> None:
        """Put this crawl's settings in force and listen for its end."""
        spider = self._crawler.spider
        assert isinstance(spider, SourceSpider)
        assert spider.conductor is not None
        for name, value in spider.conductor.scrapy_settings.items():
            settings.set(name, value, priority="cmdline")
        spider.allowed_domains = list(spider.source.hosts)
        self._crawler.signals.connect(spider.conductor.ended, signals.spider_closed)
