"""What a page says about one notice, from its row and its tags. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from api import addresses, words
from archive.gone import Gone
from archive.rows import NoticeRow
from noticewatch.buyers import buyers
from noticewatch.dates import dated
from noticewatch.models import Amount, Buyer, Kind, Notice, Origin, Status
from watchlist.evidence import Evidence, Tag, field_texts

_AROUND = 90
"""Characters of context shown on each side of a quote."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a table of facts: its name, its value in words, a note in small print, and where it leads."""

    name: str
    value: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Why a tag stands: the words of the source in their context, the field they are in, and the reason."""

    field: str
    before: str
    quote: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag with its quotes. ``strong`` is the tier ``alert``."""

    kind: str
    id: str
    label: str
    role: str
    strong: bool
    tier: str
    href: str
    quotes: tuple[Quote, ...]


class HasRole(Protocol):
    """A tag of the archive or of a result."""

    @property
    def role(self) -> str:
        """maker, product, seller or empty."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The first screen of a notice's page."""

    id: str
    title: str
    title_note: str
    kind: str
    kind_note: str
    status: str
    listing: str
    buyer: str
    seller: str
    maker: str
    amount: str
    amount_kind: str
    dated: str
    dated_from: str
    description: str
    rows: tuple[Fact, ...]
    money: tuple[Fact, ...]
    dates: tuple[Fact, ...]
    numbers: tuple[Fact, ...]
    rebuilt: str


def facts(row: NoticeRow, tags: Sequence[Tag] = (), gone: Gone | None = None) -> Facts:
    """Everything the first screen states, in words; what the source does not state is called so. gone: since when it
    is no longer listed.
    """
    notice = row.notice
    day, day_from = dated(notice, row.first_seen)
    headline = notice.headline_amount()
    return Facts(
        id=row.id,
        title=title(notice, row.id),
        title_note="" if notice.title_from == "published" else "The source gives no title; this is its description.",
        kind=words.kind_words(notice.kind),
        kind_note=notice.kind_published or "",
        status=_status(row),
        listing=words.listing_words(row.listing, gone),
        buyer=buyer_name(notice),
        seller=words.listed(party_names(notice, "supplier", "reseller")) or words.NOT_STATED,
        maker=words.listed(makers(tags)),
        amount=words.amount_value(headline) if headline else words.NOT_STATED,
        amount_kind=words.amount_kind(headline.kind, headline.basis) if headline else "",
        dated=words.day_words(day),
        dated_from=words.DATED_FROM.get(day_from, day_from),
        description=" ".join(text.text for text in notice.description),
        rows=tuple(_more(notice)),
        money=tuple(_amount(amount) for amount in notice.amounts),
        dates=tuple(Fact(words.DATE_ROLES[date.role], words.date_words(date)) for date in notice.dates),
        numbers=tuple(_numbers(notice)),
        rebuilt=rebuilt_sentence(row),
    )


def title(notice: Notice, notice_id: str) -> str:
    """The title, else the first line of the description, else the id."""
    for texts in (notice.title, notice.description):
        if texts and texts[0].text.strip():
            return shortened(texts[0].text.strip(), 300)
    return notice_id


