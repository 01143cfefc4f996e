"""What one notice gave so far: tiers and evidence by tag."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from watchlist.dictionary import Dictionary
from watchlist.evidence import Evidence, Tag

Tier: TypeAlias = Literal["alert", "review"]
Key: TypeAlias = tuple[Literal["vendor", "technology"], str, Literal["maker", "product", "seller", ""]]

_MOST_EVIDENCE: Final = 5


@dataclass
class Findings:
    """Collects tags; a tag's best tier counts, and the evidence that gave it stands first."""

    _held: dict[Key, list[tuple[Tier, Evidence]]] = field(default_factory=dict)

    def add(self, key: Key, tier: Tier, evidence: Evidence) -> None:
        """Note a reason for a tag."""
        held = self._held.setdefault(key, [])
        of_tier = sum(own == tier for own, _ in held)
        if of_tier < _MOST_EVIDENCE and all(evidence != other for _, other in held):
            held.append((tier, evidence))

    def tier(self, key: Key) -> Tier | None:
        """The best tier of a tag; None where nothing speaks for it."""
        held = self._held.get(key)
        if held is None:
            return None
        return "alert" if any(tier == "alert" for tier, _ in held) else "review"

    def evidence(self, key: Key) -> list[Evidence]:
        """The evidence of a tag in the order found."""
        return [evidence for _, evidence in self._held.get(key, [])]

    def found(self) -> list[Key]:
        """Tags found so far."""
        return list(self._held)

    def drop(self, key: Key) -> None:
        """Forget a tag, if it was found."""
        self._held.pop(key, None)

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self._held)

    def vendors(self, role: str) -> set[str]:
        """Vendors found in a role."""
        return {owner for kind, owner, own in self._held if kind == "vendor" and own == role}

    def tags(self, dictionary: Dictionary) -> Iterator[Tag]:
        """Tags in order of kind, id and role, each with the evidence that decided its tier first."""
        for key in sorted(self._held):
            tier = self.tier(key) or "review"
            deciding = [evidence for own, evidence in self._held[key] if own == tier]
            others = [evidence for own, evidence in self._held[key] if own != tier]
            kind, owner, role = key
            evidence = tuple((deciding + others)[:_MOST_EVIDENCE])
            yield Tag(kind, owner, dictionary.label(kind, owner), role, tier, evidence)
