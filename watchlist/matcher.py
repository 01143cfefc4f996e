"""The matcher: a pure function from a notice to its tags, each with quotable evidence."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from noticewatch.models import Notice
from watchlist.dictionary import Dictionary, Policy, Vendor
from watchlist.evidence import Evidence, Tag, field_texts
from watchlist.patterns import Hit, Patterns, haystack, widest

__all__ = ["Evidence", "Matcher", "Tag", "field_texts"]

Tier: TypeAlias = Literal["alert", "review"]
_Key: TypeAlias = tuple[Literal["vendor", "technology"], str, Literal["maker", "product", "seller", ""]]

_NEARBY: Final = 300
"""Characters within which a veto takes a term's meaning away."""
_MOST_EVIDENCE: Final = 5
_LEGAL_WORDS: Final = (
    r"incorporated|inc|llc|ltd|corporation|corp|company|co|limited|liability|lp|gmbh|usa|us|uk|the|of|america"
)
_LEGAL_REST: Final = re.compile(rf"^(?:[\s,.()]|\b(?:{_LEGAL_WORDS})\b)*$", re.IGNORECASE)
_LEGAL_NEXT: Final = re.compile(
    r"^[\s,.]{0,3}(?:inc|llc|ltd|corp|corporation|incorporated|limited|gmbh)\b", re.IGNORECASE
)
_LEGAL_INSIDE: Final = re.compile(r"\b(?:inc|llc|ltd|corp|corporation|incorporated|limited|gmbh)\.?$", re.IGNORECASE)


@dataclass
class _Findings:
    """What one notice gave so far: tiers and evidence by tag."""

    tiers: dict[_Key, Tier] = field(default_factory=dict)
    evidence: dict[_Key, list[Evidence]] = field(default_factory=dict)

    def add(self, key: _Key, tier: Tier, evidence: Evidence) -> None:
        if self.tiers.get(key) != "alert":
            self.tiers[key] = tier
        held = self.evidence.setdefault(key, [])
        if evidence not in held:
            held.append(evidence)


