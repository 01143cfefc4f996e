"""Of which epoch of the log the alerts are: after a restore nothing fires that may have fired before it."""

from typing import Final

from sqlalchemy import Connection, select, update

from alerts.tables import deliveries, outbox
from archive import tables as archive_tables
from archive.log import head
from archive.readers import set_cursor
from archive.store import Archive
from noticewatch.database import insert_many

NAME: Final = "alerts"
"""The reader of the log that matches."""
FOLLOWS: Final = "tagger"
"""The reader whose cursor it does not pass."""
_EPOCH: Final = "alerts_epoch"


def note_epoch(connection: Connection) -> None:
    """Note of which log the alerts are, where that is not noted yet."""
    meta = archive_tables.meta
    epoch = connection.scalar(select(meta.c.value).where(meta.c.name == "epoch"))
    insert_many(connection, meta, [{"name": _EPOCH, "value": epoch}], new=True)


def is_of_this_log(archive: Archive) -> bool:
    """Whether the alerts are of this epoch of the log. After a restore nothing fires that may have fired before it:
    what the log held then counts as matched, and what was still to be sent is held back.
    """
    meta = archive_tables.meta
    query = select(meta.c.value).where(meta.c.name == _EPOCH)
    with archive.reading() as connection:
        held = connection.scalar(query)
    if held == archive.epoch:
        return True
    with archive.writing() as connection:
        if connection.scalar(query) is None:
            note_epoch(connection)
            return True
        set_cursor(connection, NAME, head(connection))
        connection.execute(update(outbox).where(outbox.c.state == "waiting").values(state="held"))
        connection.execute(update(deliveries).where(deliveries.c.state == "waiting").values(state="held"))
        connection.execute(update(meta).where(meta.c.name == _EPOCH).values(value=archive.epoch))
    return False
