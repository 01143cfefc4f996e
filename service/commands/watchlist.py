"""Commands of the watchlist: ``watchlist list``, ``explain``, ``suggest``, ``retag``, ``evaluate``."""

from typing import Annotated, Any

import typer

from noticewatch.settings import load_settings
from service.assembly import House, open_house
from service.commands import watchlist_evaluate, watchlist_explain, watchlist_suggest
from service.output import Json, note, progress, say, say_json
from service.retagging import Outcome, retag_all, retag_preview
from watchlist.retag import Change, Sum


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    watchlist = typer.Typer(
        no_args_is_help=True,
        help="The watchlist: what is looked for, what may be missing in it, and tagging the past again.\n\n"
        "Example: noticewatch watchlist suggest",
    )
    watchlist.command("list")(watchlist_explain.listed)
    watchlist.command()(watchlist_explain.explain)
    watchlist.command()(watchlist_suggest.suggest)
    watchlist.command()(retag)
    watchlist.command()(watchlist_evaluate.evaluate)
    app.add_typer(watchlist, name="watchlist")


def retag(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Tag what is held again where another dictionary has tagged it, and say what changed and why.

    The server does so by itself, in the background; nothing is told as news. With a server this command waits for it.

    Example: noticewatch watchlist retag --dry-run
    """
    with open_house(load_settings()) as house:
        with progress(quiet=as_json) as bar:
            outcome = (retag_preview if dry_run else retag_all)(house, bar.show)
        if as_json:
            say_json(_form(house, outcome))
            return
        _tell(house, outcome)


def _tell(house: House, outcome: Outcome) -> None:
    say(outcome.sentence)
    for one in outcome.sums:
        label = house.dictionary.label(one.kind, one.id)
        say(f"{label} ({one.kind} {one.id}): {_counts(one)}")
        for change in one.samples:
            say(f"  {outcome.names[change.notice]}: {_moved(change)}")
            for piece in change.evidence[:1]:
                say(f"    “{piece.quote}” in {piece.field}: {piece.why}")
    if outcome.left_to:
        note(f"The rest is left to {outcome.left_to}. If it does not go on, its log says whether it has these files.")


def _counts(one: Sum) -> str:
    parts = ((one.added, "added"), (one.removed, "removed"), (one.moved, "in another tier"))
    return ", ".join(f"{count:,} {what}" for count, what in parts if count)


def _moved(change: Change) -> str:
    role = f" as {change.role}" if change.role else ""
    if not change.before:
        return f"added in {change.after}{role}, because of"
    if not change.after:
        return f"removed from {change.before}{role}; it stood because of"
    return f"{change.before} → {change.after}{role}, because of"


def _form(house: House, outcome: Outcome) -> dict[str, Any]:
    return {
        "dictionary": outcome.dictionary,
        "looked_at": outcome.looked_at,
        "left_to": outcome.left_to or None,
        "changes": [
            {
                "kind": one.kind, "id": one.id, "label": house.dictionary.label(one.kind, one.id), "added": one.added,
                "removed": one.removed, "moved": one.moved,
                "samples": [
                    {
                        "notice": outcome.names[change.notice], "role": change.role, "before": change.before or None,
                        "after": change.after or None, "evidence": list(change.evidence),
                    }
                    for change in one.samples
                ],
            }
            for one in outcome.sums
        ],
    }  # fmt: skip
