"""Readings of recorded answers, in a form that a person can review."""

import io
from collections.abc import Iterator
from pathlib import Path

from archive.warc import Recorded, recorded
from crawlers.loading import load_parser
from crawlers.parsing import Shape
from crawlers.source import source
from noticewatch.models import Reading

ROOT = Path(__file__).parent.parent.parent
STARTER = ROOT / "starter"


def readings(path: Path, name: str, containing: str) -> Iterator[tuple[Recorded, Reading]]:
    """Readings of those rows of the recorded answers below a path whose bytes contain a text."""
    parser = load_parser(source(name))
    for answer in recorded(path):
        with answer.open() as stream:
            payload = stream.read()
        for row in parser.rows(io.BytesIO(payload), Shape()):
            if containing.encode() in payload[row.start : row.end]:
                yield answer, parser.read_row(row, answer.capture, Shape())


def source_numbers(path: Path, name: str) -> Iterator[str]:
    """Source numbers of all rows of the recorded answers below a path, doubles too."""
    parser = load_parser(source(name))
    for answer in recorded(path):
        with answer.open() as stream:
            yield from (row.source_number for row in parser.rows(stream, Shape()))
