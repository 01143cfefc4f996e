"""Answers in JSON: rows of the archive as the values that the API states. Pure functions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from api.proof import Held
from api.tombstones import form_of
from archive.gone import Gone
from archive.rows import CaptureRow, Coverage, NoticeRow, RecordPlace, RecordRow, RunRow, SourceStatus, VersionRow
from archive.said import rebuilt_sentence
from archive.totals import RunningTotal, StatedTotal, stated_totals
from noticewatch import addresses, words
from noticewatch.dates import dated
from noticewatch.models import Event
from noticewatch.naming import buyer_name, title
from watchlist.evidence import Tag
from watchlist.views import tag_address


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def notice_form(
    row: NoticeRow,
    tags: Iterable[Tag] = (),
    members: Sequence[NoticeRow] = (),
    gone: Gone | None = None,
    totals: Sequence[RunningTotal] = (),
) -> dict[str, Any]:
    """A notice in its current version, whole. gone: since when it is no longer listed; totals: what the held actions of
    its contract add up to.
    """
    day, day_from = dated(row.notice, row.first_seen)
    return {
        "id": row.id,
        "url": addresses.notice(row.id),
        "register": row.register,
        "source": row.source,
        "version": row.version,
        "versions": row.versions,
        "version_url": addresses.version(row.id, row.version),
        "dated": day,
        "dated_from": day_from,
        "first_seen": stamp(row.first_seen),
        "first_seen_seq": row.first_seen_seq,
        "listing": row.listing,
        "gone": {"since": stamp(gone.since), "complete_crawls": gone.crawls} if gone else None,
        "content": row.notice.content(),
        "content_sha256": row.content_sha256,
        "tags": [tag_form(tag) for tag in tags],
        "procurement": {
            "id": row.procurement_id,
            "notices": [member_form(member) for member in members],
            "obligated": [total_form(total) for total in totals],
            "stated_by_source": [stated_form(stated) for stated in stated_totals(members)],
        },
        "capture": {
            "id": row.capture_id,
            "url": addresses.capture(row.capture_id),
            "origin": row.origin,
            "recorder": row.recorder,
            "captured_at": stamp(row.captured_at),
            "rebuilt": rebuilt_sentence(row) or None,
        },
    }


def total_form(total: RunningTotal) -> dict[str, Any]:
    """The sum of the held actions of a contract, and what it may be called."""
    return {
        "value": str(total.value), "currency": total.currency, "called": total.label, "actions": total.actions,
        "since": total.since, "until": total.until,
    }  # fmt: skip


def stated_form(stated: StatedTotal) -> dict[str, Any]:
    """What a source itself states as obligated in all of a contract; beside the sum, never added to it."""
    return {
        "value": str(stated.value), "currency": stated.currency or None, "as_of": stated.as_of or None,
        "notice": stated.notice,
    }  # fmt: skip


def member_form(row: NoticeRow) -> dict[str, Any]:
    """A notice in one line, as a member of its procurement."""
    headline = row.notice.stated_amount()
    return {
        "id": row.id,
        "url": addresses.notice(row.id),
        "kind": row.notice.kind,
        "title": title(row.notice, row.id),
        "buyer": buyer_name(row.notice),
        "dated": dated(row.notice, row.first_seen)[0],
        "headline": headline.model_dump(mode="json", exclude_none=True) if headline else None,
    } | form_of(row.tombstone)


def tag_form(tag: Tag) -> dict[str, Any]:
    """A tag with its evidence. ``notice``: whose words are quoted, where they are another notice's."""
    return {
        "kind": tag.kind,
        "id": tag.id,
        "label": tag.label,
        "role": tag.role or None,
        "tier": tag.tier,
        "url": tag_address(tag.kind, tag.id),
        "evidence": [
            {
                "field": e.field,
                "quote": e.quote,
                "start": e.start,
                "end": e.end,
                "by": e.by,
                "why": e.why,
                "notice": e.notice or None,
                "notice_url": addresses.notice(e.notice) if e.notice else None,
            }
            for e in tag.evidence
        ],
    }


def version_form(notice_id: str, row: VersionRow, *, content: bool = False) -> dict[str, Any]:
    """A version; with its content where it is asked for alone."""
    form = {
        "notice_id": notice_id,
        "version": row.version,
        "url": addresses.version(notice_id, row.version),
        "revision": row.revision or None,
        "observed_at": stamp(row.observed_at),
        "kinds": list(row.kinds),
        "quiet": row.quiet,
        "late": row.late,
        "seq": row.seq,
        "content_sha256": row.content_sha256,
        "capture": {"id": row.capture_id, "url": addresses.capture(row.capture_id), "origin": row.origin},
        "recorder": row.recorder,
        "record": place_form(row.record),
        "changed": [{"path": path, "old": old, "new": new} for path, old, new in row.changed],
    }
    return form | form_of(row.tombstone) | ({"content": row.content} if content else {})


