"""What events are about, as documents of the index: a notice as an event left it, and as it was before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from alerts.heritage import passed_to, together
from archive.documents.earlier import texts_before
from archive.documents.queries import characters, of_notices, pages_of
from archive.queries import histories, notices, version
from archive.rows import NoticeRow, VersionRow
from archive.witnesses import sources_of
from indexer.documents import Document, notice_document
from indexer.sync import MOST_INDEXED
from noticewatch.models import Event, Listing, notice_from
from watchlist.evidence import Tag
from watchlist.matcher import Matcher


@dataclass(frozen=True, slots=True)
class Told:
    """An event with the versions it lies between. ``before``: None for a notice that was new then."""

    event: Event
    notice: NoticeRow
    version: VersionRow
    before: VersionRow | None

    @property
    def brings_content(self) -> bool:
        """Whether the event made the version, and does not only tell something more of it."""
        return self.version.seq == self.event.seq


@dataclass(frozen=True, slots=True)
class Sides:
    """Documents of a batch; for each event the places of the document after it and of the one before it."""

    told: tuple[Told, ...]
    documents: tuple[Document, ...]
    places: tuple[tuple[int, int | None], ...]


def told_of(connection: Connection, events: Sequence[Event]) -> list[Told]:
    """Events with their versions. Those of which readers get nothing, because it was taken down, are left out."""
    numbers = list(dict.fromkeys(event.notice_number for event in events))
    rows, held = notices(connection, numbers), histories(connection, numbers)
    found = []
    for event in events:
        row = rows[event.notice_number]
        history = [one for one in held.get(row.number, []) if one.tombstone is None]
        place = next((i for i, one in enumerate(history) if one.version == event.version), None)
        if place is not None:
            before = history[place - 1] if place else None
            found.append(Told(event, row, history[place], before))
            continue
        alone = version(connection, row.number, event.version)
        if alone is not None and alone.tombstone is None:
            held_then = [one for one in history if one.seq < alone.seq]  # it was replaced since: it stands in no order
            found.append(Told(event, row, alone, max(held_then, key=lambda one: one.seq, default=None)))
    return found


def sides(connection: Connection, told: Sequence[Told], matcher: Matcher) -> Sides:
    """The documents of both sides, each once."""
    numbers = dict.fromkeys(one.notice.number for one in told)
    replaced = {one.notice.number for one in told if _brought(one.event)}
    earlier = texts_before(connection, replaced) if replaced else {}
    maker = _Maker(sources_of(connection, list(numbers)), _pages(connection, list(numbers)), earlier,
                   passed_to(connection, numbers), matcher)  # fmt: skip
    return Sides(tuple(told), *maker.made(told))


class _Maker:
    def __init__(
        self,
        sources: Mapping[int, Sequence[str]],
        pages: Mapping[int, Mapping[str, Sequence[str]]],
        earlier: Mapping[int, Mapping[str, Sequence[str]]],
        passed: Mapping[int, Sequence[Tag]],
        matcher: Matcher,
    ) -> None:
        self._sources, self._pages, self._earlier = sources, pages, earlier
        self._passed, self._matcher = passed, matcher
        self._documents: list[Document] = []
        self._places: dict[tuple[object, ...], int] = {}

    def made(self, told: Sequence[Told]) -> tuple[tuple[Document, ...], tuple[tuple[int, int | None], ...]]:
        places = tuple((self._after(one), self._before(one)) for one in told)
        return tuple(self._documents), places

    def _after(self, one: Told) -> int:
        return self._place(one, one.version, _listing(one, 2), frozenset())

    def _before(self, one: Told) -> int | None:
        if one.brings_content:
            return None if one.before is None else self._place(one, one.before, _listing(one, 1), frozenset())
        return self._place(one, one.version, _listing(one, 1), _brought(one.event))

    def _place(self, one: Told, held: VersionRow, listing: Listing, without: frozenset[str]) -> int:
        key = (one.notice.number, held.version, listing, without)
        if key not in self._places:
            self._places[key] = len(self._documents)
            self._documents.append(self._document(one.notice, held, listing, without))
        return self._places[key]

    def _document(self, row: NoticeRow, held: VersionRow, listing: Listing, without: frozenset[str]) -> Document:
        notice = row.notice if held.content_sha256 == row.content_sha256 else notice_from(held.content)
        then = replace(
            row, version=held.version, notice=notice, listing=listing, origin=held.origin, leads_to=None,
            content_sha256=held.content_sha256,
        )  # fmt: skip
        pages = [text for file, texts in self._pages.get(row.number, {}).items() if file not in without
                 for text in texts]  # fmt: skip
        tags = together(self._matcher.tags(notice), self._passed.get(row.number, ()))
        pages += [text for file in sorted(without) for text in self._earlier.get(row.number, {}).get(file, ())]
        return notice_document(then, tags, self._sources.get(row.number, ()), pages)


def _listing(one: Told, side: int) -> Listing:
    """How a notice was listed after (2) or before (1) an event."""
    for change in one.event.changed:
        if change[0] == "listing" and isinstance(change[side], str):
            return Listing(change[side])
    return one.notice.listing


def _brought(event: Event) -> frozenset[str]:
    """Files, by their hashes, whose text an event has made known."""
    return frozenset(
        file["sha256"]
        for path, _, new in event.changed
        if path.startswith("documents.") and isinstance(new, list)
        for file in new
        if isinstance(file, dict) and "sha256" in file
    )


def _pages(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    """Texts of pages by notice and hash of the file; of a notice no more than can be searched."""
    found: dict[int, dict[str, list[str]]] = {}
    for number, rows in of_notices(connection, characters(connection, numbers)).items():
        left = MOST_INDEXED
        for sha256, row in {row.file.sha256: row for row in rows if row.file}.items():
            texts = [placed.page.text for placed in pages_of(connection, [row])]
            left -= sum(map(len, texts))
            if left < 0:
                break
            found.setdefault(number, {})[sha256] = texts
    return found
