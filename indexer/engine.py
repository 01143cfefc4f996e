"""What every search engine must do. An engine sees tokens, codes and compiled queries, never a user's text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from indexer.ast import Node
from indexer.documents import Document
from noticewatch.errors import NoticewatchError

SCHEMA: Final = 2
"""Version of the documents' shape; an index of another version is rebuilt."""


class IndexBusy(NoticewatchError):
    """Another process is writing the index."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index has come: the log's epoch and the last ``seq`` it holds, and its schema version."""

    epoch: str
    seq: int
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Order:
    """The order of results: a sort-key field, its direction, and the key of the last item of the page before."""

    field: Literal["by_dated", "by_found", "by_amount", "by_due", "relevance"]
    descending: bool
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results: (sort key, number) of each; ``total`` counts all results, not the page."""

    hits: tuple[tuple[int, int], ...]
    total: int
    position: Position


class SearchEngine(Protocol):
    """An index that can be written by one process and read by many."""

    def position(self) -> Position | None:
        """How far the index has come, or None where there is none yet."""

    def write(self, documents: Sequence[Document], gone: Sequence[str], position: Position) -> None:
        """Replace documents by key, remove the keys ``gone``, and move the position, all in one commit."""

    def find(self, query: Node, order: Order, limit: int) -> Found:
        """A page of the documents that match."""

    def facets(self, query: Node, fields: Sequence[str], most: int) -> Mapping[str, list[tuple[str, int]]]:
        """For each code field the most frequent values among the documents that match, with their counts."""

    def settle(self) -> None:
        """The log's head is reached: finish what goes on in the background and let others write."""

    def close(self) -> None:
        """Let go of files and locks."""
