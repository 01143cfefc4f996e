"""SAM chains: each revision of a SAM.gov notice comes under a new NoticeId; a chain of them is one notice.

The rule as readers are told it: docs/model.md, "Chains".
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, Self

from noticewatch.buyers import find
from noticewatch.dates import instant
from noticewatch.models import Buyer, Content, Kind, Notice
from noticewatch.numbers import plain

DEFENSE: Final = frozenset({"017", "021", "057", "097"})
"""CGAC codes of the Department of Defense and the services that post under it: one department."""

NO_AWARD_NUMBER: Final = frozenset({"", "VARIOUS", "VARIES", "MULTIPLE", "NA", "TBD", "SEEBELOW"})
"""Words that stand where an award number should."""

ZONE: Final = "America/New_York"
"""Zone of times and days of posting that are printed without an offset."""

LIKENESS: Final = 0.6
_WEAK_BELOW = 7
_A_DAY = timedelta(hours=24)
_WORD = re.compile(r"[^\W_]+")


def chain_key(notice: Notice) -> str | None:
    """What the revisions of one notice have in common; None where the number is too weak to tell.

    Department, solicitation number and type; for award notices also the award number, else the awardee.
    """
    buyer = notice.buyer()
    number = next((held.plain for held in notice.numbers if held.type == "solicitation"), "")
    if buyer is None or _is_weak(number, buyer):
        return None
    parts = [_department(buyer), number, plain(notice.kind_published or notice.kind)]
    if notice.kind is Kind.AWARD:
        parts.append(_award(notice))
    return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Link:
    """What of a revision decides whether another one belongs to its chain."""

    title: str
    posted: datetime | None
    award: bool
    amount: str | None
    awarded_on: str | None

    @classmethod
    def of(cls, content: Content) -> Self:
        """The link that a notice's content makes."""
        dates = {date["role"]: date["value"] for date in content.get("dates", ())}
        amounts = [amount.get("value") for amount in content.get("amounts", ()) if amount["kind"] == "announced"]
        return cls(
            title=" ".join(_WORD.findall(" ".join(text["text"] for text in content.get("title", ())).casefold())),
            posted=instant(dates["posted"], ZONE) if "posted" in dates else None,
            award=content["kind"] == Kind.AWARD,
            amount=amounts[0] if amounts and amounts[0] != "0" else None,
            awarded_on=dates.get("signed"),
        )

    def follows(self, last: "Link", *, by_title: bool = False) -> bool:
        """Whether this revision belongs to the chain that ends with ``last``; ``by_title``: only with its title."""
        if self.title != last.title and (by_title or likeness(self.title, last.title) < LIKENESS):
            return False
        if not (self.award and last.award):
            return True
        differ = _differ(self.amount, last.amount) and _differ(self.awarded_on, last.awarded_on)
        return not (differ and _long_after(self, last))


@lru_cache(maxsize=65_536)
def likeness(one: str, other: str) -> float:
    """How like two titles (lower case, words parted by spaces) are, 0 to 1.

    Shared words over the words of the shorter, or difflib's ratio where that is greater and enough.
    """
    if one == other:
        return 1.0
    words, others = set(one.split()), set(other.split())
    shared = len(words & others) / min(len(words), len(others)) if words and others else 0.0
    if shared >= LIKENESS:
        return shared
    letters = SequenceMatcher(None, one, other, autojunk=False)
    if letters.real_quick_ratio() < LIKENESS or letters.quick_ratio() < LIKENESS:  # bounds that cost far less
        return shared
    return max(shared, letters.ratio())


def _differ(one: str | None, other: str | None) -> bool:
    """Whether both are stated and differ; agreements without calls yet state an amount of zero."""
    return one is not None and other is not None and one != other


def _long_after(link: Link, last: Link) -> bool:
    if link.posted is None or last.posted is None:
        return False
    return abs(link.posted - last.posted) > _A_DAY


def _is_weak(number: str, buyer: Buyer) -> bool:
    if len(number) < _WEAK_BELOW or not any(character.isdigit() for character in number):
        return True
    return number == plain(buyer.codes.get("aac", ""))


def _department(buyer: Buyer) -> str:
    code = buyer.codes.get("cgac", "")
    if code in DEFENSE:
        return "usg-dod"
    entry = find("sam.cgac", code) if code else find("sam.department", buyer.name or "")
    return entry.id if entry else code or plain(buyer.name or "")


def _award(notice: Notice) -> str:
    number = next((held.plain for held in notice.numbers if held.type == "award"), "")
    if number not in NO_AWARD_NUMBER:
        return number
    return "to " + plain(next((party.name for party in notice.parties if party.role == "supplier"), ""))
