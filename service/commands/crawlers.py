"""Commands about sources: ``sources``, ``crawl``, ``import``, ``load-starter``, ``new-source``."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive import queries
from archive.documents.pages import counted
from archive.rows import RunRow, SourceStatus
from crawlers.due import Due, Standing, plan, refuse_unknown_sources
from crawlers.source import Source, load_sources, source
from crawlers.standing import crawl_runs, standings
from crawlers.verdict import told
from noticewatch import words
from noticewatch.errors import UsageError
from noticewatch.identifiers import now
from noticewatch.models import Verdict
from noticewatch.settings import load_settings
from service import starter
from service.assembly import open_archive
from service.attachments import wanted_of
from service.children import CRAWL_GRACE, end_with_parent
from service.output import Field, Json, counting, progress, say, say_json, say_table
from service.paths import path
from service.schedule import run_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlers.conductor import Progress
    from crawlers.engine import RunResult
    from noticewatch.settings import Settings

Child = Annotated[bool, typer.Option("--child", hidden=True, help="Started by a server, which does the rest.")]
Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(sources)
    app.command()(crawl)
    app.command("import")(import_files)
    app.command("load-starter")(load_starter)
    app.command("new-source")(new_source)


def sources(as_json: Json = False) -> None:
    """List the sources: what each covers, how its last crawl ended and why, and when the next one is due.

    Example: noticewatch sources
    """
    settings = load_settings()
    known = load_sources()
    refuse_unknown_sources(settings, known)
    with open_archive(settings) as archive:
        moment = now()
        standing = standings(archive, known, settings, moment)
        planned = plan(known, settings, crawl_runs(archive, known), moment, standing=standing)
        with archive.reading() as connection:
            status = queries.sources_status(connection)
    due = {item.source: item for item in planned}
    rows = [source_row(item, status.get(name), due[name], standing[name]) for name, item in known.items()]
    if as_json:
        say_json(rows)
        return
    fields = (
        Field("source"), Field("notices", right=True), Field("covers"), Field("last complete crawl"),
        Field("last run that brought notices", share=3), Field("next crawl", share=2),
    )  # fmt: skip
    say_table(fields, [_shown(row, contact=bool(settings.contact)) for row in rows])


def source_row(item: Source, status: SourceStatus | None, due: Due, standing: Standing) -> dict[str, Any]:
    """What is said of one source, in JSON values. Pure."""
    run = status.last_run if status else None
    return {
        "name": item.name,
        "title": item.title,
        "publisher": item.publisher,
        "register": item.register,
        "live": item.live,
        "notices": status.notices if status else 0,
        "captures": status.captures if status else 0,
        "covers_from": status.first_dated if status else None,
        "covers_to": status.last_dated if status else None,
        "last_captured": status.last_captured if status else None,
        "last_complete": status.last_complete if status else None,
        "last_run": _run_form(run),
        "last_data": _run_form(status.last_data if status else None),
        "next": due.at,
        "why": due.why,
        "enabled": due.at is not None,
        "held_windows": standing.held,
        "calls_a_day": standing.calls,
        "calls_left": standing.calls_left,
        "last_verified": item.last_verified,
    }


def _run_form(run: RunRow | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "id": run.id, "kind": run.kind, "started_at": run.started_at, "ended_at": run.ended_at, "verdict": run.verdict,
        "reasons": run.reasons, "findings": run.findings, "said": run_sentence(run),
    }  # fmt: skip


def _shown(row: dict[str, Any], *, contact: bool) -> tuple[str, ...]:
    run, attempt = row["last_data"], row["last_run"]
    without_days = (
        f"no days; received {row['last_captured']:%Y-%m-%d}" if row["last_captured"] else "nothing received yet"
    )
    covers = f"{row['covers_from']} to {row['covers_to']}" if row["covers_from"] else without_days
    return (
        row["name"], f"{row['notices']:,}", covers, _minute(row["last_complete"]) or "none yet",
        _said(run, attempt), _upcoming(row, contact=contact),
    )  # fmt: skip


def _upcoming(row: dict[str, Any], *, contact: bool) -> str:
    """When it is crawled next or why not, what is held back, and how many calls are left."""
    if not row["live"]:
        return f"recordings and imports only: {row['why']}"
    if not row["enabled"]:
        return str(row["why"])
    at = _minute(row["next"]) if contact else "not before NOTICEWATCH_CONTACT is set"
    parts = [at + (f" ({row['why']})" if row["why"] else "")]
    if row["held_windows"]:
        parts.append(f"{row['held_windows']} held back: crawl {row['name']} --accept")
    if row["calls_left"] is not None:
        parts.append(f"{row['calls_left']} of {row['calls_a_day']} calls left today")
    return "; ".join(parts)


def _said(run: dict[str, Any] | None, attempt: dict[str, Any] | None) -> str:
    """How the last run that brought notices ended, its reasons in short, and how a later attempt ended."""
    if attempt is None:
        return "none yet"
    if run is None:
        return f"none yet; the latest {attempt['kind']}: {attempt['said']}"
    reasons, left = told(run["reasons"], 2)
    why = f": {'; '.join(map(words.reason_words, reasons))}" if reasons else ""
    more = f"; and {left} more (--json names more)" if left else ""
    verdict = run["verdict"].replace("_", " ") if run["verdict"] else "under way"
    drift = f". Shape: {'; '.join(run['findings'])}" if run["findings"] else ""
    later = f". Since then a {attempt['kind']}: {attempt['said']}" if attempt["id"] != run["id"] else ""
    return f"{run['kind']}: {verdict}{why}{more}{drift}{later}"


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def crawl(
    name: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source, as in noticewatch sources.")],
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, YYYY-MM-DD.")] = None,
    replay: Annotated[
        Path | None,
        typer.Option(parser=path, metavar="PATH", help="Answer every request from this WARC file or folder."),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Append what was held back for changing too much, as captured then.")
    ] = False,
    documents: Annotated[
        bool, typer.Option("--documents", help="Ask for documents of its notices that are due, and read their text.")
    ] = False,
    child: Child = False,
    as_json: Json = False,
) -> None:
    """Crawl one source, live or from recorded captures, and say how it ended.

    What an older parser has read is read again first, quietly.

    Example: noticewatch crawl usaspending_transactions --from 2026-08-01 --to 2026-08-21
    """
    from crawlers.engine import accept as accept_held  # noqa: PLC0415 - Scrapy is loaded only where something is crawled
    from crawlers.engine import crawl as crawl_source  # noqa: PLC0415 - Scrapy is loaded only where something is crawled
    from crawlers.reparsing import reparse  # noqa: PLC0415 - likewise

    settings, chosen = load_settings(), source(name)
    date_from, date_to = _day(first, "--from"), _day(last, "--to")
    if accept and (first or last or replay):
        raise UsageError("--accept takes what was captured when it was held back; leave out --from, --to and --replay.")
    if documents and (first or last or replay or accept):
        raise UsageError("--documents asks for documents that are due; leave out --from, --to, --replay and --accept.")
    if child:
        end_with_parent(CRAWL_GRACE)
    if documents:
        _end(settings, name, _crawl_documents(settings, chosen, quiet=child or as_json), as_json=as_json, child=child)
        return
    with open_archive(settings) as archive, _telling(name, quiet=child or as_json) as tell:
        reparse(archive, chosen, progress=tell)
        if accept:
            result = accept_held(archive, chosen, progress=tell)
        else:
            result = crawl_source(
                archive, settings, chosen, kind="replay" if replay else "crawl", recordings=replay,
                date_from=date_from, date_to=date_to, progress=tell,
            )  # fmt: skip
    _end(settings, name, result, as_json=as_json, child=child)


def _crawl_documents(settings: "Settings", chosen: Source, *, quiet: bool) -> "RunResult":
    from crawlers.documents.engine import crawl_documents  # noqa: PLC0415 - as in crawl

    if not quiet:
        _settled(settings, quiet=True)  # which notices are on the watchlist follows from the log
    with open_archive(settings) as archive, _telling(chosen.name, quiet=quiet, what="notices with documents") as tell:
        return crawl_documents(archive, settings, chosen, wanted_of(settings, chosen.name), progress=tell)


def import_files(
    name: Annotated[str, typer.Argument(metavar="SOURCE", help="Source whose parser reads the files.")],
    files: Annotated[
        list[Path], typer.Argument(parser=path, metavar="FILE...", help="Files as obtained, .gz, .zip, WARC, folders.")
    ],
    url: Annotated[str | None, typer.Option(help="Address under which the file was obtained.")] = None,
    captured_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it was obtained; default the time of the file.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="How it was obtained, in words.")] = None,
    document_of: Annotated[
        str | None,
        typer.Option(metavar="NOTICE", help="The file is a document that this notice lists; --url says which."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Import files obtained by other means; what comes of them is marked as imported for ever.

    Example: noticewatch import sam_gov_bulk ContractOpportunities.csv --captured-at 2026-04-25T12:00Z --note "by hand"
    """
    from crawlers.importing import import_files as take_files  # noqa: PLC0415 - as in crawl

    settings, chosen = load_settings(), source(name)
    moment = _moment(captured_at)
    if document_of is not None:
        result = _import_document(settings, chosen, files, document_of, url, moment, note)
        _end(settings, name, result, as_json=as_json, brought="1 document imported")
        return
    with open_archive(settings) as archive, _telling(name, quiet=as_json, what="files and answers") as tell:
        result = take_files(
            archive, settings, chosen, files, url=url, captured_at=moment, note=note, progress=tell
        )  # fmt: skip
    _end(settings, name, result, as_json=as_json)


