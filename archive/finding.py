"""From what somebody has in hand, an id or a number in any spelling, to the notices that it leads to."""

from sqlalchemy import Connection, func, select

from archive import tables as t
from archive.identity import OF_OTHERS
from noticewatch.numbers import plain


def find(connection: Connection, text: str) -> list[str]:
    """Ids of the notices that an id or a number in any spelling leads to; an id of a notice leads to it alone, or where
    a regrouping has given its records to another to that one.
    """
    wanted = text.strip()
    exact = leads_to(connection, wanted)
    if exact is not None:
        return [exact]
    register, colon, rest = wanted.partition(":")
    spellings = {plain(wanted)} | ({plain(rest)} if colon else set())
    query = (
        select(t.notices.c.id)
        .join(t.aliases, t.aliases.c.notice == t.notices.c.number)
        .where(t.aliases.c.number.in_(spellings - {""}), t.aliases.c.type.not_in(OF_OTHERS))
        .distinct()
        .order_by(t.notices.c.number)
    )
    if colon and register in {"sam", "us-action"}:
        query = query.where(t.aliases.c.register == register)
    return list(connection.scalars(query.add_columns(t.notices.c.number)))


def leads_to(connection: Connection, notice_id: str) -> str | None:
    """The id of the notice that an id leads to: itself, or the one that has its records now; None where it is none."""
    other = t.notices.alias()
    query = (
        select(func.coalesce(other.c.id, t.notices.c.id))
        .select_from(t.notices)
        .outerjoin(other, other.c.number == t.notices.c.leads_to)
        .where(t.notices.c.id == notice_id)
    )
    found: str | None = connection.scalar(query)
    return found
