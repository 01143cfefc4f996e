"""Saved searches in JSON: what a search asks for, where it goes, and what became of its messages. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlsplit

from alerts.models import Target
from alerts.overview import Sent, State
from alerts.previewing import Preview
from alerts.searches import SavedSearch, SavedTarget
from api.forms import stamp
from api.saving import feed_parameters, search_parameters, stated
from archive.rows import NoticeRow
from indexer.highlights import Marking
from indexer.results import item
from noticewatch import addresses
from watchlist.evidence import Tag

_SHOWN: Final = 2


def masked(target: Target) -> str:
    """An address so that its owner knows it again and nobody else can use it: a private link may be read by others."""
    if target.channel == "email":
        name, _, domain = target.address.rpartition("@")
        return f"{name[:_SHOWN]}…@{domain}"
    if target.channel in {"webhook", "chat"}:
        try:
            parts = urlsplit(target.address)
            host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
        except ValueError:
            return "…"
        public = host if target.channel == "webhook" or "." in host else ""
        return f"{parts.scheme}://{public}/…"
    return "on the operator's machine"


def saved_form(
    saved: SavedSearch, understood: tuple[str, str], base: str, sent: Sequence[Sent], waiting: Mapping[int, int]
) -> dict[str, Any]:
    """A saved search with its targets and its latest messages. ``understood``: as :func:`alerts.searches.understood`
    has it.
    """
    query, fault = understood
    names = {target.number: target.id for target in saved.targets}
    parameters, feeds = search_parameters(saved.terms), feed_parameters(saved.terms)
    return stated(saved) | {
        "understood": query,
        "fault": fault or None,
        "mistimed": saved.mistimed or None,
        "made_at": stamp(saved.made_at),
        "revision": saved.revision,
        "since_seq": saved.since,
        "search_url": base + addresses.search(parameters),
        "feeds": {
            form: base + addresses.search(feeds, f"/feeds/search.{form}") for form in ("atom", "json")
        },
        "targets": [
            target_form(target, sent, waiting) for target in saved.targets
        ],
        "messages": [sent_form(one, names.get(one.target, ""), base) for one in sent],
    }  # fmt: skip


def target_form(target: SavedTarget, sent: Sequence[Sent], waiting: Mapping[int, int]) -> dict[str, Any]:
    """A target. ``sent``: the latest messages of its search, the newest first; ``waiting``: how much is kept to be sent
    to each target, by number. In the answer ``secrets`` is how many secrets sign its messages.
    """
    return {
        "id": target.id,
        "channel": target.target.channel,
        "address": masked(target.target),
        "state": target.state,
        "why": target.why or None,
        "made_at": stamp(target.made_at),
        "failing_since": stamp(target.failing_since),
        "last_answer": _last_answer(sent, target.number) or None,
        "waiting": waiting.get(target.number, 0),
        "secrets": len(target.target.secret.split()),
    }


def sent_form(sent: Sent, target_id: str, base: str) -> dict[str, Any]:
    """A message and what became of it."""
    return {
        "id": sent.id,
        "target": target_id,
        "rhythm": sent.rhythm.value,
        "made_at": stamp(sent.made_at),
        "groups": len(sent.groups),
        "state": sent.state,
        "attempts": sent.attempts,
        "next_attempt_at": stamp(sent.next_attempt_at) if sent.state == "waiting" else None,
        "last_answer": sent.last_answer or None,
        "delivered_at": stamp(sent.delivered_at),
        "note": sent.note or None,
        "replay_url": base + addresses.alert_replay(sent.id) if sent.groups else None,
    }


def _last_answer(sent: Sequence[Sent], target: int) -> str:
    return next((one.last_answer for one in sent if one.target == target and one.last_answer), "")


def preview_form(found: Preview, rows: Mapping[int, NoticeRow], tags: dict[int, list[Tag]]) -> dict[str, Any]:
    """What a search would have found, with the notices found last."""
    marking = Marking(found.marks)
    return {
        "query": {"understood": found.understood, "warnings": list(found.warnings)},
        "total": found.total,
        "found": found.found,
        "weeks": float(found.weeks),
        "a_week": float(found.a_week),
        "basis": found.basis,
        "sentence": found.sentence,
        "items": [
            item([rows[number]], tags, marking, single=True).model_dump(mode="json")
            for number in found.latest
            if number in rows
        ],
    }


def state_form(held: State, oldest_seconds: int) -> dict[str, Any]:
    """The state of all alerts, for the operator; without addresses, names and queries."""
    return {
        "searches": held.searches,
        "targets": dict(held.targets),
        "outbox": held.counts,
        "oldest_seconds": oldest_seconds,
        "hosts": [{**asdict(row), "oldest": stamp(row.oldest)} for row in held.rows],
        "failing": [
            {"host": one.host, "targets": one.targets, "since": stamp(one.since), "last_answer": one.answer}
            for one in held.failing
        ],
        "paused": [
            {"target": one.id, "channel": one.channel, "host": one.host, "why": one.why, "waiting": one.waiting}
            for one in held.paused
        ],
    }
