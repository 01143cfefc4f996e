"""Commands of the operator's corrections: ``correct join``, ``split``, ``takedown``, ``restore``, ``list``."""

from typing import Annotated, Final

import typer

from api.corrections import correction_form, correction_lines
from archive import corrections, takedowns
from archive.corrections import Correction
from noticewatch import words
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.commands import regrouping
from service.commands.regrouping import Contract, Reason
from service.output import Json, note, say, say_json, say_lines
from service.readers import settle

_MOST: Final = 1_000

Named = Annotated[
    list[str],
    typer.Argument(
        metavar="ID…", help="Id or number of a notice, one version of it (ID@2), or a document's file (sha256:HASH)."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    correct = typer.Typer(
        help="Correct what is shown, with a reason in the public log.", no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    correct.command("join")(join)
    correct.command("split")(split)
    correct.command("takedown")(takedown)
    correct.command("restore")(restore)
    correct.command("list")(listed)
    app.add_typer(correct, name="correct")


def join(
    named: Annotated[
        list[str], typer.Argument(metavar="ID ID…", help="Ids or numbers of notices; with --contract also contracts.")
    ],
    reason: Reason,
    contract: Contract = False,
    as_json: Json = False,
) -> None:
    """Make notices one whose postings are revisions of each other: the id held first stays, the others lead to it.

    With --contract the notices stay apart and their contracts become one. Either stands until correct split undoes it.

    Example: noticewatch correct join sam:d7346a2e024440a5a666a32df7d1beeb sam:d72dd40bd5ce47149836c17e9024ede0
    --reason "One notice, posted again under another number."
    """
    tell(regrouping.join(named, reason, contract=contract), as_json=as_json)


def split(
    named: Annotated[str, typer.Argument(metavar="ID", help="Id or number of a notice; with --contract a contract.")],
    at: Annotated[
        list[str],
        typer.Option("--at", metavar="NUMBER", help="A NoticeId, with --contract a notice, that leaves. Repeat it."),
    ],
    reason: Reason,
    contract: Contract = False,
    as_json: Json = False,
) -> None:
    """Part postings from a notice that they are no revisions of: they become a notice of their own.

    With --contract, part notices from a contract. Either stands until correct join undoes it.

    Example: noticewatch correct split RFP-002132 --at f4ce3f0421184c4bb6ed5aa8d7dbc24d
    --reason "Another purchase under the same number."
    """
    tell(regrouping.split(named, at, reason, contract=contract), as_json=as_json)


def takedown(named: Named, reason: Reason, as_json: Json = False) -> None:
    """Withhold notices, versions or files from readers. The archive keeps their bytes, and the proof still verifies.

    Example: noticewatch correct takedown us-action:7012:70CMSD26P00000034:0 --reason "Names a private person."
    """
    with open_archive(load_settings()) as archive:
        made = takedowns.take_down(archive, named, reason)
        with archive.reading() as connection:
            repeating = takedowns.repeating(connection, made)
    tell(made, as_json=as_json)
    if repeating:
        note(f"The same words stand in {words.listed(repeating)}; take that down too if it must not be shown.")


def restore(named: Named, reason: Reason, as_json: Json = False) -> None:
    """Show again what was taken down: by the same names.

    Example: noticewatch correct restore us-action:7012:70CMSD26P00000034:0 --reason "The person has agreed."
    """
    with open_archive(load_settings()) as archive:
        made = takedowns.restore(archive, named, reason)
        with archive.reading() as connection:
            withholding = takedowns.withholding(connection, made)
    tell(made, as_json=as_json)
    if withholding:
        note(f"It is withheld still with {words.listed(withholding)}, which had the same record; restore that too.")


def listed(
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at most.")] = 50, as_json: Json = False
) -> None:
    """List corrections, newest first.

    Example: noticewatch correct list
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        made = corrections.latest(connection, limit)
    if as_json:
        say_json({"items": [correction_form(one) for one in made]})
        return
    say_lines(line for one in made for line in correction_lines(one))
    if not made:
        say("No correction was made so far.")


def tell(made: Correction, *, as_json: bool) -> None:
    """Say what was written, once joins, tags and index follow or are left to the server."""
    settled = settle(load_settings())
    if as_json:
        say_json(correction_form(made) | {"indexed": settled.passed})
        return
    shown = made.kind != "takedown" or not settled.passed
    say_lines([*correction_lines(made), settled.sentence if shown else "Readers are shown a tombstone in its place."])
