"""What a change is called, and whether it is late. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from archive.held import HeldRecord
from noticewatch.models import ALWAYS_QUIET, EventKind, Kind, Notice, Status, carries

REPOSTED_PATHS: Final = frozenset({"numbers.notice_id", "dates.posted", "dates.modified", "links"})
"""Paths that change when a notice is posted again, or its entry touched, as it was."""

_STATUS_PATHS = frozenset({"status", "status_published", "kind", "kind_published"})


def is_news(path: str, old: Any, new: Any) -> bool:
    """Whether a changed path may be news: a total beside a change that stands follows from other actions or witnesses.

    old, new: the merged values before and after, None where the path was or is absent.
    """
    if not path.startswith("amounts.") or old is None or new is None:
        return True
    before, after = ([amount for amount in held if amount["basis"] == "change"] for held in (old, new))
    return not before or before != after


def change_kinds(
    changed: Iterable[str],
    record: HeldRecord,
    before: HeldRecord | None,
    before_now: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> tuple[EventKind, ...]:
    """Kinds of a change of the merged paths ``changed``.

    record, before: the changing record and its predecessor of the same source (None: a witness's first record);
    before_now: the predecessor's paths as the record's parser reads them; after: merged paths after the change.
    """
    stated, enriched, reparsed = set(), False, False
    for path in changed:
        if before is None or not (carries(record.carried, path) and carries(before.carried, path)):
            enriched = True
            continue
        now, then = record.paths.get(path), (before_now or {}).get(path)
        if record.sha256 == before.sha256 or now == then:
            reparsed = True
        elif record.carried != before.carried and _agree(now, then):
            enriched = True
        else:
            stated.add(path)
    documents = _document_kinds((before_now or {}).get("documents"), record.paths.get("documents"))
    kinds = _stated_kinds(stated, after, documents if "documents" in stated else [])
    return (*kinds, *([EventKind.ENRICHED] if enriched else []), *([EventKind.REPARSED] if reparsed else []))


def _agree(one: Any, other: Any) -> bool:
    """Whether answers of two kinds contradict each other nowhere: one names a buyer by code, the other by code and
    name.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_agree(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


def _document_kinds(then: Any, now: Any) -> list[EventKind]:
    """Kinds of a change between two lists of documents: by address, none where only what is said of them differs."""
    before, after = ({entry["url"] for entry in held or ()} for held in (then, now))
    added = [EventKind.DOCUMENT_ADDED] if after - before else []
    return [*added, *([EventKind.DOCUMENT_REMOVED] if before - after else [])]


def _stated_kinds(stated: set[str], after: Mapping[str, Any], documents: list[EventKind]) -> list[EventKind]:
    """Kinds of a change that the source made itself. ``documents``: those of a change in its list of them."""
    if not stated:
        return []
    if stated <= REPOSTED_PATHS:
        return [EventKind.REPOSTED]
    kinds = list(documents)
    rest = stated - REPOSTED_PATHS - ({"documents"} if documents else set())
    if "dates.due" in rest:
        kinds.append(EventKind.DEADLINE_MOVED)
        rest -= {"dates.due"}
    if ("status" in rest and after.get("status") == Status.AWARDED) or (
        "kind" in rest and after.get("kind") == Kind.AWARD
    ):
        kinds.append(EventKind.AWARDED)
        rest -= _STATUS_PATHS
    elif "status" in rest and after.get("status") == Status.CANCELLED:
        kinds.append(EventKind.CANCELLED)
        rest -= _STATUS_PATHS
    elif "status" in rest and after.get("status") == Status.WITHDRAWN:
        kinds.append(EventKind.WITHDRAWN)
        rest -= _STATUS_PATHS
    elif rest:
        kinds.append(EventKind.AMENDED)
    return kinds


def is_quiet(kinds: Iterable[EventKind], *, window_quiet: bool, is_current: bool) -> bool:
    """Whether an event is quiet: so are quiet windows, kinds that are never loud, and what is filed into history."""
    return window_quiet or not is_current or all(kind in ALWAYS_QUIET for kind in kinds)


def is_late(notice: Notice, captured_on: date, days: int) -> bool:
    """Whether a notice was posted, or else signed, more than so many days before it was captured."""
    stated = notice.date("posted", "signed")
    if stated is None or stated.precision not in {"time", "day"}:
        return False
    try:
        published = date.fromisoformat(stated.value[:10])
    except ValueError:
        return False
    return (captured_on - published).days > days
