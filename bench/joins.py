"""How many of the numbers that notices state are found: ``python -m bench.joins [FOLDER]``.

Measured on the starter archive (loaded for this where FOLDER holds none) and on nine justifications in ``bench/data``.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from archive import queries
from archive.joins import Joiner, read_stated
from archive.readers import drive
from archive.related import Related, related
from archive.solicitations import place
from archive.stated import Stated
from archive.store import Archive
from archive.tables import notices
from noticewatch.buyers import ancestors
from noticewatch.numbers import plain
from noticewatch.settings import Settings
from service import starter
from service.assembly import open_archive

JUSTIFICATIONS = Path(__file__).parent / "data" / "justifications-of-ice-and-cbp.csv"
AGENCIES = ("usg-dhs-ice", "usg-dhs-cbp")
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the notices of a kind were found, which were not, and how many there should be at least."""

    name: str
    found: int
    missed: tuple[str, ...]
    least: int

    @property
    def all(self) -> int:
        """Notices of the kind that state a number."""
        return self.found + len(self.missed)


def rates(archive: Archive) -> list[Rate]:
    """The rates of an archive that holds the starter, joined."""
    with archive.reading() as connection:
        return [_awards(connection), _justifications(connection), _forecasts(connection)]


def main(folder: Path) -> int:
    settings = Settings(home=folder)
    with open_archive(settings) as archive:
        starter.load(archive, settings, starter.starter_folder(settings))
        drive(archive, [Joiner()])
        measured = rates(archive)
    for rate in measured:
        said = f" (not found: {', '.join(rate.missed)})" if rate.missed else ""
        print(f"{rate.name:<60} {rate.found:>4} of {rate.all:<4} least {rate.least}{said}")
    return 0 if all(rate.found >= rate.least for rate in measured) else 1


def _awards(connection: Connection) -> Rate:
    """Award notices of SAM.gov that stand beside their actions, or whose orders are known."""
    found, missed = 0, []
    for row in _notices(connection, "sam"):
        if row.notice.kind != "award" or not _of_ice_or_cbp(row):
            continue
        members = queries.members(connection, [row.procurement])[row.procurement]
        beside = any(member.register == "us-action" for member in members)
        if beside or any(link.kind == "order" for link in related(connection, members)):
            found += 1
        else:
            missed.append(row.id)
    return Rate("award notices of ICE and CBP found in USAspending", found, tuple(missed), 6)


def _justifications(connection: Connection) -> Rate:
    """Justifications that the joiner would put beside an award or vehicle which USAspending knows."""
    found, missed = 0, []
    with JUSTIFICATIONS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            stated = Stated.of(-1, f"sam:{row['notice_id']}", _content(row))
            placed = place(connection, {-1: stated}, (), lambda numbers: read_stated(connection, numbers))
            if placed[-1].startswith("award:"):
                found += 1
            else:
                missed.append(row["solicitation_number"])
    return Rate("justifications of ICE and CBP found by their number", found, tuple(missed), 7)


def _forecasts(connection: Connection) -> Rate:
    """Forecasts that name a present contract, and are linked to it."""
    found, missed = 0, []
    for row in _notices(connection, "apfs"):
        numbers = [number for number in row.notice.numbers if number.type == "incumbent_contract"]
        if not numbers or not _of_ice_or_cbp(row):
            continue
        links: list[Related] = related(connection, [row])
        if any(link.kind == "present_contract" for link in links):
            found += 1
        else:
            missed.append(numbers[0].printed)
    return Rate("present contracts in forecasts of ICE and CBP", found, tuple(missed), 54)


def _content(row: Mapping[str, str]) -> dict[str, Any]:
    number = row["solicitation_number"]
    return {
        "kind": "justification",
        "buyers": [{"role": "contracting", "name": row["agency"]}],
        "numbers": [{"type": "solicitation", "printed": number, "plain": plain(number)}],
    }


def _of_ice_or_cbp(row: queries.NoticeRow) -> bool:
    buyer = row.notice.buyer()
    return buyer is not None and bool(set(AGENCIES) & set(ancestors(buyer.buyer_id or "")))


def _notices(connection: Connection, register: str) -> Iterator[queries.NoticeRow]:
    """Notices of a register."""
    numbers = list(connection.scalars(select(notices.c.number).where(notices.c.register == register)))
    for begin in range(0, len(numbers), _BATCH):
        yield from queries.notices(connection, numbers[begin : begin + _BATCH]).values()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary)))
