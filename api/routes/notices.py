"""``/api/v1/notices``: search, and one notice with its versions and captures."""

from functools import partial
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from api import forms
from api.context import Context, context
from api.diff import asked_versions, compared, diff_form, to_compare
from api.documents import document_form, page_form, past_form, reasons
from api.lookup import as_named, find_notice, led_words, the_notice
from api.negotiation import json_answer
from api.parameters import request_from
from api.problems import Problem
from api.proof import held_records
from api.related import SHOWN, related_form, relations
from api.searching import answer_form, run_search
from api.tombstones import shown, shown_version
from api.witnesses import hear, hearing_form
from archive import queries
from archive.documents import queries as documents
from archive.gone import gone
from archive.related import MOST
from archive.rows import NoticeRow
from archive.totals import held_since, running_total
from archive.withheld import Withheld
from noticewatch import addresses
from noticewatch.addresses import MOST_NUMBER
from noticewatch.errors import NotFound
from watchlist import queries as watchlist

router = APIRouter(prefix=addresses.API, tags=["notices"])
Given = Annotated[Context, Depends(context)]
Number = Annotated[int, Path(ge=0, le=MOST_NUMBER)]
NoticeId = Annotated[str, Path(description="a notice's id, or any number of it in any spelling")]


@router.get("/notices", summary="Search notices")
def search_notices(request: Request, held: Given) -> Response:
    """Notices that match: one item a contract, or single notices with ``scope=notice``. Parameters: see /docs/api."""
    return json_answer(answer_form(held, run_search(held, request_from(request.query_params))))


@router.get("/notices/{notice_id:path}/versions/{number}", summary="One version of a notice")
def one_version(held: Given, notice_id: NoticeId, number: Number) -> Response:
    """A version never changes: its address, content and hash stay."""
    with held.archive.reading() as connection:
        row = as_named(connection, notice_id)
        version = queries.version(connection, row.number, number)
        led = led_words(connection, row)
    if version is None:
        raise NotFound(f"{row.id} has no version {number}; it has {row.versions}, see {addresses.notice(row.id)}.{led}")
    form = forms.version_form(row.id, shown_version(row.id, version), content=True)
    return json_answer(form)


@router.get("/notices/{notice_id:path}/versions", summary="All versions of a notice")
def all_versions(held: Given, notice_id: NoticeId) -> Response:
    """Versions in their order, each with what changed against the one before it."""
    with held.archive.reading() as connection:
        row = the_notice(connection, notice_id)
        history = queries.versions(connection, row.number)
    return json_answer({
        "notice_id": row.id,
        "current": row.version,
        "items": [forms.version_form(row.id, version) for version in history],
    })  # fmt: skip


@router.get("/notices/{notice_id:path}/diff", summary="The difference of two versions")
def version_diff(request: Request, held: Given, notice_id: NoticeId) -> Response:
    """Fields that differ between the versions `from` and `to`: each with its type (text, money, date, number, party,
    value), both JSON values, how far a single sum or day moved (`by`), and the stretches that went and came. Without
    `to` the current version is meant, without `from` the one before `to`.
    """
    return diff_answer(request, held, notice_id)


@router.get("/notices/{notice_id:path}/captures", summary="Captures a notice was seen in")
def notice_captures(held: Given, notice_id: NoticeId) -> Response:
    """Captures in which the notice's wordings were first and last seen, and the records in them."""
    with held.archive.reading() as connection:
        row = the_notice(connection, notice_id)
        captures = queries.captures_of(connection, row.number)
        records = held_records(connection, row.number)
    return json_answer({
        "notice_id": row.id,
        "items": [forms.capture_form(capture) for capture in captures],
        "records": [forms.held_form(record) for record in records],
    })  # fmt: skip


@router.get("/notices/{notice_id:path}/related", summary="What a notice is linked to")
def notice_related(held: Given, notice_id: NoticeId) -> Response:
    """Vehicles, orders, solicitations, awards, forecasts and corrections that the notice's contract is linked to by
    stated numbers, and what is probably the same (`inferred`). At most 1,000 of a kind, those seen latest; `cut` names
    the kinds that have more, and `counts` stop there. What is named and not held has no notice.
    """
    with held.archive.reading() as connection:
        row = shown(the_notice(connection, notice_id))
        found = relations(connection, queries.members_of(connection, row), MOST)
    form = related_form(row, found)
    return json_answer(form)


