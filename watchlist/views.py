"""Tags as readers see them: one of a thing, with its roles, its tier in words and the quotes for it. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from noticewatch import addresses, words
from noticewatch.models import Notice
from watchlist.evidence import Evidence, Tag, field_texts

_AROUND = 90
"""Characters of context shown on each side of a quote."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Why a tag stands: the words of the source in their context, the field they are in, and the reason. ``href``:
    address of the notice whose words they are, where it is another one.
    """

    field: str
    before: str
    quote: str
    after: str
    why: str
    href: str = ""


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


def makers(tags: Iterable[Tag]) -> list[str]:
    """Vendors that the tags call the maker of what is bought, strong matches only."""
    strong = (tag for tag in tags if tag.kind == "vendor" and tag.tier == "alert")
    named = (tag.label for tag in strong if tag.role in {"maker", "product"})
    return list(dict.fromkeys(named))


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
    """Where a tag leads: the page of the vendor or technology."""
    return addresses.vendor(tag_id) if kind == "vendor" else addresses.technology(tag_id)


def quote_of(evidence: Evidence, notice: Notice) -> Quote:
    """A quote in its context. The span is checked against the text; a quote found nowhere, or in another notice, stands
    alone.
    """
    before, quoted, after = "", evidence.quote, ""
    text = "" if evidence.notice else field_texts(notice).get(evidence.field, "")
    start = evidence.start if text[evidence.start : evidence.end] == evidence.quote else text.find(evidence.quote)
    if evidence.quote and start >= 0:
        end = start + len(evidence.quote)
        before, after = _clipped(text[:start], keep_end=True), _clipped(text[end:], keep_end=False)
    href = addresses.notice(evidence.notice) if evidence.notice else ""
    return Quote(words.field_words(evidence.field), before, quoted, after, evidence.why, href)


def _clipped(text: str, *, keep_end: bool) -> str:
    if len(text) <= _AROUND:
        return text
    if keep_end:
        return "… " + text[-_AROUND:].partition(" ")[2]
    return text[:_AROUND].rpartition(" ")[0] + " …"
