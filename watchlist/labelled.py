"""Labelled records: what a person judged a notice to be, as a CSV file, and the notice that its texts make."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from noticewatch.errors import UsageError
from noticewatch.models import Kind, Notice, Party, Text

Label: TypeAlias = Literal["yes", "no", "ambiguous"]

_COLUMNS: Final = ("id", "source", "title", "text", "vendor_field", "relevant", "technologies", "vendors")
_AWARDS: Final = frozenset({"usaspending-ice-fy13-18", "usaspending-ice-mn", "fpds", "argus-excerpts"})
"""Sources without titles of their own: what they print is a description, their second text the name of a class."""
_LONGEST_CELL: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record, its source and what its labeller judged: relevant or not, its technologies and vendors (ids)."""

    id: str
    source: str
    relevant: Label
    technologies: frozenset[str]
    vendors: frozenset[str]
    notice: Notice

    @property
    def title(self) -> str:
        """The first words of the record."""
        return self.notice.title[0].text if self.notice.title else ""

    @property
    def seller(self) -> str:
        """The name in the vendor field."""
        return self.notice.parties[0].name if self.notice.parties else ""


def read_labelled(path: Path) -> list[Labelled]:
    """The records of a file with the columns of ``tests/watchlist/data/labelled-dev.csv``. Raises UsageError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_records(path, file))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); name a file of labelled records.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error


def _records(path: Path, lines: Iterable[str]) -> Iterator[Labelled]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.DictReader(lines)
    missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise UsageError(f"{path} has no column {missing[0]!r}; it needs {', '.join(_COLUMNS)}.")
    for row in reader:
        if row["relevant"] not in {"yes", "no", "ambiguous"} or row["source"] is None:
            raise UsageError(
                f"{path}, line {reader.line_num}: relevant is {row['relevant']!r}; write yes, no or ambiguous."
            )
        yield Labelled(
            id=row["id"], source=row["source"], relevant=row["relevant"],  # type: ignore[arg-type]  # checked above
            technologies=_ids(row["technologies"]), vendors=_ids(row["vendors"]), notice=_notice(row),
        )  # fmt: skip


def _ids(cell: str | None) -> frozenset[str]:
    return frozenset(part.strip() for part in (cell or "").split("|") if part.strip())


def _notice(row: dict[str, str]) -> Notice:
    made = row["source"] in _AWARDS
    seller = row["vendor_field"]
    return Notice(
        kind=Kind.OTHER,
        title=(Text(text=row["title"]),),
        title_from="made from description" if made else "published",
        description=(Text(text=row["text"]),) if row["text"] and not made else (),
        parties=(Party(role="supplier", name=seller),) if seller else (),
    )
