"""What the index holds of a notice and of a procurement: token streams, codes and whole numbers. Pure.

Text streams come in pairs (``title_exact``, ``title_stemmed``); ``all`` joins every text for unfielded words.
Whole numbers: days since 1970-01-01, money in minor units, and one sort key a sort, unique in its scope.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import orjson

from archive.queries import NoticeRow
from indexer.leading import leading, order_in_award
from indexer.money import MIXED, PURSES, band, purse
from indexer.tokens import PARTING, exact_stream, plain_text, stemmed_stream
from noticewatch.buyers import WHOLE_STATES, ancestors, buyers
from noticewatch.dates import PLANNED, dated, span
from noticewatch.models import Amount, AmountKind, Kind, Notice, Origin, Status
from noticewatch.numbers import plain
from watchlist.evidence import Tag

STREAMS: Final = ("title", "body", "document", "buyer", "supplier", "all")
_FIELDS: Final = STREAMS[:-1]
CODES: Final = (
    "source", "buyer", "vendor", "technology", "tier", "kind", "status", "listing", "jurisdiction", "naics", "psc",
    "cpv", "currency", "flag", "number", "year", "month", "band", *PURSES.values(),
)  # fmt: skip
DAYS: Final = ("dated", "due", "signed", "ends", "planned", "planned_last")
SORT_KEYS: Final = ("by_dated", "by_found", "by_amount", "by_due", "by_planned")
SCOPES: Final = ("notice", "procurement")
NUMBERS: Final = (
    "entry",
    "bucket",
    "hash",
    "least",
    "most",
    *DAYS,
    *SORT_KEYS,
    *(f"amount_{kind.value}" for kind in AmountKind),
)
"""Whole-number fields of the index; ``entry`` is the number of the notice, ``bucket`` and ``hash`` are for comparing
the index with the log; ``least`` and ``most`` bound the headline amount, which some sources state as a range,
``planned`` and ``planned_last`` the day on which a purchase is planned, of which some say the month or quarter alone.
"""
BUCKET: Final = 1_000
"""Numbers of notices whose documents make a bucket."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
NUMBER_BITS: Final = 32
"""Bits of a sort key below the day or ``seq`` in it: the number of the notice."""

DATELESS: Final = 1 << 54
"""Sort keys by a day begin here where there is no such day."""
_AMOUNT_BITS: Final = 25
_EXACT: Final = 1 << 36
"""Hundredths up to which amounts are sorted exactly; above, in steps of 1,000 whole units."""
_COARSE: Final = 100_000
_MOST_MINOR: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Document:
    """One entry of the index; absent numbers are left out.

    ``key`` is ``n<notice>`` or ``p<procurement>``; ``number`` a notice's number, for a procurement its earliest
    member's. A notice that stands alone is one entry with both ``scopes``.
    """

    key: str
    scopes: tuple[str, ...]
    number: int
    streams: dict[str, str]
    codes: dict[str, tuple[str, ...]]
    numbers: dict[str, int]

    @property
    def bucket(self) -> int:
        """The bucket that the document belongs to."""
        return self.number // BUCKET

    @property
    def hash(self) -> int:
        """31 bits that tell one content from another; sums over a bucket stay exact in floating point."""
        stated = [self.key, self.scopes, self.number, self.streams, self.codes, self.numbers]
        packed = orjson.dumps(stated, option=orjson.OPT_SORT_KEYS)
        return int.from_bytes(hashlib.blake2b(packed, digest_size=4).digest(), "big") >> 1


@dataclass(frozen=True, slots=True)
class Member:
    """A notice with its tags, and its own document."""

    row: NoticeRow
    tags: Sequence[Tag]
    document: Document


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def minor_units(value: Decimal) -> int:
    """A value in hundredths, rounded half even; beyond what 64 bits hold, the greatest or least they hold."""
    return max(-_MOST_MINOR, min(int((value * 100).to_integral_value()), _MOST_MINOR))


