"""Tables of alerts. What belongs to a saved search goes with it; numbers of what was deleted are never given again, so
that a process which still has one in hand cannot mean another's.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from noticewatch.database import BIG, metadata

saved_searches = Table(
    "saved_searches",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("rhythm", String, nullable=False),
    Column("local_time", String, nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("zone", String, nullable=False),
    Column("made_at", String, nullable=False),
    sqlite_autoincrement=True,
)
"""``local_time``: HH:MM of digests in ``zone`` (a name of the time zone database); ``weekday``: 0 is Monday."""

search_revisions = Table(
    "search_revisions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("search", ForeignKey("saved_searches.number"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    Column("active_from_seq", BIG, nullable=False),
    Column("active_to_seq", BIG),
    Column("made_at", String, nullable=False),
    UniqueConstraint("search", "revision"),
    sqlite_autoincrement=True,
)
"""What a search asked for over a stretch of the log, both ends inclusive; set while the order of ``seq`` is held, so
that an event belongs to exactly one revision. ``terms``: :class:`alerts.models.Terms` as JSON."""
Index("search_revisions_by_end", search_revisions.c.active_to_seq)

alert_targets = Table(
    "alert_targets",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("search", ForeignKey("saved_searches.number"), nullable=False),
    Column("channel", String, nullable=False),
    Column("address", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("why", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Column("failing_since", String),
    CheckConstraint("state IN ('unconfirmed','active','paused')", name="target_state"),
    sqlite_autoincrement=True,
)
"""Where messages of a search go. ``why``: why it is paused, in words; ``failing_since``: since when nothing came
through."""
Index("alert_targets_by_search", alert_targets.c.search)

alert_tokens = Table(
    "alert_tokens",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("purpose", String, nullable=False),
    Column("search", ForeignKey("saved_searches.number"), nullable=False),
    Column("target", ForeignKey("alert_targets.number")),
)
"""Hashes of the tokens in links. ``purpose``: manage, confirm or unsubscribe."""
Index("alert_tokens_by_search", alert_tokens.c.search)

alert_groups = Table(
    "alert_groups",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("search", ForeignKey("saved_searches.number"), nullable=False),
    Column("key", String, nullable=False),
    Column("first_seq", BIG, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("made_at", String, nullable=False),
    UniqueConstraint("search", "key", "first_seq"),
)
"""What a batch of the log held of one procurement for a search. ``key``: id of the procurement, of the notice where it
stands alone; ``late``: all of it came late."""

matches = Table(
    "matches",
    metadata,
    Column("revision", ForeignKey("search_revisions.number"), primary_key=True, autoincrement=False),
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("event_group", ForeignKey("alert_groups.number"), nullable=False),
    Column("crossing", String, nullable=False),
    Column("reasons", String, nullable=False),
)
"""Events that searches found. ``reasons``: of the chosen ones, with spaces between."""
Index("matches_by_group", matches.c.event_group, matches.c.seq)

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("search", ForeignKey("saved_searches.number"), nullable=False),
    Column("target", ForeignKey("alert_targets.number"), nullable=False),
    Column("rhythm", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", String, nullable=False),
    Column("last_answer", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("owner", String),
    Column("owned_until", String),
    Column("delivered_at", String),
    CheckConstraint("state IN ('waiting','delivered','failed','held')", name="delivery_state"),
    sqlite_autoincrement=True,
)
"""Messages to targets. ``id``: idempotency key, in Message-ID and ``webhook-id``; ``note``: what else the owner is
told; ``owner`` sends it until ``owned_until``. What failed for 72 hours stays, to be replayed; after a restore it is
held."""
Index("deliveries_by_target", deliveries.c.target, deliveries.c.made_at)
Index("deliveries_by_search", deliveries.c.search, deliveries.c.made_at)
Index("deliveries_by_state", deliveries.c.state, deliveries.c.next_attempt_at)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("search", ForeignKey("saved_searches.number"), nullable=False),
    Column("event_group", ForeignKey("alert_groups.number"), nullable=False),
    Column("target", ForeignKey("alert_targets.number"), nullable=False),
    Column("state", String, nullable=False),
    Column("due_at", String, nullable=False),
    Column("delivery", ForeignKey("deliveries.number")),
    UniqueConstraint("search", "event_group", "target"),
    CheckConstraint("state IN ('waiting','formed','held')", name="outbox_state"),
)
"""What is to be told to whom. ``due_at``: when it goes into a message; ``delivery``: the message it has gone into,
which has its attempts and answers."""
Index("outbox_by_state", outbox.c.state, outbox.c.due_at)
Index("outbox_by_delivery", outbox.c.delivery)
Index("outbox_by_target", outbox.c.target)

alert_limits = Table(
    "alert_limits",
    metadata,
    Column("what", String, primary_key=True),
    Column("who", String, primary_key=True),
    Column("full_at", String, nullable=False),
)
"""What was asked for of late. ``who``: a hash, empty for all together; ``full_at``: when the whole limit is there again
and the row counts no more."""
