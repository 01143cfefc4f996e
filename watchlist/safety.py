"""Which regular expressions a data file may hold: those whose cost grows with the text and with nothing else."""

import math
import re
from collections.abc import Iterator
from typing import Final

_PART: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(,?)(\d*)\}|.", re.DOTALL)
_LONGEST: Final = 100
_MOST_REPEATS: Final = 2
_MOST_OPTIONS: Final = 8
_MOST_WAYS: Final = 1_000
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)


def why_unsafe(pattern: str) -> str:
    """Why a pattern could run away, in words; empty where it cannot.

    Allowed: literals, classes, alternatives, groups, eight ``?`` and two repeats of at most 100, none of them inside
    another or around alternatives, which may be the same; with every repeat multiplied, at most 1,000. From each place
    of a text a match then tries a bounded number of ways. One that matches nothing at all would match everywhere; one
    with capitals nothing, since texts are read in lower case.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        return f"no regular expression ({error})"
    return next(_faults(pattern), "") or _too_much(pattern) or _empty(pattern)


def _faults(pattern: str) -> Iterator[str]:
    """What a single part of a pattern does that is not allowed."""
    varies: list[bool] = [False]
    closed = -1
    for part in _PART.finditer(pattern):
        match part[0]:
            case "(":
                varies.append(False)
            case ")":
                closed = part.end() if varies[-1] else -1
                varies[-2:] = [varies[-2] or varies[-1]]
            case "|":
                varies[-1] = True
            case "*" | "+":
                yield f"{part[0]!r}, which has no end; write a repeat with a limit, such as {{0,40}}"
            case "?" if pattern[part.start() - 1] != "(":
                varies[-1] = True
            case "?" if pattern[part.end()] != ":":
                yield "a group other than (…) and (?:…)"
            case other if re.fullmatch(r"\\[1-9]", other):
                yield "a reference to a group"
            case _ if part[1] is not None:
                yield from _repeat(part[1], part[2], part[3])
                if part.start() == closed:
                    yield "a repeat inside a repeat, or of alternatives"
                varies[-1] = True


def _repeat(least: str, comma: str, most: str) -> Iterator[str]:
    if comma and not most:
        yield "a repeat without an end; write a limit, such as {0,40}"
    elif int(most or least) > _LONGEST:
        yield f"a repeat of more than {_LONGEST}"


def _too_much(pattern: str) -> str:
    parts = list(_PART.finditer(pattern))
    if sum(part[1] is not None for part in parts) > _MOST_REPEATS:
        return f"more than {_MOST_REPEATS} repeats"
    if sum(part[0] == "?" and pattern[part.start() - 1] != "(" for part in parts) > _MOST_OPTIONS:
        return f"more than {_MOST_OPTIONS} optional parts"
    ways = math.prod(max(1, int(part[3] or part[1])) for part in parts if part[1] is not None)
    if ways > _MOST_WAYS:
        return f"repeats that multiply to {ways:,}; at most {_MOST_WAYS:,}"
    if _ESCAPED.sub("", pattern) != _ESCAPED.sub("", pattern).lower():
        return "capitals; texts are read in lower case"
    return ""


def _empty(pattern: str) -> str:
    if any(not found[0] for found in re.finditer(pattern, "a 1")):
        return "nothing that has to be there; it would match everywhere"
    return ""
