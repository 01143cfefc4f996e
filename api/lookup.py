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
    """``row``: the notice with exactly this id. Else ``candidates``: ids that the text leads to, one or several."""

    row: NoticeRow | None
    candidates: Sequence[str] = ()


def find_notice(connection: Connection, text: str) -> Found:
    """The notice or notices that a text leads to. Raises NotFound, with a way out, where there is none."""
    row = queries.notice(connection, text)
    if row is not None:
        return Found(row)
    candidates = queries.find(connection, text)
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
