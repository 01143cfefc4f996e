"""Commands of saved searches: ``alerts add``, ``list``, ``preview``, ``test``, ``deliver``, ``remove``."""

from collections.abc import Mapping, Sequence
from datetime import time
from functools import partial
from typing import Annotated, Any

import typer

from alerts import outbox, searches
from alerts.channels.registry import check, target_of
from alerts.models import WEEKDAYS, Reason, Rhythm, Terms, Timing
from alerts.previewing import newest, preview
from alerts.queue import queue
from alerts.searches import SavedSearch
from alerts.tokens import Tokens
from archive.queries import notices
from indexer.names import Names
from noticewatch import addresses
from noticewatch.addresses import MOST_NUMBER
from noticewatch.database import shared_time
from noticewatch.errors import NotFound, UsageError
from noticewatch.identifiers import now
from noticewatch.settings import load_settings
from service.assembly import House, open_house
from service.delivering import delivery_of
from service.output import Field, Json, note, say, say_json, say_table

Query = Annotated[str, typer.Argument(metavar="QUERY", help="What to look for, as in noticewatch search.")]
All = Annotated[bool, typer.Option("--all", help="Look at every notice, not at the watchlist alone.")]
Tiers = Annotated[list[str] | None, typer.Option("--tier", help="alert (default) or review; repeat it for both.")]
Buyers = Annotated[list[str] | None, typer.Option("--buyer", help="Of this public body; repeat it for several.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Of this kind; repeat it for several.")]
Vendors = Annotated[list[str] | None, typer.Option("--vendor", help="Of this vendor; repeat it for several.")]
Technologies = Annotated[
    list[str] | None, typer.Option("--technology", help="Of this technology; repeat it for several.")
]
Number = Annotated[
    int, typer.Argument(metavar="ID", max=MOST_NUMBER, help="Number of the saved search, as alerts list shows it.")
]


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    alerts = typer.Typer(
        help="Saved searches and what they have to tell.", no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    alerts.command("add")(add)
    alerts.command("list")(listed)
    alerts.command("preview")(previewed)
    alerts.command("test")(tested)
    alerts.command("deliver")(deliver)
    alerts.command("remove")(remove)
    app.add_typer(alerts, name="alerts")


def add(
    query: Query,
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="TARGET",
            help="A mail address, a webhook (https://…), a chat room as Apprise "
            "writes it (ntfy://…), file:PATH or command:PROGRAM. Repeat it for several.",
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="What the alert is called; default the query.")] = "",
    on: Annotated[
        list[Reason] | None, typer.Option("--on", help="What counts; repeat it for several. Default: new.")
    ] = None,
    rhythm: Annotated[Rhythm, typer.Option("--rhythm", help="At once, or in a digest.")] = Rhythm.AT_ONCE,
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="Local time of digests.")] = "08:00",
    zone: Annotated[str, typer.Option("--zone", help="Time zone, such as America/New_York.")] = "UTC",
    weekday: Annotated[str, typer.Option("--weekday", help="Day of weekly digests.")] = "monday",
    due_days: Annotated[
        list[int] | None, typer.Option("--due-days", help="Days before a deadline on which it is told. Repeat it.")
    ] = None,
    everything: All = False,
    tier: Tiers = None,
    buyer: Buyers = None,
    vendor: Vendors = None,
    technology: Technologies = None,
    kind: Kinds = None,
    as_json: Json = False,
) -> None:
    """Save a search. It tells what the log gets from now on; addresses that are given here count as confirmed.

    Example: noticewatch alerts add '"social media"' --buyer ICE --to desk@example.org --on new --on amended
    """  # fmt: skip
    filters = {"buyer": buyer, "vendor": vendor, "technology": technology, "kind": kind}
    terms = _terms(query, everything, tier, filters, reasons=on, due_days=due_days)
    settings = load_settings()
    targets = [target_of(written) for written in to]
    for target in targets:
        check(target, settings, operator=True)
    with open_house(settings) as house, house.archive.writing() as connection:
        saved, token = searches.create(
            connection, Tokens(house.archive.folder), Names(house.dictionary), terms,
            [(target, "active") for target in targets], Timing(rhythm, _time(at), _weekday(weekday), zone), name,
        )  # fmt: skip
    link = settings.base_url + addresses.alert_manage(token)
    secrets = [one.target.secret for one in saved.targets if one.target.secret]
    if as_json:
        say_json({"id": saved.number, "name": saved.name, "manage_url": link, "secrets": secrets})
        return
    say(f"Saved as {saved.number}: {saved.name}. Its private page: {link}")
    for secret in secrets:
        say(f"Secret of the webhook, shown this once: {secret}")


def listed(as_json: Json = False) -> None:
    """Show all saved searches with their targets.

    Example: noticewatch alerts list
    """
    with open_house(load_settings()) as house, house.archive.reading() as connection:
        saved = searches.by_numbers(connection)
    if as_json:
        say_json([_form(one) for one in saved])
        return
    if not saved:
        note("No search is saved; noticewatch alerts add saves one.")
        return
    fields = [Field(title) for title in ("id", "name", "looks for", "counts", "rhythm", "targets")]
    say_table(fields, [
        [str(one.number), one.name, _looks_for(one), ", ".join(one.terms.reasons),
         one.timing.rhythm.replace("_", " "), ", ".join(f"{to.target.channel} ({to.state})" for to in one.targets)]
        for one in saved
    ])  # fmt: skip


