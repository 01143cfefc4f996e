"""Vehicles whose tags pass to the orders under them. What is tagged beyond doubt is tagged again, to know them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "vehicles",
        sa.Column("notice", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("issuer", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_index("vehicles_by_number", "vehicles", ["number"])
    op.execute("UPDATE tagged SET dictionary = '' WHERE notice IN (SELECT notice FROM tags WHERE tier = 'alert')")
