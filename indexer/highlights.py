"""Passages of a text with the words that matched, quoted as published."""

from collections.abc import Collection
from typing import Final

from indexer.tokens import beginnings, stem, tokens_with_spans
from noticewatch.text import strip_html

_AROUND: Final = 90
_LONGEST: Final = 20_000

Parts = tuple[tuple[str, bool], ...]


class Marking(dict[str, str]):
    """The words of a search, made ready to be found in many texts: a token's stem where it is one of them, else empty.

    ``words``: stems, or beginnings of words that end in an asterisk.
    """

    def __init__(self, words: Collection[str]) -> None:
        super().__init__()
        self.words = frozenset(words)
        self._starts = tuple(word[:-1] for word in words if word.endswith("*"))
        self.beginnings = self._starts + tuple(
            start for word in words if not word.endswith("*") for start in beginnings(word)
        )
        self._passages: dict[str, Parts | None] = {}

    def __missing__(self, token: str) -> str:
        stemmed = stem(token)
        marked = stemmed in self.words or (bool(self._starts) and token.startswith(self._starts))
        found = self[token] = stemmed if marked else ""
        return found

    def passage(self, text: str) -> Parts | None:
        """The passage with most distinct matching words, as (text, matches) parts; None where no word matches.

        The members of a contract repeat their texts: each is looked through once.
        """
        if text not in self._passages:
            self._passages[text] = self._passage(text)
        return self._passages[text]

    def _passage(self, text: str) -> Parts | None:
        shown = strip_html(text)[0][:_LONGEST]
        found = tokens_with_spans(shown, self.beginnings, self.__getitem__)
        hits = [(start, end, self[token]) for token, start, end in found]
        if not hits:
            return None
        chosen = _densest(hits)
        start = _word_edge(shown, max(0, chosen[0][0] - _AROUND // 2), -1)
        end = _word_edge(shown, min(len(shown), chosen[-1][1] + _AROUND), 1)
        return _parts(shown, start, end, [hit for hit in hits if start <= hit[0] and hit[1] <= end])


def _densest(hits: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The run of hits within one passage's length that holds most distinct words; the first of equals."""
    best: list[tuple[int, int, str]] = []
    most = 0
    first = 0
    for last in range(len(hits)):
        while hits[last][1] - hits[first][0] > 2 * _AROUND:
            first += 1
        run = hits[first : last + 1]
        distinct = len({word for _, _, word in run})
        if distinct > most:
            best, most = run, distinct
    return best or hits[:1]


def _word_edge(text: str, position: int, step: int) -> int:
    """A place near ``position`` that cuts no word, moving by ``step``."""
    for _ in range(30):
        if position in (0, len(text)) or text[position - 1].isspace() or text[min(position, len(text) - 1)].isspace():
            break
        position += step
    return position


def _parts(text: str, start: int, end: int, hits: list[tuple[int, int, str]]) -> Parts:
    parts: list[tuple[str, bool]] = []
    position = start
    for begin, finish, _ in hits:
        parts += [(text[position:begin], False), (text[begin:finish], True)]
        position = finish
    parts.append((text[position:end], False))
    if start > 0:
        parts.insert(0, ("… ", False))
    if end < len(text):
        parts.append((" …", False))
    return tuple(part for part in parts if part[0])