def notice_document(
    row: NoticeRow, tags: Sequence[Tag], sources: Sequence[str] = (), pages: Sequence[str] = ()
) -> Document:
    """The document of a single notice. ``sources``: all that tell of it, default the one its version comes from;
    ``pages``: texts of the pages of the documents that it lists or has listed.
    """
    notice = row.notice
    streams = _streams(
        [text.text for text in notice.title] if notice.title_from == "published" else [],
        [plain_text(text.text) for text in notice.description],
        pages,
        _buyer_names(notice),
        [party.printed or party.name for party in notice.parties],
        [item.label for item in notice.classifications if item.label],
        [number.printed for number in notice.numbers if number.type not in {"notice_id", "modification"}],
    )
    day = date.fromisoformat(dated(notice, row.first_seen)[0])
    days = {"dated": day_number(day), **_days(notice)}
    headline = notice.stated_amount()
    numbers = {**days, **_sort_keys(row.number, days, row.first_seen_seq)}
    currencies = {amount.currency for amount in notice.amounts if amount.currency}
    for amount in _summed(notice):
        if amount.value is not None and len(currencies) == 1:
            name = f"amount_{amount.kind.value}"
            numbers[name] = numbers.get(name, 0) + minor_units(amount.value)
    numbers |= bounds(headline)
    numbers["by_amount"] = _by_amount(row.number, numbers.get("least"), currencies)
    codes = _codes(row, tags, day, currencies, sources)
    codes |= _of_money(codes, headline.value if headline else None)
    return Document(f"n{row.number}", ("notice",), row.number, streams, codes, numbers)


def withheld_document(row: NoticeRow, tiers: Collection[str]) -> Document:
    """The document of a notice whose content is withheld: found by its id and number, never by a word of it, and last
    in every order of days. ``tiers``: of its tags, so that it stays on the watchlist if it was there.
    """
    codes: dict[str, tuple[str, ...]] = dict.fromkeys(CODES, ())
    codes |= {
        "source": (row.source,), "tier": tuple(sorted(tiers)), "listing": (row.listing.value,),
        "flag": ("taken_down",), "number": tuple(part for part in map(plain, row.id.split(":")) if len(part) >= 4),
    }  # fmt: skip
    numbers = _sort_keys(row.number, {"dated": 0}, row.first_seen_seq)
    numbers["by_amount"] = _by_amount(row.number, None, set())
    return Document(f"n{row.number}", ("notice",), row.number, _streams([], [], [], [], [], [row.id]), codes, numbers)


def bounds(amount: Amount | None) -> dict[str, int]:
    """The bounds of an amount in hundredths: the same twice, but of a range. A side that is not stated is open."""
    if amount is None:
        return {}
    exact = amount.value
    least, most = (amount.minimum, amount.maximum) if exact is None else (exact, exact)
    return {
        "least": minor_units(least) if least is not None else 0,
        "most": minor_units(most) if most is not None else _MOST_MINOR,
    }


def _summed(notice: Notice) -> Iterator[Amount]:
    """Amounts that may be added within their kind: never a change and the total after it together.

    Obligations count by their changes, which are summed over a contract, and never by a total: an award of which the
    actions are held states theirs again. Every other kind counts by its latest total. What a sub-award states is part
    of the award above it, and what a register has deleted obligates nothing.
    """
    if notice.kind is Kind.SUBAWARD:
        return
    stated = {(amount.kind, amount.basis) for amount in notice.amounts}
    for amount in notice.amounts:
        if amount.kind is AmountKind.OBLIGATED:
            counts = amount.basis == "change" and notice.status is not Status.WITHDRAWN
        else:
            counts = amount.basis == "state" or (amount.kind, "state") not in stated
        if counts:
            yield amount


