"""From a message to its forms: subject, plain text, HTML and the JSON of webhooks and scripts. Pure functions."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from alerts.cleaning import one_line
from alerts.models import Message
from alerts.plain import foot_links, foot_of, text_of
from alerts.view import MOST_GROUPS, Entry, Passage, Told, View, entries_of, view_of
from noticewatch.models import Notice, notice_from
from noticewatch.naming import party_names
from watchlist.views import makers

MOST_PAYLOAD: Final = 20_000
"""Bytes of the JSON, as Standard Webhooks recommends; what does not fit is left to the link."""

MOST_HTML: Final = 90_000
"""Characters of the HTML: mail services cut what is much longer, and the links at its end with it."""

_MOST_SUBJECT: Final = 150
_FEWER: Final = (MOST_GROUPS, 10, 5, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The forms for a mail. ``subject`` is one line."""

    subject: str
    text: str
    html: str


def rendered(message: Message) -> Rendered:
    """Subject, plain text and HTML. HTML loads nothing from anywhere, and every text of a source is escaped."""
    entries = entries_of(message)
    for most in _FEWER:
        view = view_of(message, entries[:most])
        html = _template("message.html").render(view=view, links=foot_links(message), foot=foot_of(message))
        if len(html) <= MOST_HTML:
            break
    return Rendered(view.subject[:_MOST_SUBJECT], text_of(message, view), html)


def payload(message: Message) -> dict[str, Any]:
    """The JSON form: ``type``, ``timestamp`` and ``data`` (docs/alerts.md). It holds no private link."""
    entries = entries_of(message)
    for most in _FEWER:
        made = _payload(message, view_of(message, entries[:most]))
        if len(orjson.dumps(made)) <= MOST_PAYLOAD:
            break
    else:
        _shorten(made)
    return made


def payload_bytes(message: Message) -> bytes:
    """The JSON form as it is sent and signed: the same bytes at each attempt."""
    return orjson.dumps(payload(message))


def told_html(told: Told) -> str:
    """One find as a piece of HTML, as it stands in a message; feeds show the same."""
    return str(_template("told.html").module.told_of(told)).strip()  # type: ignore[attr-defined]  # a macro of it


@cache
def _template(name: str) -> Template:
    environment = Environment(loader=PackageLoader("alerts"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(name)


def _payload(message: Message, view: View) -> dict[str, Any]:
    return {
        "type": _type(message),
        "timestamp": message.made_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": message.id,
            "search": view.head,
            "query": view.query,
            "rhythm": message.rhythm.value,
            "total": message.total,
            "shown": view.shown,
            "replay_url": message.replay_url if message.groups and message.replay_url else None,
            "note": view.note,
            "groups": [_group(entry) for _, entries in view.buyers for entry in entries],
        },
    }


def _type(message: Message) -> str:
    if message.test:
        return "search.test"
    return "search.found" if message.groups or not message.note else "search.note"


def _group(entry: Entry) -> dict[str, Any]:
    return {"buyer": entry.buyer, "more": entry.more, "finds": [_find(told) for told in entry.told]}


def _find(told: Told) -> dict[str, Any]:
    find, event = told.find, told.find.event
    withheld = find.version.tombstone or find.notice.tombstone
    notice = None if withheld else notice_from(find.version.content)
    return {
        "seq": event.seq,
        "notice": find.notice.id,
        "version": find.version.version,
        "kinds": [kind.value for kind in event.kinds],
        "reasons": [reason.value for reason in find.reasons],
        "crossing": find.crossing,
        "late": event.late,
        "title": told.title,
        "what": told.what,
        **(_stated(notice, told) if notice else {}),
        "notes": list(told.notes),
        "changed": [_passage(change) for change in told.changed],
        "more_changed": told.more_changes,
        "words": [_passage(passage) for passage in told.passages],
        "tags": [
            {"name": tag.name, "tier": tag.tier, "evidence": [_passage(passage) for passage in tag.passages]}
            for tag in told.tags
        ],
        "url": told.version_url,
        "diff_url": told.diff_url or None,
        "record_url": told.record_url,
        "content_sha256": find.version.content_sha256,
    }


def _stated(notice: Notice, told: Told) -> dict[str, Any]:
    headline, due = notice.stated_amount(), notice.date("due")
    return {
        "kind": notice.kind.value,
        "suppliers": [one_line(name) for name in party_names(notice, "supplier", "reseller")[:4]],
        "makers": makers(told.find.tags)[:4],
        "amount": headline.model_dump(mode="json", exclude_none=True) if headline else None,
        "due": one_line(due.value) if due else None,
    }


def _passage(passage: Passage) -> dict[str, Any]:
    said = {"field": passage.where, "parts": [list(segment) for segment in passage.segments]}
    return said | ({"why": passage.why} if passage.why else {})


def _shorten(made: dict[str, Any]) -> None:
    """Leaves out what one group has too much of, the least needed first, until it fits."""
    finds = [find for group in made["data"]["groups"] for find in group["finds"]]
    for member in ("tags", "words", "changed"):
        for find in finds[::-1]:
            if len(orjson.dumps(made)) <= MOST_PAYLOAD:
                return
            find[member] = find[member][:1]
    for group in made["data"]["groups"]:
        while len(group["finds"]) > 1 and len(orjson.dumps(made)) > MOST_PAYLOAD:
            group["finds"].pop()
            group["more"] += 1
