"""The delivery loop: what is due goes into messages, messages go to their targets, several at once.

A process that dies leaves its messages under its lease; another one sends them when that has ended.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Final, Protocol

from sqlalchemy import select

from alerts import assembly, forming, limits, outbox, searches
from alerts.models import ChannelName, Group, Message, Outcome, Target, Terms
from alerts.outbox import Claimed
from alerts.searches import SavedSearch, SavedTarget, by_numbers
from alerts.tables import alert_groups
from alerts.tokens import Tokens
from archive.store import Archive
from indexer.names import Names
from noticewatch import addresses
from noticewatch.database import shared_time
from noticewatch.identifiers import new_id
from watchlist.current import Watchlist, matcher_of
from watchlist.matcher import Matcher

AT_ONCE: Final = 8
"""Messages that a process sends at the same time."""

MOST_WEIGHED: Final = 2_000
"""Most groups of a message that are read to find the most important ones: the latest."""

SHOWN: Final = 100
"""Most groups that a message is given; it says how many there are."""

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the outbox."""

_REST: Final = 30.0
_CLEAR_EVERY: Final = 600.0
_TEST: Final = "This is a test of the alert."
_NO_MATCH: Final = "There is no match yet to be shown as an example."
_NOT_ASKED: Final = "No example is shown, because the search index cannot be asked now."
_log = logging.getLogger("noticewatch.alerts")


class Sends(Protocol):
    """A channel, as alerts/channels makes it."""

    def send(self, target: Target, message: Message) -> Outcome:
        """Send the message once."""


