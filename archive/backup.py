"""Backups: a copy of database and WARC files of one moment, with the hash of every file, and the way back.

The database is copied first. What it names was forced to the disk before, so the WARC files copied after it hold all
of it. The manifest is written last, at once: a backup without one was interrupted and is never restored.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

import orjson
from sqlalchemy import delete, update

from archive import database_copies, log, tables
from archive.captures import file_ends
from archive.standing_files import files_stay
from archive.store import RESTORING, Archive
from archive.times import stamp
from noticewatch import __version__
from noticewatch.database import check_integrity, connect, is_empty, reading, writing
from noticewatch.disk import sync_file, sync_folder
from noticewatch.errors import CaptureDamaged, DataFolderError, UsageError
from noticewatch.identifiers import new_id, now
from noticewatch.settings import Settings

MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_BLOCK: Final = 1 << 20

Progress = Callable[[int, int], None]
"""Gets bytes copied and bytes in all."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A file of a backup. ``name``: below its folder, with ``/``; ``length`` in bytes."""

    name: str
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``database``: ``sqlite`` or ``postgresql``; ``made_at``: UTC; ``head``: the last ``seq``."""

    made_at: str
    program: str
    database: str
    epoch: str
    head: int
    files: tuple[Copied, ...]

    @property
    def length(self) -> int:
        """Bytes of all files."""
        return sum(file.length for file in self.files)


def backup(archive: Archive, target: Path, progress: Progress | None = None) -> Manifest:
    """Copy the archive into a new folder while others write to it.

    Raises UsageError for a folder that is not empty or stands in the data folder, DataFolderError where the copy cannot
    be written, CaptureDamaged where a WARC file that the database names is missing or too short.
    """
    _refuse_target(archive, target)
    with files_stay(archive):
        return _backed_up(archive, target, progress)


def _backed_up(archive: Archive, target: Path, progress: Progress | None) -> Manifest:
    part = target / f"{MANIFEST}.part"
    try:
        (target / "warc").mkdir(parents=True)
        part.write_bytes(b"")
        sync_folder(target)
        kind = archive.engine.dialect.name
        with database_copies.copied(archive.engine, target) as (file, connection):
            ends, epoch, head = file_ends(connection), archive.epoch, log.head(connection)
        files = [_hashed(target, file.name)]
        files += _copy_warcs(archive.warc_folder, target, ends, progress)
        manifest = Manifest(stamp(now()), __version__, kind, epoch, head, tuple(files))
        part.write_bytes(orjson.dumps({"format": _FORMAT} | asdict(manifest), option=orjson.OPT_INDENT_2))
        sync_file(part)
        part.replace(target / MANIFEST)
        sync_folder(target)
    except OSError as error:
        raise DataFolderError(
            f"The backup in {target} cannot be written ({error.strerror}); free space, delete it and begin again."
        ) from error
    return manifest


def restore(settings: Settings, source: Path, progress: Progress | None = None) -> Manifest:
    """Restore a backup into an empty data folder, and an empty database where PostgreSQL is used; begin a new epoch.

    Every hash is checked on the way. Raises UsageError for a backup that was interrupted, of another kind of database,
    or a data folder that is not empty; CaptureDamaged naming the first file that is not as it was.
    """
    manifest = read_manifest(source)
    home = settings.home.absolute()
    engine = connect(settings.database)
    _refuse_home(home, manifest, engine.dialect.name)
    if manifest.database == "postgresql" and not is_empty(engine):
        raise UsageError(f"The database {engine.url.database} is not empty; make a new one and name it in the setting.")
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / RESTORING).write_text(f"from {source.absolute()}\n")
        sync_folder(home)
        database, *warcs = manifest.files
        for file, done in _with_sums(warcs):
            _take(source, file, home / file.name)
            _tell(progress, done, manifest.length)
        copy = home / f"{database.name}.restoring"
        _take(source, database, copy)
        database_copies.put_back(engine, copy)
        _begin_anew(settings, home)
        _tell(progress, manifest.length, manifest.length)
        (home / RESTORING).unlink()
        sync_folder(home)
    except OSError as error:
        raise DataFolderError(
            f"The data folder {home} cannot be written ({error.strerror}); free space, delete it and restore again."
        ) from error
    finally:
        engine.dispose()
    return manifest


def read_manifest(source: Path) -> Manifest:
    """What a backup says it holds. Raises UsageError where it is none, was interrupted, or is of a newer program."""
    try:
        stated = orjson.loads((source / MANIFEST).read_bytes())
        if stated["format"] != _FORMAT:
            raise UsageError(f"The backup {source} was made by a newer noticewatch; update the program.")
        files = tuple(Copied(_plain_name(file["name"]), file["length"], file["sha256"]) for file in stated["files"])
        made_at, program, kind = str(stated["made_at"]), str(stated["program"]), str(stated["database"])
        return Manifest(made_at, program, kind, str(stated["epoch"]), int(stated["head"]), files)
    except FileNotFoundError:
        if (source / f"{MANIFEST}.part").exists():
            raise UsageError(f"The backup {source} did not come to its end; delete it and use another.") from None
        raise UsageError(f"{source} is no backup: it has no {MANIFEST}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"The {MANIFEST} of the backup {source} cannot be read ({error}); use another.") from error


def _refuse_target(archive: Archive, target: Path) -> None:
    if target.absolute().is_relative_to(archive.folder):
        raise UsageError(f"{target} stands in the data folder; a backup belongs elsewhere, best on another disk.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is not empty; name a new folder for the backup.")


def _refuse_home(home: Path, manifest: Manifest, kind: str) -> None:
    if kind != manifest.database:
        raise UsageError(
            f"The backup is of a database of kind {manifest.database}, but the settings name one of kind {kind}; "
            "set NOTICEWATCH_DATABASE_URL accordingly."
        )
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"The data folder {home} is not empty; set NOTICEWATCH_HOME to a new one.")


def _copy_warcs(folder: Path, target: Path, ends: dict[str, int], progress: Progress | None) -> list[Copied]:
    """Copy all WARC files. Of one that is being written, what the database knows of: the rest is not acknowledged."""
    held = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*.warc.gz"))}
    if missing := sorted(ends.keys() - held.keys()):
        raise CaptureDamaged(f"The archived file {folder / missing[0]} is missing, so no whole backup can be made.")
    lengths = {}
    for name, file in held.items():
        written = file.with_name(f"{file.name}.lock").exists()
        lengths[name] = ends.get(name, 0) if written else file.stat().st_size
    copied, done, total = [], 0, sum(lengths.values())
    for name, length in lengths.items():
        if length == 0 and name not in ends:
            continue
        with held[name].open("rb") as source:
            copied.append(_copy(source, target, f"warc/{name}", length))
        if copied[-1].length < ends.get(name, 0):
            raise CaptureDamaged(f"The archived file {held[name]} ends before what it must hold; no backup was made.")
        done += length
        _tell(progress, done, total)
    return copied


def _copy(source: BinaryIO, folder: Path, name: str, length: int) -> Copied:
    """Copy up to ``length`` bytes and force them to the disk."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), length
    with target.open("xb") as copy:
        while left and (block := source.read(min(left, _BLOCK))):
            copy.write(block)
            digest.update(block)
            left -= len(block)
        copy.flush()
        os.fsync(copy.fileno())
    sync_folder(target.parent)
    return Copied(name, length - left, digest.hexdigest())


