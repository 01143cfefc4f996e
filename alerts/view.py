"""What a message says, in words, before it has a form: for text, HTML and JSON the same. Pure functions.

Every text of a source that stands in a view has been cleaned, so a form only has to escape what is its own markup.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from alerts.cleaning import cleaned, one_line
from alerts.deciding import due_days
from alerts.models import Find, Group, Message, Reason, Rhythm, Word
from archive.deadlines import DAYS
from archive.said import rebuilt_sentence, stone_words
from noticewatch import addresses, words
from noticewatch.changes import Change, Segment, changes
from noticewatch.dates import dated
from noticewatch.models import EventKind, Notice, notice_from
from noticewatch.naming import buyer_name, party_names, shortened, title
from watchlist.views import Quote, TagView, makers, tag_views

MOST_GROUPS: Final = 20
"""Contracts and notices that one message shows; it says how many there are."""

_MOST_FINDS: Final = 3
_MOST_CHANGES: Final = 8
_MOST_PASSAGES: Final = 4
_MOST_TAGS: Final = 6
_MOST_QUOTES: Final = 2
_MOST_TITLE: Final = 220
_MOST_CHANGE: Final = 800
_MOST_SEGMENT: Final = 300
_MOST_AROUND: Final = 90

_TEST: Final = "This is a test of how a message looks and arrives; nothing new was found."
_TOLD_BEFORE: Final = "What follows was found and told before, and stands here as an example."
_NEWEST_HELD: Final = "What follows is the newest notice held that matches, and stands here as an example."
_CONFIRM: Final = (
    "Somebody asked for alerts of public contracting notices to be sent to this address. If it was you, open the link "
    "below. If not, do nothing: nothing more is sent, and the address is forgotten after three days."
)

RHYTHMS: Final[dict[Rhythm, str]] = {
    Rhythm.AT_ONCE: "at once", Rhythm.HOURLY: "hourly", Rhythm.DAILY: "daily", Rhythm.WEEKLY: "weekly",
}  # fmt: skip
REASONS: Final[dict[Reason, str]] = {
    Reason.NEW: "it is new", Reason.AMENDED: "it was changed", Reason.AWARDED: "it was awarded",
    Reason.DUE_SOON: "its deadline is near", Reason.GONE: "it is no longer listed",
}  # fmt: skip

Segments = tuple[tuple[str, str], ...]
"""(kind, text): kinds are ``same``, ``gone``, ``come`` and ``hit``."""


@dataclass(frozen=True, slots=True)
class Line:
    """A fact with its name, such as ``Buyer``."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of the source, and where they stand."""

    where: str
    segments: Segments
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag: what it names, how sure it is, and the passages for it."""

    name: str
    tier: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One find in words. ``what``: what happened; ``notes``: sentences that a reader must not miss; ``more_changes``:
    changed fields that are not shown.
    """

    find: Find
    what: str
    title: str
    facts: tuple[Line, ...]
    notes: tuple[str, ...]
    why: str
    changed: tuple[Passage, ...]
    more_changes: int
    passages: tuple[Passage, ...]
    passages_name: str
    tags: tuple[Tagged, ...]
    version_url: str
    diff_url: str
    record_url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One contract, or a notice that stands alone. ``told``: newest first; ``more``: finds that are not shown."""

    buyer: str
    told: tuple[Told, ...]
    more: int


@dataclass(frozen=True, slots=True)
class View:
    """A message in words. ``note``: what its owner is told besides; ``buyers``: entries by buyer, the buyer of the most
    important entry first.
    """

    subject: str
    head: str
    lead: str
    note: str
    query: str
    buyers: tuple[tuple[str, tuple[Entry, ...]], ...]
    shown: int
    capped: str


def entries_of(message: Message, most: int = MOST_GROUPS) -> list[Entry]:
    """At most so many groups of the message in words, in its order."""
    return [entry_of(group, message.base_url) for group in message.groups[:most]]


def view_of(message: Message, entries: Sequence[Entry]) -> View:
    """The message in words, with these of its entries."""
    if message.confirm_url:
        return View("Please confirm your alerts", "Please confirm your alerts", _CONFIRM, "", "", (), 0, "")
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.buyer, []).append(entry)
    name = shortened(one_line(message.name), 100)
    return View(
        subject=_subject(message, name, entries),
        head=name,
        lead=_lead(message),
        note=one_line(message.note),
        query=one_line(message.understood),
        buyers=tuple((buyer, tuple(held)) for buyer, held in grouped.items()),
        shown=len(entries),
        capped=_capped(message.total, len(entries)),
    )


def entry_of(group: Group, base: str) -> Entry:
    """A group in words."""
    newest = group.finds[::-1]
    told = tuple(told_of(find, base) for find in newest[:_MOST_FINDS])
    return Entry(_buyer(group.latest), told, len(newest) - len(told))


def told_of(find: Find, base: str) -> Told:
    """A find in words. Of what was taken down it says nothing but that, and why."""
    stone = find.version.tombstone or find.notice.tombstone
    notice = None if stone else notice_from(find.version.content)
    changed = _changed(find) if notice else ()
    passages = _apart(map(_passage, find.words)) if notice else []
    at = find.version.capture_id
    return Told(
        find=find,
        what=_what(find),
        title=_title(find, notice),
        facts=tuple(_facts(find, notice)) if notice else (),
        notes=(one_line(f"{stone_words(stone)}."),) if stone else tuple(_notes(find)),
        why=_why(find),
        changed=changed,
        more_changes=max(0, len(find.event.changed) - _MOST_CHANGES) if changed else 0,
        passages=tuple(passages[:_MOST_PASSAGES]),
        passages_name="Words that matched before" if find.crossing == "left" else "Words that matched",
        tags=tuple(_tagged(view) for view in tag_views(find.tags, notice)[:_MOST_TAGS]) if notice else (),
        version_url=base + addresses.version(find.notice.id, find.version.version),
        diff_url=_diff_url(find, base) if notice and find.before else "",
        record_url=base + (addresses.capture(at) if find.record is None else addresses.record(at, find.record)),
    )


def _diff_url(find: Find, base: str) -> str:
    before = find.before
    if before is None or before.tombstone is not None or before.version == find.version.version:
        return ""
    return base + addresses.diff(find.notice.id, before.version, find.version.version)


def _buyer(find: Find) -> str:
    if find.version.tombstone or find.notice.tombstone:
        return "Taken down"
    return shortened(one_line(buyer_name(notice_from(find.version.content))), 120) or words.NOT_STATED


def _title(find: Find, notice: Notice | None) -> str:
    published = title(notice, find.notice.id) if notice else find.notice.id
    return shortened(one_line(published), _MOST_TITLE) or find.notice.id


def _what(find: Find) -> str:
    """``Special notice, first seen``; ``Order, amended and deadline moved``."""
    kinds = words.listed(words.EVENTS.get(kind, kind.replace("_", " ")) for kind in find.event.kinds)
    if find.version.tombstone or find.notice.tombstone:
        return words.first_upper(kinds)
    kind = words.kind_words(notice_from(find.version.content).kind)
    return f"{kind}, {kinds}" if kinds else kind


def _facts(find: Find, notice: Notice) -> Iterable[Line]:
    """Buyer, seller → maker, amount with its kind, due date, the day it is dated by; absent ones are said to be so."""
    sellers = words.listed(party_names(notice, "supplier", "reseller")[:4])
    made_by = words.listed(makers(find.tags)[:4])
    headline = notice.stated_amount()
    due = notice.date("due")
    day, by = dated(notice, find.notice.first_seen)
    yield _line("Buyer", buyer_name(notice))
    yield _line("Seller", f"{sellers or words.NOT_STATED} → {made_by} (maker)" if made_by else sellers)
    kind = f" ({words.amount_kind(headline.kind, headline.basis)})" if headline else ""
    yield _line("Amount", words.amount_value(headline) + kind if headline else "")
    yield _line("Due", words.date_words(due) if due else "")
    yield _line("Dated", f"{words.day_words(day)}, {words.DATED_FROM.get(by, by)}")


def _line(name: str, value: str) -> Line:
    return Line(name, shortened(one_line(value), 300) or words.NOT_STATED)


def _notes(find: Find) -> Iterable[str]:
    if find.event.late:
        yield f"Late: it was first seen here {words.LATE}."
    if (days := due_days(find.event)) is not None:
        yield f"The deadline is near: {words.count_words(days, 'day')} or less were left when this was noted."
    if find.crossing == "left":
        yield "The words are gone: since this version the notice no longer matches this search."
    if rebuilt := rebuilt_sentence(find.notice):
        yield one_line(rebuilt)


def _why(find: Find) -> str:
    """``it is new``; ``it was changed; it matches since this version``."""
    why = words.listed(REASONS[reason] for reason in find.reasons)
    since = find.crossing == "entered" and find.before is not None and Reason.NEW not in find.reasons
    return f"{why}; it matches since this version" if since else why


def _changed(find: Find) -> tuple[Passage, ...]:
    """What is new, by field. A new notice is new as a whole."""
    if EventKind.NEW in find.event.kinds:
        return ()
    told = changes([change for change in find.event.changed if change[0] != DAYS][:_MOST_CHANGES])
    return tuple(passage for change in told if (passage := _difference(change)).segments)


def _difference(change: Change) -> Passage:
    return Passage(words.first_upper(one_line(change.field)), _bounded(change.segments), one_line(change.by))


def _bounded(segments: Iterable[Segment]) -> Segments:
    """What changed with a little of what stands around it; an ellipsis says that there is more."""
    kept: list[tuple[str, str]] = []
    left = _MOST_CHANGE
    for kind, text in _around(segments):
        if left <= 0:
            return (*kept, ("same", " …"))
        shown = shortened(text, min(left, _MOST_SEGMENT))
        kept.append((kind, shown))
        left -= len(shown) + 1
    return tuple(kept)


def _around(segments: Iterable[Segment]) -> Iterator[tuple[str, str]]:
    """Segments, with neighbours of one kind joined and of what stayed only the ends that touch a change."""
    runs = [
        (kind, cleaned("".join(part.text for part in run))) for kind, run in groupby(segments, lambda part: part.kind)
    ]
    for place, (kind, text) in enumerate(runs):
        before, after = place > 0, place < len(runs) - 1
        if kind != "same" or len(text) <= _MOST_AROUND * (before + after):
            yield kind, text
            continue
        head = text[:_MOST_AROUND].rpartition(" ")[0] + " " if before else ""
        tail = " " + text[-_MOST_AROUND:].partition(" ")[2] if after else ""
        yield kind, f"{head}…{tail}"


def _passage(word: Word) -> Passage:
    where = one_line(word.place) if word.field == "document" else words.field_words(word.field)
    return Passage(
        where or "document", tuple(("hit" if matched else "same", cleaned(text)) for text, matched in word.parts)
    )


def _apart(passages: Iterable[Passage]) -> list[Passage]:
    """Passages that read alike once: a title is often the description too."""
    return list({passage.segments: passage for passage in list(passages)[::-1]}.values())[::-1]


def _tagged(view: TagView) -> Tagged:
    name = f"{view.label} ({view.role})" if view.role else view.label
    return Tagged(one_line(name), view.tier, tuple(map(_quoted, view.quotes[:_MOST_QUOTES])))


def _quoted(quote: Quote) -> Passage:
    parts = (("same", quote.before), ("hit", quote.quote), ("same", quote.after))
    return Passage(quote.field, tuple((kind, cleaned(text)) for kind, text in parts if text), one_line(quote.why))


def _subject(message: Message, name: str, entries: Sequence[Entry]) -> str:
    """``ICE monitoring: special notice, first seen: Social media tools``; a digest says how many."""
    if message.test:
        return f"Test of “{name}”"
    if not message.groups and message.note:
        return f"{name}: {shortened(one_line(message.note), 100)}"
    if message.total == 1 and entries:
        newest = entries[0].told[0]
        return f"{name}: {words.inside(newest.what)}: {shortened(newest.title, 90)}"
    return f"{name}: {words.count_words(message.total, 'contract or notice', 'contracts and notices')}"


def _lead(message: Message) -> str:
    if message.test:
        shown = _TOLD_BEFORE if message.total else _NEWEST_HELD
        return f"{_TEST} {shown}" if message.groups else _TEST
    if not message.groups and message.note:
        return ""
    found = words.count_words(message.total, "contract or notice", "contracts and notices")
    if message.rhythm is Rhythm.AT_ONCE:
        return f"Your search found {found}."
    return f"Your {RHYTHMS[message.rhythm]} digest: {found}."


def _capped(total: int, shown: int) -> str:
    if shown >= total:
        return ""
    return f"Shown are the {shown:,} most important of {total:,}; the link below shows all of them."


def made_words(moment: datetime) -> str:
    """When the message was made."""
    return words.moment_words(moment)
