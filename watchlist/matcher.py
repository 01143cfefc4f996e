"""The matcher: a pure function from a notice to its tags, each with quotable evidence."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from noticewatch.models import Notice
from watchlist.dictionary import Dictionary
from watchlist.evidence import Evidence, Tag, field_texts, languages
from watchlist.headline import Headlines
from watchlist.judgement import Judgement
from watchlist.patterns import Found, Patterns, patterns_of

__all__ = ["Evidence", "Matcher", "Tag", "field_texts"]

_SCHEMES: Final = (".uei", ".cage", ".duns")


class Matcher:
    """Finds what the dictionary knows in a notice. Pure and safe to share between threads."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self._headlines: Final = Headlines(dictionary)
        self._by_identifier = {
            identifier.id: vendor for vendor in dictionary.vendors.values() for identifier in vendor.identifiers
        }

    @cached_property
    def patterns(self) -> Patterns:
        """The names of the dictionary, compiled when something is first looked at: to search needs none of it."""
        return patterns_of(self.dictionary)

    def tags(self, notice: Notice, *, cut: bool = True, vetoes: bool = True) -> tuple[Tag, ...]:
        """Tags of a notice in order of kind, id and role; empty where nothing of the watchlist is named.

        For who explains them: without ``cut`` also what stands in clauses counts, without ``vetoes`` what these take
        away.
        """
        texts = field_texts(notice)
        found, identified = self._found(notice, texts)
        if not identified and not any(each.causes(headline=True) for each in found):
            return ()  # whatever stands in a headline: that takes longer to tell
        headline = self._headlines.fields(notice, texts)
        if not identified and not any(each.causes(headline=each.field in headline) for each in found):
            return ()
        hits = [hit for each in found for hit in self.patterns.hits(each, cut=cut)]
        hits = hits if vetoes else [hit for hit in hits if hit.name.part != "veto"]
        return Judgement(self.dictionary, headline, texts).tags(hits, identified)

    def sellers(self, notice: Notice) -> tuple[Tag, ...]:
        """Who sells in a notice, for review, though nothing else of the watchlist is named in it: what is sold may be
        known from another notice of its contract.
        """
        texts = field_texts(notice)
        found, identified = self._found(notice, texts)
        hits = [hit for each in found for hit in self.patterns.hits(each)]
        return Judgement(self.dictionary, self._headlines.fields(notice, texts), texts).sellers(hits, identified)

    def _found(self, notice: Notice, texts: Mapping[str, str]) -> tuple[list[Found], list[tuple[str, Evidence]]]:
        """What may be a name, by field, and the vendors that identifiers name."""
        found: list[Found] = []
        identified: list[tuple[str, Evidence]] = []
        spoken = languages(notice)
        for name, text in texts.items():
            if name.endswith(_SCHEMES):
                identified += self._identified(name, text)
            elif text and (some := self.patterns.find(name, text, spoken.get(name, ""))):
                found.append(some)
        return found, identified

    def _identified(self, name: str, value: str) -> Iterable[tuple[str, Evidence]]:
        scheme = name.rpartition(".")[2].upper()
        vendor = self._by_identifier.get(f"{scheme}:{value.upper()}")
        if vendor is not None:
            why = f"{scheme} {value} is listed as one of {vendor.name}"
            yield vendor.id, Evidence(name, value, 0, len(value), "identifier", why)
