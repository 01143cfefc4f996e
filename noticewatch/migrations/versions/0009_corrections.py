"""The public log of corrections, and what is withheld from readers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("concerns", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("first_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.CheckConstraint("kind IN ('join','split','takedown','restore')", name="correction_kind"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "takedowns",
        sa.Column("notice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("correction", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["correction"], ["corrections.number"]),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("notice", "version"),
    )
    op.create_table(
        "withheld_files",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("correction", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["correction"], ["corrections.number"]),
        sa.PrimaryKeyConstraint("sha256"),
    )
