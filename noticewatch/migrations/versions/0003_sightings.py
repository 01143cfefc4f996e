"""Last sightings in a narrow table of their own, so that an unchanged file does not write every record anew; one tree
for the aliases instead of two.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # as in 0001


def upgrade() -> None:
    op.create_table(
        "sightings",
        sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("end", BIG, nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["captures.number"]),
        sa.ForeignKeyConstraint(["record"], ["records.number"]),
        sa.PrimaryKeyConstraint("record"),
    )
    op.execute(
        'INSERT INTO sightings (record, seen_at, capture, "row", "start", "end") '
        "SELECT number, last_seen, last_capture, last_row, last_start, last_end FROM records "
        'WHERE last_capture <> capture OR last_row <> "row" OR last_seen <> first_seen ORDER BY number'
    )
    op.create_index("sightings_by_capture", "sightings", ["capture", "row"])
    op.drop_index("records_by_last_capture", table_name="records")
    with op.batch_alter_table("records") as records:
        for name in ("last_seen", "last_capture", "last_row", "last_start", "last_end"):
            records.drop_column(name)
    op.create_table(
        "aliases_by_number_first",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("number", "register", "notice"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO aliases_by_number_first (number, register, notice, type) "
        "SELECT number, register, notice, type FROM aliases ORDER BY number, register, notice"
    )
    op.drop_table("aliases")
    op.rename_table("aliases_by_number_first", "aliases")