def shortened(text: str, most: int) -> str:
    """The text, cut at a word with an ellipsis where it is longer than ``most`` characters."""
    if len(text) <= most:
        return text
    cut = text[:most]
    return (cut[: cut.rfind(" ")] if " " in cut[most // 2 :] else cut).rstrip(" ,;:") + " …"


def buyer_name(notice: Notice) -> str:
    """The contracting body as printed, else by its code, else any body that is named, else ``not stated``."""
    buyer = notice.buyer() or next(iter(notice.buyers), None)
    return body_name(buyer) if buyer else words.NOT_STATED


def body_name(buyer: Buyer) -> str:
    """A body's name as printed; where only a code is printed, the name that the buyers table has for it."""
    entry = buyers().get(buyer.buyer_id) if buyer.buyer_id else None
    return buyer.name or (entry.short_name if entry else words.NOT_STATED)


def party_names(notice: Notice, *roles: str) -> list[str]:
    """Names of the parties of some roles, each once, as printed."""
    return list(dict.fromkeys(party.name for party in notice.parties if party.role in roles))


def makers(tags: Iterable[Tag]) -> list[str]:
    """Vendors that the tags call the maker of what is bought, strong matches only."""
    strong = (tag for tag in tags if tag.kind == "vendor" and tag.tier == "alert")
    named = (tag.label for tag in strong if tag.role in {"maker", "product"})
    return list(dict.fromkeys(named))


def rebuilt_sentence(row: NoticeRow) -> str:
    """Said wherever a rebuilt notice is shown; empty for what noticewatch received itself."""
    if row.origin is not Origin.REBUILT:
        return ""
    return (
        f"Rebuilt from a record of {words.day_words(row.captured_at.date())} by {row.recorder}; "
        "noticewatch did not fetch it."
    )


def tag_views(tags: Iterable[Tag], notice: Notice) -> list[TagView]:
    """Tags with their quotes in context, one a vendor or technology; strong matches first, vendors before others."""
    grouped: dict[tuple[str, str], list[Tag]] = {}
    for tag in tags:
        grouped.setdefault((tag.kind, tag.id), []).append(tag)
    views = [_tag_view(group, notice) for group in grouped.values()]
    return sorted(views, key=lambda view: (not view.strong, view.kind != "vendor", view.label))


def _tag_view(group: Sequence[Tag], notice: Notice) -> TagView:
    """One view of a thing that is tagged in several roles; a quote that reads the same is shown once."""
    first = group[0]
    strong = any(tag.tier == "alert" for tag in group)
    quotes: dict[tuple[str, str, str], Quote] = {}
    for quote in (quote_of(evidence, notice) for tag in group for evidence in tag.evidence):
        held = quotes.setdefault((quote.before, quote.quote, quote.after), quote)
        if quote.field == "title" and held.field == "description":
            quotes[quote.before, quote.quote, quote.after] = quote
    return TagView(
        kind=first.kind,
        id=first.id,
        label=first.label,
        role=roles_of(group),
        strong=strong,
        tier=words.TIERS["alert" if strong else "review"],
        href=tag_address(first.kind, first.id),
        quotes=tuple(quotes.values()),
    )


def roles_of(group: Iterable[HasRole]) -> str:
    """The roles of tags of one thing, each once: ``maker, product``."""
    return ", ".join(dict.fromkeys(tag.role for tag in group if tag.role))


def tag_address(kind: str, tag_id: str) -> str:
    """Where a tag leads: a vendor's page, or the search for a technology."""
    return addresses.vendor(tag_id) if kind == "vendor" else addresses.search({"technology": tag_id})


def quote_of(evidence: Evidence, notice: Notice) -> Quote:
    """A quote in its context. The span is checked against the text; a quote found nowhere stands alone."""
    before, quoted, after = "", evidence.quote, ""
    text = field_texts(notice).get(evidence.field, "")
    start = evidence.start if text[evidence.start : evidence.end] == evidence.quote else text.find(evidence.quote)
    if evidence.quote and start >= 0:
        end = start + len(evidence.quote)
        before, after = _clipped(text[:start], keep_end=True), _clipped(text[end:], keep_end=False)
    return Quote(words.field_words(evidence.field), before, quoted, after, evidence.why)


def _clipped(text: str, *, keep_end: bool) -> str:
    if len(text) <= _AROUND:
        return text
    if keep_end:
        return "… " + text[-_AROUND:].partition(" ")[2]
    return text[:_AROUND].rpartition(" ")[0] + " …"


def _status(row: NoticeRow) -> str:
    """The status in words; "open" only as of the day it was last learnt, because nobody says when that ends."""
    notice = row.notice
    words_of = words.STATUSES[notice.status]
    if notice.status is Status.OPEN:
        return f"{words_of} when received, {words.day_words(row.captured_at.date())}"
    if notice.status_published and notice.status_published.lower() != words_of:
        return f"{words_of} (the source says “{notice.status_published}”)"
    return words_of


def _amount(amount: Amount) -> Fact:
    note = words.BASES.get(amount.basis, amount.basis)
    if amount.as_of:
        note += f", as of {words.day_words(amount.as_of)}"
    if amount.of in {"lot", "supplier_share"}:
        note += f", of one {amount.of.replace('_', ' ')}"
    return Fact(words.AMOUNT_KINDS[amount.kind].capitalize(), words.amount_value(amount), note)


def _numbers(notice: Notice) -> Iterable[Fact]:
    for number in notice.numbers:
        name = words.NUMBER_TYPES.get(number.type, number.type.replace("_", " ").capitalize())
        yield Fact(name, number.printed, f"issued by {number.issuer}" if number.issuer else "")


def _more(notice: Notice) -> Iterable[Fact]:
    """Buyers, parties, competition, places and codes as lines."""
    for buyer in notice.buyers:
        codes = ", ".join(f"{name} {code}" for name, code in buyer.codes.items())
        named_by_code = "" if buyer.name else "name by its code"
        note = "; ".join(filter(None, [codes, named_by_code, "inferred" if buyer.inferred else ""]))
        yield Fact(words.BUYER_ROLES[buyer.role], body_name(buyer), note)
    for party in notice.parties:
        ids = [("UEI", party.uei), ("CAGE", party.cage), ("DUNS", party.duns), ("company number", party.company_number)]
        note = ", ".join(f"{name} {value}" for name, value in ids if value)
        if party.parent:
            note = "; ".join(filter(None, [note, f"parent as published: {party.parent}"]))
        yield Fact(words.PARTY_ROLES[party.role], party.name, note)
    if notice.reason:
        document = notice.kind is Kind.REGISTER_DOCUMENT
        yield Fact("What it does" if document else "Reason of the modification", notice.reason)
    if notice.competition:
        stated = notice.competition.model_dump(exclude_none=True, exclude={"set_aside_code"})
        for name, value in stated.items():
            yield Fact(_COMPETITION[name], str(value))
    for code in notice.classifications:
        value = " ".join(filter(None, [code.code, code.label]))
        yield Fact(f"Code ({code.scheme.upper()})", value)
    for place in notice.places:
        stated_parts = [place.street, place.city, place.region, place.postcode, place.country]
        yield Fact("Place of performance", ", ".join(part for part in stated_parts if part))


_COMPETITION = {
    "procedure": "How it was bought",
    "extent": "Competition",
    "reason_not_competed": "Reason given for no competition",
    "offers": "Offers received",
    "set_aside": "Set aside for",
    "pricing": "Pricing",
}
