"""The command that compares versions: ``diff``."""

from typing import Annotated

import typer

from api.diff import compared, diff_form, diff_lines
from archive.rows import VersionRow
from noticewatch import words
from noticewatch.errors import UsageError
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.commands.archive import Identity, find_notices, several
from service.output import Json, say, say_json

First = Annotated[int, typer.Argument(metavar="A", help="Number of a version, as noticewatch history lists them.")]
Last = Annotated[int, typer.Argument(metavar="B", help="Number of the version to compare it with.")]


def add_to(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(diff)


def diff(identity: Identity, first: First, last: Last, as_json: Json = False) -> None:
    """Show what differs between two versions of a notice, field by field: texts word by word, sums with their kind.

    [-Marked so-] stands only in version A, {+marked so+} only in version B.

    Example: noticewatch diff RFP-002132 1 2
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        rows = find_notices(connection, identity, named=True)
        if len(rows) > 1:
            raise UsageError(several(identity, rows))
        found = compared(connection, rows[0], first, last)
    if as_json:
        say_json(diff_form(rows[0].id, found))
        return
    say(f"{rows[0].id}: from {_named(found.before)} to {_named(found.after)}")
    for line in diff_lines(found.changes) or ["Nothing differs."]:
        say(line)


def _named(row: VersionRow) -> str:
    origin = words.ORIGINS.get(row.origin, row.origin)
    return f"version {row.version} (seen {words.moment_words(row.observed_at)}, {origin})"
