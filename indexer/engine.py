"""What every search engine must do. An engine sees tokens, codes and compiled queries, never a user's text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from archive.readers import ReaderWaits
from indexer.ast import Node
from indexer.documents import Document
from noticewatch.errors import NoticewatchError

SCHEMA: Final = 8
"""Version of the documents' shape; an index of another version is rebuilt."""


class IndexBusy(NoticewatchError):
    """Another process is writing the index."""


class SearchUnavailable(ReaderWaits):
    """The search server cannot be asked, or did not give a whole answer. It is asked again later."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A value of a code field: how many documents have it, and their sums in minor units by purse (see
    :mod:`indexer.money`) and field.
    """

    value: str
    count: int
    sums: Mapping[str, Mapping[str, int]]


Buckets: TypeAlias = Mapping[str, Sequence[Bucket]]
"""By code field all its values among the documents that match, in no order."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document that the engine refused for what it is, by its key, and why."""

    key: str
    reason: str


Report: TypeAlias = Callable[[Sequence[Rejected]], None]
"""Is told of the documents of a write that were refused; of none where all were taken."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What stands in a bucket: how many documents, and the sum of their hashes."""

    count: int
    hashes: int


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index has come: the log's epoch and the last ``seq`` it holds, and its schema version."""

    epoch: str
    seq: int
    schema: int = SCHEMA


def reach(position: Position | None) -> int:
    """The last ``seq`` that searches find; 0 where there is no index yet that this program can search."""
    return position.seq if position is not None and position.schema == SCHEMA else 0


def refuse_newer(position: Position | None, label: str) -> None:
    """Raise SearchUnavailable for an index of a newer program: it is neither read in part nor written over."""
    if position is not None and position.schema > SCHEMA:
        raise SearchUnavailable(
            f"The search index ({label}) was made by a newer noticewatch (shape {position.schema}, this one knows "
            f"{SCHEMA}); run that one, or build the index anew with noticewatch index rebuild."
        )


def refuse_other(position: Position | None, label: str) -> None:
    """Raise SearchUnavailable for an index that another version of the program has made: what it finds would be wrong,
    or short. An older one is built anew by whoever follows the log.
    """
    refuse_newer(position, label)
    if position is not None and position.schema < SCHEMA:
        raise SearchUnavailable(
            f"The search index ({label}) was made by an older noticewatch. A running server builds it anew by itself, "
            "noticewatch index rebuild does so at once."
        )


@dataclass(frozen=True, slots=True)
class Order:
    """The order of results: a sort-key field, its direction, and the key of the last item of the page before."""

    field: Literal["by_dated", "by_found", "by_amount", "by_due", "by_planned"]
    descending: bool
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results: (sort key, number) of each; ``total`` counts all results, not the page; ``warning``: a
    sentence for the reader, where there is something to be said of how it was found.
    """

    hits: tuple[tuple[int, int], ...]
    total: int
    position: Position
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """A result that is to be put into the order of relevance. ``dated``: days since 1970-01-01."""

    score: float
    number: int
    dated: int


@dataclass(frozen=True, slots=True)
class Best:
    """What an engine finds best; ``total`` counts all results."""

    hits: tuple[Scored, ...]
    total: int
    position: Position
    warning: str = ""


Boost: TypeAlias = tuple[Node, float]
"""What makes a document that matches it better, and by how much."""


class Searching(Protocol):
    """What answers searches. Any call may raise SearchUnavailable."""

    @property
    def label(self) -> str:
        """The engine's name for people, without secrets."""

    def position(self) -> Position | None:
        """How far the index has come, or None where there is none yet."""

    def find(self, query: Node, order: Order, limit: int) -> Found:
        """A page of the documents that match."""

    def best(self, query: Node, boosts: Sequence[Boost], most: int) -> Best:
        """The documents that match ``query`` and are best by ``boosts``."""

    def facets(self, query: Node, fields: Sequence[str], purses: Mapping[str, str]) -> Buckets:
        """For each code field all values among the documents that match, with exact counts, and for those in ``purses``
        sums by the code field named there.
        """

    def close(self) -> None:
        """Let go of files, connections and locks."""


class SearchEngine(Searching, Protocol):
    """An index that can be written by one process and read by many."""

    def write(
        self, documents: Sequence[Document], gone: Sequence[str], position: Position, report: Report,
        *, more: bool = False,
    ) -> None:  # fmt: skip
        """Replace documents by key, remove the keys ``gone``, and move the position; all becomes visible at once.

        ``report`` is told of documents that are refused for what they are, before the position moves. ``more``: other
        writes follow, and :meth:`settle` after them; what is written may become visible, and be kept, only then.
        """

    def reached(self) -> Position | None:
        """How far the index has come with what was written while there was ``more``, visible or not."""

    def digests(self) -> Mapping[int, Digest]:
        """The digest of what the index holds, by bucket; see :func:`indexer.documents.bucket`."""

    def replace_bucket(self, number: int, documents: Sequence[Document], position: Position, report: Report) -> None:
        """Let a bucket hold these documents and no others, and move the position."""

    def beside(self, epoch: str) -> "SearchEngine":
        """An engine over a new index beside the current one, for :meth:`replace_current` or :meth:`discard`."""

    def replace_current(self) -> None:
        """Make the index of an engine from :meth:`beside` the current one, atomically, and remove the others."""

    def discard(self) -> None:
        """Remove the index of an engine from :meth:`beside` that is not to be used."""

    def settle(self) -> None:
        """The log's head is reached: finish what goes on in the background and let others write."""
