"""Captures whose payload another record holds, and captures that were thinned, with a leaf that says so."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0012"

_KINDS = "kind IN ('epoch','key','capture','records','event','thinned')"


def upgrade() -> None:
    op.add_column("captures", sa.Column("payload_file", sa.String()))
    op.add_column("captures", sa.Column("payload_offset", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.add_column("captures", sa.Column("thinned_at", sa.String()))
    op.create_index("captures_by_payload", "captures", ["payload_sha256"])
    # The condition on a column of SQLite can be changed only in a new table; it is copied once, a row a run of leaves.
    with op.batch_alter_table("leaves") as table:
        if op.get_bind().dialect.name == "postgresql":
            table.drop_constraint("leaf_kind", type_="check")
        table.create_check_constraint("leaf_kind", _KINDS)
