"""Checks an evidence pack of noticewatch with nothing but Python 3.9 or later: no network, no other library.

    python3 verify.py                 checks the unpacked folder that this file came in
    python3 verify.py PACK.zip        checks a pack, or a folder into which one was unpacked
    python3 verify.py --key HEX       also holds the signer's key to a fingerprint that you had from elsewhere

Names the first thing that does not hold and ends with code 1; else says what holds and by whose key. A copy of this
file that came with a pack is as honest as who gave you the pack: take it from the project where that matters.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Iterator  # noqa: UP035 - Python 3.9

MANIFEST = "datapackage.json"
DIGEST = "datapackage-digest.json"
HEAD = "proof/head.json"
KEY = "proof/key.json"
LEAVES = "proof/leaves.json"
WARC = "archive/data.warc.gz"
NOISE = re.compile(
    rb',?\s*"(?:agency_slug|awarding_agency_id|excerpts|internal_id|page_views|public_inspection_pdf_url)"\s*:\s*'
    rb'(?:"(?:[^"\\]|\\.)*"|"[^"]*"|\{[^{}]*\}|[^",{}\[\]]*)\s*(?:,\s*)?'
)
"""What may be cut from a row before it is hashed: members by which a source says nothing about the thing."""
_BLOCK = 1 << 20
_MOST_BYTES = 1 << 28
"""How much of one file is taken into memory; documents are read in blocks."""


class DoesNotHold(Exception):
    """Something in the pack is not what it must be; the message names the file and says what."""


# Ed25519 (RFC 8032, section 5.1) over the curve's own definition; slow, and only ever verifies.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)


def _x_of(y: int, sign: int) -> int | None:
    """The x of a point on the curve with this y, whose lowest bit is ``sign``; None where there is none."""
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else _P - x


def _point(packed: bytes) -> tuple[int, int, int, int] | None:
    number = int.from_bytes(packed, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _add(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, p: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    total = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, p)
        p, factor = _add(p, p), factor >> 1
    return total


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature over a message is that of a key."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, first, s = _point(public_key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    base_y = 4 * pow(5, _P - 2, _P) % _P
    base_x = _x_of(base_y, 0)
    if key is None or first is None or base_x is None or s >= _L:
        return False
    base = (base_x, base_y, 1, base_x * base_y % _P)
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % _L
    left, right = _times(s, base), _add(first, _times(digest, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (left[1] * right[2] - right[1] * left[2]) % _P == 0


# Files of a pack, in a zip or in a folder.


class _Folder:
    """A folder into which a pack was unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        return sorted(
            (Path(folder) / name).relative_to(self._path).as_posix()
            for folder, _, names in os.walk(self._path)
            for name in names
        )

    def size(self, name: str) -> int:
        return (self._path / name).stat().st_size

    def open(self, name: str) -> BinaryIO:
        return (self._path / name).open("rb")


