"""Writes a pack: a zip file that is a WACZ 1.1.1 too. Times and order are fixed, so that equal packs are equal bytes.

Folders are one deep and the root holds no name with a dot but the manifest, as validators of WACZ expect.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from archive.captures import open_payload
from archive.documents.queries import DocumentRow
from archive.evidence.gather import Material, PackedRow, PackedVersion
from archive.evidence.warc import warc_and_index
from archive.rows import CaptureRow
from archive.store import Archive
from noticewatch import __version__
from noticewatch.errors import CaptureDamaged
from noticewatch.models import canonical_json

VERIFIER: Final = Path(__file__).with_name("verify.py")
SOFTWARE: Final = f"noticewatch {__version__}"
_ENDINGS: Final = {
    "application/pdf": "pdf", "application/zip": "zip", "text/plain": "txt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
_BLOCK: Final = 1 << 20
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_README: Final = """Evidence pack of noticewatch

Read evidence/report.html: what this is, what it proves and what not.
Check it: python3 evidence/verify.py (Python 3.9 or later, nothing else, no network).
"""


def write(archive: Archive, material: Material, title: str, pages: Mapping[str, bytes], file: BinaryIO) -> None:
    """Write the pack of what was gathered. ``pages``: files for readers by name; ``file`` can be sought.

    Raises CaptureDamaged where a document's archived bytes are not what was received.
    """
    rows = list({row.file: row for row in material.rows if not row.withheld}.values())
    warc, index, blocks = warc_and_index(rows, SOFTWARE)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        writer = _Writer(packed)
        writer.add("README", _README.encode())
        for name, held in sorted(pages.items()):
            writer.add(name, held)
        writer.add("evidence/verify.py", VERIFIER.read_bytes())
        for name, held in _data(material).items():
            writer.add(name, held)
        for row in rows:
            writer.add(row.file, row.body)
        for name, capture in document_files(material.documents).items():
            writer.stream(name, _payload(archive, capture), capture.capture.payload_length)
        writer.add("archive/data.warc.gz", warc)
        writer.add("indexes/index.cdx.gz", index)
        writer.add("indexes/index.idx", blocks)
        writer.add("pages/pages.jsonl", _pages(material))
        writer.close(title, material)


def document_files(documents: Sequence[tuple[DocumentRow, CaptureRow]]) -> dict[str, CaptureRow]:
    """Names of files of documents in the pack; documents with the same file share one."""
    return {document_file(capture): capture for _, capture in documents}


def document_file(capture: CaptureRow) -> str:
    """Name of a document's file, by the capture that received it. Only kinds that cannot act get their ending."""
    return f"documents/{capture.capture.id}.{_ENDINGS.get(capture.capture.media_type or '', 'bin')}"


def version_file(one: PackedVersion, kind: str) -> str:
    """Name of a version's file: ``json`` or ``html``."""
    return f"versions/{one.name}.{kind}"


class _Writer:
    """Adds files to a zip and keeps what the manifest says of them."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._zip = packed
        self._listed: list[dict[str, Any]] = []

    def add(self, name: str, held: bytes) -> None:
        self._zip.writestr(_info(name), held)
        self._list(name, len(held), hashlib.sha256(held).hexdigest())

    def stream(self, name: str, blocks: Iterator[bytes], length: int) -> None:
        """Add a file that is not held in memory."""
        digest, info = hashlib.sha256(), _info(name)
        info.file_size = length
        with self._zip.open(info, "w") as target:
            for block in blocks:
                target.write(block)
                digest.update(block)
        self._list(name, length, digest.hexdigest())

    def close(self, title: str, material: Material) -> None:
        """Write the manifest, and the hash of it."""
        stated = {
            "profile": "data-package", "wacz_version": "1.1.1", "title": title, "software": SOFTWARE,
            "created": f"{material.head.signed_at[:19]}Z", "resources": self._listed,
        }  # fmt: skip
        manifest = orjson.dumps(stated, option=orjson.OPT_INDENT_2) + b"\n"
        self._zip.writestr(_info("datapackage.json"), manifest)
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        self._zip.writestr(
            _info("datapackage-digest.json"), canonical_json({"path": "datapackage.json", "hash": digest})
        )

    def _list(self, name: str, length: int, digest: str) -> None:
        self._listed.append(
            {
                "name": name.lower().replace("/", "-"), "path": name, "hash": f"sha256:{digest}", "bytes": length,
            }
        )  # fmt: skip


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info


def _payload(archive: Archive, capture: CaptureRow) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with open_payload(archive, capture) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            yield block
    if digest.hexdigest() != capture.capture.payload_sha256:
        raise CaptureDamaged(f"The document in capture {capture.capture.id} is not as it was archived.")


def _data(material: Material) -> dict[str, bytes]:
    """Files that the verifier reads: versions, head, key and leaves."""
    files = {
        version_file(one, "json"): _version(one.notice.id, one.version.version, one.version.content)
        for one in material.versions
        if one.taken_down is None
    }
    files["proof/head.json"] = canonical_json(material.head.form())
    files["proof/key.json"] = canonical_json(material.key)
    files["proof/leaves.json"] = canonical_json(_leaves(material))
    return files


def _version(notice_id: str, number: int, content: Any) -> bytes:
    return canonical_json({"notice": notice_id, "version": number, "content": content})


def _leaves(material: Material) -> dict[str, Any]:
    stated: dict[str, Any] = {
        **_subject(material),
        "captures": [leaf.form() for _, leaf in material.captures.values()],
        "rows": [_row(row) for row in material.rows],
        "versions": [_packed(one) for one in material.versions],
        "documents": [
            {"file": name, "capture": capture.capture.id}
            for name, capture in document_files(material.documents).items()
        ],
    }
    stated["documents"] += [
        {"capture": name, "taken_down": leaf.form()} for name, leaf in sorted(material.taken_down.items())
    ]
    return stated if material.as_of is None else stated | {"as_of": material.as_of}


def _subject(material: Material) -> dict[str, Any]:
    """What the pack is about: a notice, or a procurement with all its notices."""
    if not material.members:
        return {"notice": material.notice.id}
    shown = [one.id for one in material.members if one.id not in material.left_out]
    return {"procurement": material.notice.procurement_id, "notices": shown, "left_out": list(material.left_out)}


def _row(row: PackedRow) -> dict[str, Any]:
    stated = {
        "leaf": row.line.decode(), "index": row.index, "path": [one.hex() for one in row.path],
        "records": row.records.form(),
    }  # fmt: skip
    shown = {"file": row.file, "noise": [list(one) for one in row.noise]}
    return stated | ({"taken_down": True} if row.withheld else shown)


def _packed(one: PackedVersion) -> dict[str, Any]:
    stated = {"row": one.row, "event": one.event.form()}
    if one.taken_down is not None:
        return stated | {"taken_down": one.taken_down.form()}
    return stated | {"file": version_file(one, "json")}


def _pages(material: Material) -> bytes:
    lines = [{"format": "json-pages-1.0", "id": "pages", "title": "Captures"}]
    for name, (row, _) in material.captures.items():
        held = row.capture
        lines.append({"id": name, "url": held.url, "ts": f"{held.fetched_at:%Y-%m-%dT%H:%M:%SZ}"})
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)
