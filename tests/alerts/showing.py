"""What ten saved searches, as people have them, say of a log: every message is kept and none is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update

from alerts import outbox, searches
from alerts.delivery import Delivery
from alerts.forming import form
from alerts.matching import AlertReader
from alerts.models import Message, Reason, Rhythm, Target, Terms, Timing
from alerts.tables import matches, search_revisions
from alerts.tokens import Tokens
from archive import tables
from archive.deadlines import DeadlineReader
from archive.documents.listing import DocumentLister
from archive.joins import Joiner
from archive.queries import events
from archive.readers import drive
from archive.store import Archive
from indexer.names import Names
from noticewatch.identifiers import now
from noticewatch.models import EventKind
from noticewatch.settings import Settings
from tests.dictionary import matcher
from watchlist.tagger import Tagger

EVERY = tuple(Reason)
SEARCHES: Sequence[tuple[str, Rhythm, Terms]] = (
    ("ICE and social media", Rhythm.AT_ONCE, Terms(query='"social media"', lens="everything", reasons=EVERY)),
    ("Licence plate readers", Rhythm.AT_ONCE, Terms(query='"license plate" OR LPR', lens="everything", reasons=EVERY)),
    ("The watchlist", Rhythm.AT_ONCE, Terms(reasons=EVERY)),
    ("The watchlist, weak signs too", Rhythm.WEEKLY, Terms(tiers=("alert", "review"), reasons=EVERY)),
    ("RFP-002132", Rhythm.AT_ONCE, Terms(query="number:RFP-002132", lens="everything", reasons=EVERY)),
    ("OSINT tools", Rhythm.AT_ONCE, Terms(query="OSINT", lens="everything", reasons=EVERY)),
    ("Detention, new orders", Rhythm.DAILY, Terms(query="detention", lens="everything")),
    ("Cellebrite", Rhythm.DAILY, Terms(query="cellebrite", lens="everything", reasons=EVERY)),
    ("Only deadlines that move", Rhythm.AT_ONCE, Terms(
        query="social", lens="everything", reasons=(Reason.AMENDED,), changes=(EventKind.DEADLINE_MOVED,))),
    ("Everything of CBP that is amended", Rhythm.DAILY, Terms(
        lens="everything", filters={"buyer": ("CBP",)}, reasons=(Reason.AMENDED,))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step of the log gave: loud events, those that came late, and the messages of the searches by name."""

    step: str
    events: int
    late: int
    messages: tuple[tuple[str, Message], ...]


class Demo:
    """An archive with ten searches, whose messages are kept and not sent."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.archive = Archive.open(settings)
        self.matcher = matcher()
        self._delivery = Delivery(self.archive, {}, self.matcher, "https://notices.example")
        self._head = 0

    def save(self) -> None:
        """Save the ten searches."""
        names = Names(self.matcher.dictionary)
        with self.archive.writing() as connection:
            for name, rhythm, terms in SEARCHES:
                to = [(Target("file", f"/{name}"), "active")]
                timing = Timing(rhythm)
                searches.create(connection, Tokens(self.archive.folder), names, terms, to, timing, name)  # type: ignore[arg-type]  # a state

    def shown(self, step: str) -> Shown:
        """Follow the log, and give what it told; digests are made at once."""
        readers = [Joiner(), Tagger(self.matcher), DocumentLister(), DeadlineReader(), AlertReader(self.matcher)]
        drive(self.archive, readers)
        with self.archive.reading() as connection:
            loud = events(connection, self._head, 1_000_000, loud_only=True)
            self._head = int(connection.scalar(select(func.max(tables.events.c.seq))) or 0)
        return Shown(step, len(loud), sum(one.late for one in loud), tuple(self._messages()))

    def _messages(self) -> Iterator[tuple[str, Message]]:
        at = now() + timedelta(days=8)
        with self.archive.writing() as connection:
            while form(connection, at):
                pass
        while True:
            with self.archive.writing() as connection:
                claimed = outbox.claim(connection, "demo", 1_000, at)
            if not claimed:
                return
            for one in claimed:
                message = self._delivery.message(one)
                if message is not None:
                    yield message.name, message
                with self.archive.writing() as connection:
                    outbox.settle(connection, "demo", one, outbox.Outcome("delivered", "kept"), at)

    def restored(self) -> None:
        """The same database as after a restore: an epoch of its own."""
        with self.archive.writing() as connection:
            epoch = update(tables.meta).where(tables.meta.c.name == "epoch")
            connection.execute(epoch.values(value=f"restored {now():%Y-%m-%d}"))
        self.archive = Archive(self.archive.engine, self.archive.folder)
        self._delivery = Delivery(self.archive, {}, self.matcher, "https://notices.example")

    def found(self) -> list[tuple[int, int]]:
        """(search, event) of everything that was found."""
        query = select(search_revisions.c.search, matches.c.seq).join(
            search_revisions, search_revisions.c.number == matches.c.revision
        )
        with self.archive.reading() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]
