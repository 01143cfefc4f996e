"""Proof: leaves, tree and signed heads of the log. What the log already holds gets its leaves at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # as in 0001


def upgrade() -> None:
    op.create_table(
        "leaves",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("leaves", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=True),
        sa.Column("seq", BIG, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.ForeignKeyConstraint(["capture"], ["captures.number"]),
        sa.CheckConstraint("kind IN ('epoch','key','capture','records','event')", name="leaf_kind"),
    )
    op.create_index("leaves_by_capture", "leaves", ["capture", "number"])
    op.create_index("leaves_by_seq", "leaves", ["seq"])
    op.create_index("leaves_by_kind", "leaves", ["kind", "number"])
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    op.create_table(
        "heads",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("signed_at", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("captures_by_file", "captures", ["warc_file", "warc_offset"])
    op.create_index("heads_by_size", "heads", ["size"])
