"""From a question to the compiled query, to the form the reader is shown, and to the words to mark."""

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from indexer.ast import All, AnyOf, Between, Code, Near, Node, Not, Phrase, Prefix
from indexer.documents import day_number, minor_units
from indexer.engine import Boost
from indexer.money import amount_read
from indexer.names import VOCABULARIES, Names
from indexer.query import Asked, Bounded, Close, Every, Question, Quoted, Some, Starting, Without, Word
from indexer.requests import QueryError
from indexer.tokens import abbreviations, other_spellings, stem, tokens
from noticewatch.numbers import plain
from noticewatch.text import WORD

_TEXT: Final = {"title": "title", "body": "body", "document": "document", "supplier": "supplier", "buyer": "buyer"}
_CODES: Final = frozenset(
    {"vendor", "technology", "tier", "kind", "status", "listing", "source", "jurisdiction", "naics", "psc", "cpv"}
)
_CAPITALS: Final = frozenset({"jurisdiction", "psc"})
_DAYS: Final = frozenset({"dated", "due", "signed", "ends"})
_DIGIT: Final = re.compile(r"\d")
_RANGE: Final = re.compile(r"\[\s*(\S+)\s+TO\s+(\S+?)\s*\]")
_COMPARISON: Final = re.compile(r"(>=|<=|>|<)(.+)")
_NO_JOINTS: Final = re.compile(r"[^\w'\u2019\u2010\u2011-]+")
_BARE: Final = re.compile(r"[^\W_][\w.-]*")
_JOINTS: Final = frozenset({"or", "not"})
_SCALE: Final = {"k": 1_000, "m": 1_000_000}
SHORTEST_PREFIX: Final = 3
_TITLE, _SUPPLIER, _NUMBER = 3.0, 2.0, 8.0
WIDEST: Final = 10


@dataclass(slots=True)
class Meaning:
    """What a question means. ``words``: stems to mark in texts; ``warnings``: sentences for the reader; ``boosts``:
    what makes a result better in the order by relevance.
    """

    node: Node
    understood: str
    words: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    boosts: list[Boost] = field(default_factory=list)


def meaning(question: Question, names: Names) -> Meaning:
    """Compile a question. Raises QueryError for values that a field cannot have."""
    return _Compiler(names).whole(question)


