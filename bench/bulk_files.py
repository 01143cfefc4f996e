"""Bulk files of any size, made from the real rows of the SAM.gov starter archive: new ids and numbers, longer texts."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from archive.warc import recorded

RECORDED = Path(__file__).parents[1] / "starter" / "sam_gov_bulk"
BYTES_A_ROW = 2_850
"""Mean length of a row of the whole daily file (214 MB for about 75,000 rows); the starter's rows are shorter."""


def real_rows() -> tuple[list[str], list[list[str]]]:
    """Header and rows of the newest recorded daily file."""
    *_, last = recorded(RECORDED)
    with last.open() as stream:
        header, *rows = csv.reader(io.TextIOWrapper(stream, "cp1252", "replace", newline=""))
    return header, rows


def write(
    path: Path, rows: int, *, changed: Sequence[int] = (), repeat: int = 1, bytes_a_row: int = BYTES_A_ROW
) -> None:
    """Write a file of so many rows; the same arguments give the same bytes.

    changed: rows whose title is another one; repeat: so many rows share each number, title and time: a chain.
    """
    header, real = real_rows()
    at = {name: place for place, name in enumerate(header)}
    texts = cycle(row[at["Description"]] for row in real if row[at["Description"]])
    others = frozenset(changed)
    with path.open("w", encoding="cp1252", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        for index in range(rows):
            row = real[index // repeat % len(real)]
            writer.writerow(_made(row, at, index, index // repeat, texts, bytes_a_row, other=index in others))


def _made(
    row: Sequence[str], at: dict[str, int], index: int, chain: int, texts: Iterator[str], length: int, *, other: bool
) -> list[str]:
    made = list(row)
    made[at["NoticeId"]] = f"{index:032x}"
    made[at["Sol#"]] = f"MADE{chain:08}"
    if made[at["AwardNumber"]]:
        made[at["AwardNumber"]] = f"AWARD{chain:08}"
    lacking = length - sum(map(len, row)) - 3 * len(row)
    while lacking > 0:
        text = next(texts)[:lacking]
        made[at["Description"]] += text
        lacking -= len(text)
    if other:
        made[at["Title"]] += " (amended)"
    return made