def _hashed(folder: Path, name: str) -> Copied:
    with (folder / name).open("rb") as file:
        return Copied(name, os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _take(source: Path, file: Copied, target: Path) -> None:
    """Copy a file out of a backup. Raises CaptureDamaged where it is missing or not as it was."""
    try:
        opened = (source / file.name).open("rb")
    except OSError as error:
        raise CaptureDamaged(f"{source / file.name} cannot be read ({error.strerror}); use another backup.") from error
    with opened:
        found = _copy(opened, target.parent, target.name, file.length + 1)
    if (found.length, found.sha256) != (file.length, file.sha256):
        raise CaptureDamaged(f"{source / file.name} is not as it was when the backup was made; use another backup.")


def _begin_anew(settings: Settings, home: Path) -> None:
    """Check what was restored, forget who crawled, and begin a new epoch."""
    engine = connect(settings.database)
    try:
        if wrong := check_integrity(engine):
            raise CaptureDamaged(f"The restored database is damaged ({wrong}); use another backup.")
        with reading(engine) as connection:
            ends = file_ends(connection)
        for name, end in ends.items():
            file = home / "warc" / name
            if not file.exists() or file.stat().st_size < end:
                raise CaptureDamaged(f"The backup lacks bytes of the archived file {name}; use another backup.")
        with writing(engine) as connection:
            connection.execute(update(tables.meta).where(tables.meta.c.name == "epoch").values(value=new_id()))
            connection.execute(delete(tables.crawl_locks))
    finally:
        engine.dispose()


def _plain_name(name: Any) -> str:
    path = PurePosixPath(str(name))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"it names {name}, which is outside of it")
    return str(path)


def _with_sums(files: list[Copied]) -> Iterator[tuple[Copied, int]]:
    done = 0
    for file in files:
        done += file.length
        yield file, done


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)
