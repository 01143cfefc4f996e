"""The command of search."""

import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from api.exports import csv_lines
from archive import queries
from archive.said import stone_words
from crawlers.source import source as source_by_name
from indexer.items import Item
from indexer.money import amount_read
from indexer.requests import MOST_HITS, SearchAnswer, SearchRequest
from indexer.results import items
from indexer.search import Search
from noticewatch import words
from noticewatch.errors import UsageError
from noticewatch.settings import load_settings
from service.assembly import House, open_house
from service.output import Field, Json, json_line, note, say, say_json, say_table


class Format(StrEnum):
    """How results are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class Sort(StrEnum):
    """In which order results come."""

    DATED = "dated"
    FOUND = "found"
    RELEVANCE = "relevance"
    AMOUNT = "amount"
    DUE = "due"
    PLANNED = "planned"


class Scope(StrEnum):
    """What one result is."""

    PROCUREMENT = "procurement"
    NOTICE = "notice"


Several = list[str] | None


def add_to(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(search)


def search(
    query: Annotated[str, typer.Argument(help='Words, "phrases", AND OR NOT, field:value; empty finds all.')] = "",
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, YYYY-MM-DD.")] = None,
    buyer: Annotated[Several, typer.Option(help="Buyer by name, acronym or code; may be given again.")] = None,
    vendor: Annotated[Several, typer.Option(help="Vendor; may be given again.")] = None,
    technology: Annotated[Several, typer.Option(help="Technology; may be given again.")] = None,
    kind: Annotated[Several, typer.Option(help="Kind of notice; may be given again.")] = None,
    source: Annotated[Several, typer.Option(help="Source; may be given again.")] = None,
    status: Annotated[Several, typer.Option(help="Status; may be given again.")] = None,
    jurisdiction: Annotated[Several, typer.Option(help="Jurisdiction; may be given again.")] = None,
    tier: Annotated[Several, typer.Option(help="alert or review; may be given again.")] = None,
    least: Annotated[str | None, typer.Option("--min", metavar="AMOUNT", help="Least headline amount.")] = None,
    most: Annotated[str | None, typer.Option("--max", metavar="AMOUNT", help="Greatest headline amount.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Search everything, not only the watchlist.")] = False,
    scope: Annotated[Scope, typer.Option(help="One result a procurement or a notice.")] = Scope.PROCUREMENT,
    sort: Annotated[Sort, typer.Option(help="Order of the results.")] = Sort.DATED,
    limit: Annotated[int, typer.Option(min=1, max=MOST_HITS, help="Most results.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where an earlier answer ended.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How results are written.")] = Format.TABLE,
    as_json: Json = False,
) -> None:
    """Search the archive; the watchlist lens is on until --all.

    Example: noticewatch search '"license plate" AND reader' --buyer ICE --min 10000
    """
    for name in source or ():
        source_by_name(name)
    filters = {
        "buyer": buyer, "vendor": vendor, "technology": technology, "kind": kind, "source": source, "status": status,
        "jurisdiction": jurisdiction, "tier": tier,
    }  # fmt: skip
    request = SearchRequest(
        query=query, lens="everything" if everything else "watchlist", scope=scope.value,
        filters={name: tuple(values) for name, values in filters.items() if values},
        date_from=_day(first, "--from"), date_to=_day(last, "--to"), amount_min=_amount(least, "--min"),
        amount_max=_amount(most, "--max"), sort=sort.value, limit=limit, cursor=cursor, facets=(),
    )  # fmt: skip
    form = Format.JSON if as_json else form
    with open_house(load_settings()) as house:
        asking = house.search()
        answer = asking.search(request)
        found = items(house.archive, answer)
        pieces = _csv(house, found) if form is Format.CSV else ()
        hints = _hints(asking, request) if form is Format.TABLE else ()
    _write(form, answer, found, pieces, everything=everything)
    for hint in hints:
        note(hint)


def _hints(asking: Search, request: SearchRequest) -> list[str]:
    """Where to look for vendors, technologies and public bodies that are called by the words asked for."""
    known = asking.names.code("vendor", request.query) if request.query else None
    said = []
    if known is not None and not request.filters.get("vendor"):
        said.append(f"{asking.names.label('vendor', known)} is a vendor on the watchlist: --vendor {known} finds every "
                    "notice that names it in any way, or a product of it.")  # fmt: skip
    also = [f"--{one.field} {one.id} ({one.label}, {one.count:,} found)" for one in asking.named(request)]
    return [*said, f"See also {', '.join(also)}."] if also else said


def _csv(house: House, found: Sequence[Item]) -> Sequence[str]:
    """The file of these results, as the download has it: a procurement in the words of its leading notice."""
    with house.archive.reading() as connection:
        numbers = queries.numbers_of(connection, (item.id for item in found))
        rows = queries.notices(connection, numbers.values())
    pairs = [(item, rows[numbers[item.id]]) for item in found if item.id in numbers]
    return list(csv_lines(pairs, house.settings.base_url))


def _write(
    form: Format, answer: SearchAnswer, found: Sequence[Item], pieces: Sequence[str], *, everything: bool
) -> None:
    if form is Format.JSON:
        say_json(
            {
                "items": [item.model_dump(mode="json") for item in found], "total": answer.total, "as_of": answer.as_of,
                "next_cursor": answer.next_cursor,
                "query": {"understood": answer.understood, "warnings": list(answer.warnings)},
            }
        )  # fmt: skip
        return
    for warning in answer.warnings:
        note(str(warning))
    if form is Format.JSONL:
        for item in found:
            say(json_line(item.model_dump(mode="json")))
    elif form is Format.CSV:
        sys.stdout.writelines(pieces)
    else:
        _table(answer, found, everything=everything)
    if form is not Format.TABLE and answer.next_cursor:
        note(f"There is more: --cursor {answer.next_cursor}")


def _table(answer: SearchAnswer, found: Sequence[Item], *, everything: bool) -> None:
    whole = "everything" if everything else "the watchlist"
    asked = f" for {answer.understood}" if answer.understood else ""
    say(f"{words.count_words(answer.total, 'result')}{asked} in {whole}.")
    if not found and not answer.as_of and not answer.warnings:
        say("The archive is empty. noticewatch run, or noticewatch load-starter, loads what comes along.")
        return
    if not found:
        wider = "" if everything else " --all searches everything, not only the watchlist."
        say(f"Nothing was found. noticewatch sources says what the archive covers.{wider}")
        return
    columns = (
        Field("title and id", share=5), Field("date"), Field("kind"), Field("buyer", share=2),
        Field("seller → maker", share=2), Field("amount", right=True, share=2),
        Field("tags", share=2),
    )  # fmt: skip
    say_table(columns, [table_row(item) for item in found])
    if answer.next_cursor:
        say(f"There is more: --cursor {answer.next_cursor}")


def table_row(item: Item) -> tuple[str, ...]:
    """A result as cells of the table, in words. Pure."""
    if item.taken_down is not None:
        return f"{stone_words(item.taken_down)}\n{item.id}", "", "", "", "", "", ""
    title, rebuilt = item.title or "", " (rebuilt)" if item.rebuilt else ""
    shown = title if len(title) <= 100 else f"{title[:99]}…"
    chain = ("; ".join(party.name for party in parties) for parties in (item.suppliers, item.makers))
    return (
        f"{shown}{rebuilt}\n{item.id}", item.dated, words.kind_words(item.kind),
        item.buyer.name if item.buyer else words.NOT_STATED, " → ".join(filter(None, chain)) or words.NOT_STATED,
        _amount_words(item), "; ".join(dict.fromkeys(tag.label for tag in item.tags)),
    )  # fmt: skip


def _amount_words(item: Item) -> str:
    """The headline amount or its range with its kind, and what a sum of held actions may be called."""
    amount = item.headline
    if amount is None or (said := words.amount_value(amount)) == words.NOT_STATED:
        return words.NOT_STATED
    called = f", {amount.called}" if amount.called else ""
    return f"{said} {words.amount_kind(amount.kind)}{called}"


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}; write a day as 2024-12-31.") from None


def _amount(text: str | None, option: str) -> Decimal | None:
    if text is None:
        return None
    value = amount_read(text)
    if value is None:
        raise UsageError(f"{option} is {text!r}; write an amount as 100000 or 948620.64.")
    return value
