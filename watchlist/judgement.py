"""The rules: what the names found in one notice mean together. Pure; every tag keeps the words that caused it."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from watchlist.dictionary import ROOT, Dictionary, Vendor
from watchlist.evidence import By, Evidence, Tag
from watchlist.findings import Findings, Key, Tier
from watchlist.inheritance import with_sellers
from watchlist.meaning import greys, meant
from watchlist.patterns import Hit
from watchlist.records import singular

_LEGAL_WORDS: Final = (
    r"incorporated|inc|llc|ltd|corporation|corp|company|co|limited|liability|lp|gmbh|usa|us|uk|the|of|america"
)
_LEGAL_REST: Final = re.compile(rf"^(?:[\s,.()]|\b(?:{_LEGAL_WORDS})\b)*$", re.IGNORECASE)
_LEGAL_NEXT: Final = re.compile(
    r"^[\s,.]{0,3}(?:inc|llc|ltd|corp|corporation|incorporated|limited|gmbh)\b", re.IGNORECASE
)
_LEGAL_INSIDE: Final = re.compile(r"\b(?:inc|llc|ltd|corp|corporation|incorporated|limited|gmbh)\.?$", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_MOST_SAID: Final = 3
"""Contexts that are quoted beside a vendor's name."""
_CLOSE: Final = 60
"""Characters of a party's name that can hold a legal form behind it."""


