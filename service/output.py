"""What commands write: JSON for programs, tables and lines for people, bars for work that takes long."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Protocol

import orjson
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from noticewatch.errors import DataFolderError, UsageError

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
"""The option that every command has."""

NARROW = 130
"""Terminals with fewer columns get a block of lines an item instead of a table."""


def say(line: str = "") -> None:
    """A line on standard output."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_lines(lines: Iterable[str]) -> None:
    """Lines on standard output, on a terminal broken between words where they are wider than it."""
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines:
        say("\n".join(broken(line, wide)) if wide else line)


def broken(line: str, wide: int) -> list[str]:
    """A line as lines of at most ``wide`` characters, those after its first set in; a longer word stays whole. Pure."""
    parts: list[str] = []
    for one in line.splitlines() or [""]:
        deeper = " " * (len(one) - len(one.lstrip()) + 2)
        parts += textwrap.wrap(
            one,
            wide,
            subsequent_indent=deeper,
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        ) or [""]
    return parts


def note(line: str) -> None:
    """A line on standard error: progress and remarks, so that standard output stays what was asked for."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def say_json(value: Any) -> None:
    """A value as indented JSON; dates as ISO 8601, decimals and anything else as text."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    say(orjson.dumps(value, default=_as_json, option=options).decode())


def json_line(value: Any) -> str:
    """A value as one line of JSON."""
    return orjson.dumps(value, default=_as_json, option=orjson.OPT_NON_STR_KEYS).decode()


def _as_json(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table. ``right``: figures; ``share``: of the width that is left; 0 keeps the cells in one line."""

    name: str
    right: bool = False
    share: int = 0


def say_table(fields: Sequence[Field], rows: Sequence[Sequence[str]], console: Console | None = None) -> None:
    """Rows as a table, or as a block of lines each where the terminal is narrow. Nothing is cut off.

    What goes into a file or to another program is not broken, so that each line of a block can be looked for.
    """
    whole = console is None and not sys.stdout.isatty()
    console = console or Console(highlight=False)
    if console.width < NARROW and len(fields) > 3:
        _say_blocks(console, fields, rows, whole=whole)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for field in fields:
        table.add_column(
            field.name,
            justify="right" if field.right else "left",
            no_wrap=not field.share,
            ratio=field.share or None,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _say_blocks(console: Console, fields: Sequence[Field], rows: Sequence[Sequence[str]], *, whole: bool) -> None:
    for row in rows:
        for index, (field, cell) in enumerate(zip(fields, row, strict=True)):
            if cell:
                line = Text(cell, style="bold") if index == 0 else Text(f"  {field.name}: {cell}")
                console.print(line, soft_wrap=whole)
        console.print()


@contextmanager
def whole_file(target: Path, option: str) -> Iterator[BinaryIO]:
    """A file to write, which takes its place when it is whole; until then, and if that fails, what stood there stays.

    ``option``: by which another place is named. Raises UsageError for a folder, DataFolderError where it cannot be
    written.
    """
    if target.is_dir():
        raise UsageError(f"{target} is a folder; name a file in it ({option}).")
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb+") as file:
            yield file
        part.replace(target)
    except OSError as error:
        raise DataFolderError(
            f"{target} cannot be written ({error.strerror}); free space or name another place ({option})."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


class Bar(Protocol):
    """A bar of work that takes long."""

    def show(self, text: str, done: int | None = None, total: int | None = None, unit: str = "") -> None:
        """Say what is being done and how far it is. ``total`` None: not known; ``unit``: what is counted."""


def counting(bar: Bar, text: str, unit: str) -> Callable[[int, int], None]:
    """What work is given that says how much of how much is done."""
    return lambda done, total: bar.show(text, done, total, unit)


def _counted(done: int | None, total: int | None, unit: str) -> str:
    return f"{done:,} of {total:,} {unit}".rstrip() if done is not None and total else ""


class _Lines:
    """Progress as plain lines, one when the text changes and one a tenth of the way."""

    def __init__(self) -> None:
        self._last: tuple[str, int] = ("", -1)

    def show(self, text: str, done: int | None = None, total: int | None = None, unit: str = "") -> None:
        tenth = 10 * done // total if done is not None and total else 0
        if (text, tenth) != self._last:
            self._last = (text, tenth)
            note(": ".join(filter(None, (text, _counted(done, total, unit)))))


class _Drawn:
    """Progress as a bar on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._task = progress, progress.add_task("", total=None, counted="")

    def show(self, text: str, done: int | None = None, total: int | None = None, unit: str = "") -> None:
        self._progress.start()  # a thread, which work that wants a second process must not have before
        counted = _counted(done, total, unit)
        self._progress.update(self._task, description=text, completed=done or 0, total=total, counted=counted)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Bar]:
    """A bar on a terminal, plain lines elsewhere, on standard error; nothing at all where ``quiet``."""
    console = Console(stderr=True, highlight=False, quiet=quiet)
    if quiet or not console.is_terminal:
        yield _Lines() if not quiet else _Silent()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
        TimeElapsedColumn(),
    )
    drawn = Progress(*columns, console=console, transient=True)
    try:
        yield _Drawn(drawn)
    finally:
        drawn.stop()


class _Silent:
    def show(self, text: str, done: int | None = None, total: int | None = None, unit: str = "") -> None:
        """Nothing is said."""
