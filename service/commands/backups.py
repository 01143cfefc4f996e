"""Commands that keep the archive: ``backup``, ``restore``, ``archive vacuum``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from archive import backup as backups
from archive.backup import Manifest
from archive.readers import drive
from indexer.upkeep import rebuild
from noticewatch.database import vacuum as vacuum_database
from noticewatch.settings import load_settings
from service.assembly import open_archive, open_house
from service.output import Bar, Json, progress, say, say_json

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the backup.")]

keeping = typer.Typer(no_args_is_help=True, help="Keep the archive: `vacuum`.")


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(backup)
    app.command()(restore)
    keeping.callback()(_keeping)
    keeping.command()(vacuum)
    app.add_typer(keeping, name="archive")


def _keeping() -> None:
    """Keep the archive, by explicit command only."""


def backup(folder: Folder, as_json: Json = False) -> None:
    """Copy database and archived answers of one moment into a new folder, while noticewatch runs.

    Example: noticewatch backup /mnt/backups/2026-08-21
    """
    with open_archive(load_settings()) as archive, progress(quiet=as_json) as bar:
        made = backups.backup(archive, folder, _shown(bar, "Copying archived answers"))
    _told(made, f"The backup is in {folder}", as_json)


def restore(folder: Folder, as_json: Json = False) -> None:
    """Restore a backup into an empty data folder, checking every hash; the search index is built anew.

    Example: NOTICEWATCH_HOME=restored noticewatch restore /mnt/backups/2026-08-21
    """
    settings = load_settings()
    with progress(quiet=as_json) as bar:
        made = backups.restore(settings, folder, _shown(bar, "Checking and copying"))
        with open_house(settings) as house:
            drive(house.archive, house.log_readers())
            for engine in house.engines:
                rebuild(house.archive, engine, _shown(bar, "Building the search index"))
    _told(made, f"The backup is restored into {settings.home.absolute()}, with a new epoch", as_json)


def vacuum(as_json: Json = False) -> None:
    """Give space that the database no longer uses back to the disk; others may have to wait meanwhile.

    Example: noticewatch archive vacuum
    """
    with open_archive(load_settings()) as archive:
        vacuum_database(archive.engine)
    if as_json:
        say_json({"vacuumed": True})
    else:
        say("The database holds no unused space any more.")


def _shown(bar: Bar, words: str) -> backups.Progress:
    return lambda done, total: bar.show(words, done, total)


def _told(made: Manifest, words: str, as_json: bool) -> None:
    if as_json:
        say_json({name: value for name, value in asdict(made).items() if name != "files"} | {"files": len(made.files)})
        return
    say(f"{words}: {len(made.files):,} files, {made.length:,} bytes, log up to {made.head:,}, of {made.made_at}.")
