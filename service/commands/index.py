"""Commands of the search index: ``index status``, ``rebuild``, ``reconcile``, ``replay``."""

from dataclasses import asdict
from typing import Annotated

import typer

from noticewatch.errors import NoticewatchError
from noticewatch.settings import load_settings
from service.assembly import House, open_house
from service.output import Json, counting, note, progress, say, say_json

_MOST_TOLD = 20


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    index = typer.Typer(
        no_args_is_help=True,
        help="The search index: its state, building it anew, comparing it with the log.\n\n"
        "Example: noticewatch index status",
    )
    for command in (status, rebuild, reconcile, replay):
        index.command()(command)
    app.add_typer(index, name="index")


def status(as_json: Json = False) -> None:
    """Say how far the search index is behind the log, and which documents it has refused.

    engine: what answers searches, the index in the data folder (embedded) or a search server. epoch: the log's name
    since it was begun or restored last. seq: the last entry of the log that is indexed; head: the last there is;
    behind: how many are still to come, which a running noticewatch takes in by itself. usable: whether the index is
    of this log and of this version of noticewatch; another one is built anew. refused: documents that the engine has
    not taken, named below and sent again by noticewatch index replay.

    Example: noticewatch index status
    """
    from indexer import dead_letters, upkeep  # noqa: PLC0415 - engines are loaded only where they are needed

    with open_house(load_settings()) as house:
        found = [
            (upkeep.index_status(house.archive, one), dead_letters.held(house.archive, one)) for one in house.engines
        ]
    if as_json:
        forms = [asdict(state) | {"dead_letters": [asdict(one) for one in letters]} for state, letters in found]
        say_json({**forms[0], "others": forms[1:]})
        return
    for state, letters in found:
        for name, value in asdict(state).items():
            say(f"{name.replace('_', ' ')}: {_plain(value)}")
        if state.head and not state.usable:
            note("It is missing, of another log or of another version of noticewatch; index rebuild builds it anew.")
        for letter in letters[:_MOST_TOLD]:
            say(f"  refused {letter.refused_at}: {letter.key}: {letter.reason}")
        if len(letters) > _MOST_TOLD:
            say(f"  and {len(letters) - _MOST_TOLD:,} more; --json names all")


def rebuild(
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="PLACE", help="Build it there: embedded, or the address of a search server."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Build a new search index from the archive beside the one in use, and swap them.

    Example: noticewatch index rebuild --to http://127.0.0.1:9200
    """
    from indexer import upkeep  # noqa: PLC0415 - as above
    from indexer.engines import engine_at  # noqa: PLC0415 - as above

    settings = load_settings()
    with open_house(settings) as house, progress(quiet=as_json) as bar:
        engines = [engine_at(settings, house.archive, to)] if to is not None else house.engines
        for engine in engines:
            upkeep.rebuild(house.archive, engine, counting(bar, "Building the index", "events"))
            if engine not in house.engines:
                engine.close()
    if as_json:
        say_json({"rebuilt": [engine.label for engine in engines]})
        return
    say("The new index is in use." if not to else f"The new index is ready: {engines[0].label}.")
    if to and not any(engine.label == engines[0].label for engine in house.engines):
        way = "remove NOTICEWATCH_SEARCH_URL" if to == "embedded" else f"set NOTICEWATCH_SEARCH_URL={to}"
        note(f"Searches do not ask it yet; {way} and start noticewatch again.")


def reconcile(as_json: Json = False) -> None:
    """Compare the search index with the log, bucket by bucket, and mend what is lost, stale or too many.

    Example: noticewatch index reconcile
    """
    from indexer import upkeep  # noqa: PLC0415 - as above

    with open_house(load_settings()) as house, progress(quiet=as_json) as bar:
        found = {
            engine.label: upkeep.reconcile(house.archive, engine, counting(bar, "Comparing index and log", "buckets"))
            for engine in house.engines
        }
    if as_json:
        say_json({"mended": {label: [asdict(one) for one in differences] for label, differences in found.items()}})
        return
    for label, differences in found.items():
        for one in differences[:_MOST_TOLD]:
            numbers = f"notices {one.first:,} to {one.last:,}"
            say(f"{label}: {numbers} had {one.indexed:,} documents of {one.expected:,}; mended.")
        say(f"{label}: {len(differences):,} buckets differed." if differences else f"{label} holds what the log says.")


def replay(as_json: Json = False) -> None:
    """Send documents again that the search server has refused.

    Example: noticewatch index replay
    """
    with open_house(load_settings()) as house:
        left = _replayed(house)
    if as_json:
        say_json({"refused": left})
    elif left:
        raise NoticewatchError(f"{left:,} documents are refused still; noticewatch index status says why.")
    else:
        say("Nothing is refused any more.")


def _replayed(house: House) -> int:
    from indexer import upkeep  # noqa: PLC0415 - as above

    return sum(upkeep.replay(house.archive, engine) for engine in house.engines)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
