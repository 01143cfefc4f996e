"""The command ``doctor``."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from crawlers.due import refuse_unknown_sources
from crawlers.source import load_sources, source
from noticewatch.errors import NoticewatchError, UsageError
from noticewatch.identifiers import now
from noticewatch.settings import Settings, load_settings
from service.assembly import open_archive
from service.doctor import archived, live, machine, sourced
from service.doctor.alarmed import alarmed
from service.doctor.finding import Finding, State, guarded
from service.holding import holder
from service.output import Field, Json, note, say, say_json, say_table

_WORDS = {"good": "good", "note": "note", "unset": "to set up", "bad": "BAD"}


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(doctor)


def doctor(
    ask: Annotated[
        bool, typer.Option("--live", help="Also ask each source one polite request whether its shape still fits.")
    ] = False,
    only: Annotated[str | None, typer.Option("--source", help="With --live: ask this source alone.")] = None,
    as_json: Json = False,
) -> None:
    """Check everything that commonly goes wrong, and say what to do; exit code 1 where something is broken.

    What is only not set up yet, such as a contact for live crawls, is said and leaves the exit code 0.

    Example: noticewatch doctor --live
    """
    if only is not None and not ask:
        raise UsageError("--source goes with --live: it names the one source that is asked.")
    settings = load_settings()
    refuse_unknown_sources(settings, load_sources())
    chosen = load_sources() if only is None else {only: source(only)}
    found, grown = examine(settings)
    if ask:
        with open_archive(settings) as archive:
            for finding in live.probes(archive, settings, chosen):
                note(f"{finding.name}: {finding.said}")
                found.append(finding)
    states = Counter(finding.state for finding in found)
    if as_json:
        summary = {"healthy": not states["bad"], "set_up": not states["unset"]}
        say_json(summary | {"findings": [asdict(one) for one in found], "growth": grown})
    else:
        _say(found, states)
    if states["bad"]:
        raise typer.Exit(1)


def examine(settings: Settings) -> tuple[list[Finding], list[dict[str, object]]]:
    """All findings but the live ones, and what came of each source in the last 30 days."""
    folder = settings.home.absolute()
    found = guarded("versions", machine.versions)
    found += guarded("settings", lambda: machine.settings_origin(settings))
    found += guarded("data folder", lambda: machine.data_folder(folder))
    if not folder.is_dir():
        return found, []
    try:
        with open_archive(settings) as archive:
            grown = archived.growth(archive, now())
            month = sum(one.warc_bytes for one in grown)
            found += guarded("disk", lambda: [machine.disk(machine.free_space(folder), month)])
            found.append(archived.growth_finding(grown))
            found += guarded("database", lambda: archived.database(archive, settings))
            found += guarded("archived answers", lambda: archived.files(archive))
            found += guarded("proof", lambda: archived.proof(archive))
            found += guarded("clock", lambda: [archived.clock(archive, now())])
            found += guarded("running", lambda: archived.work(archive))
            found += guarded("starter archive", lambda: archived.loading(archive, settings))
            found += guarded("readers", lambda: archived.readers(archive))
            found += guarded("search index", lambda: archived.indexes(archive, settings))
            found += guarded("alarms", lambda: alarmed(archive, settings))
            scheduled = holder(folder, "scheduler") is not None
            found += guarded(
                "sources",
                lambda: sourced.sources(archive, settings, load_sources(), now(), scheduled=scheduled),
            )
    except NoticewatchError as error:
        return [*found, Finding("archive", "bad", str(error))], []
    except Exception as error:
        said = " ".join(f"it cannot be opened ({type(error).__name__}: {error})".split())
        cure = "stop noticewatch and restore a backup; the archived answers in warc/ are not touched by this"
        return [*found, Finding("database", "bad", said, cure)], []
    return found, [asdict(one) for one in grown]


def _say(found: list[Finding], states: Counter[State]) -> None:
    fields = (Field("what"), Field("state"), Field("found", share=3), Field("what to do", share=2))
    say_table(fields, [(one.name, _WORDS[one.state], one.said, one.cure) for one in found])
    to_set_up = f"{states['unset']} to set up, " if states["unset"] else ""
    say(f"{states['bad'] or 'Nothing'} bad, {to_set_up}{states['note']} to note, {states['good']} good.")