class Delivery:
    """Sends what the outbox holds. Several may run, in one process or in many."""

    def __init__(
        self, archive: Archive, channels: Mapping[ChannelName, Sends], matcher: Matcher | Watchlist, base_url: str
    ) -> None:
        """``matcher``: the one to name tags by, or the watchlist that has one in force at each moment."""
        self._archive, self._channels, self._given = archive, channels, matcher
        self._tokens, self._base = Tokens(archive.folder), base_url
        self._owner = new_id()

    def run(self, stopping: threading.Event, look_every: float = LOOK_EVERY) -> None:
        """Deliver until stopped; then what is under way is brought to its end."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as pool:
            under_way, cleared = set[Future[None]](), float("-inf")
            while not stopping.is_set():
                try:
                    if time.monotonic() - cleared > _CLEAR_EVERY:
                        self._clear()
                        cleared = time.monotonic()
                    self._form()
                    under_way |= {pool.submit(self._deliver, one) for one in self._claim(AT_ONCE - len(under_way))}
                except Exception:
                    _log.exception("Alerts could not be delivered; it goes on in %.0f seconds.", _REST)
                    stopping.wait(_REST)
                if under_way:
                    under_way = wait(under_way, look_every, FIRST_COMPLETED).not_done
                else:
                    stopping.wait(look_every)

    def once(self) -> int:
        """Deliver all that can be tried now; gives how many messages were tried."""
        tried = 0
        self._form()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as pool:
            while claimed := self._claim(AT_ONCE):
                tried += len(claimed)
                list(pool.map(self._deliver, claimed))
        return tried

    def _clear(self) -> None:
        with self._archive.writing() as connection:
            at = shared_time(connection)
            searches.forget_unconfirmed(connection, at)
            limits.forget(connection, at)
            outbox.mend_clock(connection, at)

    def _form(self) -> None:
        with self._archive.reading() as connection:
            due = forming.is_due(connection, shared_time(connection))
        while due:
            with self._archive.writing() as connection:
                due = forming.form(connection, shared_time(connection)) > 0

    def _claim(self, most: int) -> list[Claimed]:
        if most <= 0:
            return []
        with self._archive.reading() as connection:
            if not outbox.is_ready(connection, shared_time(connection)):
                return []
        with self._archive.writing() as connection:
            return outbox.claim(connection, self._owner, most, shared_time(connection))

    def _deliver(self, claimed: Claimed) -> None:
        """Send one message and note what came of it. What fails on our side is tried again like what fails there."""
        try:
            outcome = self._sent(claimed)
        except Exception as error:
            _log.exception("A message could not be made or sent; it is tried again.")
            outcome = Outcome("retry", f"It could not be sent ({type(error).__name__}).")
        if outcome is None:
            return
        try:
            with self._archive.writing() as connection:
                outbox.settle(connection, self._owner, claimed, outcome, shared_time(connection))
        except Exception:  # the lease ends by itself, and the message is sent again under its id
            _log.exception("What came of a message could not be noted; it is sent again when its lease has ended.")

    def _sent(self, claimed: Claimed) -> Outcome | None:
        """What came of it; None where the search was deleted meanwhile."""
        message = self.message(claimed)
        if message is None:
            return None
        if not message.groups and not message.note and not message.confirm_url:
            return Outcome("delivered", "Nothing is left to be told: all of it was taken down since.")
        channel = self._channels.get(claimed.target.target.channel)
        if channel is None:
            return Outcome("retry", f"Nothing is sent by {claimed.target.target.channel} from here.")
        return channel.send(claimed.target.target, message)

    def message(self, claimed: Claimed) -> Message | None:
        """A message as it is sent; None where its search is not there any more."""
        links = self._links(claimed)
        if links is None:
            return None
        saved, manage, confirm, unsubscribe = links
        if confirm:
            return self._question(claimed, confirm, unsubscribe)
        numbers, matcher = claimed.groups[-MOST_WEIGHED:], matcher_of(self._given)
        names = Names(matcher.dictionary)
        with self._archive.reading() as connection:
            groups, told = assembly.groups(connection, numbers, matcher, names, SHOWN)
        return Message(
            id=claimed.id, name=saved.name, understood=searches.understood(saved, names)[0], rhythm=claimed.rhythm,
            groups=tuple(groups), total=told + len(claimed.groups) - len(numbers), made_at=claimed.made_at,
            base_url=self._base, replay_url=self._base + addresses.alert_replay(claimed.id),
            manage_url=self._base + addresses.alert_manage(manage),
            unsubscribe_url=self._base + addresses.alert_unsubscribe(unsubscribe), note=claimed.note,
        )  # fmt: skip

    def test(
        self, saved: SavedSearch, target: SavedTarget, newest: Callable[[Terms], Collection[int] | None] = lambda _: ()
    ) -> Outcome:
        """Send a target a message that says it is a test, with the latest that the search found; once. Where it has
        found nothing, what ``newest`` gives stands as an example: numbers of notices that are held and match, None
        where they cannot be looked for now.
        """
        with self._archive.reading() as connection:
            g = alert_groups.c
            latest = select(g.number).where(g.search == saved.number).order_by(g.number.desc()).limit(3)
            numbers, at = tuple(connection.scalars(latest)), shared_time(connection)
        claimed = Claimed(0, new_id(), saved.number, target, saved.timing.rhythm, at, 1, numbers, _TEST)
        message = self.message(claimed)
        channel = self._channels.get(target.target.channel)
        if message is None or channel is None:
            return Outcome("retry", f"Nothing is sent by {target.target.channel} from here.")
        if not message.groups:
            matching = () if saved.unread else newest(saved.terms)
            shown = self._examples(saved.terms, matching or ())
            why = "" if shown else f" {_NOT_ASKED if matching is None else _NO_MATCH}"
            message = replace(message, groups=shown, note=f"{_TEST}{why}")
        return channel.send(target.target, replace(message, test=True, replay_url=""))

    def _examples(self, terms: Terms, numbers: Collection[int]) -> tuple[Group, ...]:
        matcher = matcher_of(self._given)
        with self._archive.reading() as connection:
            return tuple(assembly.examples(connection, terms, numbers, matcher, Names(matcher.dictionary)))

    def _question(self, claimed: Claimed, confirm: str, unsubscribe: str) -> Message:
        """Asks whether an address wants messages. Nothing of the search goes there, nor the link that manages it."""
        return Message(
            id=claimed.id, name="", understood="", rhythm=claimed.rhythm, groups=(), total=0, made_at=claimed.made_at,
            base_url=self._base, replay_url="", manage_url="",
            unsubscribe_url=self._base + addresses.alert_unsubscribe(unsubscribe),
            confirm_url=self._base + addresses.alert_confirm(confirm),
        )  # fmt: skip

    def _links(self, claimed: Claimed) -> tuple[SavedSearch, str, str, str] | None:
        """The search of a message, and the tokens of its links: to manage it, to confirm the address where that is to
        be asked, to end the messages.
        """
        with self._archive.writing() as connection:
            saved = next(iter(by_numbers(connection, [claimed.search])), None)
            own = next((one for one in saved.targets if one.number == claimed.target.number), None) if saved else None
            if saved is None or own is None:
                return None
            manage = self._tokens.token(connection, "manage", saved.number, saved.id)
            unsubscribe = self._tokens.token(connection, "unsubscribe", saved.number, own.id, own.number)
            if own.state != "unconfirmed":
                return saved, manage, "", unsubscribe
            return saved, "", self._tokens.token(connection, "confirm", saved.number, own.id, own.number), unsubscribe
