"""How many notices of each agency say each phrase, and what retagging the past has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "radar_agencies",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("agency"),
    )
    op.create_table(
        "radar_phrases",
        sa.Column("phrase", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("agency", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency"], ["radar_agencies.number"]),
        sa.PrimaryKeyConstraint("phrase", "agency"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "radar_notices",
        sa.Column("notice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agency", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agency"], ["radar_agencies.number"]),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_index("radar_notices_by_day", "radar_notices", ["day", "notice"])
    op.create_table(
        "retags",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dictionary", sa.String(), nullable=False),
        sa.Column("began_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String()),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "tag_changes",
        sa.Column("retag", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("notice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.ForeignKeyConstraint(["retag"], ["retags.number"]),
        sa.PrimaryKeyConstraint("retag", "notice", "kind", "id", "role"),
    )