class _Compiler:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._words: set[str] = set()
        self._warnings: list[str] = []
        self._boosts: dict[Node, float] = {}

    def whole(self, question: Question) -> Meaning:
        found = self._any(question, marks=True)
        node, understood = found or (All(()), "")
        return Meaning(node, understood, self._words, self._warnings, list(self._boosts.items()))

    def _any(self, question: Question, *, marks: bool) -> tuple[Node, str] | None:
        """Node and understood form; None where nothing searchable was asked."""
        match question:
            case Every(parts):
                return self._joined(parts, All, " AND ", marks=marks)
            case Some(parts):
                return self._joined(parts, AnyOf, " OR ", marks=marks)
            case Without(part):
                found = self._any(part, marks=False)
                return found and (Not(found[0]), f"NOT {_bracketed(found[1])}")
            case Asked():
                return self._leaf(question, marks=marks)

    def _joined(
        self, parts: tuple[Question, ...], join: Callable[[tuple[Node, ...]], Node], word: str, *, marks: bool
    ) -> tuple[Node, str] | None:
        found = [one for part in parts if (one := self._any(part, marks=marks)) is not None]
        distinct = list(dict.fromkeys(found))
        if not distinct:
            return None
        if len(distinct) == 1:
            return distinct[0]
        return join(tuple(node for node, _ in distinct)), word.join(_bracketed(text) for _, text in distinct)

    def _leaf(self, leaf: Asked, *, marks: bool) -> tuple[Node, str] | None:  # noqa: PLR0911 - one a family of fields
        name = leaf.field
        if name is None or name in _TEXT:
            return self._text(leaf, marks=marks)
        if name == "number":
            return self._number(leaf)
        if name in _DAYS:
            return _days(leaf, name)
        if name == "planned":
            return _planned(leaf)
        if name == "amount":
            return _amount(leaf)
        if name == "has":
            return _has(leaf)
        if name == "is":
            return _is(leaf)
        assert name in _CODES
        return self._code(leaf, name)

    def _text(self, leaf: Asked, *, marks: bool) -> tuple[Node, str] | None:
        stream = _TEXT.get(leaf.field or "", "all")
        prefix = f"{leaf.field}:" if leaf.field else ""
        if isinstance(leaf, Bounded):
            raise QueryError("Words have no order to compare", leaf.at, "Comparisons go with dated, due or amount.")
        found = tuple(tokens(leaf.text))
        if not found:
            self._warn(f"“{leaf.text}” has no letters or digits and was left out.")
            return None
        if marks:
            if not self._names_a_buyer(leaf):
                self._words.update(map(stem, found))
            self._boost(leaf, stream, found)
        match leaf:
            case Starting():
                return self._starting(leaf, stream, found, prefix)
            case Close():
                return _close(leaf, stream, found, prefix)
            case Quoted():
                number = "" if " " in leaf.text.strip() else _number_in(stream, found)
                shown = f'{prefix}"{("-" if number else " ").join(found)}"'
                return self._also(leaf, Phrase(f"{stream}_exact", found), shown, number)
        return self._word(leaf, stream, found, prefix, marks=marks)

    def _word(self, leaf: Asked, stream: str, found: tuple[str, ...], prefix: str, *, marks: bool) -> tuple[Node, str]:
        node: Node = Phrase(f"{stream}_stemmed", tuple(map(stem, found)))
        others = other_spellings(leaf.text)
        if others:
            stems = [tuple(map(stem, other.split())) for other in others]
            node = AnyOf((node, *(Phrase(f"{stream}_stemmed", other) for other in stems)))
            if marks:
                self._words.update(token for other in stems for token in other)
        shown = prefix + _one_word(leaf.text, found, others)
        if leaf.text in _JOINTS:
            self._warn(f"“{leaf.text}” is searched for as a word; write {leaf.text.upper()} to join words with it.")
        meant = abbreviations().get(found[0], ()) if len(found) == 1 else ()
        if not meant:
            return self._also(leaf, node, shown, _number_in(stream, found))
        phrases = [Phrase(f"{stream}_stemmed", tuple(map(stem, phrase))) for phrase in meant]
        written = [f'"{" ".join(phrase)}"' for phrase in meant]
        self._warn(f"{leaf.text} also finds {' and '.join(written)}; put it in quotation marks to find it alone.")
        if marks:
            self._words.update(stem(token) for phrase in meant for token in phrase)
        return AnyOf((node, *phrases)), " OR ".join([shown, *(prefix + phrase for phrase in written)])

    def _also(self, leaf: Asked, node: Node, shown: str, number: str) -> tuple[Node, str]:
        """A word that could be a number also matches numbers, with or without hyphens."""
        if number:
            return AnyOf((node, Code("number", number))), shown
        if self._names_a_buyer(leaf):
            return AnyOf((node, Code("buyer", self._names.code("buyer", leaf.text) or ""))), shown
        return node, shown

    def _names_a_buyer(self, leaf: Asked) -> bool:
        """Whether it names a public body of the table: ICE is then no word to be marked in a text about ice."""
        return leaf.field == "buyer" and isinstance(leaf, Word | Quoted) and bool(self._names.code("buyer", leaf.text))

    def _starting(self, leaf: Asked, stream: str, found: tuple[str, ...], prefix: str) -> tuple[Node, str]:
        if len(found) > 1:
            raise QueryError("An asterisk goes with one word", leaf.at, f"Search for {found[-1]}* and {found[0]}.")
        if len(found[0]) < SHORTEST_PREFIX:
            raise QueryError(
                f"{leaf.text}* is too short", leaf.at, f"Write at least {SHORTEST_PREFIX} letters before the asterisk."
            )
        node: Node = Prefix(f"{stream}_exact", found[0])
        if stream == "all" and _DIGIT.search(found[0]):
            node = AnyOf((node, Prefix("number", plain(found[0]))))
        self._words.discard(stem(found[0]))
        self._words.add(f"{found[0]}*")
        return node, f"{prefix}{found[0]}*"

    def _number(self, leaf: Asked) -> tuple[Node, str]:
        number = plain(leaf.text)
        if not number or isinstance(leaf, Bounded | Close):
            raise QueryError("That is not a number", leaf.at, "Write number:70CMSD23FR0000145.")
        if isinstance(leaf, Starting):
            if len(number) < SHORTEST_PREFIX:
                raise QueryError("That start is too short", leaf.at, f"Write at least {SHORTEST_PREFIX} characters.")
            return Prefix("number", number), f"number:{number}*"
        return Code("number", number), f"number:{_as_value(number)}"

    def _code(self, leaf: Asked, name: str) -> tuple[Node, str]:
        if isinstance(leaf, Bounded | Close):
            raise QueryError(f"{name} has no order", leaf.at, f"Write {name}:VALUE.")
        if isinstance(leaf, Starting):
            if len(leaf.text) < SHORTEST_PREFIX:
                raise QueryError("That start is too short", leaf.at, f"Write at least {SHORTEST_PREFIX} characters.")
            start = leaf.text.upper() if name in _CAPITALS else leaf.text.lower()
            return Prefix(name, start), f"{name}:{start}*"
        code = self._names.code(name, leaf.text.strip())
        if code is None:
            way_out = self._names.way_out(name)
            raise QueryError(f"There is no {name} {leaf.text!r}", leaf.at, f"{way_out[0].upper()}{way_out[1:]}.")
        return Code(name, code), f"{name}:{_as_value(code)}"

    def _boost(self, leaf: Asked, stream: str, found: tuple[str, ...]) -> None:
        """Words weigh by how rare they are, more in a title or a seller's name, most as a number of the thing."""
        stems = tuple(map(stem, found))
        if isinstance(leaf, Starting):
            return
        if isinstance(leaf, Close):
            nodes: dict[Node, float] = {Phrase(f"{stream}_stemmed", (one,)): 1.0 for one in stems}
        else:
            nodes = {Phrase(f"{stream}_stemmed", stems): 1.0}
        if stream == "all":
            nodes |= {Phrase("title_stemmed", stems): _TITLE, Phrase("supplier_stemmed", stems): _SUPPLIER}
            if _DIGIT.search(number := plain("".join(found))):
                nodes[Code("number", number)] = _NUMBER
        self._boosts |= nodes

    def _warn(self, sentence: str) -> None:
        if sentence not in self._warnings:
            self._warnings.append(sentence)


