"""Titles by which procurements are found that are probably the same.

The table is the joiner's own: its cursor goes back to the start, so that it fills the table from the log at the next
start of the readers. What it has joined stays as it is, because joining again gives the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "titles",
        sa.Column("notice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("office", sa.String()),
        sa.Column("agency", sa.String()),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_index("titles_by_title", "titles", ["title", "day"])
    op.execute("DELETE FROM readers WHERE name = 'joiner'")
