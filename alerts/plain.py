"""A message as plain text for any mail client, terminals included: at most 76 columns. Pure functions."""

from collections.abc import Iterable, Iterator
from typing import Final

from alerts.cleaning import wrapped
from alerts.models import Message
from alerts.view import Entry, Passage, Segments, Tagged, Told, View, made_words

WIDTH: Final = 76
"""Columns; only an address, which is of no use in pieces, may be longer."""

_NAMES: Final = 10
_MARKS: Final = {"hit": "[{}]", "gone": "[-{}-]", "come": "[+{}+]", "same": "{}"}


def text_of(message: Message, view: View) -> str:
    """The message in plain text. Matching words stand in [brackets]; [-gone-] and [+come+] are what changed."""
    query = f"Search: {view.query}" if view.query else ""
    lines = [*_wrap(view.head), *_wrap(view.lead), *_wrap(view.note), *_wrap(query, rest="  "), ""]
    for buyer, entries in view.buyers:
        lines += [*_wrap(buyer.upper()), "=" * min(WIDTH, len(buyer)), ""]
        for entry in entries:
            lines += _entry(entry)
    lines += [*_wrap(view.capped), "", *_foot(message)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _entry(entry: Entry) -> Iterator[str]:
    for told in entry.told:
        yield from _told(told)
        yield ""
    if entry.more:
        yield from _wrap(f"Earlier news of the same contract that is not shown here: {entry.more:,}.")
        yield ""


def _told(told: Told) -> Iterator[str]:
    yield from _wrap(told.title)
    yield from _wrap(told.what)
    for note in told.notes:
        yield from _wrap(note, "! ", "  ")
    for fact in told.facts:
        yield from _wrap(fact.value, f"  {fact.name:<{_NAMES - 2}}", " " * _NAMES)
    if told.why:
        yield from _wrap(told.why, "  Sent because ", " " * _NAMES)
    yield from _section("What is new", map(_change, told.changed))
    if told.more_changes:
        yield from _wrap(f"and {told.more_changes:,} more changed fields", "  ")
    yield from _section(told.passages_name, map(_passage, told.passages))
    yield from _section("Tags, with what they rest on", map(_tag, told.tags))
    yield from _addressed("This version, for good", told.version_url)
    yield from _addressed("What changed, side by side", told.diff_url)
    yield from _addressed("The archived bytes", told.record_url)


def _section(name: str, items: Iterable[Iterable[str]]) -> Iterator[str]:
    lines = [line for item in items for line in item]
    if lines:
        yield f"  {name}"
        yield from lines


def _change(passage: Passage) -> Iterator[str]:
    by = f" ({passage.why})" if passage.why else ""
    return iter(_wrap(f"{passage.where}{by}: {_marked(passage.segments)}", "  - ", "    "))


def _passage(passage: Passage) -> Iterator[str]:
    return iter(_wrap(f"{passage.where}: {_marked(passage.segments)}", "  - ", "    "))


def _tag(tag: Tagged) -> Iterator[str]:
    yield from _wrap(f"{tag.name}: {tag.tier.lower()}", "  - ", "    ")
    for passage in tag.passages:
        why = f" ({passage.why})" if passage.why else ""
        yield from _wrap(f"{passage.where}: {_marked(passage.segments)}{why}", "    ", "    ")


def _marked(segments: Segments) -> str:
    return "".join(_MARKS[kind].format(text) if text.strip() else text for kind, text in segments)


def _addressed(name: str, url: str) -> Iterator[str]:
    if url:
        yield f"  {name}:"
        yield f"  {url}"


def foot_links(message: Message) -> list[tuple[str, str]]:
    """Links below a message, with what they do."""
    if message.confirm_url:
        asked = (("Yes, send me these alerts", message.confirm_url), ("No, end it now", message.unsubscribe_url))
        return [(name, url) for name, url in asked if url]
    links = (
        ("Exactly these, in the archive", message.replay_url),
        ("Change, pause or delete this search (keep the link private)", message.manage_url),
        ("End these messages", message.unsubscribe_url),
    )
    shown = links if message.groups else links[1:]
    return [(name, url) for name, url in shown if url]


def _foot(message: Message) -> Iterator[str]:
    yield "-" * WIDTH
    for name, url in foot_links(message):
        yield f"{name}:"
        yield url
    yield from _wrap(foot_of(message))


def foot_of(message: Message) -> str:
    """The last sentences: when the message was made, and how to read it."""
    made = f"Made {made_words(message.made_at)}."
    if not message.groups:
        return made
    return f"{made} Quotes are as published. A tag is a reason to look, not a finding."


def _wrap(text: str, first: str = "", rest: str = "") -> list[str]:
    return wrapped(text, WIDTH, first, rest)
