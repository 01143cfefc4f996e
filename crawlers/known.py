"""What the archive holds of the source numbers of a walk, in little memory."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from archive import tables
from archive.log import latest_hashes
from archive.sightings import LAST_CAPTURE, WITH_LAST
from noticewatch.database import BATCH
from noticewatch.models import Origin

_DIGEST: Final = 32


class Hashes(Mapping[str, str]):
    """SHA-256 (hex) of the latest record by source number."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self._places: dict[str, int | None] = dict.fromkeys(numbers)  # keeps the very texts that the rows hold
        self._digests = bytearray()
        self._records = array("Q")

    def put(self, number: str, sha256: str, record: int) -> None:
        """Take the hash and the record of one more number, or others of the same."""
        place = self._places.get(number)
        if place is None:
            self._places[number] = len(self._records)
            self._records.append(record)
            self._digests += bytes.fromhex(sha256)
        else:
            self._records[place] = record
            self._digests[place * _DIGEST : (place + 1) * _DIGEST] = bytes.fromhex(sha256)

    def forget_unknown(self) -> None:
        """Let go of the numbers of which nothing is held, once all hashes are there."""
        self._places = {number: place for number, place in self._places.items() if place is not None}

    def digest(self, number: str) -> bytes | None:
        """The hash of a number as bytes; None where nothing is held."""
        place = self._places.get(number)
        return None if place is None else bytes(self._digests[place * _DIGEST : (place + 1) * _DIGEST])

    def record(self, number: str) -> int:
        """Number of the latest record; 0 where nothing is held."""
        place = self._places.get(number)
        return 0 if place is None else self._records[place]

    def __getitem__(self, number: str) -> str:
        digest = self.digest(number)
        if digest is None:
            raise KeyError(number)
        return digest.hex()

    def __iter__(self) -> Iterator[str]:
        return (number for number, place in self._places.items() if place is not None)

    def __len__(self) -> int:
        return len(self._records)


def known_numbers(
    connection: Connection, source: str, parser_version: int, numbers: Set[str]
) -> tuple[Hashes, Set[str]]:
    """Hash of the latest record of each number, and the numbers whose latest record the present parser has read."""
    hashes = Hashes(numbers)
    older: set[str] = set()
    for number, sha256, version, record in latest_hashes(connection, source, sorted(numbers)):
        hashes.put(number, sha256, record)
        (older.discard if version == parser_version else older.add)(number)
    hashes.forget_unknown()
    return hashes, Current(hashes, older)


def rebuilt_numbers(connection: Connection, source: str, numbers: Collection[str]) -> set[str]:
    """Those of the numbers whose latest record was last seen in a container that somebody else rebuilt."""
    r, c = tables.records.c, tables.captures.c
    query = (
        select(r.source_number, c.origin)
        .select_from(WITH_LAST)
        .join(tables.captures, c.number == LAST_CAPTURE)
        .where(r.source == source, r.source_number.in_(bindparam("numbers", expanding=True)))
        .order_by(r.source_number, r.first_seen, r.number)
    )
    wanted, latest = sorted(numbers), dict[str, str]()
    for at in range(0, len(wanted), BATCH):
        for number, origin in connection.execute(query, {"numbers": wanted[at : at + BATCH]}):
            latest[number] = origin
    return {number for number, origin in latest.items() if origin == Origin.REBUILT}


class Current(Set[str]):
    """The numbers that are held, but those whose latest record an older parser has read."""

    def __init__(self, hashes: Hashes, older: Set[str]) -> None:
        self._hashes, self._older = hashes, older

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:
        return frozenset(it)

    def __contains__(self, number: object) -> bool:
        return number in self._hashes and number not in self._older

    def __iter__(self) -> Iterator[str]:
        return (number for number in self._hashes if number not in self._older)

    def __len__(self) -> int:
        return len(self._hashes) - len(self._older)
