"""Commands that keep the archive: ``backup``, ``restore``, ``archive vacuum``, ``archive thin``."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from archive import backup as backups
from archive.backup import Manifest
from archive.readers import drive
from crawlers import thinning
from crawlers.source import source
from indexer.upkeep import rebuild
from noticewatch import words
from noticewatch.database import vacuum as vacuum_database
from noticewatch.settings import load_settings
from service.assembly import open_archive, open_house
from service.output import Json, counting, progress, say, say_json, say_lines
from service.paths import path

Folder = Annotated[Path, typer.Argument(parser=path, metavar="DIR", help="Folder of the backup.")]

keeping = typer.Typer(no_args_is_help=True, help="Keep the archive: `thin`, `vacuum`.")


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(backup)
    app.command()(restore)
    keeping.callback()(_keeping)
    keeping.command()(vacuum)
    keeping.command()(thin)
    app.add_typer(keeping, name="archive")


def _keeping() -> None:
    """Keep the archive, by explicit command only."""


def backup(folder: Folder, as_json: Json = False) -> None:
    """Copy database and archived answers of one moment into a new folder, while noticewatch runs.

    Example: noticewatch backup /mnt/backups/2026-08-21
    """
    with open_archive(load_settings()) as archive, progress(quiet=as_json) as bar:
        made = backups.backup(archive, folder, counting(bar, "Copying archived answers", "bytes"))
    _told(made, f"The backup is in {folder}", as_json)


def restore(folder: Folder, as_json: Json = False) -> None:
    """Restore a backup into an empty data folder, checking every hash; the search index is built anew.

    Example: NOTICEWATCH_HOME=restored noticewatch restore /mnt/backups/2026-08-21
    """
    settings = load_settings()
    with progress(quiet=as_json) as bar:
        made = backups.restore(settings, folder, counting(bar, "Checking and copying", "bytes"))
        with open_house(settings) as house:
            drive(house.archive, house.log_readers())
            for engine in house.engines:
                rebuild(house.archive, engine, counting(bar, "Building the search index", "events"))
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


def thin(
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="Only files of these.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Do it; without this only say what would be given up.")] = False,
    as_json: Json = False,
) -> None:
    """Give up the unchanged rows of bulk files that brought nothing new; says first what that would be.

    The first file of each month, files that carried a new version, and the last one stay whole. The proof survives.

    Example: noticewatch archive thin sam_gov_bulk --now
    """
    names = [source(name).name for name in sources or ()]
    with open_archive(load_settings()) as archive, progress(quiet=as_json) as bar:
        planned, adopted = thinning.plan(archive, names), thinning.adopted(archive, names)
        done = None
        if now and planned:
            done = thinning.carry_out(archive, planned, counting(bar, "Thinning files", "files"))
    if as_json:
        files = [asdict(one.whole) | {"rows": one.rows} for one in planned]
        say_json(
            {"planned": files, "adopted": [asdict(one) for one in adopted], "done": asdict(done) if done else None}
        )
        return
    say_lines(_thinning_lines(planned, done))
    if adopted:
        stay = "It stays" if len(adopted) == 1 else "They stay"
        say(
            f"{words.count_words(len(adopted), 'file')} that nothing needs whole came in a recording of others (warc/"
            f"{adopted[0].file} …). {stay} whole: such a recording is kept as it was received, named by its own hash."
        )


def _thinning_lines(planned: Sequence[thinning.Planned], done: thinning.Done | None) -> Iterator[str]:
    """What a thinning did or would do. Pure."""
    if not planned:
        yield "Nothing can be given up: every bulk file is needed whole."
        return
    if done is None:
        for one in planned:
            whole = one.whole
            yield (
                f"{whole.fetched_at[:10]} {whole.source}: {words.file_size(whole.length)} archived, "
                f"{words.count_words(one.rows, 'changed row')} kept (capture {whole.id})"
            )
        total = words.file_size(sum(one.whole.length for one in planned))
        yield f"{words.count_words(len(planned), 'file')}, {total} at most; nothing was changed. Do it with --now."
        return
    yield f"Thinned: {words.count_words(len(done.thinned), 'file')}; {words.file_size(done.freed)} are free again."
    for capture, reason in done.left_whole.items():
        yield f"Left whole: capture {capture}, because {reason}."


def _told(made: Manifest, words: str, as_json: bool) -> None:
    if as_json:
        say_json({name: value for name, value in asdict(made).items() if name != "files"} | {"files": len(made.files)})
        return
    say(f"{words}: {len(made.files):,} files, {made.length:,} bytes, log up to {made.head:,}, of {made.made_at}.")
