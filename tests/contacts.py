"""Finds contact data of persons in a text, by other means than the program's own masks, so that one can hold the other.

It goes through a text word by word and number by number. What it takes for a contact and is none stands in
:data:`EXCEPTIONS`, each with its reason.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_TITLE: Final = re.compile(
    r"(?<![A-Za-z])(?:(?:COR|ACOR|COTR|POC|TPOC|KO)s?|"  # in capitals only: small they are no titles
    r"(?i:contracting\s+(?:officer|specialist)|contract\s+(?:officer|specialist)|points?\s+of\s+contact))(?![A-Za-z])"
)
_WORD: Final = re.compile(r"[^\W\d_][\w'’.-]*|\d+|█+|\S")
_BETWEEN: Final = frozenset({"is", "name", "mr", "ms", "mrs", "dr", "ssgt", "tsgt", "msgt", "sgt", "chief", "capt"})
"""Words that may stand between a title and the name."""
_ENDS: Final = frozenset({"com", "gov", "mil", "net", "org", "edu", "us", "info", "biz", "io", "uk"})
_WINDOW: Final = 120
_AROUND: Final = 60

EXCEPTIONS: Final = {
    "mail": (),
    "phone": (
        (r"252[.-]2\d\d-70\d\d", "clauses of the Defense supplement, 48 CFR 252"),
        (r"pproved [Ss]ources?|[Tt]he solicitation is|\d{4}-\d\d-\d{3}-\d{4}|NSN \d", "part and stock numbers"),
    ),
    "name": (
        (r"COR/IPP APPROVER", "a role: who approves invoices in the Invoice Processing Platform"),
        (r"COR/TUCSON HQS|COR/WEBVIEW POC-EL PASO", "offices"),
        (r"OFFICER\. SPACEX CCTCAP", "the company that the next sentence begins with"),
    ),
}
"""Patterns around what was found that say it is no contact, with the reason."""
_NONE: Final = {
    what: re.compile("|".join(pattern for pattern, _ in patterns) or r"(?!)") for what, patterns in EXCEPTIONS.items()
}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: ``mail``, ``phone`` or ``name``; with the text around it."""

    what: str
    text: str
    around: str


def contacts(text: str, is_ordinary: Callable[[str], bool]) -> Iterator[Found]:
    """All contact data in a text. ``is_ordinary``: whether a word (lower case) is one of the language, not a name."""
    for what, start, end in (*_mails(text), *_phones(text), *_names(text, is_ordinary)):
        around = " ".join(text[max(0, start - _AROUND) : end + _AROUND].split())
        if not _NONE[what].search(around):
            yield Found(what, text[start:end], around)


def _mails(text: str) -> Iterator[tuple[str, int, int]]:
    """Around each at sign: something before it, a dot and the end of an address behind it."""
    for sign in re.finditer("@", text):
        at = sign.start()
        before = re.search(r"[^\s<>\"'(),;:]*\s?$", text[max(0, at - _WINDOW) : at])
        behind = re.match(r"\s?([^\s<>\"'(),;:@]+)", text[at + 1 : at + _WINDOW])
        if before and before[0].strip() and behind and behind[1].rstrip(".").rpartition(".")[2].lower() in _ENDS:
            yield "mail", at - len(before[0]), at + 1 + behind.end()


def _phones(text: str) -> Iterator[tuple[str, int, int]]:
    """Groups of three, three and four digits that stand close together."""
    groups = list(re.finditer(r"\d+", text))
    for one, two, three in zip(groups, groups[1:], groups[2:], strict=False):
        if (len(one[0]), len(two[0]), len(three[0])) == (3, 3, 4):
            between = [text[a.end() : b.start()] for a, b in pairwise((one, two, three))]
            if all(gap and len(gap) < 4 and not gap.strip(" ().-–/\u00a0") for gap in between):
                yield "phone", one.start(), three.end()


def _names(text: str, is_ordinary: Callable[[str], bool]) -> Iterator[tuple[str, int, int]]:
    """Two capitalised words that are none of the language, at most a few signs behind a title."""
    for title in _TITLE.finditer(text):
        behind = list(_WORD.finditer(text, title.end(), title.end() + _WINDOW))[:6]
        while behind and _stands_between(behind[0][0]):
            behind = behind[1:]
        if len(behind) > 1 and all(_could_be_a_name(word[0], is_ordinary) for word in behind[:2]):
            yield "name", behind[0].start(), behind[1].end()


def _stands_between(word: str) -> bool:
    return word.rstrip(".").lower() in _BETWEEN or not (word[0].isalnum() or word[0] == "█")


def _could_be_a_name(word: str, is_ordinary: Callable[[str], bool]) -> bool:
    plain = word.rstrip(".,").removesuffix("'s").removesuffix("’s")
    letters = plain.replace("-", "").replace("'", "")
    return len(plain) > 1 and plain[0].isupper() and letters.isalpha() and not is_ordinary(plain.lower())
