"""Crawl engine: locks, quotas and validators of sources; by what a window was judged; windows split and released."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "crawl_locks",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("acquired_at", sa.String(), nullable=False),
        sa.Column("renewed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "quotas",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("spent_until", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("source", "day"),
    )
    op.create_table(
        "validators",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "url"),
        sa.ForeignKeyConstraint(["capture"], ["captures.number"]),
    )
    for name, kind in (("facts", sa.Text()), ("parts", sa.Integer()), ("released_by", sa.Integer())):
        op.add_column("windows", sa.Column(name, kind, nullable=True))
    for name in ("optional", "blocked"):
        op.add_column("requests", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