def procurement_document(procurement: int, members: Sequence[Member]) -> Document:
    """The document of a procurement: what its members hold together, dated by its newest, headed by its leading one.

    A procurement of one notice is that notice's own document, in both scopes. Members whose content is withheld add
    nothing to it.
    """
    if len(members) == 1:
        return replace(members[0].document, scopes=("notice", "procurement"))
    number = min(member.row.number for member in members)
    first_found = min(member.document.numbers["by_found"] >> NUMBER_BITS for member in members)
    standing = [member for member in members if member.row.tombstone is None]
    if not standing:
        return replace(members[0].document, key=f"p{procurement}", scopes=("procurement",))
    ordered = sorted(standing, key=lambda member: order_in_award(member.row))
    documents = [member.document for member in ordered]
    streams = {name: _distinct(document.streams[name] for document in documents) for name in documents[0].streams}
    codes = {
        name: tuple(dict.fromkeys(code for document in documents for code in document.codes.get(name, ())))
        for name in CODES
    }
    lead = leading([member.row for member in ordered])
    lead_document = next(member.document for member in ordered if member.row is lead)
    codes["kind"] = tuple(dict.fromkeys((*lead_document.codes["kind"], *codes["kind"])))
    numbers = _sums(documents)
    newest = max(document.numbers["dated"] for document in documents)
    days = {
        name: max(d.numbers[name] for d in documents if name in d.numbers) for name in DAYS if _any(documents, name)
    }
    days["dated"] = newest
    numbers |= {**days, **_sort_keys(number, days, first_found)}
    exact = "least" in numbers and numbers["least"] == numbers["most"]
    value = Decimal(numbers["least"]) / 100 if exact else None
    if len(codes["currency"]) > 1:
        codes["currency"] = (MIXED,)
    codes |= _of_money(codes, value)
    numbers["by_amount"] = _by_amount(number, numbers.get("least"), set(codes["currency"]))
    return Document(f"p{procurement}", ("procurement",), number, streams, codes, numbers)


def _of_money(codes: dict[str, tuple[str, ...]], headline: Decimal | None) -> dict[str, tuple[str, ...]]:
    """The codes that follow from a headline amount, the currency and the values of facets."""
    purses = {name: purse(codes["currency"], codes[facet]) for facet, name in PURSES.items()}
    return {"band": band(headline, codes["currency"]), **purses}


def _sums(documents: Sequence[Document]) -> dict[str, int]:
    """Obligated changes summed once; of every other kind the newest member's; the headline by its order."""
    numbers: dict[str, int] = {}
    for kind in AmountKind:
        name = f"amount_{kind.value}"
        values = [
            (document.numbers["dated"], document.numbers[name]) for document in documents if name in document.numbers
        ]
        if values:
            numbers[name] = sum(value for _, value in values) if kind is AmountKind.OBLIGATED else max(values)[1]
    obligated = numbers.get("amount_obligated")
    stated = [document.numbers for document in documents if "least" in document.numbers]
    if obligated is not None:
        return numbers | {"least": obligated, "most": obligated}
    if stated:
        newest = max(stated, key=lambda one: (one["least"] == one["most"], one["dated"], one["least"]))
        return numbers | {"least": newest["least"], "most": newest["most"]}
    return numbers


def _any(documents: Iterable[Document], name: str) -> bool:
    return any(name in document.numbers for document in documents)


def _distinct(streams: Iterable[str]) -> str:
    """Distinct values of several streams, in order."""
    values = dict.fromkeys(value for stream in streams for value in stream.split(f" {PARTING} ") if value)
    return f" {PARTING} ".join(values)


def _streams(
    title: list[str],
    body: list[str],
    pages: Sequence[str],
    buyer: list[str],
    supplier: list[str],
    *others: list[str],
) -> dict[str, str]:
    values = {"title": title, "body": body, "document": pages, "buyer": buyer, "supplier": supplier}
    exact = {name: exact_stream(stated) for name, stated in values.items()}
    rest = [stream for stated in others if (stream := exact_stream(stated))]
    exact["all"] = f" {PARTING} ".join([stream for stream in (*exact.values(), *rest) if stream])
    streams: dict[str, str] = {}
    for name, stream in exact.items():
        streams[f"{name}_exact"] = stream
    for name in _FIELDS:
        streams[f"{name}_stemmed"] = stemmed_stream(exact[name], values[name])
    parts = [streams[f"{name}_stemmed"] for name in _FIELDS]
    stemmed_rest = [stemmed_stream(stream) for stream in rest]
    streams["all_stemmed"] = f" {PARTING} ".join(stream for stream in (*parts, *stemmed_rest) if stream)
    return streams


