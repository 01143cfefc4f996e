"""What an event is to a search: whether it counts, and why. Pure."""

from collections.abc import Collection, Sequence
from typing import Final

from alerts.models import Crossing, Reason
from alerts.revisions import Compiled
from archive.deadlines import DAYS
from noticewatch.models import Event, EventKind

_CHANGES: Final = frozenset({
    EventKind.AMENDED, EventKind.DEADLINE_MOVED, EventKind.AWARDED, EventKind.CANCELLED, EventKind.DOCUMENT_ADDED,
    EventKind.DOCUMENT_CHANGED, EventKind.DOCUMENT_REMOVED, EventKind.DOCUMENT_TEXT,
})  # fmt: skip
_GONE: Final = frozenset({
    EventKind.UNLISTED, EventKind.RELISTED, EventKind.WITHDRAWN, EventKind.ARCHIVED_BY_SOURCE, EventKind.CANCELLED,
})  # fmt: skip


def reasons(event: Event, of_new: bool) -> frozenset[Reason]:
    """For what an event may count. ``of_new``: its version is the notice's first, and was news: a text of a document
    that becomes known then is part of what is new.
    """
    kinds, found = set(event.kinds), set[Reason]()
    if EventKind.NEW in kinds or (of_new and EventKind.DOCUMENT_TEXT in kinds):
        found.add(Reason.NEW)
    if EventKind.AWARDED in kinds:
        found.add(Reason.AWARDED)
    if kinds & _CHANGES:
        found.add(Reason.AMENDED)
    if kinds & _GONE:
        found.add(Reason.GONE)
    if EventKind.DUE_SOON in kinds:
        found.add(Reason.DUE_SOON)
    return frozenset(found)


def crossing(*, after: bool, before: bool) -> Crossing | None:
    """How a query stands to a notice that it finds after or before an event; None where it finds neither."""
    if after:
        return "still" if before else "entered"
    return "left" if before else None


def decided(asks: Compiled, event: Event, possible: Collection[Reason], stands: Crossing) -> tuple[Reason, ...]:
    """The chosen reasons for which an event counts; none where it does not.

    What is new or near its deadline counts while the query finds it; a text that became known is new only to a query
    that did not find the notice before.
    """
    found = asks.reasons & frozenset(possible)
    if stands != "entered" and EventKind.NEW not in event.kinds:
        found -= {Reason.NEW}
    if stands == "left":
        found -= {Reason.NEW, Reason.DUE_SOON}
    if Reason.AMENDED in found and asks.changes and not asks.changes & set(event.kinds):
        found -= {Reason.AMENDED}
    if Reason.DUE_SOON in found and due_days(event) not in asks.due_days:
        found -= {Reason.DUE_SOON}
    return tuple(reason for reason in Reason if reason in found)


class Judge:
    """Decides the same questions of a batch once. Events are known by their places in it."""

    def __init__(self, events: Sequence[Event], possible: Sequence[frozenset[Reason]]) -> None:
        self._events, self._possible = events, possible
        shapes: dict[object, int] = {}
        self._shapes = [
            shapes.setdefault((event.kinds, some, due_days(event)), len(shapes))
            for event, some in zip(events, possible, strict=True)
        ]
        self._known: dict[object, tuple[Reason, ...]] = {}

    def decided(self, asks: Compiled, event: int, stands: Crossing) -> tuple[Reason, ...]:
        """As :func:`decided` of the event at a place."""
        key = (asks.reasons, asks.changes, asks.due_days, self._shapes[event], stands)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = decided(asks, self._events[event], self._possible[event], stands)
        return found


def due_days(event: Event) -> int | None:
    """How many days before the deadline an event says that it is; None where it does not."""
    return next((new for path, _, new in event.changed if path == DAYS and isinstance(new, int)), None)