@router.get("/notices/{notice_id:path}/documents/{number}/pages", summary="The text of a document")
def document_pages(
    held: Given,
    notice_id: NoticeId,
    number: Number,
    after: Annotated[int, Query(ge=0, le=MOST_NUMBER, description="pages after so many")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Pages with text, as they are cited. Contact data of officials are masked, at the same length."""
    with held.archive.reading() as connection:
        row, found = _document(connection, notice_id, number)
        if found.file and found.file.tombstone:
            raise Withheld(f"The file of document {number} of {row.id}", found.file.tombstone, sha256=found.file.sha256)
        pages = list(islice(documents.pages_of(connection, [found]), after, after + limit))
    more = len(pages) == limit
    return json_answer({
        "notice_id": row.id,
        "document": document_form(row.id, found, ""),
        "items": [page_form(page) for page in pages],
        "next": f"{addresses.document_pages(row.id, number)}?after={after + limit}&limit={limit}" if more else None,
    })  # fmt: skip


@router.get("/notices/{notice_id:path}/documents/{number}/files", summary="The files of a document")
def document_files(held: Given, notice_id: NoticeId, number: Number) -> Response:
    """The files that have answered a document, oldest first, each with its archived bytes."""
    with held.archive.reading() as connection:
        row, found = _document(connection, notice_id, number)
        files = documents.files_of(connection, number)
    return json_answer({
        "notice_id": row.id,
        "document": document_form(row.id, found, ""),
        "items": [past_form(file) for file in files],
    })  # fmt: skip


def _document(connection: Connection, notice_id: str, number: int) -> tuple[NoticeRow, documents.DocumentRow]:
    row = shown(as_named(connection, notice_id))
    found = next((one for one in documents.of_notice(connection, row.number) if one.number == number), None)
    if found is None:
        raise NotFound(f"{row.id} has no document {number}; see {addresses.documents(row.id)}.")
    return row, found


@router.get("/notices/{notice_id:path}/documents", summary="Documents of a notice")
def notice_documents(held: Given, notice_id: NoticeId) -> Response:
    """Documents that the notice lists or has listed: what came of each, and what was found about its file."""
    with held.archive.reading() as connection:
        row = shown(the_notice(connection, notice_id))
        found = documents.of_notice(connection, row.number)
    why = reasons((one.url for one in found if one.asked_at is None), held.settings, held.sources.values())
    return json_answer({
        "notice_id": row.id,
        "items": [document_form(row.id, one, why.get(one.url, "")) for one in found],
    })  # fmt: skip


@router.get("/notices/{notice_id:path}", summary="One notice")
def one_notice(request: Request, held: Given, notice_id: NoticeId) -> Response:
    """A notice whole, with its tags and the other notices of its contract. Other numbers of it redirect here."""
    if (version := request.query_params.get("version")) is not None:
        with held.archive.reading() as connection:
            row = as_named(connection, notice_id)
        return RedirectResponse(f"{addresses.API}{addresses.version_asked(row.id, version)}", 302)
    return notice_answer(held, notice_id)


def diff_answer(request: Request, held: Context, notice_id: str) -> Response:
    """The difference of the two versions that the parameters ask for, in JSON."""
    first, last = asked_versions(request.query_params)
    with held.archive.reading() as connection:
        row = to_compare(connection, notice_id, first, last)
        found = compared(connection, row, first, last)
    form = diff_form(row.id, found)
    return json_answer(form)


def notice_answer(held: Context, notice_id: str) -> Response:
    """A notice in JSON; a redirect where another number of it is given, 300 where that leads to several."""
    with held.archive.reading() as connection:
        found = find_notice(connection, notice_id)
        if found.moved:
            return moved(addresses.notice_api(found.candidates[0]))
        if found.row is None:
            return _elsewhere(notice_id, list(found.candidates))
        row: NoticeRow = shown(found.row)
        members = queries.members_of(connection, row)
        tags = watchlist.tags_of(connection, [row.number]).get(row.number, [])
        heard = hear(connection, row, held.sources)
        linked = relations(connection, members)
        since = gone(connection, row.number)
        totals = running_total(members, partial(held_since, connection, row))
    form = forms.notice_form(row, tags, members, since, totals)
    form |= {"related": related_form(row, linked, SHOWN), "witnesses": hearing_form(heard)}
    return json_answer(form)


def moved(address: str) -> Response:
    """The permanent redirect from an id whose records another notice has; a correction may still undo it."""
    return RedirectResponse(address, 308, {"Cache-Control": "no-cache"})


def _elsewhere(notice_id: str, candidates: list[str]) -> Response:
    if len(candidates) == 1:
        return RedirectResponse(addresses.notice_api(candidates[0]), 308)
    raise Problem(
        300, "several-notices", f"{notice_id[:120]!r} leads to {len(candidates)} notices; ask for one of them.",
        total=len(candidates),
        candidates=[{"id": found, "url": addresses.notice_api(found)} for found in candidates[:100]],
    )  # fmt: skip
