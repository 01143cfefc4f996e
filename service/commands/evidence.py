"""The command that writes evidence packs: ``evidence``."""

from pathlib import Path
from typing import Annotated

import typer

from api import words
from api.evidence import write_pack
from archive.rows import NoticeRow
from archive.store import Archive
from noticewatch.errors import DataFolderError, UsageError
from noticewatch.settings import Settings, load_settings
from service.assembly import open_archive
from service.commands.archive import Identity, find_notices, several
from service.output import Json, say, say_json

Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the pack is written.")]


def add_to(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(evidence)


def evidence(
    identity: Identity,
    output: Output,
    version: Annotated[int | None, typer.Option(min=1, help="Of this version alone; default all versions.")] = None,
    as_json: Json = False,
) -> None:
    """Write the evidence pack of a notice: its archived rows, versions and documents, with proofs, checked offline.

    Example: noticewatch evidence 70CMSD26P00000034 --version 1 -o pack.zip
    """
    settings = load_settings()
    with open_archive(settings) as archive:
        with archive.reading() as connection:
            rows = find_notices(connection, identity, named=version is not None)
        if len(rows) > 1:
            raise UsageError(several(identity, [row.id for row in rows]))
        _write(archive, settings, rows[0], version, output)
    length = output.stat().st_size
    if as_json:
        say_json({"notice": rows[0].id, "version": version, "file": str(output), "bytes": length})
        return
    say(f"{output}: {words.file_size(length)}. Check it: noticewatch verify {output}")


def _write(archive: Archive, settings: Settings, row: NoticeRow, version: int | None, output: Path) -> None:
    """Write the whole pack, or leave what stood there."""
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb+") as file:
            write_pack(archive, settings, row, version, file)
        part.replace(output)
    except OSError as error:
        raise DataFolderError(
            f"{output} cannot be written ({error.strerror}); free space or name another place (-o)."
        ) from error
    finally:
        part.unlink(missing_ok=True)
