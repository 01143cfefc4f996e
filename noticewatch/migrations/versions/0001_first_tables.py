"""First tables: ledger, captures, records, versions, the log, joins, readers and tags."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # sizes and offsets of files, and the order of the log


def upgrade() -> None:
    op.create_table(
        "carried",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("paths", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("paths"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "notices",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.Column("first_seen_seq", BIG, nullable=False),
        sa.Column("listing", sa.String(), server_default="listed", nullable=False),
        sa.Column("chain_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "notices_by_chain",
        "notices",
        ["chain_key"],
        unique=False,
        sqlite_where=sa.text("chain_key IS NOT NULL"),
        postgresql_where=sa.text("chain_key IS NOT NULL"),
    )
    op.create_table(
        "procurements",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "readers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cursor", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("date_from", sa.String(), nullable=True),
        sa.Column("date_to", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("reasons", sa.Text(), server_default="[]", nullable=False),
        sa.Column("findings", sa.Text(), server_default="[]", nullable=False),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("process", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("runs_by_source", "runs", ["source", "number"], unique=False)
    op.create_table(
        "aliases",
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice"],
            ["notices.number"],
        ),
        sa.PrimaryKeyConstraint("register", "number", "notice"),
        sqlite_with_rowid=False,
    )
    op.create_index("aliases_by_number", "aliases", ["number"], unique=False)
    op.create_table(
        "captures",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("request_body", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("fetched_at", sa.String(), nullable=False),
        sa.Column("payload_sha256", sa.String(), nullable=False),
        sa.Column("payload_length", BIG, nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("recorder", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("gaps", sa.Text(), server_default="[]", nullable=False),
        sa.Column("warc_file", sa.String(), nullable=False),
        sa.Column("warc_offset", BIG, nullable=False),
        sa.Column("warc_length", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("captures_by_source", "captures", ["source", "fetched_at"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("procurement", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice"],
            ["notices.number"],
        ),
        sa.ForeignKeyConstraint(
            ["procurement"],
            ["procurements.number"],
        ),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_index("memberships_by_procurement", "memberships", ["procurement"], unique=False)
    op.create_table(
        "scopes",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("born_open_from", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opened_by"],
            ["runs.number"],
        ),
        sa.PrimaryKeyConstraint("source", "scope"),
    )
    op.create_table(
        "tagged",
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dictionary", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice"],
            ["notices.number"],
        ),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_table(
        "tags",
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice"],
            ["notices.number"],
        ),
        sa.PrimaryKeyConstraint("notice", "kind", "id", "role"),
    )
    op.create_index("tags_by_id", "tags", ["kind", "id"], unique=False)
    op.create_table(
        "walked_windows",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.number"],
        ),
        sa.PrimaryKeyConstraint("source", "scope", "key"),
    )
    op.create_table(
        "windows",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("begins", sa.String(), nullable=True),
        sa.Column("ends", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("reasons", sa.Text(), server_default="[]", nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("distinct_rows", sa.Integer(), nullable=True),
        sa.Column("fresh_records", sa.Integer(), nullable=True),
        sa.Column("walked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=True),
        sa.CheckConstraint("state IN ('planned','fetched','held','appended')", name="window_state"),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("run", "scope", "key"),
    )
    op.create_table(
        "events",
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.String(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=True),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["capture"],
            ["captures.number"],
        ),
        sa.ForeignKeyConstraint(
            ["notice"],
            ["notices.number"],
        ),
        sa.ForeignKeyConstraint(
            ["run"],
            ["runs.number"],
        ),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("events_by_notice", "events", ["notice", "seq"], unique=False)
    op.create_index(
        "events_loud",
        "events",
        ["seq"],
        unique=False,
        sqlite_where=sa.text("quiet IS 0"),
        postgresql_where=sa.text("quiet IS false"),
    )
    op.create_table(
        "records",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_number", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("end", BIG, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("carried", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.Column("last_seen", sa.String(), nullable=False),
        sa.Column("last_capture", sa.Integer(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("last_start", BIG, nullable=False),
        sa.Column("last_end", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["capture"],
            ["captures.number"],
        ),
        sa.ForeignKeyConstraint(
            ["carried"],
            ["carried.number"],
        ),
        sa.ForeignKeyConstraint(
            ["last_capture"],
            ["captures.number"],
        ),
        sa.ForeignKeyConstraint(
            ["notice"],
            ["notices.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("records_by_capture", "records", ["capture", "row"], unique=False)
    op.create_index("records_by_last_capture", "records", ["last_capture", "last_row"], unique=False)
    op.create_index("records_by_notice", "records", ["notice"], unique=False)
    op.create_index("records_by_source", "records", ["source", "notice"], unique=False)
    op.create_index("records_by_source_number", "records", ["source", "source_number", "first_seen"], unique=False)
    op.create_table(
        "requests",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("capture", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('planned','answered','failed','not_recorded')", name="request_state"),
        sa.ForeignKeyConstraint(
            ["capture"],
            ["captures.number"],
        ),
        sa.ForeignKeyConstraint(
            ["window"],
            ["windows.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("requests_by_window", "requests", ["window"], unique=False)
    op.create_table(
        "versions",
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("observed_at", sa.String(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("superseded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["capture"],
            ["captures.number"],
        ),
        sa.ForeignKeyConstraint(
            ["notice"],
            ["notices.number"],
        ),
        sa.ForeignKeyConstraint(
            ["record"],
            ["records.number"],
        ),
        sa.PrimaryKeyConstraint("notice", "version"),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("versions")
    op.drop_index("requests_by_window", table_name="requests")
    op.drop_table("requests")
    op.drop_index("records_by_source_number", table_name="records")
    op.drop_index("records_by_source", table_name="records")
    op.drop_index("records_by_notice", table_name="records")
    op.drop_index("records_by_last_capture", table_name="records")
    op.drop_index("records_by_capture", table_name="records")
    op.drop_table("records")
    op.drop_index(
        "events_loud",
        table_name="events",
        sqlite_where=sa.text("quiet IS 0"),
        postgresql_where=sa.text("quiet IS false"),
    )
    op.drop_index("events_by_notice", table_name="events")
    op.drop_table("events")
    op.drop_table("windows")
    op.drop_table("walked_windows")
    op.drop_index("tags_by_id", table_name="tags")
    op.drop_table("tags")
    op.drop_table("tagged")
    op.drop_table("scopes")
    op.drop_index("memberships_by_procurement", table_name="memberships")
    op.drop_table("memberships")
    op.drop_index("captures_by_source", table_name="captures")
    op.drop_table("captures")
    op.drop_index("aliases_by_number", table_name="aliases")
    op.drop_table("aliases")
    op.drop_index("runs_by_source", table_name="runs")
    op.drop_table("runs")
    op.drop_table("readers")
    op.drop_table("procurements")
    op.drop_index("notices_by_chain", table_name="notices", sqlite_where=sa.text("chain_key IS NOT NULL"))
    op.drop_table("notices")
    op.drop_table("meta")
    op.drop_table("carried")
    # ### end Alembic commands ###
