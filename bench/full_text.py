"""SQLite's FTS5 beside our engine: set up by sqlite-utils, asked as Datasette asks for a page of a table."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlite_utils

_MATCHING = "FROM notices WHERE rowid IN (SELECT rowid FROM notices_fts WHERE notices_fts MATCH ?)"


class FullText:
    """A table ``notices`` with a full-text index over its columns of words."""

    def __init__(self, path: Path, rows: Iterable[Mapping[str, object]], columns: Iterable[str]) -> None:
        """Make it anew of ``rows``: their ``id``, their day ``dated``, and ``columns``, in which words are found."""
        path.unlink(missing_ok=True)
        table = sqlite_utils.Database(path)["notices"]
        table.insert_all(map(dict, rows), pk="id")
        table.enable_fts(columns, tokenize="porter")
        table.create_index(["dated"])
        self._connection = sqlite3.connect(path)

    def ask(self, query: str) -> int:
        """The total of a query in our language, once twenty results were read in the order of their days."""
        words = [query.replace(" AND NOT ", " NOT ")]
        (total,) = self._connection.execute(f"SELECT count(*) {_MATCHING}", words).fetchone()
        self._connection.execute(f"SELECT id {_MATCHING} ORDER BY dated DESC LIMIT 20", words).fetchall()
        return int(total)