def previewed(
    query: Query,
    everything: All = False,
    tier: Tiers = None,
    buyer: Buyers = None,
    vendor: Vendors = None,
    technology: Technologies = None,
    kind: Kinds = None,
    as_json: Json = False,
) -> None:
    """Say what a search would have found, and about how many new notices that is a week.

    Example: noticewatch alerts preview '"license plate"' --buyer ICE
    """
    filters = {"buyer": buyer, "vendor": vendor, "technology": technology, "kind": kind}
    terms = _terms(query, everything, tier, filters)
    with open_house(load_settings()) as house:
        found = preview(house.search(), terms, now())
        with house.archive.reading() as connection:
            rows = list(notices(connection, found.latest).values())
    ids = [row.id for row in rows]
    if as_json:
        say_json({"total": found.total, "found": found.found, "weeks": float(found.weeks), "basis": found.basis,
                  "a_week": float(found.a_week), "latest": ids, "understood": found.understood,
                  "warnings": list(found.warnings)})  # fmt: skip
        return
    for warning in found.warnings:
        note(warning)
    say(found.sentence)
    say(f"Of all that are held {found.total:,} would match; found last:")
    for one in ids:
        say(f"  {one}")


def tested(number: Number, as_json: Json = False) -> None:
    """Send every target of a saved search a message that says it is a test.

    Example: noticewatch alerts test 1
    """
    with open_house(load_settings()) as house:
        saved = _saved(house, number)
        by, match = delivery_of(house), partial(newest, house.search())
        outcomes = [(to.target.channel, by.test(saved, to, match)) for to in saved.targets]
    if as_json:
        say_json([{"channel": channel, "state": one.state, "answer": one.answer} for channel, one in outcomes])
        return
    for channel, one in outcomes:
        say(f"{channel}: {one.state}. {one.answer}")


def deliver(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what waits.")] = False,
    held: Annotated[
        bool, typer.Option("--held", help="Also what was held back after a restore; it may have been sent before it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Deliver what is due now, beside a server or without one.

    Example: noticewatch alerts deliver --dry-run
    """
    tried = 0
    with open_house(load_settings()) as house:
        if not dry_run:
            if held:
                with house.archive.writing() as connection:
                    outbox.let_go(connection, shared_time(connection))
            tried = delivery_of(house).once()
        with house.archive.reading() as connection:
            rows = queue(connection, shared_time(connection))
    if as_json:
        say_json({"tried": tried, "queue": rows})
        return
    if not dry_run:
        say(f"{tried:,} messages were tried.")
    if not rows:
        say("Nothing waits.")
        return
    names = ("channel", "host", "due", "later", "kept", "waiting", "failed", "held")
    say_table([Field(name) for name in names], [[str(getattr(row, name)) for name in names] for row in rows])


def remove(number: Number, as_json: Json = False) -> None:
    """Delete a saved search with everything that is held of it.

    Example: noticewatch alerts remove 1
    """
    with open_house(load_settings()) as house:
        saved = _saved(house, number)
        with house.archive.writing() as connection:
            searches.remove(connection, [saved.number])
    if as_json:
        say_json({"removed": saved.number})
        return
    say(f"Deleted: {saved.name}.")


def _terms(
    query: str,
    everything: bool,
    tier: list[str] | None,
    filters: Mapping[str, list[str] | None],
    **counts: Sequence[Any] | None,
) -> Terms:
    given: dict[str, Any] = {"query": query, "lens": "everything" if everything else "watchlist"}
    given["filters"] = {name: tuple(values) for name, values in filters.items() if values}
    if wrong := set(tier or ()) - {"alert", "review"}:
        raise UsageError(f"There is no tier {sorted(wrong)[0]!r}; use alert or review.")
    if tier:
        given["tiers"] = tuple(tier)
    return Terms(**given, **{name: tuple(values) for name, values in counts.items() if values})


def _looks_for(saved: SavedSearch) -> str:
    """What a saved search asks for, in a line."""
    terms = saved.terms
    filters = [f"{name}:{value}" for name, values in terms.filters.items() for value in values]
    where = "in everything" if terms.lens == "everything" else ""
    unread = "(saved by another version, not read any more)" if saved.unread else ""
    return " ".join(filter(None, [terms.query, *filters, where, unread]))


def _weekday(written: str) -> int:
    name = written.strip().lower()
    if name not in WEEKDAYS:
        raise UsageError(f"{written!r} is no weekday; write one of {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(name)


def _time(written: str) -> time:
    try:
        return time.fromisoformat(written)
    except ValueError as error:
        raise UsageError(f"{written!r} is no time of day; write 08:00.") from error


def _saved(house: House, number: int) -> SavedSearch:
    with house.archive.reading() as connection:
        found = searches.by_numbers(connection, [number])
    if not found:
        raise NotFound(f"There is no saved search {number}; noticewatch alerts list shows them.")
    return found[0]


def _form(saved: SavedSearch) -> dict[str, Any]:
    return {
        "id": saved.number, "name": saved.name, "terms": saved.terms.model_dump(mode="json"),
        "unread": saved.unread, "mistimed": saved.mistimed,
        "rhythm": saved.timing.rhythm, "at": f"{saved.timing.at:%H:%M}", "zone": saved.timing.zone,
        "weekday": WEEKDAYS[saved.timing.weekday], "since": saved.since, "made_at": saved.made_at,
        "targets": [
            {"id": to.id, "channel": to.target.channel, "state": to.state, "why": to.why} for to in saved.targets
        ],
    }  # fmt: skip
