"""Hosts: when each was last asked, until when it wants to be left alone, and who waits for its answers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("asked_at", sa.String(), nullable=True),
        sa.Column("delay", sa.Float(), nullable=True),
        sa.Column("rests_until", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("host"),
    )
    op.create_table(
        "host_requests",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("under_way", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host", "source"),
    )
