"""Documents that a search engine refused for what they are: kept, shown, and sent again on demand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from archive.store import Archive
from archive.times import stamp
from indexer.engine import Rejected, SearchEngine
from indexer.tables import dead_letters
from noticewatch.database import chunks, insert_many
from noticewatch.identifiers import now

_d = dead_letters.c
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A document that was refused: its key in the index, why, when (UTC), and up to which ``seq`` it was indexed."""

    key: str
    reason: str
    refused_at: str
    seq: int


def held(archive: Archive, engine: SearchEngine) -> list[DeadLetter]:
    """What an engine has refused and not taken since, in order of the keys."""
    query = select(_d.key, _d.reason, _d.refused_at, _d.seq).where(_d.engine == engine.label).order_by(_d.key)
    with archive.reading() as connection:
        return [DeadLetter(*row) for row in connection.execute(query)]


def note(
    archive: Archive, engine: SearchEngine, written: Collection[str], refused: Sequence[Rejected], seq: int
) -> None:
    """Keep what was refused of the documents written, and forget those that were taken this time.

    To be called before the index moves on, so that nothing refused is ever passed over in silence.
    """
    known = {letter.key for letter in held(archive, engine)}
    taken = sorted(known & set(written) - {one.key for one in refused})
    if not refused and not taken:
        return
    at = stamp(now())
    rows = [
        {"engine": engine.label, "key": one.key, "seq": seq, "reason": one.reason, "refused_at": at} for one in refused
    ]
    with archive.writing() as connection:
        for keys in chunks(taken, _CHUNK):
            connection.execute(delete(dead_letters).where(_d.engine == engine.label, _d.key.in_(keys)))
        insert_many(connection, dead_letters, rows, over=True)
