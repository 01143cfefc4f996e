"""The rows of a bulk file in little memory: about 140 bytes a row where a list of rows takes 700."""

from array import array
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from archive.batches import Sighting
from crawlers.parsing import Row

_DIGEST: Final = 32


class FlatRows(Collection[Row]):
    """Places, hashes and source numbers of many rows, without what is needed to read them.

    Rows that it gives have neither ``raw`` nor ``revision``.
    """

    def __init__(self) -> None:
        self.numbers: list[str] = []
        """Source numbers, in order of the rows."""
        self._indexes, self._starts, self._ends = array("Q"), array("Q"), array("Q")
        self._digests = bytearray()
        self._repeats: frozenset[int] | None = None

    def add(self, row: Row) -> None:
        """Take one more row."""
        self.numbers.append(row.source_number)
        self._indexes.append(row.index)
        self._starts.append(row.start)
        self._ends.append(row.end)
        self._digests += bytes.fromhex(row.sha256)

    def digest(self, place: int) -> bytes:
        """SHA-256 of the row at a place."""
        return bytes(self._digests[place * _DIGEST : (place + 1) * _DIGEST])

    def digests(self) -> Iterator[bytes]:
        """SHA-256 of each row."""
        digests = bytes(self._digests)
        return (digests[begin : begin + _DIGEST] for begin in range(0, len(digests), _DIGEST))

    def repeats(self) -> frozenset[int]:
        """Places of rows whose very bytes stand before them already. No more rows may be added then.

        Looked for among those with the same first byte of their hash, so that never all hashes are objects at once.
        """
        if self._repeats is None:
            alike = [array("Q") for _ in range(256)]
            for place, first in enumerate(memoryview(self._digests)[::_DIGEST]):
                alike[first].append(place)
            self._repeats = frozenset(chain.from_iterable(map(self._repeated, alike)))
        return self._repeats

    def _repeated(self, places: "array[int]") -> Iterator[int]:
        seen = set[bytes]()
        for place in places:
            digest = self.digest(place)
            if digest in seen:
                yield place
            seen.add(digest)

    def row(self, place: int) -> Row:
        """The row at a place."""
        return Row(
            self._indexes[place], self._starts[place], self._ends[place], self.digest(place).hex(),
            self.numbers[place], "", None,
        )  # fmt: skip

    def sighting(self, place: int, record: int) -> Sighting:
        """The row at a place as a sighting of a record."""
        return Sighting(
            self.numbers[place], self._indexes[place], self._starts[place], self._ends[place],
            self._digests[place * _DIGEST : (place + 1) * _DIGEST].hex(), record,
        )  # fmt: skip

    def index(self, place: int) -> int:
        """The row's own index in its answer."""
        return self._indexes[place]

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Row]:
        return map(self.row, range(len(self)))

    def __contains__(self, row: object) -> bool:
        return any(row == held for held in self)
