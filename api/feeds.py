"""Feeds of a search: Atom (RFC 4287) and JSON Feed 1.1 from the same entries. Pure functions.

An entry's id is the permanent address of one version, so it never comes twice and never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from api.forms import stamp

ATOM = "http://www.w3.org/2005/Atom"
_XML_FORBIDDEN = {
    code: None for code in [*range(0x20), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)] if code not in {9, 10, 13}
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``published``: when the notice was dated or first seen; ``updated``: when this version was noted;
    ``html``: what messages of saved searches say of it, empty where there is no more than the summary.
    """

    address: str
    title: str
    summary: str
    published: datetime
    updated: datetime
    author: str
    categories: tuple[str, ...]
    html: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its own address, the page it belongs to, and its entries, newest first."""

    title: str
    subtitle: str
    address: str
    page: str
    updated: datetime
    entries: Sequence[Entry]


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _text(root, "id", feed.address)
    _text(root, "title", feed.title)
    _text(root, "subtitle", feed.subtitle)
    _text(root, "updated", _moment(feed.updated))
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": feed.address})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.page})
    _text(SubElement(root, "author"), "name", "noticewatch")
    for entry in feed.entries:
        _atom_entry(root, entry)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode("utf-8")


def json_feed(feed: Feed) -> dict[str, Any]:
    """The feed as JSON Feed 1.1."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.subtitle,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "language": "en",
        "items": [
            {
                "id": entry.address,
                "url": entry.address,
                "title": entry.title,
                "content_text": entry.summary,
                **({"content_html": entry.html.translate(_XML_FORBIDDEN)} if entry.html else {}),
                "date_published": _moment(entry.published),
                "date_modified": _moment(entry.updated),
                "authors": [{"name": entry.author}],
                "tags": list(entry.categories),
            }
            for entry in feed.entries
        ],
    }


def _atom_entry(root: Element, entry: Entry) -> None:
    node = SubElement(root, "entry")
    _text(node, "id", entry.address)
    _text(node, "title", entry.title)
    _text(node, "published", _moment(entry.published))
    _text(node, "updated", _moment(entry.updated))
    SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": entry.address})
    _text(SubElement(node, "author"), "name", entry.author)
    for category in entry.categories:
        SubElement(node, "category", {"term": category.translate(_XML_FORBIDDEN)})
    _text(node, "summary", entry.summary)
    if entry.html:
        SubElement(node, "content", {"type": "html"}).text = entry.html.translate(_XML_FORBIDDEN)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text.translate(_XML_FORBIDDEN)


def _moment(moment: datetime) -> str:
    return stamp(moment) or ""
