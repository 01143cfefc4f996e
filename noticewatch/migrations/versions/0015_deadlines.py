"""Deadlines that lie ahead, and when the log says next that they are near."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "deadlines",
        sa.Column("notice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.String(), nullable=False),
        sa.Column("next_at", sa.String()),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_index("deadlines_by_due", "deadlines", ["due_at"])
