"""Tables of the watchlist."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from noticewatch.database import metadata

tags = Table(
    "tags",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("tier", String, nullable=False),
    Column("evidence", Text, nullable=False),
)
"""Tags of the current version. ``kind``: vendor or technology; ``role``: maker, product, seller or empty; ``tier``:
alert or review; ``evidence``: JSON list of Evidence."""
Index("tags_by_id", tags.c.kind, tags.c.id)

tagged = Table(
    "tagged",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("dictionary", String, nullable=False),
)
"""With which dictionary each notice's current version was tagged."""

vehicles = Table(
    "vehicles",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("number", String, nullable=False),
    Column("issuer", String, nullable=False),
)
"""Notices of vehicles whose own words give tags that pass to the orders under them: letters and digits of the
vehicle's number, and who issued it."""
Index("vehicles_by_number", vehicles.c.number)

retags = Table(
    "retags",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("dictionary", String, nullable=False),
    Column("began_at", String, nullable=False),
    Column("ended_at", String),
    Column("notices", Integer, nullable=False),
)
"""Each time that what is held was tagged again with another dictionary; ``ended_at`` NULL: it goes on; ``notices``: how
many were tagged again so far."""

tag_changes = Table(
    "tag_changes",
    metadata,
    Column("retag", ForeignKey("retags.number"), primary_key=True, autoincrement=False),
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("evidence", Text, nullable=False),
)
"""What a retag changed. ``before``, ``after``: tier of the tag, empty where the notice did not carry it; ``evidence``:
why it does now, or why it did."""
