"""The command that writes evidence packs: ``evidence``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.evidence import of_procurement, write_pack
from archive.rows import NoticeRow
from noticewatch import words
from noticewatch.errors import UsageError
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.commands.archive import Identity, find_notices, several
from service.output import Json, say, say_json, whole_file
from service.paths import path

Output = Annotated[Path, typer.Option("--output", "-o", parser=path, metavar="FILE", help="Where the pack is written.")]


def add_to(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(evidence)


def evidence(
    identity: Identity,
    output: Output,
    version: Annotated[int | None, typer.Option(min=1, help="Of this version alone; default all versions.")] = None,
    procurement: Annotated[
        bool,
        typer.Option("--contract", "--procurement", help="Of all notices of its contract, with all their versions."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the evidence pack of a notice, or of all notices of its contract: archived rows, versions and documents,
    with proofs, checked offline.

    Example: noticewatch evidence RFP-002132 --version 1 -o pack.zip
    """
    if procurement and version is not None:
        raise UsageError("A pack of a contract holds all versions; leave out --version or --contract.")
    settings = load_settings()
    members: Sequence[NoticeRow] = ()
    with open_archive(settings) as archive:
        with archive.reading() as connection:
            rows = find_notices(connection, identity, named=version is not None)
            if len(rows) > 1 and not procurement:
                whole = "; --contract packs the whole contract" if version is None else ""
                raise UsageError(f"{several(identity, rows)[:-1]}{whole}.")
            row = rows[0]
            if procurement:
                row, members = of_procurement(connection, row)
        with whole_file(output, "-o") as file:
            write_pack(archive, settings, row, version, file, members)
    length = output.stat().st_size
    if as_json:
        of = {"procurement": row.procurement_id, "notices": len(members)} if members else {"version": version}
        say_json({"notice": row.id, **of, "file": str(output), "bytes": length})
        return
    say(f"{output}: {words.file_size(length)}. Check it: noticewatch verify {output}")
