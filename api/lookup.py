"""From what stands in an address to a notice: its id, or any number of it in any spelling."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from archive import queries
from archive.rows import NoticeRow
from noticewatch.errors import NotFound

MOST_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Found:
    """``row``: the notice with exactly this id. Else ``candidates``: ids that the text leads to, one or several;
    ``moved``: the text is an id whose records another notice has now.
    """

    row: NoticeRow | None
    candidates: Sequence[str] = ()
    moved: bool = False


def find_notice(connection: Connection, text: str) -> Found:
    """The notice or notices that a text leads to. Raises NotFound, with a way out, where there is none."""
    row = queries.notice(connection, text)
    if row is not None and row.leads_to is None:
        return Found(row)
    candidates = queries.find(connection, text)
    if row is not None:
        return Found(None, candidates, moved=True)
    if not candidates:
        raise NotFound(
            f"No notice is held under {text[:120]!r}; search for it at /search with the lens “everything”, "
            "or see at /sources what the archive covers."
        )
    return Found(None, candidates)


def the_notice(connection: Connection, text: str) -> NoticeRow:
    """The one notice that a text leads to. Raises NotFound where it leads to none or to several."""
    found = find_notice(connection, text)
    if found.row is not None:
        return found.row
    row = queries.notice(connection, found.candidates[0])
    if len(found.candidates) > 1 or row is None:
        named = ", ".join(found.candidates[:5])
        raise NotFound(f"{text[:120]!r} leads to {len(found.candidates)} notices ({named} …); ask for one of them.")
    return row


def as_named(connection: Connection, text: str) -> NoticeRow:
    """The notice whose versions a text and a number name: with exactly this id, also where it leads to another one now;
    else the one that the text leads to. A version and its address never change. Raises NotFound as the_notice does.
    """
    return queries.notice(connection, text) or the_notice(connection, text)


def led_words(connection: Connection, row: NoticeRow) -> str:
    """Where an id leads now, in a sentence to be added to another; empty for a notice that speaks for itself."""
    return f" It leads to {queries.leads_to(connection, row.id)} now." if row.leads_to is not None else ""