def _number_in(stream: str, found: tuple[str, ...]) -> str:
    """The number that a word of the whole text could be, by its tokens, as what is understood states them; or empty."""
    number = plain("".join(found)) if stream == "all" else ""
    return number if len(number) >= 4 and _DIGIT.search(number) else ""


def _one_word(text: str, found: tuple[str, ...], others: Sequence[str]) -> str:
    """A word of several tokens in a form that means the same when it is read again."""
    forms = [joint.join(parts) for parts in (found, WORD.findall(text)) for joint in ("-", "/")]
    as_joined = _NO_JOINTS.sub("/", text).strip("/")  # AT&T's: at/t's
    forms += [as_joined.lower(), as_joined]
    return next((form for form in forms if other_spellings(form) == others), forms[0])


def _as_value(text: str) -> str:
    """A code or number as it is written after its field."""
    return text if _BARE.fullmatch(text) and text not in {"AND", "OR", "NOT"} else f'"{text}"'


def _bracketed(text: str) -> str:
    return f"({text})" if " AND " in text or " OR " in text else text


def _close(leaf: Close, stream: str, found: tuple[str, ...], prefix: str) -> tuple[Node, str]:
    if not 2 <= len(found) <= 3:
        raise QueryError("Proximity takes two or three words", leaf.at, 'Write "social monitoring"~3.')
    if leaf.most > WIDEST:
        raise QueryError(f"~{leaf.most} is too wide", leaf.at, f"At most {WIDEST} words may stand between.")
    ordered = tuple(sorted(found))
    return Near(f"{stream}_exact", ordered, leaf.most), f'{prefix}"{" ".join(ordered)}"~{leaf.most}'


def _days(leaf: Asked, name: str) -> tuple[Node, str]:
    low, high = _bounds(leaf, lambda text: _span(text, leaf))
    return Between(name, _day(low), _day(high)), f"{name}:[{low or '*'} TO {high or '*'}]"


