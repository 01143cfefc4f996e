"""Tables of documents and their text. Times and JSON as in the other tables of the archive."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from noticewatch.database import metadata

documents = Table(
    "documents",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("notice", ForeignKey("notices.number"), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text),
    Column("place", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("removed", Integer),
    UniqueConstraint("notice", "url"),
)
"""What notices list: ``title`` and ``place`` (from 0) as in the last version that lists it; ``added``: the version
since which it is listed; ``removed``: the first one that no longer lists it, NULL while it is listed."""

document_answers = Table(
    "document_answers",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("document", ForeignKey("documents.number"), nullable=False),
    Column("run", ForeignKey("runs.number"), nullable=False),
    Column("asked_at", String, nullable=False),
    Column("capture", ForeignKey("captures.number")),
    Column("sha256", String),
    Column("file_name", Text),
    Column("problem", Text),
)
"""What came when a document was asked for or imported: a file (``sha256`` of its bytes) or a ``problem`` in words, one
of both. ``file_name``: as the answer states it."""
Index("document_answers_by_document", document_answers.c.document, document_answers.c.asked_at)
Index("document_answers_by_sha256", document_answers.c.sha256)

texts = Table(
    "texts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("sha256", String, nullable=False),
    Column("reader_version", Integer, nullable=False),
    Column("format", String, nullable=False),
    Column("declared", Integer),
    Column("pages", Integer, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("findings", Text, nullable=False),
    Column("read_at", String, nullable=False),
    UniqueConstraint("sha256", "reader_version"),
)
"""What was read of a file, by its bytes alone. ``declared``: pages that it says it has; ``findings``: JSON list."""

text_pages = Table(
    "text_pages",
    metadata,
    Column("text", ForeignKey("texts.number"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("unit", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("content", Text, nullable=False),
)
"""Pages of a text in order; see :class:`archive.documents.pages.Page`."""
