"""Titles by which two procurements are found to be probably the same, where no number says so.

The joiner keeps a row for each notice whose title its publisher gave and whose buyer is known. An inferred link is a
link only: it never collapses, sums, passes tags or groups alerts.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from sqlalchemy import Connection, delete, or_, select

from archive import tables as t
from noticewatch.buyers import ancestors
from noticewatch.database import chunks, insert_many
from noticewatch.numbers import plain
from noticewatch.text import normalise

LEAST_LETTERS: Final = 15
"""Letters from which a title says enough to be found by."""

WITHIN: Final = 365
"""Days that two notices of one title may lie apart."""

_MANY: Final = 500
"""Rows of one title from which it is taken to be anybody's; far more than one procurement has."""

_DATED_BY: Final = ("posted", "signed")
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Titled:
    """By what a notice may be found to be probably the same thing as another.

    title: SHA-256 of the normalised title, its first 32 hex digits; office: letters and digits of the buyer's office
    code, None where none is printed; agency: the buyer's id in the buyers table, else ``printed:`` and its name as
    printed, normalised; day: of posting, else signing, else first seen, as a number of days.
    """

    title: str
    office: str | None
    agency: str | None
    day: int

    @classmethod
    def of(cls, content: Mapping[str, Any], first_seen: str) -> Self | None:
        """What a notice's content says of it; None where its title is none of its publisher's, too short, or its buyer
        is not named. first_seen: ISO 8601.
        """
        texts = content.get("title", ())
        if not texts or content.get("title_from", "published") != "published":
            return None
        words = normal_title(texts[0]["text"])
        buyer: Mapping[str, Any] = next((b for b in content.get("buyers", ()) if b["role"] == "contracting"), {})
        office, agency = plain(buyer.get("codes", {}).get("aac", "")) or None, _agency(buyer)
        if sum(map(str.isalpha, words)) < LEAST_LETTERS or not (office or agency):
            return None
        return cls(hashlib.sha256(words.encode()).hexdigest()[:32], office, agency, _day(content, first_seen))


def normal_title(title: str) -> str:
    """A title in normal form: words of letters and digits, parted by single spaces."""
    return " ".join(_WORD.findall(normalise(title).text))


def same_buyer(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> bool:
    """Whether two buyers, (office, agency) of :class:`Titled`, may be one: by the same office code; where one prints no
    code, by the agency that it prints, which is the other's own or one that the other belongs to.
    """
    (office, agency), (other_office, other_agency) = one, other
    if office and other_office:
        return office == other_office
    if agency is None or other_agency is None:
        return False
    above = not office and agency in (ancestors(other_agency) or (other_agency,))
    return above or (not other_office and other_agency in (ancestors(agency) or (agency,)))


def keep(connection: Connection, contents: Mapping[int, tuple[str, Mapping[str, Any]]]) -> None:
    """Bring the rows of notices to what they say now. contents: first sighting and content by notice number."""
    found = {number: Titled.of(content, first_seen) for number, (first_seen, content) in contents.items()}
    rows = [
        {"notice": number, "title": one.title, "office": one.office, "agency": one.agency, "day": one.day}
        for number, one in found.items()
        if one is not None
    ]
    insert_many(connection, t.titles, rows, over=True)
    for chunk in chunks(number for number, one in found.items() if one is None):
        connection.execute(delete(t.titles).where(t.titles.c.notice.in_(chunk)))


def probably_same(connection: Connection, procurement: int) -> int | None:
    """The one procurement that is probably the same thing as this one, by number; None where none or several may be.

    Each must be the other's only candidate.
    """
    found = candidates(connection, procurement)
    if len(found) != 1:
        return None
    return found.pop() if candidates(connection, next(iter(found))) == {procurement} else None


def candidates(connection: Connection, procurement: int) -> set[int]:
    """Other procurements with a notice of the same title and buyer within a year of one of this procurement's; none
    where so many have that title that it says nothing. Two awards are never one: each has its number.
    """
    m, own, other, held = t.memberships.alias(), t.titles.alias(), t.titles.alias(), t.memberships.alias()
    this, that = t.procurements.alias(), t.procurements.alias()
    query = (
        select(held.c.procurement, own.c.office, own.c.agency, other.c.office, other.c.agency)
        .select_from(m)
        .join(this, this.c.number == m.c.procurement)
        .join(own, own.c.notice == m.c.notice)
        .join(other, (other.c.title == own.c.title) & other.c.day.between(own.c.day - WITHIN, own.c.day + WITHIN))
        .join(held, held.c.notice == other.c.notice)
        .join(that, that.c.number == held.c.procurement)
        .where(m.c.procurement == procurement, held.c.procurement != procurement)
        .where(or_(this.c.id.not_like("award:%"), that.c.id.not_like("award:%")))
        .distinct()
        .limit(_MANY)
    )
    rows = connection.execute(query).all()
    if len(rows) == _MANY:
        return set()
    return {
        number
        for number, office, agency, other_office, other_agency in rows
        if same_buyer((office, agency), (other_office, other_agency))
    }


def _agency(buyer: Mapping[str, Any]) -> str | None:
    if buyer.get("buyer_id"):
        return str(buyer["buyer_id"])
    printed = normal_title(buyer.get("name") or "")
    return f"printed:{printed}" if printed else None


def _day(content: Mapping[str, Any], first_seen: str) -> int:
    dates = {one["role"]: one["value"] for one in reversed(content.get("dates", ()))}
    for value in (*(dates.get(role, "") for role in _DATED_BY), first_seen):
        try:
            return date.fromisoformat(value[:10]).toordinal()
        except ValueError:
            continue
    return 0
