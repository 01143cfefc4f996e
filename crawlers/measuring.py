"""Measures the rows of a window while they are read: how many differ from what is held, which paths they state."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from crawlers.parsing import Parser, Row, Shape
from noticewatch.models import Capture, Notice, Origin, Reading
from noticewatch.models.notice import SPLIT_BY


@dataclass(slots=True)
class Measured:
    """A parser that counts what it reads; it stands in for the source's own, which does the reading.

    ``held``: source numbers that are held already; a row that is read although its number is held has changed.
    ``paths``: paths of notices to count. ``rebuilt``: of source numbers those held from containers that somebody else
    rebuilt. Such rows hold what their recorder kept: the source's own bytes differ from them, but nothing changed.
    """

    parser: Parser
    held: Collection[str]
    paths: Collection[str]
    rebuilt: Callable[[Collection[str]], Collection[str]] = lambda _: ()
    read: int = 0
    stated: Counter[str] = field(default_factory=Counter)
    _changed: int = 0
    _in_doubt: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Rows read although their number is held; first ones of the source's own after rebuilt ones are none."""
        if self._in_doubt:
            numbers, self._in_doubt = self._in_doubt, []
            rebuilt = set(self.rebuilt(numbers))
            self._changed += sum(number not in rebuilt for number in numbers)
        return self._changed

    def rows(self, stream: BinaryIO, shape: Shape) -> Iterator[Row]:
        """The rows as the source's parser finds them."""
        return self.parser.rows(stream, shape)

    def read_row(self, row: Row, capture: Capture, shape: Shape) -> Reading:
        """The reading of a row, counted."""
        if row.source_number in self.held:
            if capture.origin is Origin.REBUILT:
                self._changed += 1
            else:
                self._in_doubt.append(row.source_number)
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
