"""Checks signed heads against the tree: those of the table, of the file ``heads.jsonl``, and of somebody's mirror."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.proof import forms, heads, tree
from archive.proof.extent import DoesNotHold
from archive.proof.forms import Head
from archive.proof.keys import fingerprint, is_signed
from archive.proof.tree import StoredTree
from noticewatch.errors import UsageError

if TYPE_CHECKING:
    from archive.store import Archive


@dataclass(slots=True)
class HeadCheck:
    """The keys and epochs that the tree names, and what it has signed. left_behind: heads of an epoch before that a
    restore has left behind; they cover leaves that this archive never held or no longer holds.
    """

    archive: "Archive"
    keys: dict[str, dict[str, Any]]
    ends: dict[str, int | None]
    lines: dict[bytes, int] = field(default_factory=dict)
    checked: int = 0
    left_behind: int = 0

    @classmethod
    def of(cls, archive: "Archive") -> "HeadCheck":
        """What the tree says now. Raises DoesNotHold for a leaf that cannot be true."""
        try:
            with archive.reading() as connection:
                keys, epochs = heads.keys(connection), heads.epochs(connection)
            wrong = [key["leaf"] for name, key in keys.items() if fingerprint(bytes.fromhex(key["public_key"])) != name]
        except (ValueError, KeyError, TypeError) as error:
            raise DoesNotHold("A leaf that names a key or an epoch was changed.") from error
        if wrong:
            raise DoesNotHold(f"Leaf {wrong[0]} names a key by the fingerprint of another.")
        return cls(archive, keys, dict(zip(epochs, [*list(epochs.values())[1:], None], strict=True)))

    def table(self, after: int = 0) -> int:
        """Check the heads of the table behind a number; gives the number of the last one."""
        last, size = 0, 0
        for number, head in heads.all_heads(self.archive):
            self.lines[head.line] = last = number
            said = f"Head {number} (size {head.size})"
            if number > after and not self._check(head, said, size):
                raise DoesNotHold(f"{said} covers more leaves than its epoch had.")
            size = head.size
        return last

    def file(self, path: Path, lines: list[bytes], *, own: bool = False) -> None:
        """Check the lines of a file of heads, after the table: each must be a head that this archive has signed.

        ``own``: the archive's own file, which holds them in order and leaves out none before its last.
        """
        known: set[int] = set()
        for number, line in enumerate(lines, start=1):
            said = f"Line {number} of {path}"
            if line in self.lines:
                if own and self.lines[line] < max(known, default=0):
                    raise DoesNotHold(f"{said} stands behind a later head; noticewatch only ever appends to it.")
                known.add(self.lines[line])
                continue
            try:
                head = forms.head_from(line)
            except (ValueError, TypeError):
                raise DoesNotHold(f"{said} is not a head of noticewatch.") from None
            if not self._check(head, said, 0):
                self.left_behind += 1
            elif self.ends[head.epoch] is None:
                raise DoesNotHold(f"{said} is a head of size {head.size} that is signed, but missing in this archive.")
        left_out = {number for number in self.lines.values() if number < max(known, default=0)} - known
        if own and left_out:
            raise DoesNotHold(f"{path} leaves out head {min(left_out)}; noticewatch only ever appends to it.")

    def _check(self, head: Head, said: str, least: int) -> bool:
        """Whether a head covers leaves of this archive; False for one left behind by a restore. Raises DoesNotHold."""
        self.checked += 1
        self._check_signature(head, said)
        if head.epoch not in self.ends:
            raise DoesNotHold(f"{said} is of epoch {head.epoch}, which this archive never had.")
        end = self.ends[head.epoch]
        if end is not None and head.size > end:
            return False
        with self.archive.reading() as connection:
            held = tree.size(connection)
            if head.size > held:
                raise DoesNotHold(
                    f"{said} covers {head.size} leaves and the archive has {held}: leaves are missing, "
                    "or an older copy was put in its place without noticewatch restore."
                )
            root = StoredTree(connection).root_at(head.size).hex()
        if root != head.root:
            raise DoesNotHold(
                f"{said} was signed at {head.signed_at} over another tree: its root is {head.root}, "
                f"that of the first {head.size} leaves here is {root} (a fork, or leaves were changed)."
            )
        if head.size < least:
            raise DoesNotHold(f"{said} is smaller than the head before it.")
        return True

    def _check_signature(self, head: Head, said: str) -> None:
        key = self.keys.get(head.key)
        if key is None or key["leaf"] >= head.size:
            when = "" if key is None else " before"
            raise DoesNotHold(f"{said} is signed by key {head.key}, which this archive never named{when}.")
        try:
            signature = bytes.fromhex(head.signature)
        except ValueError:
            signature = b""
        if not is_signed(bytes.fromhex(key["public_key"]), signature, head.signed):
            raise DoesNotHold(f"{said} was changed: its signature is not that of key {head.key}.")


def lines_of(path: Path) -> list[bytes]:
    """The lines of a file of heads, each with a line feed at its end; one that is just being written is left out.

    Raises UsageError.
    """
    try:
        held = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from error
    whole = held[: held.rfind(b"\n") + 1]
    return [line.rstrip() + b"\n" for line in whole.split(b"\n") if line.strip()]


def mirrored_lines(path: Path) -> list[bytes]:
    """The lines of somebody's copy of the file of heads. Raises UsageError also where there is none in it."""
    if not (found := lines_of(path)):
        raise UsageError(f"{path} holds no signed head; name a copy of heads.jsonl.")
    return found
