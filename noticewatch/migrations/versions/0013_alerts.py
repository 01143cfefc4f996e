"""Saved searches, what they have found, and what is sent because of it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rhythm", sa.String(), nullable=False),
        sa.Column("local_time", sa.String(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_revisions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("active_from_seq", _BIG, nullable=False),
        sa.Column("active_to_seq", _BIG),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["search"], ["saved_searches.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("search", "revision"),
        sqlite_autoincrement=True,
    )
    op.create_index("search_revisions_by_end", "search_revisions", ["active_to_seq"])
    op.create_table(
        "alert_targets",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("failing_since", sa.String()),
        sa.CheckConstraint("state IN ('unconfirmed','active','paused')", name="target_state"),
        sa.ForeignKeyConstraint(["search"], ["saved_searches.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("alert_targets_by_search", "alert_targets", ["search"])
    op.create_table(
        "alert_tokens",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer()),
        sa.ForeignKeyConstraint(["search"], ["saved_searches.number"]),
        sa.ForeignKeyConstraint(["target"], ["alert_targets.number"]),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("alert_tokens_by_search", "alert_tokens", ["search"])
    op.create_table(
        "alert_groups",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("first_seq", _BIG, nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["search"], ["saved_searches.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("search", "key", "first_seq"),
    )
    op.create_table(
        "matches",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", _BIG, autoincrement=False, nullable=False),
        sa.Column("event_group", sa.Integer(), nullable=False),
        sa.Column("crossing", sa.String(), nullable=False),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_group"], ["alert_groups.number"]),
        sa.ForeignKeyConstraint(["revision"], ["search_revisions.number"]),
        sa.PrimaryKeyConstraint("revision", "seq"),
    )
    op.create_index("matches_by_group", "matches", ["event_group", "seq"])
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.String(), nullable=False),
        sa.Column("last_answer", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("owned_until", sa.String()),
        sa.Column("delivered_at", sa.String()),
        sa.CheckConstraint("state IN ('waiting','delivered','failed','held')", name="delivery_state"),
        sa.ForeignKeyConstraint(["search"], ["saved_searches.number"]),
        sa.ForeignKeyConstraint(["target"], ["alert_targets.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_by_target", "deliveries", ["target", "made_at"])
    op.create_index("deliveries_by_search", "deliveries", ["search", "made_at"])
    op.create_index("deliveries_by_state", "deliveries", ["state", "next_attempt_at"])
    op.create_table(
        "outbox",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("event_group", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=False),
        sa.Column("delivery", sa.Integer()),
        sa.CheckConstraint("state IN ('waiting','formed','held')", name="outbox_state"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.number"]),
        sa.ForeignKeyConstraint(["event_group"], ["alert_groups.number"]),
        sa.ForeignKeyConstraint(["search"], ["saved_searches.number"]),
        sa.ForeignKeyConstraint(["target"], ["alert_targets.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("search", "event_group", "target"),
    )
    op.create_index("outbox_by_state", "outbox", ["state", "due_at"])
    op.create_index("outbox_by_delivery", "outbox", ["delivery"])
    op.create_index("outbox_by_target", "outbox", ["target"])
