"""``watchlist suggest``: what the dictionary may lack, for a person to judge."""

import textwrap
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from archive.log import head
from archive.readers import cursor
from indexer.names import buyer_code
from noticewatch.errors import UsageError
from noticewatch.identifiers import now
from noticewatch.settings import load_settings
from service.assembly import House, open_house
from service.commands.watchlist_judging import Choice, accepted, block_of, put, usual
from service.output import Bar, Json, note, progress, say, say_json
from watchlist.current import Watchlist
from watchlist.radar import reading
from watchlist.radar.counting import PhraseCounter
from watchlist.radar.reviewed import SellerKind, rejection, rejections
from watchlist.radar.suggest import Look, Quoted, Suggestion, look
from watchlist.records import Policy

MOST: Final = 500
_DAYS: Final = 31
_HEADS: Final = {
    "phrase": "Phrases that are new, or said much more often than before",
    "seller": "Sellers that are not on the watchlist, of what is",
    "notice": "Notices without a tag that are near to matched ones",
}


def suggest(
    agency: Annotated[str | None, typer.Option(help="Only notices of this agency and those below it: ICE.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Notices dated since then are new; default the last 31 days held.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=MOST, help="Most suggestions of each kind.")] = 15,
    accept: Annotated[
        str | None, typer.Option(metavar="NAME", help="Write this suggestion into the data files: phrase:…, seller:….")
    ] = None,
    technology: Annotated[
        list[str] | None, typer.Option(help="With --accept: what it is of; may be given again for a seller.")
    ] = None,
    kind: Annotated[
        SellerKind, typer.Option(help="With --accept of a seller: vendor, integrator or reseller.")
    ] = "reseller",
    policy: Annotated[Policy | None, typer.Option(help="With --accept: what it may cause by itself.")] = None,
    language: Annotated[str, typer.Option(help="With --accept of a phrase: its language, en, es or fr.")] = "en",
    reject: Annotated[
        str | None, typer.Option(metavar="NAME", help="Write down that this suggestion is not to come again.")
    ] = None,
    reason: Annotated[str, typer.Option(help="With --reject: why.")] = "",
    as_json: Json = False,
) -> None:
    """List what the dictionary may lack, with quotes: new phrases, unknown sellers, notices near to matched ones.

    Below each stands the block that would add it. --accept writes it, --reject writes down that it was judged.

    Example: noticewatch watchlist suggest --agency ICE --since 2026-07-01
    """
    if accept is not None and reject is not None:
        raise UsageError("--accept and --reject exclude each other; judge one suggestion after the other.")
    settings = load_settings()
    if reject is not None:
        put(Watchlist(settings.watchlist).folder, rejection(reject, reason, f"{now():%Y-%m-%d}"), as_json=as_json)
        return
    with open_house(settings) as house:
        with progress(quiet=as_json) as bar:
            _count(house, bar)
            found = _look(house, bar, agency, since, MOST if accept else most)
        if accept:
            folder, choice = house.watchlist.folder, Choice(kind, policy, tuple(technology or ()), language)
            put(folder, accepted(folder, found, accept, choice), as_json=as_json)
        elif as_json:
            say_json(_form(found, house.watchlist.folder))
        else:
            _tell(found, house.watchlist.folder)


def _count(house: House, bar: Bar) -> None:
    """Bring the counts of phrases to the head of the log; a server may do so at the same time."""
    counter = PhraseCounter()
    while counter.advance(house.archive):
        with house.archive.reading() as connection:
            bar.show("Counting phrases", cursor(connection, counter.name), head(connection), "events")


def _look(house: House, bar: Bar, agency: str | None, since: str | None, most: int) -> Look:
    with house.archive.reading() as connection:
        only = None if agency is None else reading.agencies_called(connection, buyer_code(agency) or agency)
        begins = _day(since) if since is not None else _default(reading.newest_day(connection, f"{now():%Y-%m-%d}"))
        rejected = rejections(house.watchlist.folder)
        return look(connection, house.watchlist.matcher, begins, only=only, rejected=rejected, most=most, tell=bar.show)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"--since is {text!r}; write a day as 2026-07-01.") from None


def _default(newest: str) -> str:
    return (date.fromisoformat(newest) - timedelta(days=_DAYS)).isoformat() if newest else "1970-01-01"


def _tell(found: Look, folder: Path) -> None:
    newest = "The newest " if found.notices == reading.MOST_NEW else ""
    say(
        f"{newest}{found.notices:,} notices dated since {found.since}, {found.unmatched:,} of them without a tag, were "
        f"compared with {found.matched:,} matched ones. Each line is a question, not a finding."
    )
    for what, title in _HEADS.items():
        some = [one for one in found.suggestions if one.what == what]
        if some:
            say(f"\n{title}:")
        for one in some:
            _tell_one(one, folder)
    if not found.suggestions:
        note("Nothing is suggested; an earlier --since looks at more notices.")


def _tell_one(one: Suggestion, folder: Path) -> None:
    say(f"\n{one.id}")
    if one.name != one.key:
        say(f"  {one.name}")
    led = f" Near to: {', '.join(one.leads_to)}." if one.leads_to else ""
    say(f"  {one.why}{led}")
    for quote in one.quotes:
        say(f"  {quote.day} {quote.notice}, {quote.field}: {_shown(quote)}")
    if addition := block_of(one, folder, usual(one)):
        say(f"  would be, in {addition.file}:")
        say(textwrap.indent(addition.block.rstrip(), "    "))


def _shown(quote: Quoted) -> str:
    return " ".join(f"{quote.before}[{quote.quote}]{quote.after}".split())


def _form(found: Look, folder: Path) -> dict[str, Any]:
    blocks = {one.id: block_of(one, folder, usual(one)) for one in found.suggestions}
    return {
        "since": found.since, "notices": found.notices, "unmatched": found.unmatched, "matched": found.matched,
        "suggestions": [
            {"suggestion": one.id, **asdict(one), "block": addition.block if (addition := blocks[one.id]) else None}
            for one in found.suggestions
        ],
    }  # fmt: skip
