"""Verifies the whole archive: leaves against tables, heads against the tree, WARC files against captures.

It remembers how far it has come in ``HOME/verified.json`` and goes on from there. It only reads, in short
transactions, so everything else goes on beside it.
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from archive.beside import Told, Work, at_once, processes
from archive.proof import heads
from archive.proof.extent import DoesNotHold, Extent, extent
from archive.proof.head_check import HeadCheck, lines_of, mirrored_lines
from archive.proof.history_check import check_brought, check_histories
from archive.proof.log_check import LogCheck, check_tree
from archive.proof.takedown_check import check_takedowns
from archive.proof.thinnings import Thinning
from archive.proof.tree import StoredTree, TreeDamaged
from archive.proof.warc_check import FileSpan, FilesRead, WarcCheck
from archive.standing_files import files_stay

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
_BYTES_A_LEAF: Final = 450
"""Bytes of WARC files that are read in the time that the check of one leaf takes."""
_BYTES_AN_EVENT: Final = 30
_BYTES_A_NODE: Final = 30
_PARTS: Final = 4
"""Into how many parts the work is cut for each process, so that all come to an end at about the same time."""


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
    foreign = mirrored_lines(mirrored) if mirrored is not None else []
    own = lines_of(heads.file_of(archive)) if heads.file_of(archive).exists() else []
    with archive.reading() as connection:
        end, epoch = extent(connection), heads.epoch_now(connection)
        mark = _NOTHING if full else _mark(archive, StoredTree(connection), heads.epochs(connection), end)
    log = LogCheck(archive, mark.leaves, end, mark.records, mark.events)
    files = WarcCheck(archive, mark.captures, end.captures, mark.leaves)
    spans = files.spans()
    parts, groups = log.parts(_PARTS * processes()), _grouped(spans, _PARTS * processes())
    log_works = [Work(part.run, (part.end - part.begin) * _BYTES_A_LEAF) for part in parts]
    file_works = [Work(partial(_read, mark, end, group), sum(span.size for span in group)) for group in groups]
    leaves, events = end.leaves - mark.leaves, end.events - mark.events
    whole_works = [
        Work(_alone(check_brought), 0),
        Work(_alone(partial(check_histories, after=mark.events, last=end.events)), events * _BYTES_AN_EVENT),
        Work(_alone(partial(check_tree, begin=mark.leaves, end=end.leaves)), leaves * _BYTES_A_NODE),
        Work(_alone(check_takedowns), 0),
    ]
    with at_once(archive, [*log_works, *whole_works, *file_works]) as results:
        for placings in results.of(log_works, lambda done: tell("Checking the log", done, leaves)):
            log.follow(placings)
        log.settle()
        results.of(whole_works, lambda _: None)
        head_check = HeadCheck.of(archive)
        last_head = head_check.table(mark.heads)
        head_check.file(heads.file_of(archive), own, own=True)
        if mirrored is not None:
            head_check.file(mirrored, foreign)
        size, read = sum(span.size for span in spans), FilesRead()
        for more in results.of(file_works, lambda done: tell("Reading WARC files, in bytes", done, size)):
            read.follow(more)
        files.settle(read)
    with archive.reading() as connection:
        root = StoredTree(connection).root_at(end.leaves).hex()
    _keep(archive, _Mark(epoch, end.leaves, root, end.captures, end.records, end.events, last_head))
    return Verified(
        epoch, end.leaves, mark.leaves, root, end.events, read.captures, read.bytes, head_check.checked,
        head_check.left_behind, tuple(read.thinned),
    )  # fmt: skip


def _alone(check: Callable[["Archive"], None]) -> Callable[["Archive", Told], None]:
    """A check as a work that tells nothing of how far it is."""
    return lambda archive, _told: check(archive)


def _grouped(spans: Sequence[FileSpan], most: int) -> list[list[FileSpan]]:
    """The spans in their order, in at most so many groups of about the same size, as far as files allow."""
    groups, size = list[list[FileSpan]](), sum(span.size for span in spans)
    before = 0
    for span in spans:
        if len(groups) <= before * most // size:
            groups.append([])
        groups[-1].append(span)
        before += span.size
    return groups


def _read(mark: _Mark, end: Extent, spans: Sequence[FileSpan], archive: "Archive", told: Told) -> FilesRead:
    """Check some of the WARC files."""
    return WarcCheck(archive, mark.captures, end.captures, mark.leaves).run(spans, told)


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