def _import_document(
    settings: "Settings", chosen: Source, files: list[Path], notice: str, url: str | None, moment: datetime | None,
    note: str | None,
) -> "RunResult":  # fmt: skip
    from crawlers.documents.importing import import_document  # noqa: PLC0415 - as in crawl

    if len(files) != 1:
        raise UsageError("--document-of takes one file.")
    _settled(settings, quiet=True)  # which documents a notice lists follows from the log
    with open_archive(settings) as archive:
        return import_document(
            archive, settings, chosen, files[0], notice, url=url, captured_at=moment, note=note
        )  # fmt: skip


def load_starter(child: Child = False, as_json: Json = False) -> None:
    """Load the starter archive, recorded notices that come along; does nothing where it is loaded already.

    Example: noticewatch load-starter
    """
    settings = load_settings()
    folder = starter.starter_folder(settings)
    if child:
        end_with_parent()
    with open_archive(settings) as archive:
        with progress(quiet=child or as_json) as bar:
            verdicts = starter.load(archive, settings, folder, bar.show)
        with archive.reading() as connection:
            held = queries.counts(connection)
    bad = {name: verdict for name, verdict in verdicts.items() if verdict not in {Verdict.COMPLETE, Verdict.PARTIAL}}
    settled = None if child else _settled(settings, quiet=as_json)
    if as_json:
        say_json({"loaded": verdicts, "already_there": not verdicts, "counts": _counts(held)})
    elif not child:
        start = "Loaded" if verdicts else "The starter archive was loaded before"
        ends = f": {', '.join(f'{name} {verdict}' for name, verdict in verdicts.items())}" if verdicts else ""
        say(f"{start}{ends}. The archive holds {held.notices:,} notices. {settled}")
    if bad:
        raise typer.Exit(5)


