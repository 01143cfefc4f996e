"""Documents of a notice as pages and answers state them: what came, what could be read, where words stand. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from api.tombstones import form_of
from archive.documents.pages import WORDS
from archive.documents.queries import DocumentRow, FileRow, PastFile, PlacedPage
from archive.said import stone_words
from archive.times import stamp
from crawlers.source import Source
from noticewatch import addresses, words
from noticewatch.models import Document
from noticewatch.settings import Settings

_MOST_FINDINGS: Final = 10


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document on a notice's page. ``href``: at the source, empty where it is none that a browser may follow;
    ``file``, ``text``, ``earlier``: addresses of its archived bytes, of its pages, of the files before it; ``state``:
    sentences.
    """

    name: str
    href: str
    state: tuple[str, ...]
    sha256: str = ""
    file: str = ""
    text: str = ""
    earlier: str = ""
    listed: bool = True


def document_views(
    notice_id: str, listed: Sequence[Document], rows: Sequence[DocumentRow], reasons: Mapping[str, str], *, gone: bool
) -> list[DocumentView]:
    """Documents in the order in which the shown version lists them; with ``gone`` those that it no longer lists after
    them. ``reasons``: by address why a document that was never asked for was not.
    """
    known = {row.url: row for row in rows}
    views = [
        _view(notice_id, known.get(one.url) or _unknown(one), reasons.get(one.url, "")) for one in listed
    ]  # fmt: skip
    shown = {one.url for one in listed}
    others = [row for row in rows if row.url not in shown and row.removed is not None] if gone else []
    return [*views, *(_view(notice_id, row, reasons.get(row.url, "")) for row in others)]


def document_form(notice_id: str, row: DocumentRow, reason: str) -> dict[str, Any]:
    """A document in JSON."""
    text = row.file.text if row.file else None
    return {
        "number": row.number,
        "url": row.url,
        "name": row.name,
        "title": row.title,
        "listed_since_version": row.added,
        "unlisted_since_version": row.removed,
        "asked_at": stamp(row.asked_at) if row.asked_at else None,
        "problem": row.problem,
        "not_collected": reason or None,
        "file": _file_form(row.file) if row.file else None,
        "format": text.format if text else None,
        "pages": text.pages if text else None,
        "declared_pages": text.declared if text else None,
        "findings": [
            {"kind": found.kind, "text": found.text, "member": found.member or None} for found in row.findings
        ],
        **(form_of(row.file.tombstone) if row.file else {}),
        "files_url": addresses.document_files(notice_id, row.number) if row.file else None,
        "pages_url": addresses.document_pages(notice_id, row.number) if text and text.pages else None,
    }


def past_form(file: PastFile) -> dict[str, Any]:
    """A file that answered a document from a moment on, in JSON."""
    return {
        "sha256": file.sha256, "bytes": file.length, "received_at": stamp(file.received_at), "origin": file.origin,
        "recorder": file.recorder, "capture_id": file.capture_id, "capture_url": addresses.capture(file.capture_id),
        "payload_url": f"{addresses.capture(file.capture_id)}/payload", **form_of(file.tombstone),
    }  # fmt: skip


def page_form(placed: PlacedPage) -> dict[str, Any]:
    """A page of a document in JSON; ``place`` is how it is cited."""
    page = placed.page
    return {
        "number": page.number, "unit": page.unit, "name": page.name or None, "member": page.member or None,
        "place": placed.words, "text": page.text,
    }  # fmt: skip


def reasons(urls: Iterable[str], settings: Settings, sources: Iterable[Source]) -> dict[str, str]:
    """By address why it is not collected (yet), for documents that were never asked for."""
    by_host = {host: source for source in sources if source.documents for host in source.documents.hosts}
    return {url: _reason(url, settings, by_host) for url in urls}


def _reason(url: str, settings: Settings, by_host: Mapping[str, Source]) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    source = by_host.get(host)
    if source is None:
        return f"Not collected: {host or 'its address'} is none of the hosts that sources name for documents."
    wanted = settings.documents_of(source.name)
    if wanted == "none":
        return "Not collected: documents are switched off here."
    return "Not collected yet." if wanted == "all" else "Not collected so far; those of the watchlist are."


def _unknown(one: Document) -> DocumentRow:
    """A document that was listed a moment ago."""
    return DocumentRow(0, 0, one.url, one.title, 0, None)


def _view(notice_id: str, row: DocumentRow, reason: str) -> DocumentView:
    safe = urlsplit(row.url).scheme in {"http", "https"} if "://" in row.url else False
    state = [f"No longer listed since version {row.removed}."] if row.removed is not None else []
    if row.file is None:
        asked = f"Asked for {words.moment_words(row.asked_at)}: {row.problem}." if row.asked_at else reason
        return DocumentView(row.name, row.url if safe else "", (*state, asked), listed=row.removed is None)
    state += _file_words(row, row.file)
    return DocumentView(
        name=row.name,
        href=row.url if safe else "",
        state=tuple(state),
        sha256=row.file.sha256,
        file="" if row.file.tombstone else f"{addresses.capture(row.file.capture_id)}/payload",
        text=addresses.document_pages(notice_id, row.number) if row.file.text and row.file.text.pages else "",
        earlier=addresses.document_files(notice_id, row.number) if row.file.files > 1 else "",
        listed=row.removed is None,
    )


def _file_words(row: DocumentRow, file: FileRow) -> Iterable[str]:
    if file.tombstone is not None:
        yield f"{stone_words(file.tombstone)} (received {words.moment_words(file.received_at)})"
        return
    text = file.text
    what = [words.file_size(file.length)]
    if text is not None:
        what.append(WORDS[text.format])
        what += [words.count_words(text.pages, "page")] if text.pages > 1 else []
    yield f"Received {words.moment_words(file.received_at)}: {', '.join(what)}."
    if file.files > 1:
        yield f"{words.count_words(file.files, 'file')} have stood under this address so far."
    if text is None:
        yield "It waits to be read."
    yield from (found.words for found in row.findings[:_MOST_FINDINGS])
    if len(row.findings) > _MOST_FINDINGS:
        yield f"And {len(row.findings) - _MOST_FINDINGS:,} more findings; the JSON form lists all."
    if row.problem and row.asked_at:
        yield f"Asked for again {words.moment_words(row.asked_at)}: {row.problem}."


def _file_form(file: FileRow) -> dict[str, Any]:
    return {
        "sha256": file.sha256, "bytes": file.length, "media_type": file.media_type, "file_name": file.file_name,
        "received_at": stamp(file.received_at), "origin": file.origin, "recorder": file.recorder,
        "capture_id": file.capture_id, "capture_url": addresses.capture(file.capture_id),
        "payload_url": f"{addresses.capture(file.capture_id)}/payload", "files_so_far": file.files,
    }  # fmt: skip