class Judgement:
    """The rules, applied to the hits of one notice."""

    def __init__(self, dictionary: Dictionary, headline: Collection[str], texts: Mapping[str, str]) -> None:
        self._dictionary = dictionary
        self._texts = texts
        self._headline = headline
        self._found = Findings()
        self._doubtful: list[tuple[Vendor, Evidence]] = []
        self._sellers: list[tuple[str, Evidence]] = []
        self._greys: list[tuple[frozenset[str], str]] = []
        self._of_products: dict[str, set[str]] = {}

    def tags(self, hits: Iterable[Hit], identified: Iterable[tuple[str, Evidence]]) -> tuple[Tag, ...]:
        """The tags of the notice, from what was found in its texts and identifiers."""
        kept = self._kept(hits)
        terms = [hit for hit in kept if hit.name.part == "term"]
        contexts = self._contexts(kept)
        self._judge_terms(terms)
        self._judge_names(kept, contexts, identified)
        products = self._attributed([hit for hit in kept if hit.name.part == "product"], kept)
        self._judge_products(hit for hit in products if hit.name.policy == "strong")
        self._judge_doubtful([hit for hit in products if hit.name.policy != "strong"], contexts, terms)
        self._judge_sellers_words(terms)
        self._name_technologies()
        return with_sellers(self._found.tags(self._dictionary), self._named_sellers())

    def sellers(self, hits: Iterable[Hit], identified: Iterable[tuple[str, Evidence]]) -> tuple[Tag, ...]:
        """Who sells, whether anything sold is named or not, for review."""
        kept = self._kept(hits)
        self._judge_names(kept, self._contexts(kept), identified)
        return self._named_sellers()

    def _named_sellers(self) -> tuple[Tag, ...]:
        found = Findings()
        for owner, evidence in self._sellers:
            found.add(("vendor", owner, "seller"), "review", evidence)
        return tuple(found.tags(self._dictionary))

    def _kept(self, hits: Iterable[Hit]) -> list[Hit]:
        """The hits that mean what they say here; also notes what makes the notice a grey case."""
        everything = list(hits)
        self._greys = greys(self._dictionary, everything, self._headline, self._texts)
        return meant(everything, self._headline, self._dictionary.technologies)

    def _contexts(self, kept: Iterable[Hit]) -> list[Hit]:
        return [hit for hit in kept if hit.name.part == "context" and hit.field in self._headline]

    # Terms --------------------------------------------------------------------------------------------------------

    def _judge_terms(self, terms: list[Hit]) -> None:
        headed = [hit for hit in terms if hit.field in self._headline]
        titled = self._spoken_of({hit.name.owner for hit in headed})
        sure = self._spoken_of(
            {hit.name.owner for hit in headed if hit.name.policy == "strong" and hit.name.owner != ROOT}
        )
        for hit in terms:
            if hit.field.startswith("parties.") or hit.name.policy == "never_alone":
                continue
            headline, strong = hit.field in self._headline, hit.name.policy == "strong"
            if headline and strong:
                self._add_term(hit, "alert", "in the headline")
            elif strong and (hit.name.owner in titled or self._echoed(hit)):
                self._add_term(hit, "alert", "in the text, under a headline that speaks of it")
            elif headline and hit.name.owner in sure:
                self._add_term(hit, "alert", "in a headline that speaks of it beyond doubt")
            elif strong:
                self._add_term(hit, "review", "in the text only")
            elif headline:
                self._add_term(hit, "review", "in the headline, but also said of other things")

    def _spoken_of(self, said: Collection[str]) -> frozenset[str]:
        """Technologies that a headline speaks of: those said, and what stands right above or below one, since ``AFIS``
        is said of biometrics and of fingerprints. Cameras of premises speak for themselves only.
        """
        known = self._dictionary.technologies
        wide = {one for one in said if not known[one].premises}
        below = {one.id for one in known.values() if one.parent in wide and not one.premises}
        above = {parent for one in wide if (parent := known[one].parent) and not known[parent].premises}
        return frozenset(said) | below | (above - {ROOT})

    def _echoed(self, hit: Hit) -> bool:
        """Whether a headline has a word of a term in the text: ``UC recording devices`` over ``undercover recording``.

        A camera or a system is said of everything, and a camera of premises needs more.
        """
        if self._dictionary.technologies[hit.name.owner].premises:
            return False
        quote = self._texts[hit.field][hit.start : hit.end]
        return not self._words(quote).isdisjoint(
            word for field in self._headline if field.startswith("title") for word in self._words(self._texts[field])
        )

    def _judge_sellers_words(self, terms: list[Hit]) -> None:
        """What the seller's own name says, where nothing else does, is for review."""
        for hit in terms:
            if hit.field.startswith("parties.") and hit.name.policy == "strong" and not self._found:
                self._add_term(hit, "review", "in the seller's name only")

    def _add_term(self, hit: Hit, tier: Tier, where: str) -> None:
        label = self._dictionary.label("technology", hit.name.owner)
        evidence = self._evidence(hit, "term", f"a term of {label}, {where}")
        self._add(("technology", hit.name.owner, ""), tier, evidence)

    # Names --------------------------------------------------------------------------------------------------------

    def _judge_names(
        self, kept: Iterable[Hit], contexts: Iterable[Hit], identified: Iterable[tuple[str, Evidence]]
    ) -> None:
        """Names and identifiers of vendors, but of those whose name means another firm beside these words."""
        others = {hit.name.owner for hit in contexts if hit.name.policy == "never_alone"}
        for hit in kept:
            if hit.name.part != "name" or hit.name.owner in others:
                continue
            vendor = self._dictionary.vendors[hit.name.owner]
            suffices = self._suffices(hit)
            how = "which suffices" if suffices else "which counts beside what it is watched for"
            evidence = self._evidence(hit, "alias", f"listed as a name of {vendor.name}, {how}")
            self._judge_name(vendor, evidence, suffices)
        for owner, evidence in identified:
            if owner in others:
                continue
            vendor = self._dictionary.vendors[owner]
            suffices = bool(vendor.names) and vendor.names[0].policy in {"strong", "legal_name_only"}
            self._judge_name(vendor, evidence, suffices)

    def _judge_name(self, vendor: Vendor, evidence: Evidence, suffices: bool) -> None:
        if vendor.sells_only:
            if evidence.field.startswith("parties."):
                self._sellers.append((vendor.id, evidence))
        elif suffices:
            self._add(("vendor", vendor.id, "maker"), "alert", evidence)
        else:
            self._doubtful.append((vendor, evidence))

    def _suffices(self, hit: Hit) -> bool:
        """Whether a name names its vendor beyond doubt where it stands."""
        if hit.name.policy == "strong":
            return True
        if hit.name.policy != "legal_name_only":
            return False
        text = self._texts[hit.field]
        before, after = text[max(0, hit.start - _CLOSE) : hit.start], text[hit.end : hit.end + _CLOSE]
        if hit.field.startswith("parties."):
            return bool(_LEGAL_REST.match(before) and _LEGAL_REST.match(after))
        return bool(_LEGAL_INSIDE.search(text[hit.start : hit.end]) or _LEGAL_NEXT.match(after[:16]))

    def _attributed(self, products: list[Hit], kept: list[Hit]) -> list[Hit]:
        """Products that are not another vendor's own name; of shared ones those of a vendor named here."""
        named = {(hit.field, hit.start): hit.name.owner for hit in kept if hit.name.part == "name"}
        owners: dict[tuple[str, int, int], set[str]] = {}
        for hit in products:
            owners.setdefault((hit.field, hit.start, hit.end), set()).add(hit.name.owner)
        makers = self._found.vendors("maker") | {vendor.id for vendor, _ in self._doubtful}
        attributed = []
        for hit in products:
            present = owners[hit.field, hit.start, hit.end] & makers
            own_name = named.get((hit.field, hit.start), hit.name.owner) == hit.name.owner
            if own_name and (not present or hit.name.owner in present):
                attributed.append(hit)
        return attributed

    def _judge_products(self, hits: Iterable[Hit]) -> None:
        for hit in hits:
            vendor = self._dictionary.vendors[hit.name.owner]
            why = f"{hit.name.name} is listed as a product of {vendor.name}, which suffices"
            evidence = self._evidence(hit, "product", why)
            self._add(("vendor", vendor.id, "product"), "alert", evidence)
            if not vendor.sells_only:
                self._add(("vendor", vendor.id, "maker"), "alert", evidence)
            self._note_product(hit, "alert", evidence)

    def _note_product(self, hit: Hit, tier: Tier, evidence: Evidence) -> None:
        for technology in hit.name.technologies:
            self._of_products.setdefault(hit.name.owner, set()).add(technology)
            self._add(("technology", technology, ""), tier, evidence)

    def _judge_doubtful(self, weak_products: list[Hit], contexts: list[Hit], terms: list[Hit]) -> None:
        """Names that need a context, and products that are ordinary words: counted only beside each other."""
        of_vendor = _by_owner(weak_products), _by_owner(contexts)
        said = {hit.name.owner for hit in terms}
        for vendor, evidence in self._doubtful:
            products, own = (some.get(vendor.id, []) for some in of_vendor)
            tier = self._context(vendor, products, own, said, in_party=evidence.field.startswith("parties."))
            if tier is None:
                continue
            self._add(("vendor", vendor.id, "maker"), tier, evidence)
            for hit in own[:_MOST_SAID]:
                words = self._evidence(hit, "term", f"said of what {vendor.name} is watched for, beside its name")
                self._add(("vendor", vendor.id, "maker"), tier, words)
        for hit in weak_products:
            maker_tier = self._found.tier(("vendor", hit.name.owner, "maker"))
            if maker_tier is not None:
                label = self._dictionary.label("vendor", hit.name.owner)
                why = f"{hit.name.name} is listed as a product of {label}, named beside it"
                evidence = self._evidence(hit, "product", why)
                self._add(("vendor", hit.name.owner, "product"), maker_tier, evidence)
                self._note_product(hit, maker_tier, evidence)

    def _context(
        self, vendor: Vendor, products: list[Hit], contexts: list[Hit], said: Collection[str], *, in_party: bool
    ) -> Tier | None:
        """The tier that the rest of the notice gives to a vendor's doubtful name; None where nothing speaks for it."""
        known = self._found.tier(("vendor", vendor.id, "maker"))
        if known == "alert":
            return known
        tiers = [self._found.tier(("technology", technology, "")) for technology in vendor.technologies]
        titled = in_party and any(hit.field in self._headline for hit in products)
        if "alert" in tiers or titled or (in_party and self._sells_it(vendor, contexts)):
            return "alert"
        if any(tiers) or products or contexts or any(technology in said for technology in vendor.technologies):
            return "review"
        return known

    def _sells_it(self, vendor: Vendor, contexts: list[Hit]) -> bool:
        """Whether the headline says that a seller's watched line is bought, if in words that alone leave a doubt."""
        own = (self._dictionary.technologies[technology] for technology in vendor.technologies)
        said = any(self._is_said(technology.id) for technology in own if not technology.premises)
        return said or any(hit.name.policy == "strong" for hit in contexts)

    # What follows from makers -------------------------------------------------------------------------------------

    def _name_technologies(self) -> None:
        """What a maker is bought for: its products' technologies, else what terms say, else what its bare name means.

        The root class stands only where nothing more special does.
        """
        for key in [key for key in self._found.found() if key[0] == "vendor" and key[2] == "maker"]:
            vendor, tier = self._dictionary.vendors[key[1]], self._found.tier(key) or "review"
            said = [own for own in vendor.technologies if self._is_said(own)]
            if self._of_products.get(vendor.id) or any(self._found.tier(("technology", o, "")) == tier for o in said):
                continue
            for technology in said or vendor.meant:
                for evidence in self._found.evidence(key):
                    self._add(("technology", technology, ""), tier, evidence)
        if any(key[0] == "technology" and key[1] != ROOT for key in self._found.found()):
            self._found.drop(("technology", ROOT, ""))

    def _is_said(self, technology: str) -> bool:
        """Whether the headline says it, or the text says it beyond doubt."""
        key: Key = ("technology", technology, "")
        in_headline = any(evidence.field in self._headline for evidence in self._found.evidence(key))
        return in_headline or self._found.tier(key) == "alert"

    def _add(self, key: Key, tier: Tier, evidence: Evidence) -> None:
        """Note a reason for a tag; what is a grey case is for review, and says so."""
        if tier == "alert" and (reason := self._why_grey(key) or self._why_premises(key, evidence)):
            tier = "review"
            evidence = Evidence(
                evidence.field, evidence.quote, evidence.start, evidence.end, evidence.by, f"{evidence.why}; {reason}"
            )
        self._found.add(key, tier, evidence)

    def _why_grey(self, key: Key) -> str:
        owned = {key[1]} if key[0] == "technology" else set(self._dictionary.vendors[key[1]].meant)
        for technologies, reason in self._greys:
            if not technologies or (owned and owned <= technologies):
                return reason
        return ""

    def _why_premises(self, key: Key, evidence: Evidence) -> str:
        """Why a name in the body of a text does not suffice, of a vendor that mostly guards premises."""
        if key[0] != "vendor" or evidence.field in self._headline or evidence.field.startswith("parties."):
            return ""
        owned = self._dictionary.vendors[key[1]].technologies
        guards = owned and all(self._dictionary.technologies[name].premises for name in owned)
        return "for review, since it stands in the text only and may guard the buyer's own premises" if guards else ""

    def _words(self, text: str) -> frozenset[str]:
        """Words that say something, without the plural."""
        return frozenset(map(singular, _WORD.findall(text.lower()))) - self._dictionary.words_of_many_subjects

    def _evidence(self, hit: Hit, by: By, why: str) -> Evidence:
        return Evidence(hit.field, self._texts[hit.field][hit.start : hit.end], hit.start, hit.end, by, why)


def _by_owner(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    found: dict[str, list[Hit]] = {}
    for hit in hits:
        found.setdefault(hit.name.owner, []).append(hit)
    return found
