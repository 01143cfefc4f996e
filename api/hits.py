"""Rows of results, in words: from an item of the search or from a notice of the archive. Pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from archive.rows import NoticeRow
from archive.said import rebuilt_sentence, stone_words
from indexer.items import Highlight, Item, ItemAmount, ItemTag
from noticewatch import addresses, words
from noticewatch.buyers import buyers
from noticewatch.dates import dated
from noticewatch.models import DateValue, Listing, Status
from noticewatch.naming import buyer_id, buyer_name, party_names, shortened, title
from watchlist.evidence import Tag
from watchlist.views import TagView, makers, roles_of, tag_address, tag_views

_MOST_TITLE = 220
_MOST_TAGS = 6


@dataclass(frozen=True, slots=True)
class Snippet:
    """Words of the source around a hit: (text, whether it is the hit)."""

    field: str
    segments: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of results. ``members``: notices of the contract; ``listing`` is empty while the source lists it;
    ``buyer_href``, ``seller_href``: the pages of the body and of a lone seller that is a vendor, where there are any;
    ``ahead``: until when it can be answered, or for when it is planned;
    ``taken_down``: why what it says is withheld, with its hash, empty where it is shown.
    """

    href: str
    day: str
    kind: str
    status: str
    listing: str
    title: str
    buyer: str
    seller: str
    maker: str
    amount: str
    amount_kind: str
    members: int
    source: str
    snippets: tuple[Snippet, ...]
    tags: tuple[TagView, ...]
    rebuilt: str
    taken_down: str = ""
    buyer_href: str = ""
    seller_href: str = ""
    ahead: str = ""


def row_of_item(item: Item) -> Row:
    """An item of the search as a row."""
    headline = item.headline
    if item.taken_down is not None:
        why = stone_words(item.taken_down)
        return _withheld(item.url, item.id, item.source, why, item.taken_down.content_sha256)
    return Row(
        href=item.url,
        day=words.short_day(item.dated),
        kind=words.kind_words(item.kind),
        status=_status(item.status),
        listing=_listing(item.listing),
        title=shortened(item.title or item.id, _MOST_TITLE),
        buyer=item.buyer.name if item.buyer else f"buyer {words.NOT_STATED}",
        seller=words.listed(supplier.name for supplier in item.suppliers[:3]),
        maker=words.listed(strong_makers(item)[:3]),
        amount=item_amount(headline) if headline else "",
        amount_kind=item_amount_kind(headline) if headline else "",
        members=item.members,
        source=item.source,
        snippets=tuple(Snippet(_place(hit), hit.parts) for hit in item.highlights[:3]),
        tags=tuple(_item_tags(item)),
        rebuilt=rebuilt_words(item),
        buyer_href=_body_page(item.buyer.id if item.buyer else None),
        seller_href=_seller_page(item),
        ahead=_ahead(item),
    )


def _ahead(item: Item) -> str:
    if item.due_at:
        return f"responses due {words.short_day(item.due_at)}"
    if item.planned_at:
        precision: Literal["quarter", "day"] = "quarter" if "Q" in item.planned_at else "day"
        plan = DateValue(role="planned_award", value=item.planned_at, precision=precision)
        return f"planned for {words.date_words(plan)}"
    return ""


def _place(hit: Highlight) -> str:
    """Where a passage stands: in a field, or on a page of a document."""
    return f"document {hit.place}" if hit.place else words.field_words(hit.field)


def rebuilt_words(item: Item) -> str:
    """Said of a rebuilt item; empty for others."""
    if not item.rebuilt:
        return ""
    by = words.listed(item.recorders[:2]) or "another collector"
    return f"Rebuilt from a record of {by}; noticewatch did not fetch it."


def strong_makers(item: Item) -> list[str]:
    """Makers that a strong match names; one that is still to be checked stands only among the tags."""
    strong = {tag.id for tag in item.tags if tag.kind == "vendor" and tag.tier == "alert"}
    return [maker.name for maker in item.makers if maker.id in strong]


def item_amount(amount: ItemAmount) -> str:
    """The figure of an item's amount, or its range."""
    return words.amount_value(amount)


