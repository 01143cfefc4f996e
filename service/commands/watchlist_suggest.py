"""``watchlist suggest``: what the dictionary may lack, for a person to judge."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any, Final

import typer

from archive.log import head
from archive.readers import cursor
from indexer.names import buyer_code
from noticewatch.errors import UsageError
from noticewatch.identifiers import now
from noticewatch.settings import load_settings
from service.assembly import House, open_house
from service.output import Bar, Json, note, progress, say, say_json
from watchlist.radar import reading
from watchlist.radar.counting import PhraseCounter
from watchlist.radar.suggest import Look, Quoted, Suggestion, look

_DAYS: Final = 31
_HEADS: Final = {
    "phrase": "Phrases that are new, or said much more often than before",
    "seller": "Sellers that the dictionary does not know, of what it knows",
    "notice": "Notices without a tag that are near to matched ones",
}


def suggest(
    agency: Annotated[str | None, typer.Option(help="Only notices of this agency and those below it: ICE.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Notices dated since then are new; default the last 31 days held.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=500, help="Most suggestions of each kind.")] = 15,
    as_json: Json = False,
) -> None:
    """List what the dictionary may lack, with quotes: new phrases, unknown sellers, notices near to matched ones.

    Example: noticewatch watchlist suggest --agency ICE --since 2026-07-01
    """
    with open_house(load_settings()) as house:
        with progress(quiet=as_json) as bar:
            _count(house, bar)
            found = _look(house, bar, agency, since, most)
        if as_json:
            say_json(_form(found))
        else:
            _tell(found)


def _count(house: House, bar: Bar) -> None:
    """Bring the counts of phrases to the head of the log; a server may do so at the same time."""
    counter = PhraseCounter()
    while counter.advance(house.archive):
        with house.archive.reading() as connection:
            bar.show("Counting phrases", cursor(connection, counter.name), head(connection))


def _look(house: House, bar: Bar, agency: str | None, since: str | None, most: int) -> Look:
    with house.archive.reading() as connection:
        only = None if agency is None else reading.agencies_called(connection, buyer_code(agency) or agency)
        begins = _day(since) if since is not None else _default(reading.newest_day(connection, f"{now():%Y-%m-%d}"))
        return look(connection, house.watchlist.matcher, begins, only=only, most=most, tell=bar.show)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"--since is {text!r}; write a day as 2026-07-01.") from None


def _default(newest: str) -> str:
    return (date.fromisoformat(newest) - timedelta(days=_DAYS)).isoformat() if newest else "1970-01-01"


def _tell(found: Look) -> None:
    say(
        f"{found.notices:,} notices dated since {found.since}, {found.unmatched:,} of them without a tag, were "
        f"compared with {found.matched:,} matched ones. Each line is a question, not a finding."
    )
    for what, title in _HEADS.items():
        some = [one for one in found.suggestions if one.what == what]
        if some:
            say(f"\n{title}:")
        for one in some:
            _tell_one(one)
    if not found.suggestions:
        note("Nothing is suggested; an earlier --since looks at more notices.")


def _tell_one(one: Suggestion) -> None:
    say(f"\n{one.id}")
    if one.name != one.key:
        say(f"  {one.name}")
    led = f" Near to: {', '.join(one.leads_to)}." if one.leads_to else ""
    say(f"  {one.why}{led}")
    for quote in one.quotes:
        say(f"  {quote.day} {quote.notice}, {quote.field}: {_shown(quote)}")


def _shown(quote: Quoted) -> str:
    return " ".join(f"{quote.before}[{quote.quote}]{quote.after}".split())


def _form(found: Look) -> dict[str, Any]:
    return {
        "since": found.since, "notices": found.notices, "unmatched": found.unmatched, "matched": found.matched,
        "suggestions": [{"suggestion": one.id, **asdict(one)} for one in found.suggestions],
    }  # fmt: skip
