"""What the watchlist holds, with how many notices: read once for each state of the log, shown as a page and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from api.context import Context
from archive.times import stamp
from noticewatch import addresses, words
from watchlist import queries, retag
from watchlist.current import Watchlist
from watchlist.dictionary import Dictionary, Technology, Vendor
from watchlist.queries import TagCount
from watchlist.retag import Retag

KINDS: Final = (
    ("vendor", "Makers", "They make or run what is watched for."),
    (
        "integrator",
        "Integrators",
        "They build and run systems, mostly from what others make. Named beside what they sell.",
    ),
    (
        "reseller",
        "Resellers",
        "They sell what others make. Named as sellers beside what they sell, never by themselves.",
    ),
)
"""Types of vendors in the order of the page: id, name, and what it means."""

_RETAGS: Final = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A technology or vendor: how many notices were matched, and how many are to be checked. ``said``: its definition,
    or what its names also mean; ``of``: what it is part of, or is watched for.
    """

    id: str
    name: str
    href: str
    said: str
    of: tuple[str, ...]
    matched: int
    to_be_checked: int


@dataclass(frozen=True, slots=True)
class Group:
    """Vendors of one type, those that occur in the archive first."""

    kind: str
    name: str
    meaning: str
    vendors: tuple[Line, ...]

    @property
    def seen(self) -> tuple[Line, ...]:
        """Those that some notice names."""
        return tuple(line for line in self.vendors if line.matched or line.to_be_checked)

    @property
    def unseen(self) -> tuple[Line, ...]:
        """Those that no notice names so far."""
        return tuple(line for line in self.vendors if not line.matched and not line.to_be_checked)


@dataclass(frozen=True, slots=True)
class View:
    """The page. ``clauses``: text that is left out before matching; ``greys``: cases that a person decides; ``retags``:
    the latest changes of the dictionary that were applied to what is held; ``waiting``: whether files that were changed
    cannot be used.
    """

    version: str
    technologies: tuple[Line, ...]
    groups: tuple[Group, ...]
    clauses: tuple[str, ...]
    greys: tuple[str, ...]
    retags: tuple[Retag, ...]
    waiting: bool

    def form(self) -> dict[str, Any]:
        """The page in JSON."""
        return {
            "version": self.version,
            "technologies": [asdict(line) for line in self.technologies],
            "unchecked": words.UNCHECKED,
            "vendors": [asdict(line) | {"kind": group.kind} for group in self.groups for line in group.vendors],
            "left_out": list(self.clauses),
            "for_review": list(self.greys),
            "history": [
                {
                    "version": one.dictionary, "began_at": stamp(one.began_at),
                    "ended_at": stamp(one.ended_at) if one.ended_at else None, "notices": one.notices,
                }
                for one in self.retags
            ],
            "changed_files_refused": self.waiting,
        }  # fmt: skip


def view(held: Context) -> View:
    """The watchlist as it is in force, with what the archive holds of it. A retag may change no tag and then moves no
    log, so the history is read each time.
    """
    dictionary = held.dictionary
    lines = held.remember("watchlist", (held.head(), dictionary.version), lambda: _lines(held, dictionary))
    with held.archive.reading() as connection:
        done = tuple(retag.history(connection, _RETAGS))
    clauses = tuple(clause.name for clause in dictionary.clauses)
    greys = tuple(grey.name for grey in dictionary.greys)
    waiting = isinstance(held.watchlist, Watchlist) and bool(held.watchlist.refusal)
    return View(dictionary.version, *lines, clauses, greys, done, waiting)


def _lines(held: Context, dictionary: Dictionary) -> tuple[tuple[Line, ...], tuple[Group, ...]]:
    with held.archive.reading() as connection:
        counts = {(one.kind, one.id): one for one in queries.counts_by_tag(connection, dictionary)}
    technologies = tuple(_technology(dictionary, one, counts) for one in dictionary.technologies.values())
    groups = (
        Group(kind, name, meaning, _in_order(_vendor(dictionary, one, counts) for one in _of(dictionary, kind)))
        for kind, name, meaning in KINDS
    )
    return technologies, tuple(groups)


def _of(dictionary: Dictionary, kind: str) -> Iterable[Vendor]:
    return (vendor for vendor in dictionary.vendors.values() if vendor.kind == kind)


def _technology(dictionary: Dictionary, one: Technology, counts: Mapping[tuple[str, str], TagCount]) -> Line:
    above = dictionary.technologies.get(one.parent)
    href = addresses.technology(one.id)
    of, tiers = (above.name,) if above else (), queries.by_tier(counts.get(("technology", one.id)))
    return Line(one.id, one.name, href, one.definition, of, **tiers)


def _vendor(dictionary: Dictionary, one: Vendor, counts: Mapping[tuple[str, str], TagCount]) -> Line:
    of = tuple(dictionary.label("technology", name) for name in one.technologies)
    tiers = queries.by_tier(counts.get(("vendor", one.id)))
    return Line(one.id, one.name, addresses.vendor(one.id), one.note, of, **tiers)


def _in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    found: Sequence[Line] = list(lines)
    return tuple(sorted(found, key=lambda line: (-line.matched, -line.to_be_checked, line.name.casefold())))
