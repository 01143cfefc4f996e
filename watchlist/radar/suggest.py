"""What a person is asked to judge: new phrases, unknown sellers, notices near to matched ones, each with its quotes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final, Literal, TypeAlias

from sqlalchemy import Connection

from noticewatch.buyers import buyers
from noticewatch.models import Kind, Notice, Text
from watchlist.evidence import Tag, field_texts
from watchlist.matcher import Matcher
from watchlist.queries import tags_of
from watchlist.radar import reading
from watchlist.radar.likeness import Likeness, Near, short, widest
from watchlist.radar.news import News, news
from watchlist.radar.phrases import Span, phrases, spans
from watchlist.radar.reading import Seen
from watchlist.radar.sellers import Seller, unknown_sellers

What: TypeAlias = Literal["phrase", "seller", "notice"]

LEAST_LIKE: Final = 0.25
"""Likeness from which an unmatched notice is near to a matched one."""

_BESIDE_MATCHED: Final = 0.2
"""What a matched notice adds to its new phrases: it was found without them."""

_LEAST_BESIDE: Final = 0.1
_MOST_QUOTES: Final = 3
_AROUND: Final = 70


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words of a notice as published, with what stands around them. ``start`` and ``end`` count in the field's text."""

    notice: str
    day: str
    field: str
    start: int
    end: int
    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to judge. ``what`` and ``key`` name it, also in the file of what was rejected.

    why: a sentence; score orders what is of one kind; leads_to: technologies of the matched notices that led to it,
    the likeliest first.
    """

    what: What
    key: str
    name: str
    why: str
    score: float
    quotes: tuple[Quoted, ...]
    leads_to: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    resells: bool = False

    @property
    def id(self) -> str:
        """By what a command names it."""
        return f"{self.what}:{self.key}"


@dataclass(frozen=True, slots=True)
class Look:
    """What was looked at: new notices dated ``since`` a day, of how many agencies, and the suggestions by kind."""

    since: str
    notices: int
    unmatched: int
    matched: int
    suggestions: tuple[Suggestion, ...]


Told: TypeAlias = Callable[[str], None]


def look(
    connection: Connection,
    matcher: Matcher,
    since: str,
    *,
    only: Collection[int] | None = None,
    rejected: Collection[tuple[str, str]] = (),
    most: int = 20,
    tell: Told = lambda _: None,
) -> Look:
    """Suggestions from notices dated on or after a day, of all agencies or of those with these numbers, at most
    ``most`` of each kind; those in ``rejected`` (what, key) are left out. The same archive gives the same.
    """
    tell("Reading new notices")
    new = reading.new_notices(connection, since, only)
    tell("Reading matched notices")
    known = reading.matched_notices(connection)
    tags = tags_of(connection, [seen.number for seen in (*known, *new) if seen.tiers], matcher.dictionary)
    tell("Comparing phrases")
    found = _Radar(connection, new, known, tags)
    made = (
        (one for one in found.phrases(matcher) if (one.what, one.key) not in rejected),
        (one for one in found.sellers() if (one.what, one.key) not in rejected),
        (one for one in found.near() if (one.what, one.key) not in rejected),
    )
    suggestions = [one for each in made for one in _first(each, most)]
    unmatched = sum(not seen.tiers for seen in new)
    return Look(since, len(new), unmatched, len(known), tuple(suggestions))


def _first(each: Iterable[Suggestion], most: int) -> list[Suggestion]:
    return [one for one, _ in zip(each, range(most), strict=False)]


class _Radar:
    """New notices beside the matched ones."""

    def __init__(
        self,
        connection: Connection,
        new: Sequence[Seen],
        known: Sequence[Seen],
        tags: Mapping[int, Sequence[Tag]],
    ) -> None:
        self._new, self._known, self._tags = new, {seen.number: seen for seen in known}, tags
        self._phrases = [phrases(seen.notice) for seen in new]
        compared = {seen.number: short(phrases(seen.notice)) for seen in known}
        self._said = reading.said_by(connection, {one for some in (*self._phrases, *compared.values()) for one in some})
        self._held = reading.notices_by_agency(connection)
        said = {phrase: sum(by_agency.values()) for phrase, by_agency in self._said.items()}
        self._likeness = Likeness(compared, said, sum(self._held.values()))
        self._near = [self._nearest(place) for place in range(len(new))]

    def phrases(self, matcher: Matcher) -> Iterable[Suggestion]:
        """Phrases that are news and that the dictionary does not know, those first that stand in notices like matched
        ones or hold words that these say.
        """
        agencies = [(seen.agency, said) for seen, said in zip(self._new, self._phrases, strict=True)]
        groups: dict[tuple[int, ...], list[tuple[float, News]]] = {}
        for one in news(agencies, self._said, self._held):
            if (score := self._score(one)) > 0:
                groups.setdefault(one.notices, []).append((score, one))
        told = set[str]()
        for group in sorted(
            groups.values(), key=lambda group: (-max(score for score, _ in group), group[0][1].notices)
        ):
            best = next((pair for pair in sorted(group, key=_clearest) if not _is_known(matcher, pair[1].phrase)), None)
            if best and best[1].phrase not in told:
                told.add(best[1].phrase)
                yield self._phrase(*best)

    def sellers(self) -> Iterable[Suggestion]:
        """Unknown sellers of what the dictionary knows, those of most notices first."""
        matched = [seen for seen in self._new if "alert" in seen.tiers]
        found = unknown_sellers(matched, self._tags)
        for key, seller in sorted(found.items(), key=lambda pair: (-len(pair[1].said), pair[0])):
            yield self._seller(key, seller)

    def near(self) -> Iterable[Suggestion]:
        """Unmatched notices near to matched ones, the nearest first; of those that say the same one."""
        told = set[tuple[str, ...]]()
        places = [(near, place) for place, near in enumerate(self._near) if near and not self._new[place].tiers]
        for near, place in sorted(places, key=lambda pair: (-round(pair[0].likeness, 9), -pair[1])):
            if near.likeness >= LEAST_LIKE and near.shared not in told:
                told.add(near.shared)
                yield self._notice(near, place)

    def _nearest(self, place: int) -> Near | None:
        seen = self._new[place]
        return None if "alert" in seen.tiers else self._likeness.nearest(short(self._phrases[place]))

    def _score(self, one: News) -> float:
        beside = sum(map(self._beside, one.notices)) / len(one.notices)
        own = max(map(self._likeness.tells, one.phrase.split(" ")), default=0.0)
        return 0.0 if beside < _LEAST_BESIDE else round((beside + own / 40) * (1 + log(len(one.notices)) / 4), 6)

    def _beside(self, place: int) -> float:
        """How much a new notice speaks for the watchlist apart from the phrase that is judged."""
        if "alert" in self._new[place].tiers:
            return _BESIDE_MATCHED
        near = self._near[place]
        return near.likeness if near else 0.0

    def _phrase(self, score: float, one: News) -> Suggestion:
        count, agency = len(one.notices), _agency(one.agency)
        now = f"{count} new notice{'s' if count > 1 else ''} of {agency}"
        why = {
            "new": f"{now}: no notice of any agency said it before.",
            "new here": f"{now}: none of its notices said it before, {one.elsewhere:,} of other agencies did.",
            "rising": f"{now}; {one.before:,} of its earlier ones said it.",
        }[one.how]
        seen = [self._new[place] for place in one.notices[:_MOST_QUOTES]]
        quotes = tuple(filter(None, (_quoted(each, spans(each.notice).get(one.phrase)) for each in seen)))
        return Suggestion("phrase", one.phrase, one.phrase, why, score, quotes, self._led(one.notices))

    def _seller(self, key: str, seller: Seller) -> Suggestion:
        count = len(seller.said)
        sold = ", ".join(f"{label} ({held})" for label, held in list(seller.sold.items())[:4])
        beside = "beside what is on the watchlist" if seller.of_others else "with no maker named"
        why = f"Supplier in {count} matched notice{'s' if count > 1 else ''}, {beside}: {sold}."
        quotes = [_quoted(seen, span) for seen, span in seller.said[:_MOST_QUOTES]]
        numbers = [tag for seen, _ in seller.said for tag in self._tags[seen.number]]
        return Suggestion(
            "seller", key, seller.name, why, float(count), tuple(filter(None, quotes)), _technologies(numbers),
            seller.identifiers, seller.of_others,
        )  # fmt: skip

    def _notice(self, near: Near, place: int) -> Suggestion:
        seen, matched = self._new[place], self._known[near.matched]
        where = spans(seen.notice)
        shared = widest(near.shared)[:_MOST_QUOTES]
        why = f"It shares {_listed(shared)} with the matched notice {matched.id}."
        quotes = [_quoted(seen, where.get(phrase)) for phrase in shared]
        leads = _technologies(self._tags.get(near.matched, ()))
        name, said = _title(seen.notice), tuple(filter(None, quotes))
        return Suggestion("notice", seen.id, name, why, near.likeness, said, leads)

    def _led(self, places: Sequence[int]) -> tuple[str, ...]:
        """Technologies that notices carry, or the matched ones nearest to them."""
        found: list[Tag] = []
        for place in places:
            near = self._near[place]
            found += self._tags.get(near.matched if near else self._new[place].number, ())
        return _technologies(found)


def _clearest(scored: tuple[float, News]) -> tuple[float, int, str]:
    """Order of phrases that stand in the same notices: said by several it is the longest that tells what they share, by
    a single one the one that speaks most for the watchlist, then the shortest.
    """
    score, one = scored
    length = len(one.phrase)
    return (0.0, -length, one.phrase) if len(one.notices) > 1 else (-score, length, one.phrase)


def _technologies(tags: Iterable[Tag]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for tag in tags:
        if tag.kind == "technology" and tag.tier == "alert":
            counts[tag.id] = counts.get(tag.id, 0) + 1
    return tuple(sorted(counts, key=lambda one: (-counts[one], one))[:3])


def _is_known(matcher: Matcher, phrase: str) -> bool:
    return bool(matcher.tags(Notice(kind=Kind.OTHER, title=(Text(text=phrase),))))


def _quoted(seen: Seen, span: Span | None) -> Quoted | None:
    if span is None:
        return None
    text = field_texts(seen.notice)[span.field]
    before, after = text[max(0, span.start - _AROUND) : span.start], text[span.end : span.end + _AROUND]
    quote = text[span.start : span.end]
    return Quoted(seen.id, seen.day, span.field, span.start, span.end, _one_line(before), quote, _one_line(after))


def _one_line(text: str) -> str:
    start, end = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' if start else ''}{' '.join(text.split())}{' ' if end else ''}"


def _title(notice: Notice) -> str:
    texts = notice.title or notice.description
    return _one_line(texts[0].text)[:160] if texts else ""


def _listed(phrases: Sequence[str]) -> str:
    return ", ".join(f"“{phrase}”" for phrase in phrases)


def _agency(agency: str) -> str:
    entry = buyers().get(agency)
    return entry.short_name if entry else agency or "no agency named"
