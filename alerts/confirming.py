"""Mail addresses are confirmed before the first alert: one message asks, by the outbox like every other."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, update

from alerts import forming, searches
from alerts.tables import deliveries
from archive.times import stamp

QUESTION: Final = "Whether messages are wanted at this address."
"""The note of a message that asks."""


def ask(connection: Connection, search: int, target: int, at: datetime) -> None:
    """Ask the owner of an unconfirmed address. Nothing else goes to it before it is confirmed. Needs a writing
    transaction.
    """
    forming.note(connection, search, target, QUESTION, at)


def confirm(connection: Connection, target: int, at: datetime) -> None:
    """The owner wants the messages; a question that is still on its way is not sent any more. Needs a writing
    transaction.
    """
    d = deliveries.c
    asked = update(deliveries).where(d.target == target, d.state == "waiting", d.note == QUESTION)
    connection.execute(asked.values(state="delivered", delivered_at=stamp(at), last_answer="confirmed already"))
    searches.confirm(connection, target)
