"""How often alerts may be asked for, counted for all processes together."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "alert_limits",
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("full_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("what", "who"),
    )
