"""The read side of the watchlist: tags of notices and notices of tags. Every function takes a connection."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, Select, bindparam, case, func, select

from archive.tables import memberships, notices
from archive.withheld import withheld_now
from noticewatch.database import chunks, plain_rows
from watchlist.current import dictionary_in_force
from watchlist.dictionary import Dictionary
from watchlist.evidence import Tag, load_evidence
from watchlist.inheritance import with_sellers
from watchlist.tables import tags

_KIND: dict[str, Literal["vendor", "technology"]] = {"vendor": "vendor", "technology": "technology"}


@dataclass(frozen=True, slots=True)
class TagCount:
    """How many notices carry a tag, in any role, and how many of them in the tier ``alert``."""

    kind: str
    id: str
    label: str
    notices: int
    alerts: int


def by_tier(count: TagCount | None) -> dict[str, int]:
    """How many notices are ``matched`` on a tag and how many only ``to_be_checked``; none where nothing is counted."""
    alerts, notices = (count.alerts, count.notices) if count else (0, 0)
    return {"matched": alerts, "to_be_checked": notices - alerts}


def tags_of(
    connection: Connection,
    notice_numbers: Iterable[int],
    dictionary: Dictionary | None = None,
    *,
    evidence: bool = True,
) -> dict[int, list[Tag]]:
    """Tags by notice number, in order of kind, id and role; notices without tags are left out, and so are those whose
    content is withheld: a tag quotes it. Without ``evidence`` for who only counts them: reading it costs most.
    """
    return _tags(connection, notice_numbers, dictionary, withheld=False, evidence=evidence)


def held_tags(connection: Connection, notice_numbers: Iterable[int]) -> dict[int, list[Tag]]:
    """The same for who tags: also of notices whose content is withheld."""
    return _tags(connection, notice_numbers, None, withheld=True)


def _tags(
    connection: Connection,
    notice_numbers: Iterable[int],
    dictionary: Dictionary | None,
    *,
    withheld: bool,
    evidence: bool = True,
) -> dict[int, list[Tag]]:
    labels = dictionary or dictionary_in_force()
    found: dict[int, list[Tag]] = {}
    hidden = set() if withheld else _hidden(connection)
    evidence = evidence or bool(hidden)  # a tag that rests on what is withheld alone does not count either
    lessened = set[int]()
    for chunk in chunks(notice_numbers):
        for row in connection.execute(_chosen(withheld, evidence), {"notices": chunk}):
            label = labels.label(row.kind, row.id)
            quoted = load_evidence(row.evidence) if evidence else ()
            if hidden and any(piece.notice for piece in quoted):
                quoted = tuple(piece for piece in quoted if piece.notice not in hidden)
                if not quoted:
                    lessened.add(row.notice)
                    continue
            tag = Tag(_KIND[row.kind], row.id, label, row.role, row.tier, quoted)
            found.setdefault(row.notice, []).append(tag)
    rest = {number: list(with_sellers(found[number])) for number in lessened & found.keys()}
    return {number: some for number, some in (found | rest).items() if some}


@cache
def _chosen(withheld: bool, evidence: bool) -> Select[Any]:
    """Tags of the notices ``notices``; ``withheld``: also of those whose content is withheld; with their ``evidence``
    or without.
    """
    columns = [column for column in tags.c if evidence or column is not tags.c.evidence]
    query = select(*columns).where(tags.c.notice.in_(bindparam("notices", expanding=True)))
    query = query if withheld else query.where(tags.c.notice.not_in(withheld_now()))
    return query.order_by(tags.c.kind, tags.c.id, tags.c.role)


def _hidden(connection: Connection) -> set[str]:
    """Ids of the notices whose content is withheld: no other notice may quote it."""
    return set(connection.scalars(select(notices.c.id).where(notices.c.number.in_(withheld_now()))))


def tagged_notices(connection: Connection, kind: str, tag_id: str) -> list[int]:
    """Numbers of the notices that carry a vendor or technology, in any role, in order."""
    carries = tags.c.kind == kind, tags.c.id == tag_id, tags.c.notice.not_in(withheld_now())
    return list(connection.scalars(select(tags.c.notice).where(*carries).distinct().order_by(tags.c.notice)))


def tiers_of(connection: Connection, notice_numbers: Iterable[int]) -> dict[int, set[str]]:
    """Tiers of the tags of notices, whether their contents are withheld or not; those without tags are left out."""
    found: dict[int, set[str]] = {}
    for chunk in chunks(notice_numbers):
        query = select(tags.c.notice, tags.c.tier).where(tags.c.notice.in_(chunk)).distinct()
        for number, tier in connection.execute(query):
            found.setdefault(number, set()).add(tier)
    return found


def watched() -> Select[tuple[int]]:
    """Selects the numbers of the notices on the watchlist: those that carry a tag, and all of their procurements."""
    m = memberships.c
    together = select(m.procurement).where(m.notice.in_(select(tags.c.notice)))
    return select(tags.c.notice).union(select(m.notice).where(m.procurement.in_(together))).subquery().select()


def counts_by_tag(connection: Connection, dictionary: Dictionary | None = None) -> list[TagCount]:
    """Every tag in use with its number of notices, the most frequent first; without what rests on a notice alone whose
    content is withheld, as :func:`tags_of` tells it.
    """
    labels = dictionary or dictionary_in_force()
    counted = _read_and_counted(connection) if _hidden(connection) else _counted(connection)
    rows = [TagCount(kind, tag, labels.label(kind, tag), held, alerts) for kind, tag, held, alerts in counted]
    return sorted(rows, key=lambda row: (-row.notices, row.kind, row.id))


def _counted(connection: Connection) -> Iterable[tuple[str, str, int, int]]:
    """Kind and id of every tag, with its number of notices in all and in the tier ``alert``."""
    alert = case((tags.c.tier == "alert", tags.c.notice))
    counted = func.count(tags.c.notice.distinct()), func.count(alert.distinct())
    return plain_rows(connection, select(tags.c.kind, tags.c.id, *counted).group_by(tags.c.kind, tags.c.id))


def _read_and_counted(connection: Connection) -> Iterable[tuple[str, str, int, int]]:
    """The same where something is withheld: whether a tag rests on that alone stands in what it quotes."""
    held, alerts = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for chunk in chunks(connection.scalars(select(tags.c.notice).distinct())):
        for some in tags_of(connection, chunk).values():
            held.update({(tag.kind, tag.id) for tag in some})
            alerts.update({(tag.kind, tag.id) for tag in some if tag.tier == "alert"})
    return ((*of, count, alerts[of]) for of, count in held.items())
