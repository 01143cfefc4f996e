"""Why a text would be on the watchlist, or not: the matcher's answer for a text that nobody has archived."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from noticewatch.models import Kind, Notice, Party, Text
from watchlist.dictionary import Dictionary
from watchlist.evidence import Evidence, Tag, field_texts, languages
from watchlist.matcher import Matcher
from watchlist.names import Name
from watchlist.patterns import Found, Hit, Patterns

_ROLES: Final = {
    "needs_context": "counts only beside other evidence of the same owner",
    "legal_name_only": "counts only where it is the whole name of a party",
    "never_alone": "causes no tag by itself",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """Text that was left out as a clause: contracts carry it whatever is bought. ``evidence``: what it would have
    given.
    """

    field: str
    quote: str
    start: int
    end: int
    clause: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Vetoed:
    """A term that means another thing here: ``by`` are the words that say so, of the same technology."""

    evidence: Evidence
    technology: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unused:
    """A name of the dictionary that stands in the text and gave no tag, with the reason."""

    field: str
    quote: str
    start: int
    end: int
    owner: str
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a text is tagged with and why; what was cut, vetoed or not used. ``version``: of the dictionary."""

    version: str
    tags: tuple[Tag, ...]
    cut: tuple[Cut, ...]
    vetoed: tuple[Vetoed, ...]
    unused: tuple[Unused, ...]


def notice_of(title: str, description: str = "", supplier: str = "", language: str = "en") -> Notice:
    """A notice that says no more than this."""
    parties = (Party(role="supplier", name=supplier),) if supplier else ()
    described = (Text(text=description, language=language),) if description else ()
    return Notice(kind=Kind.OTHER, title=(Text(text=title, language=language),), description=described, parties=parties)


def explained(matcher: Matcher, notice: Notice) -> Explanation:
    """Why a notice would be tagged as it would. Pure; linear in the length of its texts."""
    dictionary, patterns = matcher.dictionary, matcher.patterns
    tags, texts = matcher.tags(notice), field_texts(notice)
    given = _reasons(tags)
    uncut = _more(matcher.tags(notice, cut=False), given)
    unvetoed = _more(matcher.tags(notice, vetoes=False), given)
    found = _found(patterns, notice, texts)
    hits = [hit for one in found for hit in patterns.hits(one)]
    cut = tuple(_cut(patterns, found, texts, uncut))
    vetoed = tuple(_vetoed(unvetoed, hits))
    said = [*given, *(one.evidence for one in vetoed)]
    unused = tuple(_unused(dictionary, texts, [hit for hit in hits if not any(_covers(p, hit) for p in said)]))
    return Explanation(dictionary.version, tags, cut, vetoed, unused)


def _reasons(tags: tuple[Tag, ...]) -> dict[Evidence, Tag]:
    return {piece: tag for tag in tags for piece in tag.evidence}


def _more(tags: tuple[Tag, ...], given: dict[Evidence, Tag]) -> dict[Evidence, Tag]:
    """What else there would be where less is held back."""
    known = {(piece.field, piece.start, piece.end, tag.id) for piece, tag in given.items()}
    return {p: tag for p, tag in _reasons(tags).items() if (p.field, p.start, p.end, tag.id) not in known}


def _cut(patterns: Patterns, found: list[Found], texts: Mapping[str, str], uncut: dict[Evidence, Tag]) -> Iterator[Cut]:
    for one in found:
        for clause, start, end in patterns.clauses(one):
            source = one.text.source_span
            begin, stop = source(max(0, start - clause.before), min(len(one.text.text), end + clause.after))
            inside = tuple(p for p in uncut if p.field == one.field and begin <= p.start < stop)
            quoted = texts[one.field][slice(*source(start, end))]
            yield Cut(one.field, quoted, begin, stop, clause.name, inside)


def _vetoed(unvetoed: dict[Evidence, Tag], hits: list[Hit]) -> Iterator[Vetoed]:
    for piece, tag in unvetoed.items():
        vetoes = [hit for hit in hits if hit.name.part == "veto" and hit.name.owner == tag.id]
        if piece.by == "term" and tag.kind == "technology" and vetoes:
            yield Vetoed(piece, tag.label, tuple(dict.fromkeys(hit.name.name for hit in vetoes)))


def _found(patterns: Patterns, notice: Notice, texts: Mapping[str, str]) -> list[Found]:
    spoken = languages(notice)
    found = (patterns.find(field, text, spoken.get(field, "")) for field, text in texts.items())
    return [one for one in found if one is not None]


def _unused(dictionary: Dictionary, texts: Mapping[str, str], hits: list[Hit]) -> Iterator[Unused]:
    told = set[tuple[str, int, str]]()
    for hit in hits:
        if hit.name.part not in {"name", "product", "term"} or (hit.field, hit.start, hit.name.owner) in told:
            continue
        told.add((hit.field, hit.start, hit.name.owner))
        kind = "technology" if hit.name.part == "term" else "vendor"
        owner = dictionary.label(kind, hit.name.owner)
        yield Unused(hit.field, texts[hit.field][hit.start : hit.end], hit.start, hit.end, owner, _why(hit.name, owner))


def _covers(piece: Evidence, hit: Hit) -> bool:
    return piece.field == hit.field and piece.start <= hit.start and hit.end <= piece.end


def _why(name: Name, owner: str) -> str:
    what = {"name": "a name of", "product": "a product of", "term": "a term of"}.get(name.part, "a word of")
    rule = _ROLES.get(name.policy, "stands where it says nothing of what is bought")
    return f"{what} {owner}: it {rule}"
