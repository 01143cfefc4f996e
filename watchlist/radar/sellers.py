"""Sellers that the dictionary does not know, of what it knows. Pure functions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from noticewatch.text import normalise
from watchlist.evidence import Tag, field_texts
from watchlist.radar.phrases import Span
from watchlist.radar.reading import Seen

_LEGAL: Final = re.compile(
    r"\b(?:incorporated|inc|llc|l l c|ltd|corporation|corp|company|co|limited|lp|llp|plc|gmbh|the|and)\b"
)
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Seller:
    """A party that no vendor of the dictionary is named by, and what it sold.

    name: as printed most recently; identifiers: ``UEI:…``, ``CAGE:…``, ``DUNS:…``; sold: labels of tags by how many
    notices carry each; of_others: whether a maker of the dictionary is named beside it, so that it sells what others
    make; said: where its name stands, in each notice.
    """

    name: str
    identifiers: tuple[str, ...]
    sold: Mapping[str, int]
    of_others: bool
    said: tuple[tuple[Seen, Span], ...]


def seller_key(name: str) -> str:
    """What the spellings of one seller's name have in common: its words without legal forms, “and” and “the”."""
    plain = _NOT_WORD.sub(" ", normalise(name).text.replace(".", ""))
    return " ".join(_LEGAL.sub(" ", plain).split())


def unknown_sellers(matched: Sequence[Seen], tags: Mapping[int, Sequence[Tag]]) -> dict[str, Seller]:
    """Sellers by key, from matched notices, the newest first."""
    found: dict[str, list[tuple[Seen, Span, str]]] = {}
    for seen in matched:
        known = {piece.field for tag in tags[seen.number] for piece in tag.evidence if tag.kind == "vendor"}
        for field, name in field_texts(seen.notice).items():
            role, _, rest = field.removeprefix("parties.").partition(".")
            a_name = field.startswith("parties.") and role in {"supplier", "reseller"} and (not rest or rest.isdigit())
            if a_name and not any(one == field or one.startswith(f"{field}.") for one in known) and seller_key(name):
                found.setdefault(seller_key(name), []).append((seen, Span(field, 0, len(name)), name))
    return {name: _seller(said, tags) for name, said in found.items()}


def _seller(said: Sequence[tuple[Seen, Span, str]], tags: Mapping[int, Sequence[Tag]]) -> Seller:
    sold: dict[str, int] = {}
    for seen, _, _ in said:
        for label in sorted({tag.label for tag in tags[seen.number] if tag.tier == "alert"}):
            sold[label] = sold.get(label, 0) + 1
    makers = any(tag.role == "maker" for seen, _, _ in said for tag in tags[seen.number])
    identifiers = sorted({one for seen, span, _ in said for one in _identifiers(seen, span.field)})
    by_count = dict(sorted(sold.items(), key=lambda pair: (-pair[1], pair[0])))
    return Seller(said[0][2], tuple(identifiers), by_count, makers, tuple((seen, span) for seen, span, _ in said))


def _identifiers(seen: Seen, field: str) -> Iterable[str]:
    texts = field_texts(seen.notice)
    for scheme in ("uei", "cage", "duns"):
        if value := texts.get(f"{field}.{scheme}"):
            yield f"{scheme.upper()}:{value}"
