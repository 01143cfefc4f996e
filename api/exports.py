"""Results as files: CSV that a spreadsheet opens without running anything in it, and JSON lines. Streamed, complete."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TypeAlias

import orjson

from api.searching import item_form
from archive.rows import NoticeRow
from archive.said import stone_words
from archive.withheld import Tombstone
from indexer.items import Item
from noticewatch.models import HEADLINE_ORDER, Content
from noticewatch.naming import buyer_name, title

COLUMNS = (
    "id", "url", "source", "kind", "kind_published", "status", "listing", "title", "title_from", "dated", "dated_from",
    "posted_at", "due_at", "buyer", "suppliers", "makers", "headline_kind", "headline_basis", "headline_value",
    "headline_minimum", "headline_maximum", "headline_currency", *(f"{kind}" for kind in HEADLINE_ORDER), "currency",
    "vendors", "technologies", "to_be_checked", "numbers", "modification", "procurement", "rebuilt", "recorder",
    "first_seen", "version", "content_sha256", "description", "taken_down",
)  # fmt: skip
Value: TypeAlias = str | int | bool | Decimal | datetime | list[str] | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TOGETHER = 100


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe is put before one. Plain numbers stay."""
    shown = value.replace("\x00", "")
    return "'" + shown if shown.startswith(_FORMULA) and not _is_number(shown) else shown


def csv_lines(pairs: Iterable[tuple[Item, NoticeRow]], base: str) -> Iterator[str]:
    """The file in pieces: a header, then a line a notice. Amounts are decimal numbers in whole currency units."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    iterator = iter(pairs)
    while True:
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        batch = list(islice(iterator, _TOGETHER))
        if not batch:
            return
        for item, row in batch:
            values = row_of(item, row, base)
            writer.writerow([safe_cell(_cell(values[name])) for name in COLUMNS])


def row_of(item: Item, row: NoticeRow, base: str) -> dict[str, Value]:
    """One result by column, ``row`` its leading notice; what is not stated is None or an empty list. ``posted_at`` and
    ``due_at`` as printed, at their precision and with their offset; amounts in whole currency units.
    """
    notice, headline = row.notice, item.headline
    if row.tombstone is not None:
        return _tombstone(row, row.tombstone, base + item.url)
    stated = [amount for amount in item.amounts if amount.value is not None]
    return (
        dict.fromkeys(COLUMNS)
        | {amount.kind.value: amount.value for amount in reversed(stated)}
        | {
            "id": row.id,
            "url": base + item.url,
            "source": row.source,
            "kind": notice.kind.value,
            "kind_published": notice.kind_published,
            "status": notice.status.value,
            "listing": row.listing.value,
            "title": title(notice, row.id),
            "title_from": notice.title_from,
            "dated": item.dated,
            "dated_from": item.dated_by,
            "posted_at": item.posted_at,
            "due_at": item.due_at,
            "buyer": buyer_name(notice),
            "suppliers": [supplier.name for supplier in item.suppliers],
            "makers": [maker.name for maker in item.makers],
            "headline_kind": headline.kind.value if headline else None,
            "headline_basis": headline.basis if headline else None,
            "headline_value": headline.value if headline else None,
            "headline_minimum": headline.minimum if headline else None,
            "headline_maximum": headline.maximum if headline else None,
            "headline_currency": headline.currency if headline else None,
            "currency": next((amount.currency for amount in reversed(stated)), None),
            "vendors": _labels(item, "alert", "vendor"),
            "technologies": _labels(item, "alert", "technology"),
            "to_be_checked": _labels(item, "review", "vendor", "technology"),
            "numbers": list(dict.fromkeys(n.printed for n in notice.numbers if n.type != "modification")),
            "modification": " | ".join(n.printed for n in notice.numbers if n.type == "modification") or None,
            "procurement": row.procurement_id,
            "rebuilt": item.rebuilt,
            "recorder": row.recorder,
            "first_seen": row.first_seen,
            "version": row.version,
            "content_sha256": row.content_sha256,
            "description": " ".join(text.text for text in notice.description) or None,
        }
    )


def _labels(item: Item, tier: str, *kinds: str) -> list[str]:
    return list(dict.fromkeys(tag.label for tag in item.tags if tag.tier == tier and tag.kind in kinds))


def _tombstone(row: NoticeRow, stone: Tombstone, url: str) -> dict[str, Value]:
    return dict.fromkeys(COLUMNS) | {
        "id": row.id, "url": url, "source": row.source, "listing": row.listing.value, "version": row.version,
        "content_sha256": row.content_sha256, "taken_down": stone_words(stone),
    }  # fmt: skip


def _cell(value: Value) -> str:
    """A value as a cell of CSV; lists are joined by " | "."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " | ".join(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime) else str(value)


def json_lines(pairs: Iterable[tuple[Item, NoticeRow]]) -> Iterator[bytes]:
    """The file in pieces: a JSON object a line, each with the item and its whole content."""
    iterator = iter(pairs)
    while batch := list(islice(iterator, _TOGETHER)):
        lines = [
            orjson.dumps(item_form(item) | {"content": _content(row), "content_sha256": row.content_sha256})
            for item, row in batch
        ]
        yield b"\n".join(lines) + b"\n"


def _content(row: NoticeRow) -> Content | None:
    return None if row.tombstone else row.notice.content()


def _is_number(text: str) -> bool:
    return text.lstrip("-+").replace(".", "", 1).isdecimal()