class Matcher:
    """Finds what the dictionary knows in a notice. Pure and safe to share between threads."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self._patterns = Patterns(dictionary)
        self._main_policy: dict[str, Policy] = {}
        for row in dictionary.policies:
            if row.part == "name":
                self._main_policy.setdefault(row.owner, row.policy)
        self._by_identifier = {
            identifier.upper(): vendor.id for vendor in dictionary.vendors.values() for identifier in vendor.identifiers
        }

    def tags(self, notice: Notice) -> tuple[Tag, ...]:
        """Tags of a notice in order of kind, id and role; empty where nothing of the watchlist is named."""
        texts = field_texts(notice)
        hits: list[Hit] = []
        identified: list[tuple[str, Evidence]] = []
        for name, text in texts.items():
            if name.startswith("parties.") and name.count(".") > 1 and not name.rpartition(".")[2].isdigit():
                identified += self._identified(name, text)
            elif text:
                hits += self._patterns.find(name, haystack(text))
        if not hits and not identified:
            return ()
        return _Judgement(self.dictionary, self._main_policy, notice, texts).tags(hits, identified)

    def _identified(self, name: str, value: str) -> Iterable[tuple[str, Evidence]]:
        scheme = name.rpartition(".")[2].upper()
        vendor = self._by_identifier.get(f"{scheme}:{value.upper()}")
        if vendor is not None:
            label = self.dictionary.label("vendor", vendor)
            why = f"{scheme} {value} belongs to {label}"
            yield vendor, Evidence(name, value, 0, len(value), "identifier", why)


class _Judgement:
    """The rules, applied to the hits of one notice."""

    def __init__(
        self, dictionary: Dictionary, main_policy: Mapping[str, Policy], notice: Notice, texts: Mapping[str, str]
    ) -> None:
        self._dictionary = dictionary
        self._main_policy = main_policy
        self._texts = texts
        self._headline = {name for name in texts if name.partition(".")[0] == "title"}
        if notice.title_from != "published":
            self._headline |= {name for name in texts if name.partition(".")[0] == "description"}
        self._found = _Findings()
        self._doubtful: list[tuple[Vendor, Evidence]] = []
        self._sellers: list[tuple[str, Evidence]] = []

    def tags(self, hits: Iterable[Hit], identified: Iterable[tuple[str, Evidence]]) -> tuple[Tag, ...]:
        kept = self._without_vetoed(hits)
        self._judge_terms(hit for hit in kept if hit.name.part == "term")
        self._judge_names((hit for hit in kept if hit.name.part == "name"), identified)
        products = self._attributed([hit for hit in kept if hit.name.part == "product"], kept)
        self._judge_products(hit for hit in products if hit.name.policy == "strong")
        self._judge_doubtful([hit for hit in products if hit.name.policy != "strong"], kept)
        self._name_sellers()
        self._name_technologies()
        return self._result()

    def _without_vetoed(self, hits: Iterable[Hit]) -> list[Hit]:
        everything = list(hits)
        vetoes = [hit for hit in everything if hit.name.part == "veto"]
        kept = []
        for hit in widest(hit for hit in everything if hit.name.part != "veto"):
            in_party = hit.field.startswith("parties.")
            if in_party and hit.name.part != "name":
                continue
            if hit.name.part == "term" and any(_takes_away(veto, hit) for veto in vetoes):
                continue
            kept.append(hit)
        return kept

    def _judge_terms(self, hits: Iterable[Hit]) -> None:
        for hit in hits:
            headline, strong = hit.field in self._headline, hit.name.policy == "strong"
            if (headline or strong) and hit.name.policy != "never_alone":
                tier: Tier = "alert" if headline and strong else "review"
                self._found.add(("technology", hit.name.owner, ""), tier, self._evidence(hit))

    def _judge_names(self, hits: Iterable[Hit], identified: Iterable[tuple[str, Evidence]]) -> None:
        for hit in hits:
            self._judge_name(self._dictionary.vendors[hit.name.owner], self._evidence(hit), self._suffices(hit))
        for owner, evidence in identified:
            suffices = self._main_policy.get(owner) in {"strong", "legal_name_only"}
            self._judge_name(self._dictionary.vendors[owner], evidence, suffices)

    def _judge_name(self, vendor: Vendor, evidence: Evidence, suffices: bool) -> None:
        if vendor.sells_only:
            if evidence.field.startswith("parties."):
                self._sellers.append((vendor.id, evidence))
        elif suffices:
            self._found.add(("vendor", vendor.id, "maker"), "alert", evidence)
        else:
            self._doubtful.append((vendor, evidence))

    def _suffices(self, hit: Hit) -> bool:
        """Whether a name names its vendor beyond doubt where it stands."""
        if hit.name.policy == "strong":
            return True
        if hit.name.policy != "legal_name_only":
            return False
        text = self._texts[hit.field]
        before, after = text[: hit.start], text[hit.end :]
        if hit.field.startswith("parties."):
            return bool(_LEGAL_REST.match(before) and _LEGAL_REST.match(after))
        return bool(_LEGAL_INSIDE.search(text[hit.start : hit.end]) or _LEGAL_NEXT.match(after[:16]))

    def _attributed(self, products: list[Hit], kept: list[Hit]) -> list[Hit]:
        """Products that are not another vendor's own name; of shared ones those of a vendor named here."""
        named = {(hit.field, hit.start): hit.name.owner for hit in kept if hit.name.part == "name"}
        owners: dict[tuple[str, int, int], set[str]] = {}
        for hit in products:
            owners.setdefault((hit.field, hit.start, hit.end), set()).add(hit.name.owner)
        makers = {owner for kind, owner, role in self._found.tiers if kind == "vendor" and role == "maker"}
        attributed = []
        for hit in products:
            present = owners[hit.field, hit.start, hit.end] & makers
            own_name = named.get((hit.field, hit.start), hit.name.owner) == hit.name.owner
            if own_name and (not present or hit.name.owner in present):
                attributed.append(hit)
        return attributed

    def _judge_products(self, hits: Iterable[Hit]) -> None:
        for hit in hits:
            vendor, evidence = self._dictionary.vendors[hit.name.owner], self._evidence(hit)
            self._found.add(("vendor", vendor.id, "product"), "alert", evidence)
            if not vendor.sells_only:
                self._found.add(("vendor", vendor.id, "maker"), "alert", evidence)

    def _judge_doubtful(self, weak_products: list[Hit], kept: list[Hit]) -> None:
        """Names that need a context, and products that are ordinary words: counted only beside each other."""
        for vendor, evidence in self._doubtful:
            products = [hit for hit in weak_products if hit.name.owner == vendor.id]
            tier = self._context(vendor, products, kept, in_party=evidence.field.startswith("parties."))
            if tier is not None:
                self._found.add(("vendor", vendor.id, "maker"), tier, evidence)
        for hit in weak_products:
            maker_tier = self._found.tiers.get(("vendor", hit.name.owner, "maker"))
            if maker_tier is not None:
                self._found.add(("vendor", hit.name.owner, "product"), maker_tier, self._evidence(hit))

    def _context(self, vendor: Vendor, products: list[Hit], kept: list[Hit], *, in_party: bool) -> Tier | None:
        """The tier that the rest of the notice gives to a vendor's doubtful name; None where nothing speaks for it."""
        if ("vendor", vendor.id, "maker") in self._found.tiers:
            return self._found.tiers["vendor", vendor.id, "maker"]
        tiers = [self._found.tiers.get(("technology", technology, "")) for technology in vendor.technologies]
        if "alert" in tiers or (in_party and any(hit.field in self._headline for hit in products)):
            return "alert"
        terms = (hit for hit in kept if hit.name.part == "term")
        if any(tiers) or products or any(hit.name.owner in vendor.technologies for hit in terms):
            return "review"
        return None

    def _name_sellers(self) -> None:
        if self._found.tiers:
            tier: Tier = "alert" if "alert" in self._found.tiers.values() else "review"
            for owner, evidence in self._sellers:
                self._found.add(("vendor", owner, "seller"), tier, evidence)

    def _name_technologies(self) -> None:
        """A vendor with one technology only stands for it."""
        for key in [key for key in self._found.tiers if key[0] == "vendor" and key[2] == "maker"]:
            technologies = self._dictionary.vendors[key[1]].technologies
            if len(technologies) == 1:
                for evidence in self._found.evidence[key]:
                    self._found.add(("technology", technologies[0], ""), self._found.tiers[key], evidence)

    def _evidence(self, hit: Hit) -> Evidence:
        quote = self._texts[hit.field][hit.start : hit.end]
        if hit.name.part == "term":
            why = f"a term of {self._dictionary.label('technology', hit.name.owner)}"
            return Evidence(hit.field, quote, hit.start, hit.end, "term", why)
        label = self._dictionary.label("vendor", hit.name.owner)
        if hit.name.part == "product":
            return Evidence(hit.field, quote, hit.start, hit.end, "product", f"{hit.name.name} is a product of {label}")
        return Evidence(hit.field, quote, hit.start, hit.end, "alias", f"a name of {label}")

    def _result(self) -> tuple[Tag, ...]:
        found = self._found
        return tuple(
            Tag(
                kind, owner, self._dictionary.label(kind, owner), role, found.tiers[kind, owner, role],
                tuple(found.evidence[kind, owner, role][:_MOST_EVIDENCE]),
            )
            for kind, owner, role in sorted(found.tiers)
        )  # fmt: skip


def _takes_away(veto: Hit, hit: Hit) -> bool:
    return (
        veto.name.owner == hit.name.owner
        and veto.field == hit.field
        and veto.start - _NEARBY <= hit.start <= veto.end + _NEARBY
    )
