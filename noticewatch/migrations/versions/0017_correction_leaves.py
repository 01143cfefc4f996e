"""Entries of the log of corrections have leaves of their own."""

from alembic import op

revision = "0017"
down_revision = "0016"

_KINDS = "kind IN ('epoch','key','capture','records','event','thinned','correction')"


def upgrade() -> None:
    with op.batch_alter_table("leaves") as table:  # SQLite changes a condition only in a new table: it is copied once
        if op.get_bind().dialect.name == "postgresql":
            table.drop_constraint("leaf_kind", type_="check")
        table.create_check_constraint("leaf_kind", _KINDS)
