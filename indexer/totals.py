"""Totals of queries, kept for the pages behind the first one: to count again costs as much as the page."""

from collections.abc import Callable
from threading import Lock
from typing import Final

from indexer.ast import Node
from indexer.engine import Position

_MOST: Final = 256


class Totals:
    """The totals of the latest queries, each at one position of the index. Safe for threads."""

    def __init__(self) -> None:
        self._held: dict[tuple[Node, Position], int] = {}
        self._lock = Lock()

    def keep(self, query: Node, position: Position, total: int) -> int:
        """Keep a total that was counted; gives it."""
        with self._lock:
            self._held[query, position] = total
            while len(self._held) > _MOST:
                self._held.pop(next(iter(self._held)))
        return total

    def of(self, query: Node, position: Position, count: Callable[[], int]) -> int:
        """The total, counted where it is not held."""
        with self._lock:
            held = self._held.get((query, position))
        return self.keep(query, position, count()) if held is None else held
