"""Evidence packs: the pages of a pack that people read, and the pack as a file."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection

from api.facts import facts
from api.pages import environment
from api.proof import citation, request_paragraph
from api.routes.notice_pages import BOUGHT, as_version, naming
from archive import queries
from archive.documents.queries import DocumentRow
from archive.evidence import pack
from archive.evidence.gather import Material, PackedRow, PackedVersion, gather
from archive.rows import CaptureRow, NoticeRow, VersionRow
from archive.said import stone_words
from archive.store import Archive
from crawlers.loading import load_parser
from crawlers.source import load_sources
from indexer.leading import leading, order_in_award
from noticewatch import addresses, words
from noticewatch.changes import Change, changes, parts
from noticewatch.contacts import mask
from noticewatch.models import difference
from noticewatch.settings import Settings

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A capture as the report tells of it."""

    id: str
    received: str
    url: str
    origin: str
    wording: str
    recorder: str
    note: str
    gaps: tuple[str, ...]
    sha256: str
    size: str
    place: int
    rows: tuple[PackedRow, ...]


@dataclass(frozen=True, slots=True)
class Differing:
    """A difference between two versions, in words. ``before``: None where it is what the log noted at arrival."""

    notice: str
    name: str
    before: int | None
    after: int
    changes: tuple[Change, ...]
    items: tuple[tuple[str, Any, Any], ...]


def write_pack(
    archive: Archive,
    settings: Settings,
    notice: NoticeRow,
    version: int | None,
    file: BinaryIO,
    members: Sequence[NoticeRow] = (),
) -> None:
    """Write the pack of one version, of all versions of a notice where none is named, or of all notices of its
    procurement where ``members`` are (see :func:`of_procurement`).

    Raises NotFound, NotSealed where no head covers it yet, CaptureDamaged.
    """
    material = gather(archive, notice, version, _noise, members)
    with archive.reading() as connection:
        events = {event.seq: event.changed for event in queries.events_of(connection, notice.number)}
    told = _differences(material, events)
    named = notice.procurement_id if members else notice.id
    pack.write(archive, material, f"Evidence: {named}", _pages(settings, material, told), file)


def of_procurement(connection: Connection, notice: NoticeRow) -> tuple[NoticeRow, list[NoticeRow]]:
    """The leading notice of the procurement of a notice, and all its notices in the order of its history."""
    members = sorted(queries.members_of(connection, notice), key=order_in_award)
    return leading(members), members


def file_name(identity: str, version: int | None) -> str:
    """A name for the file of a pack of a notice or procurement."""
    end = "" if version is None else f"-v{version}"
    return f"evidence-{_UNSAFE.sub('-', identity)[:100]}{end}.zip"


def _noise(source: str, body: bytes) -> Sequence[tuple[int, int]]:
    """What the parser of a source cuts from a row before it is hashed."""
    held = load_sources().get(source)
    noise = getattr(load_parser(held), "NOISE", None) if held else None
    return [match.span() for match in noise.finditer(body) if match.end() > match.start()] if noise else []


def _differences(material: Material, events: Mapping[int, Sequence[tuple[str, Any, Any]]]) -> list[Differing]:
    """Of a notice: each version against the one before it. Of one version: what the log noted when it came. Versions
    that were taken down stay out.
    """
    shown = [one for one in material.versions if one.taken_down is None]
    if material.as_of is None and shown:
        held = shown[0].version
        noted = tuple(events.get(held.seq, ()))
        name = f"to-{held.version}"
        return [Differing(material.notice.id, name, None, held.version, tuple(changes(noted)), noted)]
    pairs = pairwise(shown)
    return [_differing(before, after) for before, after in pairs if before.notice.number == after.notice.number]


def _differing(before: PackedVersion, after: PackedVersion) -> Differing:
    items = tuple(difference(before.version.content, after.version.content))
    first, last = before.version.version, after.version.version
    name = f"{before.name}-to-{last}"
    return Differing(before.notice.id, name, first, last, tuple(changes(items)), items)


