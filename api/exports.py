"""Results as files: CSV that a spreadsheet opens without running anything in it, and JSON lines. Streamed, complete."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

import orjson

from api.searching import item_form
from archive.rows import NoticeRow
from archive.said import stone_words
from archive.withheld import Tombstone
from indexer.items import Item
from noticewatch.models import HEADLINE_ORDER, Content
from noticewatch.naming import buyer_name, party_names, title

COLUMNS = (
    "id", "url", "source", "kind", "kind_published", "status", "listing", "title", "title_from", "dated", "dated_from",
    "posted_at", "due_at", "buyer", "suppliers", "makers", "headline_kind", "headline_basis", "headline_value",
    "headline_currency", *(f"{kind}" for kind in HEADLINE_ORDER), "currency", "vendors", "technologies",
    "to_be_checked", "numbers", "modification", "procurement", "rebuilt", "recorder", "first_seen", "version",
    "content_sha256", "description", "taken_down",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TOGETHER = 100


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe is put before one. Plain numbers stay."""
    if value.startswith(_FORMULA) and not _is_number(value):
        return "'" + value
    return value.replace("\x00", "")


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
            cells = cells_of(item, row, base)
            writer.writerow([safe_cell(cells[name]) for name in COLUMNS])


def cells_of(item: Item, row: NoticeRow, base: str) -> dict[str, str]:
    """The cells of one notice by column; what is not stated is empty, lists are joined by " | "."""
    notice, headline = row.notice, row.notice.headline_amount()
    cells = dict.fromkeys(COLUMNS, "")
    if row.tombstone is not None:
        return cells | _tombstone(row, row.tombstone, base + item.url)
    for amount in notice.amounts:
        if amount.value is not None and not cells[amount.kind]:
            cells[amount.kind] = format(amount.value, "f")
            cells["currency"] = amount.currency or ""
    strong = [tag for tag in item.tags if tag.tier == "alert"]
    return cells | {
        "id": row.id,
        "url": base + item.url,
        "source": row.source,
        "kind": notice.kind,
        "kind_published": notice.kind_published or "",
        "status": notice.status,
        "listing": row.listing,
        "title": title(notice, row.id),
        "title_from": notice.title_from,
        "dated": item.dated,
        "dated_from": item.dated_by,
        "posted_at": item.posted_at or "",
        "due_at": item.due_at or "",
        "buyer": buyer_name(notice),
        "suppliers": " | ".join(party_names(notice, "supplier", "reseller")),
        "makers": " | ".join(maker.name for maker in item.makers),
        "headline_kind": headline.kind if headline else "",
        "headline_basis": headline.basis if headline else "",
        "headline_value": format(headline.value, "f") if headline and headline.value is not None else "",
        "headline_currency": (headline.currency or "") if headline else "",
        "vendors": " | ".join(dict.fromkeys(tag.label for tag in strong if tag.kind == "vendor")),
        "technologies": " | ".join(dict.fromkeys(tag.label for tag in strong if tag.kind == "technology")),
        "to_be_checked": " | ".join(dict.fromkeys(tag.label for tag in item.tags if tag.tier == "review")),
        "numbers": " | ".join(dict.fromkeys(n.printed for n in notice.numbers if n.type != "modification")),
        "modification": " | ".join(n.printed for n in notice.numbers if n.type == "modification"),
        "procurement": row.procurement_id,
        "rebuilt": "yes" if item.rebuilt else "no",
        "recorder": row.recorder,
        "first_seen": row.first_seen.isoformat(),
        "version": str(row.version),
        "content_sha256": row.content_sha256,
        "description": " ".join(text.text for text in notice.description),
    }


def _tombstone(row: NoticeRow, stone: Tombstone, url: str) -> dict[str, str]:
    return {
        "id": row.id, "url": url, "source": row.source, "listing": row.listing, "version": str(row.version),
        "content_sha256": row.content_sha256, "taken_down": stone_words(stone),
    }  # fmt: skip


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