def new_source(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name: small letters, digits, underscores.")],
    as_json: Json = False,
) -> None:
    """Write the first files of a new source, with a test that fails until it is written.

    Example: noticewatch new-source city_contracts
    """
    from crawlers.scaffold import PROJECT, write_source  # noqa: PLC0415 - only this command writes code

    written = [str(file.relative_to(PROJECT)) for file in write_source(name, PROJECT)]
    if as_json:
        say_json({"name": name, "written": written})
        return
    for file in written:
        say(file)
    say(f"{name} is not crawled yet. What to fill in, and how to record and test it: CONTRIBUTING.md.")


def _counts(held: queries.Counts) -> dict[str, Any]:
    return {
        "notices": held.notices, "versions": held.versions, "captures": held.captures, "events": held.events,
        "procurements": held.procurements, "by_source": held.by_source,
    }  # fmt: skip


def _end(
    settings: "Settings", name: str, result: "RunResult", *, as_json: bool, child: bool = False, brought: str = ""
) -> None:
    settled = "" if child or not result.counts.last_seq else _settled(settings, quiet=as_json)
    if as_json:
        say_json(
            {
                "source": name, "run": result.run.id, "kind": result.run.kind, "verdict": result.verdict,
                "reasons": list(result.reasons), "findings": list(result.findings), "counts": _result_counts(result),
                "settled": settled,
            }
        )  # fmt: skip
    elif not child:
        say(_sentence(name, result, brought))
        for finding in result.findings:
            say(f"  {'' if result.run.kind == 'documents' else 'Shape of the source: '}{finding}")
        if settled:
            say(settled)
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def _sentence(name: str, result: "RunResult", brought: str = "") -> str:
    verdict = result.verdict.replace("_", " ")
    why = f": {'; '.join(reason.rstrip('.') for reason in result.reasons)}" if result.reasons else ""
    counts = result.counts
    if brought:
        return f"{name}: {verdict}{why}. {brought}."
    if result.run.kind == "documents":
        asked, came = counted(counts.rows, "document"), counted(counts.captures, "file")
        return f"{name}: {verdict}{why}. {asked} asked for, {came} came."
    return f"{name}: {verdict}{why}. {counts.rows:,} rows, {counts.records:,} new records, {counts.events:,} events."


def _result_counts(result: "RunResult") -> dict[str, int]:
    counts = result.counts
    return {"rows": counts.rows, "records": counts.records, "versions": counts.versions, "events": counts.events}


def _settled(settings: "Settings", *, quiet: bool) -> str:
    from service.readers import settle  # noqa: PLC0415 - the whole house is loaded only where it is needed

    with progress(quiet=quiet) as bar:
        return settle(settings, tell=counting(bar, "Making it searchable", "events")).sentence


@contextmanager
def _telling(name: str, *, quiet: bool, what: str = "windows") -> "Iterator[Callable[[Progress], None]]":
    with progress(quiet=quiet) as bar:
        yield lambda step: bar.show(name, step.windows_done, step.windows, what)


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}; write a day as 2026-08-21.") from None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--captured-at is {text!r}; write a time as 2026-04-25T12:00Z.") from None
    return moment
