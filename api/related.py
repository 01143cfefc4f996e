"""What else a procurement is linked to, in words: on a notice's page, in lines of ``show``, in JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from api import forms
from archive import queries
from archive.related import INFERRED, MOST, Related, RelatedKind, related
from archive.rows import NoticeRow
from archive.said import rebuilt_sentence, stone_words
from noticewatch import addresses, naming, words
from noticewatch.buyers import find
from noticewatch.dates import dated

SHOWN: Final = 10
"""Links of one kind that a page, a notice's JSON form and ``show`` name; all are at ``/related``."""

KINDS: Final[Mapping[RelatedKind, tuple[str, str]]] = {
    "vehicle": ("Vehicle it was ordered under", "Vehicles it was ordered under"),
    "order": ("Order under this vehicle", "Orders under this vehicle"),
    "solicitation": ("Notices before award, of the solicitation that led to several",
                     "Notices before award, of solicitations that led to several"),
    "award": ("Award that its solicitation led to", "Awards that its solicitation led to"),
    "same_solicitation": ("Notice with the same solicitation number", "Notices with the same solicitation number"),
    "present_contract": ("Present contract that this forecast names", "Present contracts that this forecast names"),
    "forecast": ("Forecast that names this contract as the present one",
                 "Forecasts that name this contract as the present one"),
    "corrects": ("Document that it corrects", "Documents that it corrects"),
    "corrected_by": ("Document that corrects it", "Documents that correct it"),
    "same_title": ("Probably the same", "Probably the same"),
}  # fmt: skip
"""What a linked procurement is to this one: in the singular, in the plural."""

INFERRED_NOTE: Final = (
    "Inferred: the same title and buyer within a year, and no other candidate. No number says so, and nothing is added "
    "up or tagged by it."
)


@dataclass(frozen=True, slots=True)
class Linked:
    """A linked procurement, by its first notice. ``href``, ``day`` and ``kind`` are empty where nothing is held."""

    id: str
    href: str
    day: str
    kind: str
    title: str
    buyer: str
    seller: str
    rebuilt: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Links of one kind. ``count``: how many there are, ``more than 1,000`` where nobody counted on; ``note``: what
    such a link rests on, empty where it is stated; ``cut``: more than ``links`` are there.
    """

    kind: RelatedKind
    name: str
    count: str
    note: str
    links: tuple[Linked, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class Relations:
    """What a procurement is linked to, and the first notices of what is shown of it, by number."""

    links: Sequence[Related]
    rows: Mapping[int, NoticeRow]


def relations(connection: Connection, members: Sequence[NoticeRow], most: int = SHOWN) -> Relations:
    """Links of the procurement of these members, with the first notices of at most so many of each kind."""
    links = related(connection, members)
    named = [link.notice for group in _by_kind(links).values() for link in group[:most] if link.notice]
    return Relations(links, queries.notices(connection, dict.fromkeys(named)))


def groups(found: Relations, most: int = SHOWN) -> list[Group]:
    """Links for readers, by kind, at most so many of each."""
    return [
        Group(
            kind=kind,
            name=KINDS[kind][len(links) > 1],
            count=_count(links),
            note=INFERRED_NOTE if kind in INFERRED else "",
            links=tuple(_linked(link, found.rows.get(link.notice)) for link in links[:most]),
            cut=len(links) > most,
        )
        for kind, links in _by_kind(found.links).items()
    ]


def related_form(row: NoticeRow, found: Relations, most: int = MOST) -> dict[str, Any]:
    """Links in JSON: how many of each kind, and at most ``most`` of each; ``cut`` names the kinds that have more."""
    by_kind = _by_kind(found.links)
    return {
        "notice_id": row.id,
        "url": addresses.related(row.id),
        "procurement": row.procurement_id,
        "counts": {kind: min(len(links), MOST) for kind, links in by_kind.items()},
        "cut": [kind for kind, links in by_kind.items() if len(links) > most],
        "items": [_form(link, found.rows.get(link.notice)) for links in by_kind.values() for link in links[:most]],
    }


def related_lines(found: Relations) -> list[tuple[str, str]]:
    """Links as lines for a person: what it is, and its title, day and buyer."""
    lines = []
    for group in groups(found):
        one = KINDS[group.kind][0]
        name = f"{one} (inferred)" if group.note else one
        lines += [(name, ", ".join(filter(None, [link.title, link.day, link.buyer, link.id]))) for link in group.links]
        if group.cut:
            listed = f"{MOST:,}" if group.count.startswith("more") else "all"
            lines.append(
                (group.name, f"{group.count}, the {len(group.links)} seen latest are named; --json has {listed}")
            )
    return lines


def _by_kind(links: Iterable[Related]) -> dict[RelatedKind, list[Related]]:
    """Links by kind, in the order in which readers want them."""
    found: dict[RelatedKind, list[Related]] = {kind: [] for kind in KINDS}
    for link in links:
        found[link.kind].append(link)
    return {kind: group for kind, group in found.items() if group}


def _count(links: Sequence[Related]) -> str:
    return f"{len(links):,}" if len(links) <= MOST else f"more than {MOST:,}"


def _linked(link: Related, row: NoticeRow | None) -> Linked:
    if row is None:
        return Linked(link.id, "", "", "", *_not_held(link.id), seller="", rebuilt=False)
    return Linked(
        id=row.id,
        href=addresses.notice(row.id),
        day=words.short_day(dated(row.notice, row.first_seen)[0]),
        kind="" if row.tombstone else words.kind_words(row.notice.kind),
        title=naming.shortened(stone_words(row.tombstone) if row.tombstone else naming.title(row.notice, row.id), 140),
        buyer="" if row.tombstone else naming.buyer_name(row.notice),
        seller=words.listed(naming.party_names(row.notice, "supplier", "reseller")),
        rebuilt=bool(rebuilt_sentence(row)),
    )


def _not_held(procurement_id: str) -> tuple[str, str]:
    """What of a procurement that is not held can be said: its number, and who issued it."""
    kind, _, rest = procurement_id.partition(":")
    code, _, number = rest.partition(":")
    if kind != "award" or not number:
        return f"{procurement_id}: not held", ""
    entry = find("subtier_code", code) or find("sam.cgac", code)
    return f"{number.replace(':', ' under ')}: not held", entry.short_name if entry else f"agency {code}"


def _form(link: Related, row: NoticeRow | None) -> dict[str, Any]:
    return {
        "kind": link.kind,
        "words": KINDS[link.kind][0],
        "inferred": link.kind in INFERRED,
        "procurement": link.id,
        "held": row is not None,
        "notice": forms.member_form(row) if row else None,
    }
