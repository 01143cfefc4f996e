"""Verifies the whole archive: leaves against tables, heads against the tree, WARC files against captures.

It remembers how far it has come in ``HOME/verified.json`` and goes on from there. It only reads, in short
transactions, so everything else goes on beside it.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson
from sqlalchemy import func, select

from archive.proof import heads
from archive.proof.beside import Told, beside
from archive.proof.content_check import check_contents
from archive.proof.head_check import HeadCheck, lines_of
from archive.proof.log_check import DoesNotHold, Extent, LogCheck, check_tree, extent
from archive.proof.takedown_check import check_takedowns
from archive.proof.thinnings import Thinning
from archive.proof.tree import StoredTree, TreeDamaged
from archive.proof.warc_check import WarcCheck
from archive.standing_files import files_stay
from archive.tables import captures

if TYPE_CHECKING:
    from archive.store import Archive

__all__ = ["DoesNotHold", "Verified", "verify"]

Tell: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found to hold. leaves: of the tree, of which ``since`` were verified before; captures, bytes: read this
    time; heads: checked this time; left_behind: heads of an earlier epoch that a restore has left behind; thinned:
    captures of those read of which only some rows are kept, as the log says.
    """

    epoch: str
    leaves: int
    since: int
    root: str
    events: int
    captures: int
    bytes: int
    heads: int
    left_behind: int
    thinned: tuple[Thinning, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far an earlier verification came."""

    epoch: str
    leaves: int
    root: str
    captures: int
    records: int
    events: int
    heads: int


_NOTHING = _Mark("", 0, "", 0, 0, 0, 0)
_BYTES_A_LEAF: Final = 500
"""Bytes of WARC files that are read in the time that the check of one leaf takes."""


def verify(archive: "Archive", tell: Tell, *, full: bool = False, mirrored: Path | None = None) -> Verified:
    """Verify what came since the last verification, or everything, and name the first thing that does not hold.

    ``tell``: text, done, total; ``mirrored``: a file of heads that somebody else has kept. Raises DoesNotHold,
    UsageError for a mirror that cannot be read, and while archived files are thinned.
    """
    try:
        with files_stay(archive):
            return _verified(archive, tell, full=full, mirrored=mirrored)
    except TreeDamaged as error:
        raise DoesNotHold(str(error)) from error


def _verified(archive: "Archive", tell: Tell, *, full: bool, mirrored: Path | None) -> Verified:
    foreign = lines_of(mirrored) if mirrored is not None else []
    own = lines_of(heads.file_of(archive)) if heads.file_of(archive).exists() else []
    with archive.reading() as connection:
        end, epoch = extent(connection), heads.epoch_now(connection)
        mark = _NOTHING if full else _mark(archive, StoredTree(connection), heads.epochs(connection), end)
    contents_beside = (end.leaves - mark.leaves) * _BYTES_A_LEAF > _bytes_behind(archive, mark)
    contents = partial(check_contents, after=mark.events, last=end.events)
    with beside(archive, partial(_check_files, mark, end, contents if contents_beside else None)) as files:
        _check_log(archive, mark, end, tell)
        if not contents_beside:
            contents(archive, told=lambda done: tell("Checking contents", done, end.events - mark.events))
        check_takedowns(archive)
        head_check = HeadCheck.of(archive)
        last_head = head_check.table(mark.heads)
        head_check.file(heads.file_of(archive), own, own=True)
        if mirrored is not None:
            head_check.file(mirrored, foreign)
        read = files(lambda done, total: tell("Reading WARC files, in bytes", done, total))
    with archive.reading() as connection:
        root = StoredTree(connection).root_at(end.leaves).hex()
    _keep(archive, _Mark(epoch, end.leaves, root, end.captures, end.records, end.events, last_head))
    return Verified(
        epoch, end.leaves, mark.leaves, root, end.events, read.captures, read.bytes, head_check.checked,
        head_check.left_behind, read.thinned,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Read:
    """What of the WARC files was read."""

    captures: int
    bytes: int
    thinned: tuple[Thinning, ...]


def _check_files(
    mark: _Mark, end: Extent, contents: Callable[..., None] | None, archive: "Archive", told: Told
) -> _Read:
    """Check the WARC files, after the contents of versions where this falls to whoever does that too."""
    if contents is not None:
        contents(archive, told=lambda _: None)
    check = WarcCheck(archive, mark.captures, end.captures, mark.leaves)
    spans = check.spans()
    total = sum(span.end - span.begin for span in spans)
    check.run(spans, lambda done: told(done, total))
    return _Read(check.captures, check.bytes, tuple(check.thinned))


def _bytes_behind(archive: "Archive", mark: _Mark) -> int:
    """Bytes of the WARC records of captures that are not verified yet."""
    c = captures.c
    with archive.reading() as connection:
        return int(connection.scalar(select(func.sum(c.warc_length)).where(c.number > mark.captures)) or 0)


def _check_log(archive: "Archive", mark: _Mark, end: Extent, tell: Tell) -> None:
    total = end.leaves - mark.leaves
    check = LogCheck(archive, mark.leaves, end, mark.records, mark.events)
    check.run(lambda done: tell("Checking the log", done, total))
    check_tree(archive, mark.leaves, end.leaves)


def _mark(archive: "Archive", stored: StoredTree, epochs: dict[str, int], end: Extent) -> _Mark:
    """How far the last verification came; nothing where a restore has put an older log in place of that one."""
    try:
        mark = _Mark(**orjson.loads(_file(archive).read_bytes()))
    except (OSError, ValueError, TypeError):
        return _NOTHING
    if mark.leaves <= end.leaves and stored.root_at(mark.leaves).hex() == mark.root:
        return mark
    begun = [number for epoch, number in epochs.items() if epoch != mark.epoch]
    if mark.epoch in epochs and any(epochs[mark.epoch] < number < mark.leaves for number in begun):
        return _NOTHING
    raise DoesNotHold(
        f"The tree is not the one that was verified before: its first {mark.leaves} leaves had the root {mark.root} "
        "then (a fork, or leaves are missing); compare it with a mirrored file of heads."
    )


def _keep(archive: "Archive", mark: _Mark) -> None:
    part = _file(archive).with_suffix(".part")
    with contextlib.suppress(OSError):  # the next verification then begins where this one did
        with part.open("wb") as file:
            file.write(orjson.dumps(asdict(mark)))
            file.flush()
            os.fsync(file.fileno())
        part.replace(_file(archive))


def _file(archive: "Archive") -> Path:
    return archive.folder / "verified.json"