class _Zip:
    """A pack as one file."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return sorted(self._zip.namelist())

    def size(self, name: str) -> int:
        return self._zip.getinfo(name).file_size

    def open(self, name: str) -> BinaryIO:
        return self._zip.open(name)  # type: ignore[return-value]  # a stream of bytes all the same


class Checker:
    """Checks one pack; ``at`` is the file that is looked at."""

    def __init__(self, path: Path) -> None:
        self.at = str(path)
        self._strict = not path.is_dir()
        self._files: Any = _Zip(path) if self._strict else _Folder(path)
        self._hashes: dict[str, str] = {}

    def run(self, key: str = "") -> list[str]:
        """Check everything; gives what holds, in words. Raises DoesNotHold."""
        others = self._manifest()
        head, public = self._head(key)
        stated = self._json(LEAVES)
        captures = {self._capture_id(one): self._leaf(one, head, "capture") for one in self._list(stated, "captures")}
        rows = [self._row(one, head, captures) for one in self._list(stated, "rows")]
        self._warc(rows, captures)
        versions = [self._version(one, head, stated, captures, rows) for one in self._list(stated, "versions")]
        for one in self._list(stated, "documents"):
            self._document(one, head, captures)
        if not versions or not rows:
            raise DoesNotHold(f"{LEAVES} proves no version.")
        self._missing(rows, versions)
        for notice in self._notices(stated):
            if not any(one["notice"] == notice for one in versions):
                raise DoesNotHold(f"{LEAVES} proves no version of {notice}.")
        return self._said(stated, head, public, captures, versions, others)

    # What the manifest lists.

    def _manifest(self) -> list[str]:
        """Hold every file to its hash; gives names in the folder that are not of the pack."""
        present = self._files.names()
        for name in (MANIFEST, DIGEST):
            if name not in present:
                raise DoesNotHold(f"{name} is missing: this is no evidence pack, or not all of it.")
        if len(set(present)) != len(present):
            raise DoesNotHold(f"{next(n for n in present if present.count(n) > 1)} stands twice in the pack.")
        raw = self._bytes(MANIFEST)
        stated = {"hash": f"sha256:{hashlib.sha256(raw).hexdigest()}", "path": MANIFEST}
        if self._bytes(DIGEST) != canonical(stated):
            raise DoesNotHold(f"{MANIFEST} was changed, or {DIGEST} that states its hash.")
        listed = self._list(self._json(MANIFEST), "resources")
        for one in listed:
            self.at = MANIFEST
            name, size, digest = self._get(one, "path", str), self._get(one, "bytes", int), self._get(one, "hash", str)
            self._file(name, size, digest, present)
        others = sorted(set(present) - {MANIFEST, DIGEST} - set(self._hashes))
        if others and self._strict:
            raise DoesNotHold(f"{others[0]} is in the pack, but {MANIFEST} does not list it.")
        for name in (HEAD, KEY, LEAVES, WARC):
            if name not in self._hashes:
                raise DoesNotHold(f"{MANIFEST} does not list {name}.")
        return others

    def _file(self, name: str, size: int, digest: str, present: list[str]) -> None:
        if name not in present:
            raise DoesNotHold(f"{name} is missing.")
        self.at = name
        found, read = hashlib.sha256(), 0
        if self._files.size(name) == size:
            with self._files.open(name) as file:
                for block in iter(lambda: file.read(_BLOCK), b""):
                    found.update(block)
                    read += len(block)
        if read != size or f"sha256:{found.hexdigest()}" != digest:
            raise DoesNotHold(f"{name} was changed: it does not have the hash that {MANIFEST} states.")
        self._hashes[name] = found.hexdigest()

    # What the key has signed.

    def _head(self, fingerprint: str) -> tuple[dict[str, Any], bytes]:
        stated = self._json(KEY)
        public = self._hex(stated, "public_key")
        own = hashlib.sha256(public).hexdigest()
        if own != self._get(stated, "fingerprint", str):
            raise DoesNotHold(f"{KEY} states a fingerprint that is not the key's.")
        if fingerprint and own != fingerprint.lower():
            raise DoesNotHold(f"{KEY}: the signer's fingerprint is {own}, not the one that you gave.")
        head = self._json(HEAD)
        signature = self._hex(head, "signature")
        if self._get(head, "key", str) != own:
            raise DoesNotHold(f"{HEAD} names another key than {KEY}.")
        signed = {name: value for name, value in head.items() if name != "signature"}
        if head.get("type") != "head" or not signed_by(public, canonical(signed), signature):
            raise DoesNotHold(f"{HEAD} does not carry a signature by the key in {KEY}.")
        self._get(head, "size", int)
        self._hex(head, "root")
        return head, public

    def _leaf(self, one: Any, head: dict[str, Any], kind: str) -> dict[str, Any]:
        """What a leaf says, once its path has led to the signed root."""
        self.at = LEAVES
        data = self._get(one, "leaf", str)
        path, index = self._path(one), self._get(one, "index", int)
        if root_of(data.encode(), index, head["size"], path) != head["root"]:
            raise DoesNotHold(f"{LEAVES}: the {kind} at place {index} is not in the tree of {HEAD}.")
        said = json.loads(data)
        if not isinstance(said, dict) or said.get("type") != kind:
            raise DoesNotHold(f"{LEAVES}: the leaf at place {index} is no {kind}.")
        return said

    def _row(self, one: Any, head: dict[str, Any], captures: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """A row of a capture: its path to the leaf of records, and its bytes in the folder ``records``."""
        records = self._leaf(self._get(one, "records", dict), head, "records")
        data, index = self._get(one, "leaf", str), self._get(one, "index", int)
        if root_of(data.encode(), index, records["count"], self._path(one)) != records["root"]:
            raise DoesNotHold(f"{LEAVES}: row {data} is not among the records of capture {records['capture']}.")
        row = json.loads(data)
        if records["capture"] not in captures:
            raise DoesNotHold(f"{LEAVES}: capture {records['capture']} of row {row['row']} is not proved.")
        place = {"capture": records["capture"], "row": row["row"]}
        if "taken_down" in one:
            return {**place, "file": "", "versions": []}
        name = self._get(one, "file", str)
        held = self._listed(name)
        if len(held) != row["end"] - row["start"]:
            raise DoesNotHold(f"{name} does not have the length of row {row['row']}.")
        if hashlib.sha256(_without(held, self._list(one, "noise"))).hexdigest() != row["sha256"]:
            raise DoesNotHold(f"{name} does not hold the bytes of row {row['row']} of capture {records['capture']}.")
        self.at = LEAVES
        return {**place, "file": name, "versions": []}

    def _warc(self, rows: list[dict[str, Any]], captures: dict[str, dict[str, Any]]) -> None:
        """Every record of the WARC file is a row that is proved, and every row stands there once."""
        due = {(one["capture"], one["row"]): one["file"] for one in rows if one["file"]}
        packed = self._listed(WARC)
        for headers, body in warc_records(packed):
            if headers.get("warc-type") == "warcinfo":
                continue
            capture, row = headers.get("warc-refers-to", "")[10:-1], int(headers.get("noticewatch-row", "-1"))
            name = due.pop((capture, row), None)
            if name is None:
                raise DoesNotHold(f"{WARC} holds row {row} of capture {capture}, which nothing proves.")
            said = captures[capture]
            if hashlib.sha256(body).hexdigest() != self._hashes[name]:
                raise DoesNotHold(f"{WARC} does not hold the bytes of {name}.")
            if (headers.get("warc-target-uri"), headers.get("warc-date")) != (said["url"], said["fetched_at"]):
                raise DoesNotHold(f"{WARC} states another address or time of {name} than its capture's leaf.")
        if due:
            raise DoesNotHold(f"{WARC} lacks the bytes of {sorted(due.values())[0]}.")

    def _version(
        self, one: Any, head: dict[str, Any], stated: Any, captures: dict[str, dict[str, Any]],
        rows: list[dict[str, Any]],
    ) -> dict[str, Any]:  # fmt: skip
        event = self._leaf(self._get(one, "event", dict), head, "event")
        row = self._get(one, "row", int)
        if event["notice"] not in self._notices(stated):
            raise DoesNotHold(f"{LEAVES}: event {event['seq']} is of another notice, {event['notice']}.")
        if not 0 <= row < len(rows) or event.get("capture", next(iter(captures))) not in captures:
            raise DoesNotHold(f"{LEAVES}: version {event['version']} comes from nothing that is proved.")
        came, told = captures[rows[row]["capture"]], captures.get(event.get("capture", ""))
        if told is not None and came["fetched_at"] > told["fetched_at"]:
            raise DoesNotHold(
                f"{LEAVES}: version {event['version']} comes from an answer that was received after the one that event "
                f"{event['seq']} names."
            )
        rows[row]["versions"].append(event)
        if "taken_down" in one:
            self._taken_down(one, head, event)
            return event
        name = self._get(one, "file", str)
        self._listed(name)
        form = self._json(name)
        if (form.get("notice"), form.get("version")) != (event["notice"], event["version"]):
            raise DoesNotHold(f"{name} is not version {event['version']} of {event['notice']}.")
        if set(form) != {"notice", "version", "content"}:
            raise DoesNotHold(f"{name} says more than a version does, and nothing proves it.")
        if hashlib.sha256(canonical(form.get("content"))).hexdigest() != event["content_sha256"]:
            raise DoesNotHold(f"{name} does not state the content that event {event['seq']} of the log names.")
        return event

    def _left_out(self, stated: Any) -> list[Any]:
        """Notices of a procurement of which nothing can be shown, as the pack says."""
        left = self._list(stated, "left_out") if "left_out" in stated else []
        for notice in left:
            if not isinstance(notice, str) or notice in self._notices(stated):
                raise DoesNotHold(f"{LEAVES}: {notice} is said to be left out, and it is not.")
        return left

    def _notices(self, stated: Any) -> list[Any]:
        """The notices that the pack is about: one, or all of a procurement that can be shown."""
        return self._list(stated, "notices") if "notices" in stated else [stated.get("notice")]

    def _taken_down(self, one: Any, head: dict[str, Any], event: dict[str, Any]) -> None:
        """That the log says of a version, after it came, that it was taken down: its content may be missing."""
        told = self._leaf(self._get(one, "taken_down", dict), head, "event")
        same = all(told.get(name) == event[name] for name in ("notice", "version", "content_sha256"))
        if not same or "capture" in told or "taken_down" not in told["kinds"] or told["seq"] <= event["seq"]:
            raise DoesNotHold(f"{LEAVES}: nothing says that version {event['version']} was taken down.")
        event["taken_down"] = told

    def _missing(self, rows: list[dict[str, Any]], versions: list[dict[str, Any]]) -> None:
        """Bytes of a row may be missing where every version that was read from it was taken down; of a row without a
        version, such as another source's, where any was.
        """
        for row in rows:
            told = ["taken_down" in one for one in row["versions"] or versions]
            if not row["file"] and not (all(told) if row["versions"] else any(told)):
                raise DoesNotHold(f"The bytes of row {row['row']} of capture {row['capture']} are missing.")

    def _document(self, one: Any, head: dict[str, Any], captures: dict[str, dict[str, Any]]) -> None:
        self.at = LEAVES
        capture = self._get(one, "capture", str)
        if "taken_down" in one:
            told = self._leaf(self._get(one, "taken_down", dict), head, "event")
            if told.get("capture") != capture or "taken_down" not in told["kinds"] or capture not in captures:
                raise DoesNotHold(f"{LEAVES}: nothing says that the file of capture {capture} was taken down.")
            return
        name = self._get(one, "file", str)
        if name not in self._hashes or capture not in captures:
            raise DoesNotHold(f"{LEAVES}: document {name} has no bytes or no proved capture.")
        if self._hashes[name] != captures[capture]["payload_sha256"]:
            raise DoesNotHold(f"{name} is not what capture {capture} received.")

    def _said(
        self, stated: Any, head: dict[str, Any], public: bytes, captures: dict[str, dict[str, Any]],
        versions: list[dict[str, Any]], others: list[str],
    ) -> list[str]:  # fmt: skip
        lines = ["Everything holds that this pack can prove."]
        for notice in self._notices(stated):
            numbers = ", ".join(str(one["version"]) for one in versions if one["notice"] == notice)
            lines.append(f"Notice: {notice}, version {numbers}")
        lines += [f"Left out, without proof that it belongs here: {notice}" for notice in self._left_out(stated)]
        for one in versions:
            if "taken_down" in one:
                lines.append(
                    f"Version {one['version']} of {one['notice']} was taken down (entry {one['taken_down']['seq']} of "
                    f"the log): its content and its row are not here; SHA-256 of the content {one['content_sha256']}"
                )
        for one in sorted(captures.values(), key=lambda said: (said["fetched_at"], said["id"])):
            lines.append(
                f"Received {one['fetched_at']} from {one['url']} by {one['recorder']} ({one['origin']}); "
                f"SHA-256 {one['payload_sha256']}"
            )
        lines.append(f"In the log's first {head['size']} entries, signed {head.get('signed_at')} (the signer's clock)")
        lines.append(f"Signer's key fingerprint: {hashlib.sha256(public).hexdigest()}")
        lines.append("Compare this fingerprint with one that you had from elsewhere; without that anybody could sign.")
        lines.append("Proved: what was received, and that it was in the log when the head was signed.")
        lines.append("Not proved: that the source was right.")
        lines.append("Pages for readers (.html, .txt, README, diffs) are held to the manifest, which nobody signs.")
        lines += [f"Not of the pack, and not looked at: {name}" for name in others]
        return [_printable(line) for line in lines]

    # Reading.

    def _bytes(self, name: str) -> bytes:
        self.at = name
        if self._files.size(name) > _MOST_BYTES:
            raise DoesNotHold(f"{name} is too large.")
        with self._files.open(name) as file:
            return bytes(file.read())

    def _listed(self, name: str) -> bytes:
        """The bytes of a file that the manifest lists, once more held to its hash."""
        if name not in self._hashes:
            raise DoesNotHold(f"{LEAVES} names {name}, which {MANIFEST} does not list.")
        held = self._bytes(name)
        if hashlib.sha256(held).hexdigest() != self._hashes[name]:
            raise DoesNotHold(f"{name} was changed while it was read.")
        return held

    def _json(self, name: str) -> dict[str, Any]:
        stated = json.loads(self._bytes(name).decode())
        if not isinstance(stated, dict):
            raise DoesNotHold(f"{name} is not an object.")
        return stated

    def _get(self, stated: Any, name: str, kind: type) -> Any:
        value = stated.get(name) if isinstance(stated, dict) else None
        if type(value) is not kind:
            raise DoesNotHold(f"{self.at} states no {name}, or not as it must.")
        return value

    def _list(self, stated: Any, name: str) -> list[Any]:
        found: list[Any] = self._get(stated, name, list)
        return found

    def _hex(self, stated: Any, name: str) -> bytes:
        return bytes.fromhex(self._get(stated, name, str))

    def _path(self, stated: Any) -> list[bytes]:
        return [bytes.fromhex(one) for one in self._list(stated, "path")]

    def _capture_id(self, one: Any) -> str:
        self.at = LEAVES
        return str(json.loads(self._get(one, "leaf", str))["id"])


def canonical(value: Any) -> bytes:
    """Canonical JSON: sorted members, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> str:
    """The root (hex) to which a leaf and its path lead (RFC 9162, section 2.1.3.2); empty where they lead nowhere."""
    if not 0 <= index < size:
        return ""
    held, place, last = hashlib.sha256(b"\0" + leaf).digest(), index, size - 1
    for beside in path:
        if last == 0:
            return ""
        if place & 1 or place == last:
            held = hashlib.sha256(b"\1" + beside + held).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            held = hashlib.sha256(b"\1" + held + beside).digest()
        place, last = place >> 1, last >> 1
    return held.hex() if last == 0 else ""


