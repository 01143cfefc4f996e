"""Whether sources still list a notice, brought up to date in the transaction that appends what a crawl has seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, delete, func, select, update

from archive import listing_tables as lt
from archive import tables as t
from archive import walks
from archive.absence import Departure, Rules, heard, listing_of, missing
from archive.appending import Witnessed
from archive.batches import Sighting, WindowBatch
from archive.ledger import Run
from archive.proof import filing
from archive.sightings import Given
from archive.times import stamp
from archive.windows import WALKING
from noticewatch.database import chunks, insert_many
from noticewatch.models import Content, EventKind, Listing, Status, Verdict, canonical_json

_d, _n, _r, _v = lt.departures.c, t.notices.c, t.records.c, t.versions.c
_LIST: Final = update(t.notices).where(_n.number == bindparam("of_notice")).values(listing=bindparam("now"))
_WITHDRAWN: Final = Status.WITHDRAWN.value


class _Sight(NamedTuple):
    """That a crawl saw a record, in which capture and under which window."""

    at: str
    record: int
    capture: int
    window: int


class _Current(NamedTuple):
    """A notice's current version."""

    version: int
    content: Content
    listing: Listing


class Listings:
    """The listing of notices in one transaction of an append. Needs the lock of the log."""

    def __init__(
        self, connection: Connection, run: Run, register: str, rules: Rules, group: Sequence[WindowBatch]
    ) -> None:
        self._connection, self._run, self._register, self._rules = connection, run, register, rules
        speaking = run.kind in WALKING
        self._batches = [batch for batch in group if speaking and batch.scope not in rules.apart]
        self._lists = {batch.window for batch in self._batches}
        self._only_lists = len(self._batches) == len(group)
        self._events: list[dict[str, Any]] = []

    def before(self, given: Sequence[Given]) -> None:
        """Keep where crawls saw those records last whose last sighting is about to be moved by something else."""
        if self._only_lists:
            return
        moved = {
            one.seen.record
            for one in given
            if one.batch.window not in self._lists and isinstance(one.seen, Sighting) and one.seen.record
        }
        if moved and self._connection.scalar(select(lt.key_captures.c.capture).limit(1)) is not None:
            walks.hide(self._connection, walks.last_places(self._connection, moved))

    def after(
        self,
        stretched: Iterable[Given],
        filed: Sequence[Witnessed],
        quiet: Mapping[int, bool],
        committed_at: str,
        seq: int,
    ) -> int:
        """Take what was seen (``stretched`` in bulk, ``filed`` one by one) and the windows that end; gives the last
        ``seq``. quiet: by number of a window.
        """
        keys = walks.note_captures(self._connection, self._run.source, self._batches) if self._batches else {}
        self._hide(filed)
        self._note_statements(filed)
        self._hear(stretched, filed, quiet)
        if self._rules.absence:
            self._miss(keys, quiet)
        told = {"committed_at": committed_at, "run": self._run.number, "late": False}
        rows = [{"seq": number, **event, **told} for number, event in enumerate(self._events, start=seq + 1)]
        insert_many(self._connection, t.events, rows)
        if rows:
            filing.file(self._connection, filing.held_events(self._connection, seq + 1, seq + len(rows)))
        return seq + len(rows)

    def _hide(self, filed: Iterable[Witnessed]) -> None:
        """Keep where crawls saw records last where no table of sightings says it."""
        moved = [
            (one.record, one.before)
            for one in filed
            if one.window not in self._lists and one.before is not None and one.before != one.record.last
        ]
        passed = [
            (one.record, one.place)
            for one in filed
            if one.window in self._lists and one.record.last.capture != one.place.capture
        ]
        if not moved and not passed:
            return
        places = {place.capture for _, place in moved} | {record.last.capture for record, _ in passed}
        crawled = walks.seen_by_crawls(self._connection, places)
        hidden = [(record.number, place) for record, place in moved if place.capture in crawled]
        hidden += [(record.number, place) for record, place in passed if record.last.capture not in crawled]
        walks.hide(
            self._connection,
            ({"record": record, "seen_at": place.at, "capture": place.capture} for record, place in hidden),
        )

    def _note_statements(self, filed: Iterable[Witnessed]) -> None:
        """Keep an eye on notices of which a source says for the first time that they are withdrawn."""
        notices = {one.record.notice for one in filed if one.record.content.get("status") == _WITHDRAWN}
        rows = [
            {
                "notice": notice, "register": self._register, "listing": Listing.LISTED.value, "key": None,
                "since": None, "as_of": "", "said_at": None,
            }
            for notice in sorted(notices)
        ]  # fmt: skip
        insert_many(self._connection, lt.departures, rows, new=True)

    def _hear(self, stretched: Iterable[Given], filed: Iterable[Witnessed], quiet: Mapping[int, bool]) -> None:
        """Look at what was seen of notices that are not plainly listed."""
        some = select(_d.notice).where(_d.register == self._register).limit(1)
        if not self._lists or self._connection.scalar(some) is None:
            return
        bulk = [(one.seen.record, one) for one in stretched if isinstance(one.seen, Sighting)]
        single = [(one.record.number, one) for one in filed if one.window in self._lists]
        departed = self._departed({*(record for record, _ in bulk), *(record for record, _ in single)})
        seen = [
            _Sight(stamp(one.capture.fetched_at), record, one.number, one.batch.window)
            for record, one in bulk
            if record in departed and one.batch.window in self._lists
        ]
        seen += [
            _Sight(one.place.at, record, one.place.capture, one.window) for record, one in single if record in departed
        ]
        notices = {notice for notice, _ in departed.values()}
        known, current = self._departures(notices), self._current(notices)
        for sight in sorted(seen):
            notice, says = departed[sight.record]
            if notice not in known:
                continue
            stands = current[notice].content.get("status") == _WITHDRAWN
            after, kind = heard(known[notice], sight.at, says=says, stands=stands)
            if kind is not None:
                now = after.listing if after else Listing.LISTED
                loud = not quiet[sight.window] and kind is not EventKind.WITHDRAWN  # told when it was first said
                self._change(notice, current[notice], now, kind, sight.capture, quiet=not loud)
            if after is None:
                del known[notice]
                self._connection.execute(delete(lt.departures).where(_d.notice == notice))
            elif after != known[notice]:
                known[notice] = after
                self._keep(after)

    def _miss(self, keys: Mapping[int, int], quiet: Mapping[int, bool]) -> None:
        """Find who is missing for the third time from windows that end here complete."""
        complete = [batch.window for batch in self._batches if batch.last and batch.verdict is Verdict.COMPLETE]
        walked = walks.walked_at(self._connection, complete)
        by_key = {keys[window]: window for window in walked}
        due = walks.note_complete(self._connection, {key: walked[window] for key, window in by_key.items()})
        if not due:
            return
        absent = walks.absentees(self._connection, due)
        listed = walks.last_listed(self._connection, absent)
        current = self._current(listed)
        held = {notice: last for notice, last in listed.items() if current[notice].listing is Listing.LISTED}
        own = [last for numbers in held.values() for last in numbers if last.source == self._run.source]
        times = walks.complete_walks(
            self._connection, {key for last in own for key in last.keys}, min((last.at for last in own), default="")
        )
        known = self._departures(held)
        undecided = []
        for notice, last in sorted(held.items()):
            found = missing(self._run.source, last, times)
            window = by_key[absent[notice]]
            if found.contested:
                undecided.append({"key": absent[notice], "notice": notice})
            elif found.since is not None:
                now = listing_of(current[notice].content, found.since)
                blank = Departure(notice, now, absent[notice], found.since, walked[window].at, None)
                before = known.get(notice)
                self._keep(replace(blank, said_at=before.said_at) if before else blank)
                self._change(
                    notice, current[notice], now, EventKind(now.value), walked[window].capture, quiet=quiet[window]
                )
        insert_many(self._connection, lt.undecided, undecided, new=True)

    def _departed(self, records: Iterable[int]) -> dict[int, tuple[int, bool]]:
        """Notice by record, and whether the record says that it is withdrawn, for those that are not plainly listed."""
        found: dict[int, tuple[int, bool]] = {}
        for chunk in chunks(records):
            query = select(_r.number, _r.notice, _r.content).join(lt.departures, _d.notice == _r.notice)
            for number, notice, content in self._connection.execute(query.where(_r.number.in_(chunk))):
                found[number] = notice, orjson.loads(content).get("status") == _WITHDRAWN
        return found

    def _departures(self, notices: Iterable[int]) -> dict[int, Departure]:
        found: dict[int, Departure] = {}
        for chunk in chunks(notices):
            query = select(_d.notice, _d.listing, _d.key, _d.since, _d.as_of, _d.said_at)
            for row in self._connection.execute(query.where(_d.notice.in_(chunk))):
                found[row.notice] = Departure(
                    row.notice, Listing(row.listing), row.key, row.since, row.as_of, row.said_at
                )
        return found

    def _current(self, notices: Iterable[int]) -> dict[int, _Current]:
        found: dict[int, _Current] = {}
        for chunk in chunks(notices):
            query = (
                select(
                    _n.number, _n.current_version, _n.listing, func.coalesce(_v.content, _r.content).label("content")
                )
                .join(t.versions, (_v.notice == _n.number) & (_v.version == _n.current_version))
                .join(t.records, _r.number == _v.record)
                .where(_n.number.in_(chunk))
            )
            for number, version, listing, content in self._connection.execute(query):
                found[number] = _Current(version, orjson.loads(content), Listing(listing))
        return found

    def _keep(self, departure: Departure) -> None:
        row = {
            "notice": departure.notice, "register": self._register, "listing": departure.listing.value,
            "key": departure.key, "since": departure.since, "as_of": departure.as_of, "said_at": departure.said_at,
        }  # fmt: skip
        insert_many(self._connection, lt.departures, [row], over=True)

    def _change(
        self, notice: int, current: _Current, now: Listing, kind: EventKind, capture: int, *, quiet: bool
    ) -> None:
        """Note a notice's new listing and the event that tells of it; its version stays."""
        before = self._connection.scalar(select(_n.listing).where(_n.number == notice))
        self._connection.execute(_LIST, {"of_notice": notice, "now": now.value})
        self._events.append(
            {
                "notice": notice, "version": current.version, "kinds": orjson.dumps([kind]).decode(),
                "capture": capture, "changed": canonical_json([("listing", before, now.value)]).decode(),
                "quiet": quiet,
            }
        )  # fmt: skip
