"""``/notices/{id}``: what it is, why it is here, its contract, its versions, its proof."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from api import forms
from api.context import Context, context
from api.coverage import coverage_view
from api.diff import asked_versions, compared, to_compare
from api.documents import document_views, reasons
from api.facts import Facts, facts
from api.hits import row_of_notice
from api.lookup import MOST_CANDIDATES, as_named, find_notice, led_words
from api.negotiation import json_answer, wants_json
from api.pages import render
from api.proof import citation, held_records, receipts, request_paragraph
from api.related import groups, relations
from api.routes.notices import diff_answer, moved, notice_answer
from api.timeline import Step, timeline, total_sentence
from api.tombstones import shown_version
from api.versions import version_views
from api.witnesses import hear
from archive import queries
from archive.documents import queries as documents
from archive.documents.queries import DocumentRow
from archive.gone import gone
from archive.rows import NoticeRow, VersionRow
from archive.said import stone_words
from archive.totals import held_since, running_total, stated_totals
from archive.withheld import NOTHING, Tombstone
from indexer.document_hits import PageHit, page_hits
from indexer.highlights import Marking
from indexer.query import LONGEST_QUERY
from indexer.requests import QueryError
from noticewatch import addresses, words
from noticewatch.errors import NotFound
from noticewatch.models import Kind, notice_from
from watchlist import queries as watchlist
from watchlist.evidence import Tag
from watchlist.views import tag_views

router = APIRouter(include_in_schema=False)
Given = Annotated[Context, Depends(context)]
_MOST_STEPS = 60
_MOST_PAGES = 20
_MOST_VERSIONS = 60
BOUGHT = frozenset({Kind.AWARD, Kind.ORDER, Kind.VEHICLE, Kind.MODIFICATION, Kind.SUBAWARD})
"""Kinds of notices by which something was bought."""


@dataclass(frozen=True, slots=True)
class Outward:
    """A link to the source; ``href`` is empty where the address is none that a browser may follow."""

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """Pages of documents with the words asked for; ``said`` where there are none."""

    query: str
    hits: tuple[PageHit, ...]
    said: str


@router.get("/notices/{notice_id:path}/versions/{number}")
def version_page(request: Request, held: Given, notice_id: str, number: str) -> Response:
    """The permanent page of one version, or its JSON twin."""
    wanted = number.removesuffix(".json")
    with held.archive.reading() as connection:
        row = as_named(connection, notice_id)
        version = queries.version(connection, row.number, int(wanted)) if _is_number(wanted) else None
        led = led_words(connection, row)
    if version is None:
        raise NotFound(f"{row.id} has no version {wanted[:20]}; its page lists the {row.versions} it has.{led}")
    if wants_json(request):
        form = forms.version_form(row.id, shown_version(row.id, version), content=True)
        return json_answer(form)
    return _page(request, held, row, version)


@router.get("/notices/{notice_id:path}/diff")
@router.get("/notices/{notice_id:path}/diff.json")
def diff_page(request: Request, held: Given, notice_id: str) -> Response:
    """The difference of two versions, chosen by ``from`` and ``to``, or its JSON twin."""
    if wants_json(request):
        return diff_answer(request, held, notice_id)
    first, last = asked_versions(request.query_params)
    with held.archive.reading() as connection:
        row = to_compare(connection, notice_id, first, last)
        found = compared(connection, row, first, last)
        history = queries.versions(connection, row.number)
    before, after = found.before.version, found.after.version
    values = {
        "id": row.id,
        "title": facts(row).title,
        "found": found,
        "sides": version_views([found.before, found.after], row.version)[::-1],
        "choices": list(dict.fromkeys([*(one.version for one in history), before, after])),
        "twin": addresses.diff(row.id, before, after, api=True),
        "permanent": addresses.diff(row.id, before, after),
    }
    return render(request, "diff.html", values)


@router.get("/notices/{notice_id:path}")
def notice_page(request: Request, held: Given, notice_id: str) -> Response:
    """The page of a notice, its JSON twin, a redirect from another number of it, or a choice of several."""
    if (version := request.query_params.get("version")) is not None:
        with held.archive.reading() as connection:
            row = as_named(connection, notice_id.removesuffix(".json"))
        return RedirectResponse(addresses.version_asked(row.id, version), 302)
    if wants_json(request):
        return notice_answer(held, notice_id.removesuffix(".json"))
    with held.archive.reading() as connection:
        found = find_notice(connection, notice_id)
    if found.row is not None:
        return _page(request, held, found.row)
    if found.moved:
        return moved(addresses.notice(found.candidates[0]))
    if len(found.candidates) == 1:
        return RedirectResponse(addresses.notice(found.candidates[0]), 302)
    return _choice(request, held, notice_id, found.candidates)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _page(request: Request, held: Context, current: NoticeRow, old: VersionRow | None = None) -> Response:
    row = current if old is None or old.version == current.version else as_version(current, old)
    if row.tombstone is not None:
        return _tombstone(request, held, row, row.tombstone, old)
    with held.archive.reading() as connection:
        members = queries.members_of(connection, row)
        tags = watchlist.tags_of(connection, [member.number for member in members])
        history = queries.versions(connection, row.number)
        captures = queries.captures_of(connection, row.number)
        records = held_records(connection, row.number)
        heard = hear(connection, current, held.sources) if row is current else None
        found = relations(connection, members)
        since = gone(connection, row.number)
        known = total_sentence(running_total(members, partial(held_since, connection, row)), stated_totals(members))
        listed = documents.of_notice(connection, row.number)
        page_words = _find(connection, held, listed, request.query_params.get("q", ""))
    own = tags.get(row.number, [])
    view = facts(row, own, since)
    permanent = addresses.version(row.id, row.version)
    steps = timeline([row if member.number == row.number else member for member in members], row.id, known)
    values = {
        "row": row,
        "view": view,
        "tags": tag_views(own, row.notice),
        "members": members,
        "tagged_members": _passed_down(own, tags, current),
        "timeline": steps,
        "shown_steps": nearest(steps.steps, _MOST_STEPS),
        "related": groups(found),
        "versions": version_views(history, current.version, _MOST_VERSIONS),
        "held_versions": len(history),
        "last_change": last_change(history),
        "receipts": receipts(captures, records),
        "heard": heard,
        "links": [_outward(link.url, link.rel) for link in row.notice.links],
        "documents": document_views(
            row.id,
            row.notice.documents,
            listed,
            reasons((one.url for one in row.notice.documents), held.settings, held.sources.values()),
            gone=row is current,
        ),
        "searchable": any(one.file and one.file.text and one.file.text.characters for one in listed),
        "found": page_words,
        "citation": citation(row, view.title, view.buyer, view.dated, held.settings.base_url + permanent),
        "paragraph": request_paragraph(view.buyer, naming(view), view.dated, bought=row.notice.kind in BOUGHT),
        "old_version": old.version if row is not current and old else None,
        "current_version": current.version,
        "stands": any(one.version == row.version for one in history),
        "coverage": coverage_view(held),
        "twin": addresses.notice_api(row.id) if row is current else f"{addresses.API}{permanent}",
        "permanent": permanent,
    }
    return render(request, "notice.html", values)


def _tombstone(request: Request, held: Context, row: NoticeRow, stone: Tombstone, old: VersionRow | None) -> Response:
    """What stands in the place of a notice, or of a version of it, that was taken down."""
    with held.archive.reading() as connection:
        history = queries.versions(connection, row.number)
        captures = queries.captures_of(connection, row.number)
    permanent = addresses.notice(row.id) if old is None else addresses.version(row.id, row.version)
    values = {
        "row": row,
        "stone": stone,
        "old_version": old.version if old else None,
        "versions": version_views(history, row.version),
        "receipts": receipts(captures, ()),
        "twin": f"{addresses.API}{permanent}",
        "permanent": permanent,
    }
    return render(request, "tombstone.html", values, status=410)


def _find(connection: Connection, held: Context, listed: Sequence[DocumentRow], query: str) -> Found | None:
    """Pages of the documents on which the words of a query stand; None where nothing was asked."""
    asked = query.strip()[:LONGEST_QUERY]
    if not asked:
        return None
    try:
        words_asked = held.search.words(asked)
    except QueryError as error:
        return Found(asked, (), f"{error}.")
    hits = page_hits(connection, listed, Marking(words_asked), _MOST_PAGES)
    return Found(asked, tuple(hits), "" if hits else "No page of these documents holds these words.")


def as_version(row: NoticeRow, version: VersionRow) -> NoticeRow:
    """The notice as one of its versions stated it."""
    return replace(
        row, notice=NOTHING if version.tombstone else notice_from(version.content), version=version.version,
        content_sha256=version.content_sha256,
        capture_id=version.capture_id, origin=version.origin, recorder=version.recorder,
        captured_at=version.observed_at, tombstone=version.tombstone,
    )  # fmt: skip


def nearest(steps: Sequence[Step], most: int) -> Sequence[Step]:
    """At most so many steps, those around the notice whose page it is."""
    here = next((place for place, step in enumerate(steps) if step.here), len(steps) - 1)
    start = max(0, min(here - most // 2, len(steps) - most))
    return steps[start : start + most]


def last_change(history: Sequence[VersionRow]) -> str:
    """What changed last, in a sentence."""
    if len(history) < 2:
        return "It has not changed since it was first seen."
    last = history[-1]
    if last.tombstone is not None:
        return f"{stone_words(last.tombstone)} (version {last.version})"
    fields = words.listed(dict.fromkeys(words.field_words(path) for path, _, _ in last.changed))
    return f"Last change, seen {words.moment_words(last.observed_at)}: {fields or 'nothing that readers see'}."


def _passed_down(own: Sequence[Tag], tags: dict[int, list[Tag]], row: NoticeRow) -> list[Any]:
    """Tags of the contract's other notices, each once, where the notice has none of its own."""
    if own:
        return []
    others = {
        (tag.kind, tag.id, tag.role): tag for number, group in tags.items() if number != row.number for tag in group
    }
    return tag_views(others.values(), row.notice)[:8]


def naming(view: Facts) -> list[tuple[str, str]]:
    """Names and values of the numbers by which a record is asked for."""
    return [(number.name, number.value) for number in view.numbers if number.name != "Modification number"]


def _outward(url: str, label: str) -> Outward:
    """A link that leads out only over http or https; anything else is shown as text."""
    safe = urlsplit(url).scheme in {"http", "https"}
    shown = {"source": "The notice at its source"}.get(label, label)
    return Outward(url if safe else "", shown if safe else f"{shown}: {url}")


def _choice(request: Request, held: Context, wanted: str, candidates: Sequence[str]) -> Response:
    with held.archive.reading() as connection:
        numbers = list(queries.numbers_of(connection, candidates[:MOST_CANDIDATES]).values())
        rows = queries.notices(connection, numbers)
        tags = watchlist.tags_of(connection, numbers)
    values = {
        "wanted": wanted[:120],
        "total": len(candidates),
        "one_contract": len({row.procurement_id for row in rows.values()}) == 1,
        "rows": [row_of_notice(row, tags.get(number, [])) for number, row in rows.items()],
        "twin": addresses.notice_api(wanted),
    }
    return render(request, "choice.html", values, status=300)
