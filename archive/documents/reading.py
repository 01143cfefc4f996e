"""Reads a file by what its bytes are, and the files inside it, within limits. Runs in the child process.

Nothing that a file does makes it raise: what goes wrong is told as a finding, and what was read before is kept.
"""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from archive.documents.formats import differing_name, format_of
from archive.documents.pages import (
    WORDS,
    Finding,
    FindingKind,
    Format,
    Limits,
    Member,
    Page,
    PageCount,
    Told,
    Unreadable,
    counted,
)
from noticewatch.contacts import mask

READERS: Final[dict[Format, tuple[str, str]]] = {
    Format.PDF: ("pdf", "read"),
    Format.WORD: ("word", "read"),
    Format.WORKBOOK: ("workbook", "read"),
    Format.HTML: ("markup", "read_html"),
    Format.XML: ("markup", "read_xml"),
    Format.TEXT: ("plain", "read"),
    Format.ZIP: ("zipped", "read"),
}
"""Module and function by format; a child loads only what it needs."""

_LONGEST_NAME: Final = 500

_UNSEEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(slots=True)
class _Budget:
    """What is left to be read of a file and all files inside it."""

    pages: int
    characters: int
    members: int
    unpacked: int


def read(stream: BinaryIO, name: str, limits: Limits) -> Iterator[Format | Told]:
    """What a file is, then its pages and findings. ``stream``: seekable; ``name``: as published, may be empty."""
    budget = _Budget(limits.pages, limits.characters, limits.members, limits.unpacked)
    for told in _read(stream, name, "", 0, limits, budget):
        yield _sayable(told) if isinstance(told, Finding) else told


def _read(
    stream: BinaryIO, name: str, member: str, depth: int, limits: Limits, budget: _Budget
) -> Iterator[Format | Told]:
    found = format_of(stream)
    if not member:
        yield found
    other = differing_name(name, found)
    if other:
        yield replace(other, member=member)
    try:
        for told in _told(stream, found, replace(limits, pages=budget.pages, characters=budget.characters), budget):
            if isinstance(told, Member):
                yield from _read_member(told, member, depth, limits, budget)
            elif isinstance(told, Page):
                yield replace(told, member=member)
            elif isinstance(told, Finding):
                yield replace(told, member="/".join(filter(None, (member, told.member))))
            elif not member:
                yield told
    except Unreadable as error:
        yield Finding(error.kind, error.sentence, member)
    except MemoryError:
        yield Finding(FindingKind.TOO_MUCH_MEMORY, _memory(limits), member)
    except Exception as error:
        yield Finding(
            FindingKind.BROKEN, f"It is broken: as {WORDS[found]} it cannot be read ({type(error).__name__}).", member
        )


def _told(stream: BinaryIO, found: Format, limits: Limits, budget: _Budget) -> Iterator[Told]:
    """What the reader of a format says, cut where the budget ends. Raises Unreadable."""
    if found is Format.EMPTY:
        raise Unreadable(FindingKind.EMPTY, "It is empty: 0 bytes.")
    if found not in READERS:
        raise Unreadable(FindingKind.NOT_READ, f"It is {WORDS[found]}, which is not read.")
    module, function = READERS[found]
    reader = getattr(importlib.import_module(f"archive.documents.{module}"), function)
    stream.seek(0)
    declared, taken = 0, 0
    for told in reader(stream, limits):
        if isinstance(told, PageCount):
            declared = told.pages
        if not isinstance(told, Page):
            yield told
            continue
        if not budget.pages:
            break
        page = _tidy(told)
        short = page.text[: budget.characters]
        taken += 1
        budget.pages -= 1
        budget.characters -= len(short)
        yield replace(page, text=short)
        if len(short) < len(page.text):
            raise Unreadable(
                FindingKind.TOO_MUCH_TEXT, f"It holds more text than is read; it is cut within {page.words or 'it'}."
            )
    else:
        if declared <= taken or budget.pages:
            return
    whole = f"It has {counted(declared, 'page')}" if declared else "It has more pages than are read"
    yield Finding(FindingKind.TOO_MANY_PAGES, f"{whole}, of which the first {taken:,} are read.")


def _read_member(told: Member, inside: str, depth: int, limits: Limits, budget: _Budget) -> Iterator[Format | Told]:
    member = "/".join(filter(None, (inside, _UNSEEN.sub("", told.name)[:_LONGEST_NAME])))
    try:
        stream = _opened(told, depth, limits, budget)
    except Unreadable as error:
        yield Finding(error.kind, error.sentence, member)
        return
    except MemoryError:
        yield Finding(FindingKind.TOO_MUCH_MEMORY, _memory(limits), member)
        return
    with stream:
        yield from _read(stream, told.name, member, depth + 1, limits, budget)


def _opened(told: Member, depth: int, limits: Limits, budget: _Budget) -> BinaryIO:
    """A member's bytes, if they are within what is left. Raises Unreadable."""
    if depth + 1 > limits.depth:
        raise Unreadable(FindingKind.TOO_DEEP, f"It is inside {counted(depth + 1, 'archive')}; it is not looked at.")
    if not budget.members:
        raise Unreadable(FindingKind.TOO_MANY_MEMBERS, f"It is behind the first {limits.members:,} files inside.")
    if told.size > budget.unpacked:
        raise Unreadable(
            FindingKind.TOO_LARGE,
            f"It unpacks to {told.size / 1e6:,.0f} MB; {budget.unpacked / 1e6:,.0f} of at most "
            f"{limits.unpacked / 1e6:,.0f} are left.",
        )
    budget.members -= 1
    budget.unpacked -= told.size
    return told.open()


def _tidy(page: Page) -> Page:
    """A page with lines ended in one way, without characters that no reader sees, contact data of officials masked."""
    text = page.text.replace("\r\n", "\n").replace("\r", "\n")
    return replace(page, text=mask(_UNSEEN.sub("", text)), name=_UNSEEN.sub("", page.name)[:200])


def _sayable(found: Finding) -> Finding:
    """A finding without characters that no reader sees: names of members and sheets stand in it."""
    return replace(found, text=_UNSEEN.sub("", found.text), member=_UNSEEN.sub("", found.member)[:_LONGEST_NAME])


def _memory(limits: Limits) -> str:
    return f"Reading it takes more memory than the {limits.memory / 1e6:,.0f} MB that a file is given."
