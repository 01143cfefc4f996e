"""Text of an Excel workbook (XLSX): a sheet is a page, a row a line, cells are parted by tabs."""

import re
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO

import openpyxl

from archive.documents.pages import Finding, FindingKind, Limits, Page, PageCount, Told, Unreadable
from archive.documents.zipped import refuse_large

_GAP = re.compile("\t{3,}")
"""Empty cells in a row, of which there may be thousands before the next one that is not."""


def read(stream: BinaryIO, limits: Limits) -> Iterator[Told]:
    """Sheets of a workbook, hidden ones too, with the values that were computed last. Raises Unreadable."""
    refuse_large(stream, limits)
    book = _opened(stream)
    yield PageCount(len(book.worksheets))
    found = False
    for number, sheet in enumerate(book.worksheets, start=1):
        lines, cut = _lines(sheet, limits.characters)
        text = "\n".join(lines)
        found = found or bool(text.strip())
        yield Page(number, text, "sheet", str(sheet.title))
        if cut:
            yield Finding(FindingKind.TOO_MUCH_TEXT, f"Sheet {sheet.title} is read up to its row {len(lines):,} only.")
    if not found:
        yield Finding(FindingKind.NO_TEXT, "No text: its sheets are empty.")


def _opened(stream: BinaryIO) -> Any:
    warnings.simplefilter("ignore")  # about what a workbook holds beside its cells
    try:
        return openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except MemoryError:
        raise
    except Exception as error:  # the library lets through whatever its parts raise
        raise Unreadable(FindingKind.BROKEN, "It is a broken Excel workbook and cannot be opened.") from error


def _lines(sheet: Any, most: int) -> tuple[list[str], bool]:
    """Lines of a sheet, and whether they were cut."""
    sheet.reset_dimensions()  # what a sheet says about its own size is often wrong
    lines, size = list[str](), 0
    for row in sheet.iter_rows(values_only=True):
        line = _line(row)
        size += len(line) + 1
        if size > most:
            return lines, True
        if line or (lines and lines[-1]):
            lines.append(line)
    return lines, False


def _line(row: Sequence[Any]) -> str:
    line = "\t".join("" if value is None else _shown(value) for value in row).rstrip("\t")
    return _GAP.sub("\t\t", line)


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    return str(value)