def item_amount_kind(amount: ItemAmount) -> str:
    """What it is; the sum of an award's held actions by the name it may have: ``known part since …``."""
    if amount.called:
        return f"{words.amount_kind(amount.kind)}, {called_words(amount.called)}"
    return words.amount_kind(amount.kind, amount.basis)


def called_words(called: str) -> str:
    """``known part since 2021-03-24`` with its day in words."""
    return re.sub(r"\d{4}-\d{2}-\d{2}", lambda match: words.day_words(match[0]), called)


def row_of_notice(
    row: NoticeRow, tags: Sequence[Tag] = (), *, quote: bool = False, of: tuple[str, str] | None = None
) -> Row:
    """A notice as a row; with the words that caused a tag where asked for: that of kind and id, else the first."""
    if row.tombstone is not None:
        why = stone_words(row.tombstone)
        return _withheld(addresses.notice(row.id), row.id, row.source, why, row.content_sha256)
    notice, headline = row.notice, row.notice.stated_amount()
    views = tag_views(tags, notice)
    snippets: tuple[Snippet, ...] = ()
    told = next((view for view in views if (view.kind, view.id) == of), views[0] if views else None)
    if quote and told and told.quotes:
        first = told.quotes[0]
        snippets = (Snippet(first.field, ((first.before, False), (first.quote, True), (first.after, False))),)
    return Row(
        href=addresses.notice(row.id),
        day=words.short_day(dated(notice, row.first_seen)[0]),
        kind=words.kind_words(notice.kind),
        status=_status(notice.status),
        listing=_listing(row.listing),
        title=shortened(title(notice, row.id), _MOST_TITLE),
        buyer=buyer_name(notice),
        seller=words.listed(party_names(notice, "supplier", "reseller")[:3]),
        maker=words.listed(makers(tags)[:3]),
        amount=words.amount_value(headline) if headline else "",
        amount_kind=words.amount_kind(headline.kind, headline.basis) if headline else "",
        members=1,
        source=row.source,
        snippets=snippets,
        tags=tuple(views[:_MOST_TAGS]),
        rebuilt=rebuilt_sentence(row),
        buyer_href=_body_page(buyer_id(notice)),
    )


def _body_page(known: str | None) -> str:
    return addresses.buyer(known) if known and known in buyers() else ""


def _seller_page(item: Item) -> str:
    """The page of the seller where there is one seller, who is a vendor on the watchlist."""
    alone = item.suppliers[0] if len(item.suppliers) == 1 else None
    return addresses.vendor(alone.id) if alone and alone.id else ""


def _withheld(href: str, notice_id: str, source: str, why: str, sha256: str) -> Row:
    """The tombstone of a notice as a row."""
    return Row(
        href=href, day="", kind="Taken down", status="", listing="", title=notice_id, buyer="", seller="", maker="",
        amount="", amount_kind="", members=1, source=source, snippets=(), tags=(), rebuilt="",
        taken_down=f"{why} (content SHA-256 {sha256})",
    )  # fmt: skip


def _item_tags(item: Item) -> list[TagView]:
    """Tags of an item, one a vendor or technology, strong ones first, without their quotes."""
    grouped: dict[tuple[str, str], list[ItemTag]] = {}
    for tag in item.tags:
        grouped.setdefault((tag.kind, tag.id), []).append(tag)
    views = []
    for (kind, tag_id), group in grouped.items():
        strong = any(tag.tier == "alert" for tag in group)
        tier = words.TIERS["alert" if strong else "review"]
        label, href = group[0].label, tag_address(kind, tag_id)
        views.append(TagView(kind, tag_id, label, roles_of(group), strong, tier, href, ()))
    views.sort(key=lambda view: (not view.strong, view.kind != "vendor", view.label))
    return views[:_MOST_TAGS]


def _status(status: str) -> str:
    if status == Status.OPEN:
        return "open when received"
    return "" if status == Status.UNKNOWN else words.STATUSES.get(status, status)


def _listing(listing: str) -> str:
    return "" if listing == Listing.LISTED else words.LISTINGS.get(listing, listing)
