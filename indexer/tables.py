"""Tables of the indexer."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from noticewatch.database import metadata

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("engine", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("refused_at", String, nullable=False),
)
"""Documents that a search engine refused for what they are. ``engine``: its label; ``key``: as in
:class:`indexer.documents.Document`; ``seq``: how far the log had been indexed then. A row goes when the engine has
taken the document."""
