"""The query language: text to a tree of what was asked, with every mistake reported by position and hint."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from indexer.requests import QueryError

LONGEST_QUERY: Final = 2_000
MOST_CLAUSES: Final = 200
DEEPEST: Final = 20
MOST_PREFIXES: Final = 20

FIELDS: Final = (
    "title", "body", "document", "buyer", "supplier", "vendor", "technology", "tier", "number", "kind", "status",
    "listing", "source", "jurisdiction", "naics", "psc", "cpv", "dated", "due", "signed", "ends", "planned", "amount",
)  # fmt: skip
SPECIAL: Final = ("has", "is")


@dataclass(frozen=True, slots=True)
class Asked:
    """A leaf as written. ``at`` counts characters from 1; ``field`` is None for an unfielded word."""

    text: str
    at: int
    field: str | None = None


class Word(Asked):
    """One word, matched with its inflections."""


class Quoted(Asked):
    """A phrase, matched as written."""


class Starting(Asked):
    """The beginning of a word, without its asterisk."""


class Bounded(Asked):
    """``[a TO b]`` or a comparison such as ``>100000``."""


@dataclass(frozen=True, slots=True)
class Close(Asked):
    """Two or three words at distinct places with at most ``most`` others between."""

    most: int = 0


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts."""

    parts: "tuple[Question, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the parts."""

    parts: "tuple[Question, ...]"


@dataclass(frozen=True, slots=True)
class Without:
    """Not the part."""

    part: "Question"


Question: TypeAlias = Asked | Every | Some | Without


def parse(text: str) -> Question | None:
    """What a query asks; None for an empty one. Raises QueryError with position and hint."""
    if len(text) > LONGEST_QUERY:
        raise QueryError(
            f"The query is {len(text)} characters long", LONGEST_QUERY + 1, f"Write at most {LONGEST_QUERY}."
        )
    text = text.translate(_QUOTATION_MARKS)
    _refuse_open_quote(text)
    _refuse_depth(text)
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as error:
        raise _explained(error, text) from error
    if not tree.children or tree.children[0] is None:
        return None
    question = _question(tree.children[0], None)
    _refuse_cost(question)
    return question


def leaves(question: Question) -> list[Asked]:
    """All leaves, in order."""
    match question:
        case Every(parts) | Some(parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case Without(part):
            return leaves(part)
        case Asked():
            return [question]


def plain_parts(question: Question | None) -> tuple[Asked, ...]:
    """The words and phrases of a question that is of nothing else, all of which must occur; none of any other."""
    parts = question.parts if isinstance(question, Every) else (question,)
    plain = tuple(part for part in parts if isinstance(part, (Word, Quoted)) and part.field is None)
    return plain if len(plain) == len(parts) else ()


@cache
def _grammar() -> Lark:
    text = files("indexer").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", maybe_placeholders=True)


def _question(node: Tree[Token] | Token, field: str | None) -> Question:
    if isinstance(node, Token):
        return _leaf(node, field)
    children = node.children
    match node.data:
        case "negated":
            return Without(_question(children[0], field))
        case "fielded":
            return _question(children[1], _named(children[0], field))
        case "either":
            return Some(tuple(_question(child, field) for child in children))
    return Every(tuple(_question(child, field) for child in children))


def _named(token: Tree[Token] | Token, outer: str | None) -> str:
    assert isinstance(token, Token)
    if outer is not None:
        raise QueryError(f"A field stands inside the brackets of {outer}:", _at(token), "Write one field a bracket.")
    return _known(token)


def _known(token: Token) -> str:
    name = str(token.value)[:-1].lower()
    if name not in FIELDS and name not in SPECIAL:
        raise _no_field(token.value[:-1], _at(token))
    return name


def _no_field(name: str, at: int) -> QueryError:
    return QueryError(
        f"There is no field {name!r}", at,
        f"Put the words in quotation marks, or use one of {', '.join((*FIELDS, *SPECIAL))}.",
    )  # fmt: skip


def _leaf(token: Token, field: str | None) -> Asked:
    text, at = str(token.value), _at(token)
    match token.type:
        case "PHRASE":
            return Quoted(text[1:-1], at, field)
        case "PREFIX":
            return Starting(text[:-1], at, field)
        case "COMPARISON" | "RANGE":
            return Bounded(text, at, field)
        case "NEAR":
            inner, _, most = text.rpartition("~")
            return Close(inner[1:-1], at, field, int(most[:4]))
    return Word(text, at, field)


def _at(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _refuse_open_quote(text: str) -> None:
    if text.count('"') % 2:
        raise QueryError(
            "A quotation mark is not closed", text.rindex('"') + 1, 'Close the phrase with a second " or remove it.'
        )


def _refuse_depth(text: str) -> None:
    """Brackets and negations nest only so deep; checked before the parser builds a tree of them."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth > DEEPEST:
            raise QueryError("Brackets are nested too deeply", index + 1, f"Use at most {DEEPEST} levels.")


def _refuse_cost(question: Question) -> None:
    found = leaves(question)
    if len(found) > MOST_CLAUSES:
        raise QueryError(f"The query has {len(found)} parts", found[MOST_CLAUSES].at, f"Use at most {MOST_CLAUSES}.")
    prefixes = [leaf for leaf in found if isinstance(leaf, Starting)]
    if len(prefixes) > MOST_PREFIXES:
        raise QueryError(
            f"The query has {len(prefixes)} words with an asterisk",
            prefixes[MOST_PREFIXES].at,
            f"Use at most {MOST_PREFIXES}.",
        )


def _explained(error: UnexpectedInput, text: str) -> QueryError:
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        ending = _FIELD_AT_THE_END.search(text)
        if ending and ending[1].lower() not in (*FIELDS, *SPECIAL):
            return _no_field(ending[1], ending.start() + 1)
        missing = "a closing bracket" if text.count("(") > text.count(")") else "a word"
        return QueryError(f"The query ends where {missing} is missing", len(text) + 1, f"Add {missing}.")
    position = (error.pos_in_stream or 0) + 1
    rest = text[position - 1 :]
    joint = next((word for word in ("AND", "OR", "NOT") if rest.startswith(word)), None)
    if joint is not None:
        return QueryError(f"{joint} has nothing to join", position, f'Put words on both sides, or write "{joint}".')
    if isinstance(error, UnexpectedCharacters | UnexpectedToken) and rest[:1] in _HINTS:
        return QueryError(f"{rest[0]!r} cannot stand here", position, _HINTS[rest[0]])
    return QueryError(f"{rest[:10]!r} cannot stand here", position, "Put it in quotation marks to search for it.")


_QUOTATION_MARKS: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'))
"""Telephones and word processors write these around a phrase."""

_FIELD_AT_THE_END: Final = re.compile(r"(?<![^\s()])([A-Za-z_]+):\s*$")
_HINTS: Final = {
    ":": "Put the words in quotation marks to search for a colon's neighbours.",
    "*": "An asterisk stands at the end of a word of three letters or more: licen*.",
    "[": "A range is written field:[2024-01-01 TO 2024-12-31].",
    "]": "A range is written field:[2024-01-01 TO 2024-12-31].",
    ")": "There is no opening bracket for it, or nothing inside.",
    "(": "Close the word before it with a space.",
    "-": "A minus stands directly before the word to leave out.",
    ">": "A comparison is written field:>100000.",
    "<": "A comparison is written field:<100000.",
    '"': "A phrase stands apart from other words.",
}
