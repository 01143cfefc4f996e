"""Tells the operator what does not work: once when it begins, once when it is over, by targets of ALARM_TO.

What stands is noted in the log's database, with when it is tried next: of several processes one tells it. A crash
between sending and noting repeats a message under its id.
"""

import logging
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, select

from alerts.channels.registry import channels, check, target_of
from alerts.delivery import Sends
from alerts.models import ChannelName, Message, Rhythm, Target
from alerts.outbox import WAITS
from archive import tables
from archive.store import Archive
from archive.times import moment, stamp
from crawlers.source import Source
from noticewatch.database import insert_many, shared_time
from noticewatch.errors import SettingsError, UsageError
from noticewatch.settings import PREFIX, Settings
from service.alarms import Alarm, alarms

LOOK_EVERY: Final = 60.0
"""Seconds between two looks."""

_NAME: Final = "alarm "
_OURS: Final = uuid.UUID("5b9e3a0e-7f6c-4b61-9a53-8d5f0c7a2e11")
_log = logging.getLogger("noticewatch.alarms")


def targets(settings: Settings) -> list[Target]:
    """Where alarms go. Raises SettingsError for a target to which nothing can be sent."""
    found = []
    for written in (one.strip() for one in settings.alarm_to.split(",")):
        if not written:
            continue
        try:
            target = target_of(written)
            check(target, settings, operator=True)
        except UsageError as error:
            raise SettingsError(f"{PREFIX}ALARM_TO: {error}") from error
        if target.channel == "webhook":
            raise SettingsError(f"{PREFIX}ALARM_TO takes mail, chat, file: and command:, not the webhook {written}.")
        found.append(target)
    return found


class Alarming:
    """Looks, notes and tells."""

    def __init__(
        self, archive: Archive, settings: Settings, known: Mapping[str, Source], to: Sequence[Target],
        sending: Mapping[ChannelName, Sends],
    ) -> None:  # fmt: skip
        self._archive, self._settings, self._known = archive, settings, known
        self._to, self._sending = to, sending

    def step(self) -> None:
        """Note what has begun and what is over, and tell what is to be told now."""
        found = alarms(self._archive, self._settings, self._known)
        with self._archive.writing() as connection:
            at = shared_time(connection)
            note(connection, found, at)
            taken = _take(connection, len(self._to), at)
        for key, held in taken:
            self._tell(key, held)

    def _tell(self, key: str, held: dict[str, Any]) -> None:
        for place in sorted(set(range(len(self._to))) - set(held["told"])):
            target = self._to[place]
            channel = self._sending.get(target.channel)
            outcome = channel.send(target, _message(held, self._settings.base_url)) if channel else None
            if outcome is not None and outcome.state == "delivered":
                held["told"].append(place)
            else:
                _log.warning("An alarm did not get through by %s; it is tried again.", target.channel)
        with self._archive.writing() as connection:
            _settle(connection, key, held, len(self._to))


def note(connection: Connection, found: Sequence[Alarm], at: datetime) -> None:
    """Note which alarms stand. One that is over before it was told is forgotten."""
    standing, held = {one.key: one for one in found}, _held(connection)
    for key, one in standing.items():
        if key not in held or (held[key]["over"] and not held[key]["told"]):
            since = stamp(at)
            _put(connection, key, {"id": str(uuid.uuid5(_OURS, f"{key} {since}")), "said": one.said, "since": since,
                                   "told": [], "tries": 0, "next": since, "over": False})  # fmt: skip
    for key, noted in held.items():
        if key in standing or noted["over"]:
            continue
        if not noted["told"]:
            _remove(connection, key)
            continue
        _put(connection, key, noted | {"id": str(uuid.uuid5(_OURS, f"{key} {noted['since']} over")), "told": [],
                                     "tries": 0, "next": stamp(at), "over": True})  # fmt: skip


def _take(connection: Connection, targets: int, at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """What this process tells now: whoever takes it moves the next attempt away first."""
    taken = []
    for key, one in _held(connection).items():
        if one["next"] <= stamp(at) and len(one["told"]) < targets:
            one["tries"] += 1
            one["next"] = stamp(at + WAITS[min(one["tries"], len(WAITS)) - 1] + timedelta(minutes=5))
            _put(connection, key, one)
            taken.append((key, one))
    return taken


def _settle(connection: Connection, key: str, told: dict[str, Any], targets: int) -> None:
    """Note to whom an alarm was told, unless it has become another meanwhile."""
    now = _held(connection).get(key)
    if now is None or now["id"] != told["id"]:
        return
    if told["over"] and len(told["told"]) >= targets:
        _remove(connection, key)
    else:
        _put(connection, key, now | {"told": told["told"]})


def _message(held: Mapping[str, Any], base: str) -> Message:
    said = f"Over: {held['said']}" if held["over"] else str(held["said"])
    return Message(
        id=str(held["id"]), name="noticewatch: alarm", understood="", rhythm=Rhythm.AT_ONCE, groups=(), total=0,
        made_at=moment(held["since"]), base_url=base, replay_url="", manage_url="", unsubscribe_url="", note=said,
    )  # fmt: skip


def _held(connection: Connection) -> dict[str, dict[str, Any]]:
    m = tables.meta.c
    rows = connection.execute(select(m.name, m.value).where(m.name.like(f"{_NAME}%")))
    return {name.removeprefix(_NAME): orjson.loads(value) for name, value in rows}


def _put(connection: Connection, key: str, one: Mapping[str, Any]) -> None:
    insert_many(connection, tables.meta, [{"name": _NAME + key, "value": orjson.dumps(one).decode()}], over=True)


def _remove(connection: Connection, key: str) -> None:
    connection.execute(delete(tables.meta).where(tables.meta.c.name == _NAME + key))


class AlarmThread(threading.Thread):
    """Looks every minute until it is stopped."""

    def __init__(
        self, archive: Archive, settings: Settings, known: Mapping[str, Source], *, look_every: float = LOOK_EVERY
    ) -> None:
        """Raises SettingsError."""
        super().__init__(name="alarms", daemon=True)
        self._alarming = Alarming(archive, settings, known, targets(settings), channels(settings))
        self._look_every = look_every
        self._stopping = threading.Event()

    def run(self) -> None:
        """Look until stopped."""
        while not self._stopping.wait(self._look_every):
            try:
                self._alarming.step()
            except Exception:
                _log.exception("It could not be looked whether everything works; it is tried again.")

    def stop(self, timeout: float = 5.0) -> None:
        """Look no more."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout)
