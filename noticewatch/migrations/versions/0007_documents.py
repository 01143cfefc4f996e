"""Documents of notices, the files that answered for them, and the text of every file, once for the same bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("notice", "url"),
    )
    op.create_table(
        "document_answers",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.String(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["document"], ["documents.number"]),
        sa.ForeignKeyConstraint(["run"], ["runs.number"]),
        sa.ForeignKeyConstraint(["capture"], ["captures.number"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("document_answers_by_document", "document_answers", ["document", "asked_at"])
    op.create_index("document_answers_by_sha256", "document_answers", ["sha256"])
    op.create_table(
        "texts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("reader_version", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("declared", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("read_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("sha256", "reader_version"),
    )
    op.create_table(
        "text_pages",
        sa.Column("text", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["text"], ["texts.number"]),
        sa.PrimaryKeyConstraint("text", "place"),
    )