def _pages(settings: Settings, material: Material, told: Sequence[Differing]) -> dict[str, bytes]:
    own = [one.version for one in material.versions if one.notice.number == material.notice.number]
    row = as_version(material.notice, own[-1]) if own else material.notice
    view = facts(row)
    permanent = settings.base_url + addresses.version(row.id, row.version)
    quoted = citation(row, view.title, view.buyer, view.dated, permanent)
    asked = request_paragraph(view.buyer, naming(view), view.dated, bought=row.notice.kind in BOUGHT)
    if row.tombstone is not None:  # what is withheld has no title, and cannot be asked for by numbers
        quoted, asked = f"{row.id}. {stone_words(row.tombstone)} {permanent}", ""
    values = {
        "material": material, "view": view, "versions": material.versions,
        "differences": told, "receipts": _receipts(material), "citation": mask(quoted), "paragraph": mask(asked),
        "documents": _documents(material.documents), "software": pack.SOFTWARE, "stone_words": stone_words,
        "withheld": row.tombstone,
        "rows_are": words.wordings(one.capture.capture.origin for one in material.rows),
        "files_are": words.wordings(capture.capture.origin for _, capture in material.documents),
        "withheld_files": [material.captures[name][0].capture for name in sorted(material.taken_down)],
    }  # fmt: skip
    made = {
        "evidence/report.html": _rendered("evidence_report.html", values),
        "evidence/citation.txt": f"{values['citation']}\n".encode(),
    }
    if asked:
        made["evidence/records-request.txt"] = f"{values['paragraph']}\n".encode()
    for one in material.versions:
        if one.taken_down is None:
            shown = {
                "id": one.notice.id, "name": one.name, "version": one.version, "fields": _fields(one.version),
                "software": pack.SOFTWARE,
            }  # fmt: skip
            made[pack.version_file(one, "html")] = _rendered("evidence_version.html", shown)
    for difference_told in told:
        shown = {"id": difference_told.notice, "told": difference_told, "software": pack.SOFTWARE}
        made[f"diffs/{difference_told.name}.html"] = _rendered("evidence_diff.html", shown)
        made[f"diffs/{difference_told.name}.json"] = _diff_form(difference_told)
    return made


def _receipts(material: Material) -> list[Receipt]:
    found = []
    files = {capture.capture.id for _, capture in material.documents}
    for name, (row, leaf) in material.captures.items():
        held = row.capture
        rows = tuple(one for one in material.rows if one.capture.capture.id == name)
        if not rows and name in files:
            continue
        found.append(
            Receipt(
                name, words.moment_words(held.fetched_at), held.url, words.ORIGINS[held.origin],
                words.WORDINGS[held.origin], held.recorder, held.note or "", held.gaps, held.payload_sha256,
                words.file_size(held.payload_length), leaf.index, rows,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (material.captures[one.id][0].capture.fetched_at, one.id))


def _documents(documents: Iterable[tuple[DocumentRow, CaptureRow]]) -> list[dict[str, str]]:
    return [
        {
            "name": mask(document.name), "url": document.url, "file": pack.document_file(capture),
            "received": words.moment_words(capture.capture.fetched_at), "sha256": capture.capture.payload_sha256,
        }
        for document, capture in documents
    ]  # fmt: skip


def _fields(version: VersionRow) -> list[tuple[str, list[str]]]:
    """All fields of a version, in words."""
    return [
        (words.first_upper(words.field_words(path)), [mask(part) for part in parts(path, value)])
        for path, _, value in difference({}, version.content)
    ]


def _diff_form(told: Differing) -> bytes:
    items = [{"path": path, "old": old, "new": new} for path, old, new in told.items]
    form = {"notice": told.notice, "from": told.before, "to": told.after, "items": items}
    return json.dumps(form, indent=1, ensure_ascii=False, default=str).encode()


def _rendered(template: str, values: Mapping[str, Any]) -> bytes:
    return environment().get_template(template).render(values).encode()