def _planned(leaf: Asked) -> tuple[Node, str]:
    """Plans are stated to the day, month or quarter: one is found where its day may lie within the bounds."""
    low, high = _bounds(leaf, lambda text: _span(text, leaf))
    node = All((Between("planned", None, _day(high)), Between("planned_last", _day(low), None)))
    return node, f"planned:[{low or '*'} TO {high or '*'}]"


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _span(text: str, leaf: Asked) -> tuple[date, date]:
    """First and last day of a year, month or day."""
    match = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text)
    try:
        if match is None:
            raise ValueError  # noqa: TRY301 - one sentence for every way a date can be wrong
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        last = month or 12
        first = date(year, month or 1, day or 1)
        return first, date(year, last, day or calendar.monthrange(year, last)[1])
    except ValueError as error:
        raise QueryError(f"{text!r} is not a date", leaf.at, "Write 2024, 2024-06 or 2024-06-30.") from error


def _amount(leaf: Asked) -> tuple[Node, str]:
    low, high = _bounds(leaf, lambda text: (_sum(text, leaf),) * 2)
    return headline_within(low, high), f"amount:[{_or_star(low)} TO {_or_star(high)}]"


def headline_within(low: Decimal | None, high: Decimal | None) -> Node:
    """What has a headline amount in US dollars within inclusive bounds, or a range that may lie within them."""
    parts: list[Node] = [Code("currency", "USD")]
    if low is not None:
        parts.append(Between("most", minor_units(low), None))
    if high is not None or low is None:
        parts.append(Between("least", None, None if high is None else minor_units(high)))
    return All(tuple(parts))


def _or_star(value: Decimal | None) -> str:
    return "*" if value is None else f"{value:f}"


def _sum(text: str, leaf: Asked) -> Decimal:
    scale = _SCALE.get(text[-1:].lower(), 1)
    value = amount_read(text[:-1] if scale > 1 else text)
    if value is None or abs(value * scale) >= 10**15:
        raise QueryError(f"{text!r} is not an amount", leaf.at, "Write amount:>100000, in US dollars.")
    return (value * scale).quantize(Decimal("0.01"))


def _bounds(leaf: Asked, read: Callable[[str], tuple[object, object]]) -> tuple:  # type: ignore[type-arg]  # of read's own type
    """Inclusive bounds of a range, comparison or single value; ``*`` leaves a side open."""
    if match := _RANGE.fullmatch(leaf.text):
        low = None if match[1] == "*" else read(match[1])[0]
        high = None if match[2] == "*" else read(match[2])[1]
        if low is not None and high is not None and low > high:  # type: ignore[operator]  # both days, or both sums
            raise QueryError("The range ends before it begins", leaf.at, f"Write {leaf.field}:[{high} TO {low}].")
        return low, high
    if match := _COMPARISON.fullmatch(leaf.text):
        sign, text = match[1], match[2]
        first, last = read(text)
        return {
            ">=": (first, None), "<=": (None, last), ">": (_next(last, 1), None), "<": (None, _next(first, -1)),
        }[sign]  # fmt: skip
    if not isinstance(leaf, Word | Quoted):
        raise QueryError(f"{leaf.field} takes a value or a range", leaf.at, f"Write {leaf.field}:[a TO b].")
    return read(leaf.text.strip())


def _next(value: object, step: int) -> object:
    if isinstance(value, date):
        return date.fromordinal(min(max(value.toordinal() + step, 1), date.max.toordinal()))
    assert isinstance(value, Decimal)
    return value + Decimal("0.01") * step


def _has(leaf: Asked) -> tuple[Node, str]:
    if leaf.text not in {"amount", "document"}:
        raise QueryError(f"has:{leaf.text} is not known", leaf.at, "Use has:amount or has:document.")
    return Code("flag", f"has_{leaf.text}"), f"has:{leaf.text}"


def _is(leaf: Asked) -> tuple[Node, str]:
    value = leaf.text.lower().replace("-", "_").replace(" ", "_")
    if value in {"rebuilt", "taken_down"}:
        return Code("flag", value), f"is:{value}"
    for name in ("kind", "status", "listing", "tier"):
        if value in VOCABULARIES[name]:
            return Code(name, value), f"{name}:{value}"
    raise QueryError(
        f"is:{leaf.text} is not known",
        leaf.at,
        f"Use rebuilt, taken_down or one of {', '.join(VOCABULARIES['kind'])}, open ….",
    )
