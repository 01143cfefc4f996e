"""Measures the rows of a window while they are read: how many differ from what is held, which paths they state."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from crawlers.parsing import Parser, Row, Shape
from noticewatch.models import Capture, Notice, Reading
from noticewatch.models.notice import SPLIT_BY


@dataclass(slots=True)
class Measured:
    """A parser that counts what it reads; it stands in for the source's own, which does the reading.

    ``held``: source numbers that are held already; a row that is read although its number is held has changed.
    ``paths``: paths of notices to count.
    """

    parser: Parser
    held: Collection[str]
    paths: Collection[str]
    read: int = 0
    changed: int = 0
    stated: Counter[str] = field(default_factory=Counter)

    def rows(self, stream: BinaryIO, shape: Shape) -> Iterator[Row]:
        """The rows as the source's parser finds them."""
        return self.parser.rows(stream, shape)

    def read_row(self, row: Row, capture: Capture, shape: Shape) -> Reading:
        """The reading of a row, counted."""
        self.changed += row.source_number in self.held
        reading = self.parser.read_row(row, capture, shape)
        self.read += 1
        for path in self.paths:
            self.stated[path] += states(reading.notice, path)
        return reading


def states(notice: Notice, path: str) -> bool:
    """Whether a notice states a path as in :func:`noticewatch.models.to_paths`: ``title``, ``dates.posted``."""
    name, _, member = path.partition(".")
    value = getattr(notice, name)
    if not member:
        return bool(value)
    return any(getattr(item, SPLIT_BY[name]) == member for item in value)