def place_form(place: RecordPlace) -> dict[str, Any]:
    """Where the bytes of a record stand."""
    return {"capture": place.capture_id} | _bytes_form(place.capture_id, place)


def _bytes_form(capture_id: str, of: RecordPlace | RecordRow) -> dict[str, Any]:
    url = addresses.record(capture_id, of.row)
    return {"row": of.row, "url": url, "start": of.start, "end": of.end, "sha256": of.sha256}


def capture_form(row: CaptureRow, records: Sequence[RecordRow] | None = None) -> dict[str, Any]:
    """A capture's metadata, and its records where they are asked for."""
    held = row.capture
    form = held.model_dump(mode="json", exclude={"fetched_at"}) | {
        "url": addresses.capture(held.id),
        "source_url": held.url,
        "fetched_at": stamp(held.fetched_at),
        "run": row.run_id,
        "payload_url": f"{addresses.capture(held.id)}/payload",
        "proof_url": addresses.proof(held.id),
        "warc": {"file": row.warc_file, "offset": row.warc_offset, "length": row.warc_length},
        "origin_words": words.ORIGINS[held.origin],
    }
    if row.payload_file is not None:
        form["payload_warc"] = {"file": row.payload_file, "offset": row.payload_offset}
    if row.thinned_at is not None:
        form["thinned_at"] = row.thinned_at
    if records is not None:
        form["records"] = [record_form(held.id, record) for record in records]
    return form


def record_form(capture_id: str, record: RecordRow) -> dict[str, Any]:
    """A row of a capture."""
    of = {"notice_id": record.notice_id, "notice_url": addresses.notice_api(record.notice_id)}
    return _bytes_form(capture_id, record) | of | form_of(record.tombstone)


def held_form(held: Held) -> dict[str, Any]:
    """A wording of a notice: where it stands and over which interval it was seen."""
    return {
        "capture": held.capture_id,
        "url": addresses.record(held.capture_id, held.row),
        "row": held.row,
        "sha256": held.sha256,
        "source": held.source,
        "source_number": held.source_number,
        "first_seen": stamp(held.first_seen),
        "last_seen": stamp(held.last_seen),
    } | form_of(held.tombstone)


def event_form(event: Event) -> dict[str, Any]:
    """An event of the log."""
    return {
        "seq": event.seq,
        "notice_id": event.notice_id,
        "notice_url": addresses.notice_api(event.notice_id),
        "version": event.version,
        "version_url": f"{addresses.notice_api(event.notice_id)}/versions/{event.version}",
        "kinds": list(event.kinds),
        "committed_at": stamp(event.committed_at),
        "capture_id": event.capture_id,
        "changed": [{"path": path, "old": old, "new": new} for path, old, new in event.changed],
        "quiet": event.quiet,
        "late": event.late,
    } | ({"withheld_by": addresses.correction(event.withheld_by)} if event.withheld_by else {})


def run_form(row: RunRow) -> dict[str, Any]:
    """A run of a source."""
    return {
        "id": row.id,
        "source": row.source,
        "kind": row.kind,
        "started_at": stamp(row.started_at),
        "ended_at": stamp(row.ended_at),
        "verdict": row.verdict,
        "reasons": list(row.reasons),
        "findings": list(row.findings),
        "progress": row.progress,
    }


def status_form(row: SourceStatus) -> dict[str, Any]:
    """What is held of a source and how its runs went."""
    return {
        "notices": row.notices,
        "records": row.records,
        "captures": row.captures,
        "first_dated": row.first_dated,
        "last_dated": row.last_dated,
        "first_captured": stamp(row.first_captured),
        "last_captured": stamp(row.last_captured),
        "last_complete": stamp(row.last_complete),
        "last_run": run_form(row.last_run) if row.last_run else None,
        "runs": row.runs,
    }


def coverage_form(row: Coverage) -> dict[str, Any]:
    """How the windows of a scope were judged at last."""
    return {
        "source": row.source,
        "scope": row.scope,
        "first": row.first,
        "last": row.last,
        "windows": row.windows,
        "complete": row.complete,
        "partial": row.partial,
        "other": row.other,
        "reasons": list(row.reasons),
    }
