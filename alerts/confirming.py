"""Mail addresses are confirmed before the first alert: one message asks, by the outbox like every other."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from alerts import forming, searches
from alerts.tables import alert_targets, deliveries
from archive.times import stamp

FORGOTTEN_AFTER: Final = timedelta(days=7)
"""How long an address may stay unconfirmed before it is deleted."""

_NOTE: Final = "Whether messages are wanted at this address."


def ask(connection: Connection, search: int, target: int, at: datetime) -> None:
    """Ask the owner of an unconfirmed address. Nothing else goes to it before it is confirmed. Needs a writing
    transaction.
    """
    forming.note(connection, search, target, _NOTE, at)


def confirm(connection: Connection, target: int, at: datetime) -> None:
    """The owner wants the messages; a question that is still on its way is not sent any more. Needs a writing
    transaction.
    """
    d = deliveries.c
    asked = update(deliveries).where(d.target == target, d.state == "waiting", d.note == _NOTE)
    connection.execute(asked.values(state="delivered", delivered_at=stamp(at), last_answer="confirmed already"))
    searches.confirm(connection, target)


def forget(connection: Connection, at: datetime) -> int:
    """Delete addresses that nobody has confirmed in time, and searches that go nowhere else; gives how many addresses.
    Needs a writing transaction.
    """
    t = alert_targets.c
    query = select(t.number).where(t.state == "unconfirmed", t.made_at < stamp(at - FORGOTTEN_AFTER))
    numbers = list(connection.scalars(query))
    for number in numbers:
        searches.remove_target(connection, number)
    return len(numbers)
