"""How a live crawl asks: robots.txt, the host's turn, the quota, the exchange, the capture, asking again, redirects.

All of it stands here in one place and in order. Scrapy's own middlewares for these put requests back into its queue,
where their order is lost, and each has faults of its own (docs/decisions/0008-the-add-on.md).
"""

from collections.abc import Callable
from typing import Any

from archive import locks
from archive.hosts import Asker
from crawlers.capturing import Capturer
from crawlers.decoding import accepted
from crawlers.exchange import Reply, Wire
from crawlers.failures import HostUnreachable, NoAnswer, RedirectRefused
from crawlers.held import Held
from crawlers.masking import Mask
from crawlers.politeness import RETRIES, Advice, Turns, advice, pause_before, scarce
from crawlers.redirects import MOST, Asking, check_address, onward
from crawlers.robots import MOST_PARSED, Robots, RobotsAnswer
from crawlers.source import Source
from noticewatch.errors import SettingsError
from noticewatch.identifiers import now
from noticewatch.settings import SourceSettings


class Fetcher:
    """Asks the publishers of one crawl: hosts, robots.txt and archive are shared by all of its requests."""

    def __init__(self, conductor: Any, user_agent: str, stopping: Callable[[], bool]) -> None:
        source: Source = conductor.appender.source
        own = conductor.settings.sources.get(source.name, SourceSettings())
        self._conductor, self._source, self._agent = conductor, source, user_agent
        self._hosts = frozenset(source.hosts)
        self._targets = self._hosts | frozenset(source.redirect_hosts)
        self._key = own.key.get_secret_value().strip() if own.key else None
        self._mask = Mask([self._key] if self._key else [])
        self._through = own.through
        self._calls = own.calls_a_day or (source.quota.calls if source.quota else None)
        archive = conductor.archive
        asker = Asker(archive, source.name, locks.owner_here(archive, source.name) or conductor.run.id)
        self._turns = Turns(asker, source.delay, source.concurrency, stopping)
        self._robots = Robots(self._robots_txt, self._turns.slow_down)
        self._wire: Wire | None = None
        self._capturer: Capturer | None = None

    async def fetch(self, asked: Asking, spend: Callable[[], None]) -> tuple[Held, Reply]:
        """The captured answer to a request, at the end of all redirects. ``spend``: counts a call about to be sent.

        Raises NoAnswer with its sentence, DataFolderError, and what ``spend`` raises.
        """
        seen = {(asked.method, asked.url)}
        while True:
            check_address(asked, self._targets if len(seen) > 1 else self._hosts)
            held, reply = await self._answered(asked, spend)
            following = onward(asked, reply.status, self._location(asked, reply), self._targets)
            if following is None:
                return held, reply
            if (following.method, following.url) in seen:
                raise RedirectRefused(f"{asked.host} redirects in a circle")
            if len(seen) > MOST:
                raise RedirectRefused(f"{asked.host} redirects more than {MOST} times")
            seen.add((following.method, following.url))
            asked = following

    async def close(self) -> None:
        """Close what is open."""
        if self._wire is not None:
            await self._wire.close()

    async def _robots_txt(self, url: str) -> RobotsAnswer:
        headers = (("User-Agent", self._agent), ("Accept", "text/plain"), ("Accept-Encoding", accepted()))
        held, reply = await self.fetch(Asking("GET", url, headers, robots=True), lambda: None)
        with held.open() as stream:
            return RobotsAnswer(reply.status, stream.read(MOST_PARSED + 1))

    async def _answered(self, asked: Asking, spend: Callable[[], None]) -> tuple[Held, Reply]:
        """The answer to one address, asked again where that may help."""
        if not asked.robots:
            await self._robots.check(asked.url)
        attempt = 1
        while True:
            try:
                held, reply = await self._once(asked, spend)
            except NoAnswer as error:
                if not error.again or attempt > RETRIES or (scarce(self._calls) and not _unreached(error)):
                    raise
                pause = pause_before(attempt, self._source.delay)
            else:
                advised = self._advice(reply, attempt)
                held.asked_again_at = advised.until
                if advised.pause is None:
                    if advised.until is not None:
                        self._turns.rest(asked.host, (advised.until - now()).total_seconds())
                    return held, reply
                pause = advised.pause
            self._turns.rest(asked.host, pause)
            attempt += 1

    async def _once(self, asked: Asking, spend: Callable[[], None]) -> tuple[Held, Reply]:
        wire = self._open_wire()
        async with self._turns.turn(asked.host):
            spend()
            try:
                reply = await wire.send(asked, self._secrets(asked))
            except NoAnswer as error:
                if _unreached(error) and not asked.robots:
                    self._conductor.give_back()
                raise
            return await self._open_capturer().keep(asked, reply), reply

    def _advice(self, reply: Reply, attempt: int) -> Advice:
        stated = reply.header("Retry-After")
        return advice(reply.status, stated, attempt, self._source.delay, now(), calls=self._calls)

    def _secrets(self, asked: Asking) -> list[tuple[str, str]]:
        """The key, for the source's own hosts alone: a redirect elsewhere does not carry it on."""
        if self._key is None or self._source.key is None or asked.robots or asked.host not in self._hosts:
            return []
        if not self._key.isascii() or not self._key.isprintable():
            raise SettingsError(
                f"The key of {self._source.name} holds characters that no header can carry; set it anew."
            )
        return [(self._source.key.header, self._key)]

    def _location(self, asked: Asking, reply: Reply) -> str | None:
        """Where an answer leads, said in the source's own addresses where it was asked through another."""
        location = reply.header("Location")
        if location and reply.masked and self._key and "x" * len(self._key) in location:
            raise RedirectRefused(f"{asked.host} redirects to an address that shows the key it was asked with")
        if location and self._through and location.startswith(self._through.rstrip("/") + "/"):
            return location[len(self._through.rstrip("/")) :]
        return location

    def _open_wire(self) -> Wire:
        if self._wire is None:
            self._wire = Wire(
                timeout=self._source.timeout, most_bytes=self._source.max_megabytes << 20,
                folder=self._conductor.archive.warc_folder, through=self._through, mask=self._mask,
            )  # fmt: skip
            self._wire.open()  # before a turn begins, so that distances are kept as they are sent
        return self._wire

    def _open_capturer(self) -> Capturer:
        if self._capturer is None:
            note = f"asked through {self._through}" if self._through else None
            self._capturer = Capturer(self._conductor, self._source.name, note=note)
        return self._capturer


def _unreached(error: NoAnswer) -> bool:
    """Whether nobody was reached, so that no publisher has counted a call."""
    return isinstance(error, HostUnreachable)
