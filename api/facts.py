"""What a page says about one notice, from its row and its tags. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archive.gone import Gone
from archive.rows import NoticeRow
from archive.said import listing_words, rebuilt_sentence
from noticewatch import addresses, words
from noticewatch.buyers import buyers
from noticewatch.dates import dated
from noticewatch.models import Amount, Kind, Notice, Status
from noticewatch.naming import body_name, buyer_id, buyer_name, party_names, title
from watchlist.evidence import Tag
from watchlist.views import makers


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a table of facts: its name, its value in words, a note in small print, and where it leads."""

    name: str
    value: str
    note: str = ""
    href: str = ""


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
    buyer_href: str
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
    wording: str


def facts(row: NoticeRow, tags: Sequence[Tag] = (), gone: Gone | None = None) -> Facts:
    """Everything the first screen states, in words; what the source does not state is called so. gone: since when it
    is no longer listed.
    """
    notice = row.notice
    day, day_from = dated(notice, row.first_seen)
    headline = notice.stated_amount()
    return Facts(
        id=row.id,
        title=title(notice, row.id),
        title_note="" if notice.title_from == "published" else "The source gives no title; this is its description.",
        kind=words.kind_words(notice.kind),
        kind_note=notice.kind_published or "",
        status=_status(row),
        listing=listing_words(row.listing, gone),
        buyer=buyer_name(notice),
        buyer_href=addresses.buyer(known) if (known := buyer_id(notice)) else "",
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
        wording=words.WORDINGS[row.origin],
    )


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
        page = addresses.buyer(buyer.buyer_id) if buyer.buyer_id and buyer.buyer_id in buyers() else ""
        yield Fact(words.BUYER_ROLES[buyer.role], body_name(buyer), note, page)
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
