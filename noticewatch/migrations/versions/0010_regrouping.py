"""Notices that lead to others, and what corrections decided of chains and joins."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("notices", sa.Column("leads_to", sa.Integer()))
    op.create_table(
        "chain_decisions",
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("one", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("correction", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["correction"], ["corrections.number"]),
        sa.PrimaryKeyConstraint("register", "one", "other"),
    )
    op.create_table(
        "chain_keys",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("key", "notice"),
    )
    op.create_table(
        "moved_versions",
        sa.Column("notice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("of_notice", sa.Integer(), nullable=False),
        sa.Column("of_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.ForeignKeyConstraint(["of_notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("notice", "version"),
    )
    op.create_table(
        "placements",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("procurement", sa.String(), nullable=False),
        sa.Column("correction", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["correction"], ["corrections.number"]),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index("placements_by_procurement", "placements", ["procurement"])
