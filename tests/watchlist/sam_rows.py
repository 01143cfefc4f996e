"""The rows of SAM.gov's daily file that the starter archive holds, as notices, without an archive."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from noticewatch.models import Kind, Notice, Party, Text

WARC = Path(__file__).parents[2] / "starter" / "sam_gov_bulk" / "sam-gov-2026-04-25.warc.gz"


def rows() -> Iterator[dict[str, str]]:
    """Rows of all captures, in order, by the columns of the file."""
    csv.field_size_limit(1 << 24)
    with WARC.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type == "response":
                text = io.TextIOWrapper(io.BytesIO(record.content_stream().read()), "cp1252", "replace", newline="")
                yield from csv.DictReader(text)


def notice(row: dict[str, str]) -> Notice:
    """A row as the matcher reads it."""
    return Notice(
        kind=Kind.OTHER,
        title=(Text(text=row["Title"]),),
        description=(Text(text=row["Description"]),) if row.get("Description") else (),
        parties=(Party(role="supplier", name=row["Awardee"]),) if row.get("Awardee") else (),
    )