def warc_records(packed: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Headers (names in lower case) and block of every record of a WARC file of one gzip member a record."""
    while packed:
        member = zlib.decompressobj(31)
        record = member.decompress(packed, _MOST_BYTES)
        if member.unconsumed_tail:
            raise DoesNotHold(f"{WARC} holds a record that unpacks to more than any row.")
        if not member.eof:
            raise DoesNotHold(f"{WARC} breaks off.")
        packed = member.unused_data
        head, _, rest = record.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        if not lines[0].startswith("WARC/"):
            raise DoesNotHold(f"{WARC} holds something that is no WARC record.")
        pairs = (line.partition(":") for line in lines[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers["content-length"])
        if rest[length:] != b"\r\n\r\n":
            raise DoesNotHold(f"{WARC} holds a record of another length than it states.")
        yield headers, rest[:length]


def _without(held: bytes, ranges: list[Any]) -> bytes:
    """Bytes without ranges of members that say nothing about the thing; nothing else may be cut."""
    kept, at = [], 0
    for begin, end in ranges:
        if not at <= begin <= end <= len(held) or not NOISE.fullmatch(held, begin, end):
            raise DoesNotHold(f"{LEAVES} cuts from a row what is no noise.")
        kept.append(held[at:begin])
        at = end
    return b"".join([*kept, held[at:]])


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def check(path: Path, key: str = "") -> list[str]:
    """Check a pack; gives what holds, in words. Raises DoesNotHold, whatever stands at the path."""
    at = str(path)
    try:
        checker = Checker(path)
        try:
            return checker.run(key)
        except BaseException:
            at = checker.at
            raise
    except DoesNotHold:
        raise
    except FileNotFoundError as error:
        raise DoesNotHold(f"{at} is missing.") from error
    except Exception as error:
        raise DoesNotHold(f"{at} cannot be read ({type(error).__name__}: {_printable(str(error))[:200]}).") from error


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    key = ""
    if "--key" in arguments[:-1]:
        place = arguments.index("--key")
        key = arguments[place + 1]
        arguments = arguments[:place] + arguments[place + 2 :]
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        lines = check(Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent, key)
    except DoesNotHold as error:
        sys.stderr.buffer.write(f"DOES NOT HOLD: {_printable(str(error))}\n".encode(errors="replace"))
        return 1
    sys.stdout.buffer.write(("\n".join(lines) + "\n").encode(errors="replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