def _buyer_names(notice: Notice) -> list[str]:
    names: dict[str, None] = {}
    for buyer in notice.buyers:
        if buyer.name:
            names[buyer.name] = None
        for ancestor in ancestors(buyer.buyer_id) if buyer.buyer_id else ():
            if buyers()[ancestor].level not in WHOLE_STATES:
                names[buyers()[ancestor].name] = None
    return list(names)


def _codes(
    row: NoticeRow, tags: Sequence[Tag], day: date, currencies: set[str], sources: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    notice = row.notice
    contracting = [buyer.buyer_id for buyer in notice.buyers if buyer.role == "contracting" and buyer.buyer_id]
    above = dict.fromkeys(ancestor for buyer in contracting for ancestor in ancestors(buyer))
    flags = []
    if row.origin is Origin.REBUILT:
        flags.append("rebuilt")
    if notice.amounts:
        flags.append("has_amount")
    if notice.documents:
        flags.append("has_document")
    schemes: dict[str, list[str]] = {"naics": [], "psc": [], "cpv": []}
    for item in notice.classifications:
        if item.code and item.scheme in schemes:
            schemes[item.scheme].append(item.code)
    return {
        "source": tuple(sources) or (row.source,),
        "buyer": tuple(code for code in above if buyers()[code].level not in WHOLE_STATES),
        "vendor": tuple(dict.fromkeys(tag.id for tag in tags if tag.kind == "vendor")),
        "technology": tuple(dict.fromkeys(tag.id for tag in tags if tag.kind == "technology")),
        "tier": tuple(sorted({tag.tier for tag in tags})),
        "kind": (notice.kind.value,),
        "status": (notice.status.value,),
        "listing": (row.listing.value,),
        "jurisdiction": tuple(
            dict.fromkeys(buyers()[buyer].jurisdiction for buyer in contracting if buyer in buyers())
        ),
        "currency": (MIXED,) if len(currencies) > 1 else tuple(currencies),
        "flag": tuple(flags),
        "number": tuple(dict.fromkeys(number.plain for number in notice.numbers if len(number.plain) >= 4)),
        "year": (str(day.year),),
        "month": (f"{day:%Y-%m}",),
        **{scheme: tuple(dict.fromkeys(codes)) for scheme, codes in schemes.items()},
    }


def _days(notice: Notice) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, roles in (("due", ("due",)), ("signed", ("signed",)), ("ends", ("end", "option_end"))):
        value = notice.date(*roles)
        if value is not None and value.precision in {"time", "day"}:
            found[name] = day_number(datetime.fromisoformat(value.value).date())
    plan = notice.date(*PLANNED)
    if plan is not None and (days := span(plan)) is not None:
        found["planned"], found["planned_last"] = map(day_number, days)
    return found


def _sort_keys(number: int, days: dict[str, int], found: int) -> dict[str, int]:
    def ahead(day: int | None) -> int:
        return ((max(day, 0) << NUMBER_BITS) if day is not None else DATELESS) | number

    return {
        "by_dated": (max(days["dated"], 0) << NUMBER_BITS) | number,
        "by_found": (found << NUMBER_BITS) | number,
        "by_due": ahead(days.get("due")),
        "by_planned": ahead(days.get("planned")),
    }


def _by_amount(number: int, least: int | None, currencies: set[str]) -> int:
    """US dollars above the number, of a range its lower end: what it comes to at least. Amounts in other currencies and
    none at all come last.
    """
    if least is None or currencies != {"USD"}:
        return -(1 << 62) + number
    hundredths = abs(least)
    beyond = min(max(hundredths - _EXACT, 0) // _COARSE, _EXACT - 1)
    size = min(hundredths, _EXACT) + beyond
    return ((size if least >= 0 else -size) << _AMOUNT_BITS) + number
