"""Which texts of a notice say in few words what is bought. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from noticewatch.models import Notice
from watchlist.dictionary import Dictionary

_SHORT: Final = 600
"""Characters of a description that can stand for a headline."""
_LONGEST_EMPTY: Final = 60
"""Characters of a title above which it says something."""
_ABBREVIATION: Final = 5
"""Letters of a longest abbreviation."""
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


class Headlines:
    """Finds headlines, by the words of procedure that a dictionary holds."""

    def __init__(self, dictionary: Dictionary) -> None:
        words = "|".join(map(re.escape, sorted(dictionary.words_of_procedure)))
        self._procedure: Final = re.compile(rf"\b(?:{words or '(?!)'})\b", re.IGNORECASE)

    def fields(self, notice: Notice, fields: Iterable[str]) -> frozenset[str]:
        """Those of the fields that are headlines: titles, and descriptions where titles were made from them or say
        nothing (``Resolution 24-113``) and these are short.
        """
        kinds = {"title"} if notice.title_from == "published" else {"title", "description"}
        long = sum(len(part.text) for part in notice.description) > _SHORT
        if not long and all(self._says_nothing(title.text) for title in notice.title):
            kinds = {"title", "description"}
        return frozenset(name for name in fields if name.partition(".")[0] in kinds)

    def _says_nothing(self, title: str) -> bool:
        """Whether a title has numbers, words of procedure and at most one abbreviation, but nothing that is bought."""
        if len(title) > _LONGEST_EMPTY:
            return False
        words = _WORD.findall(self._procedure.sub(" ", title))
        return not words or (len(words) == 1 and words[0].isupper() and len(words[0]) <= _ABBREVIATION)
