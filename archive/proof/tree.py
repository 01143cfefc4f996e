"""The tree in the table ``tiles``: hashes in rows of 256, so that it grows and proves without being read as a whole.

Tile ``number`` of level 0 holds the hashes of leaves 256 × number and following; one of level n + 1 holds the roots of
256 full tiles of level n. Only the last tile of a level is ever rewritten, and only to hold more.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from archive import merkle
from archive.tables import leaves, tiles
from noticewatch.database import insert_many
from noticewatch.errors import NoticewatchError

WIDTH: Final = 256
_HEIGHT: Final = 8
_SIZE: Final = 32
_END = select(leaves.c.number + leaves.c.leaves).order_by(leaves.c.number.desc()).limit(1)
_TILE = select(tiles.c.hashes).where(tiles.c.level == bindparam("of_level"), tiles.c.number == bindparam("of_number"))
_TILES = select(tiles.c.number, tiles.c.hashes).where(
    tiles.c.level == bindparam("of_level"), tiles.c.number.between(bindparam("first"), bindparam("last"))
)


class TreeDamaged(NoticewatchError):
    """A part of the stored tree is missing."""


def size(connection: Connection) -> int:
    """How many leaves the tree has."""
    return int(connection.scalar(_END) or 0)


class StoredTree:
    """The tree as a connection sees it, with the tiles that were read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tiles: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile, one behind the other; none where there is no such tile."""
        held = self._tiles.get((level, number))
        if held is None:
            held = bytes(self._connection.scalar(_TILE, {"of_level": level, "of_number": number}) or b"")
            self._tiles[level, number] = held
        return held

    def read(self, level: int, first: int, last: int) -> None:
        """Read tiles of a level, given by their numbers, at one go; for where many are asked for next."""
        rows = self._connection.execute(_TILES, {"of_level": level, "first": first, "last": last})
        self._tiles |= {(level, number): bytes(hashes) for number, hashes in rows}

    def hashes(self, place: int, count: int) -> bytes:
        """The hashes of leaves from a place on, one behind the other; fewer where tiles are missing or cut."""
        (first, offset), last = divmod(place, WIDTH), (place + count - 1) // WIDTH
        held = self.tile(0, first)
        if last > first:
            held = b"".join([held, *(self.tile(0, number) for number in range(first + 1, last + 1))])
        return held[offset * _SIZE : (offset + count) * _SIZE]

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete subtree; see archive/merkle.py. Raises TreeDamaged."""
        stored, within = divmod(level, _HEIGHT)
        number, offset = divmod(index << within, WIDTH)
        hashes = split(self.tile(stored, number))[offset : offset + (1 << within)]
        if len(hashes) != 1 << within:
            raise TreeDamaged(
                f"The tree of the log is damaged (tile {number} of level {stored} is not whole); "
                "run noticewatch verify --full, and restore from a backup."
            )
        return merkle.root(hashes)

    def root_at(self, leaves_before: int) -> bytes:
        """Root of the tree that the first leaves make."""
        return merkle.root_at(self.node, leaves_before)


def grow(connection: Connection, held: int, hashes: Sequence[bytes]) -> None:
    """Add leaves behind the ``held`` ones, in a transaction that holds the lock of the log."""
    level, before, new = 0, held, list(hashes)
    while new:
        number, filled = divmod(before, WIDTH)
        tile = bytes(connection.scalar(_TILE, {"of_level": level, "of_number": number}) or b"") if filled else b""
        if len(tile) != filled * _SIZE:
            raise TreeDamaged(
                f"The tree of the log is damaged (tile {number} of level {level} is not whole), nothing is appended; "
                "run noticewatch verify --full, and restore from a backup."
            )
        whole = tile + b"".join(new)
        parts = [whole[begin : begin + WIDTH * _SIZE] for begin in range(0, len(whole), WIDTH * _SIZE)]
        rows: list[dict[str, Any]] = [
            {"level": level, "number": number + offset, "hashes": part} for offset, part in enumerate(parts)
        ]
        insert_many(connection, tiles, rows, over=bool(filled))
        new = [merkle.root(split(part)) for part in parts if len(part) == WIDTH * _SIZE]
        level, before = level + 1, number


def split(hashes: bytes) -> list[bytes]:
    """A tile's hashes one by one."""
    return [hashes[begin : begin + _SIZE] for begin in range(0, len(hashes), _SIZE)]
