"""Writes the first files of a new source: they load and read a made-up answer, and wait to be made true.

What is written is not crawled (``live = false``) and has a test that fails until the source is.
"""

import keyword
import re
from pathlib import Path
from string import Template
from typing import Final

from crawlers.source import FOLDER, load_sources
from noticewatch.errors import DataFolderError, UsageError

PROJECT: Final = FOLDER.parents[1]

LONGEST: Final = 40
"""Most characters of a source's name; longer ones make lines that the project's own checks refuse."""

_INIT: Final = '''"""$title: write what it is in one line."""
'''

_TOML: Final = """name = "$name"
title = "$title"
register = "$name"
publisher = "Who publishes it"
jurisdiction = "us"
home = "https://www.example.org/"
terms = "Under what terms the data may be used, in words."
description = "What it covers, in one or two sentences."
not_covered = ["What it does not hold, a sentence each."]
traps = ["What is known to go wrong with it, a sentence each."]
last_verified = "2026-01-31"
verified_how = "What these facts rest on: an answer of that day, documents."
live = false
live_note = "Not written yet."
schedule = "24h"
timezone = "UTC"
hosts = ["www.example.org"]
delay = 2.0
timeout = 60.0
max_megabytes = 16
parser_version = 1
overlap = 7

[expectations]
columns = ["id", "title"]
"""

_SPIDER: Final = '''"""Asks for what was published on one day, page by page."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from crawlers.spider import Answer, JsonPagesSpider, Window
from noticewatch.models import Capture


class $spider(JsonPagesSpider):
    """Windows of one day."""

    name = "$name"
    address: ClassVar[str] = "https://www.example.org/api/notices"
    next_pointer: ClassVar[tuple[str, ...]] = ("has_next",)

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """Each day of the span, oldest first; without dates the days of the overlap up to today."""
        day = date_from or today - timedelta(days=self.source.overlap)
        while day <= (date_to or today):
            yield Window("all", f"{day}", f"{day}", f"{day}")
            day += timedelta(days=1)

    def page_url(self, window: Window, page: int) -> str:
        """Address of a page of a day."""
        return f"{self.address}?day={window.key}&page={page}"

    def total(self, window: Window, answer: Answer) -> int | None:  # noqa: ARG002 - the answer says it all
        """The source's own count of the day, which every page states."""
        total = answer.json.get("total")
        return total if isinstance(total, int) else None

    def window_of(self, capture: Capture) -> Window | None:
        """The day that a recorded request was for."""
        day = parse_qs(urlsplit(capture.url).query).get("day", [""])[0]
        return Window("all", day, day, day) if day and capture.url.startswith(self.address) else None
'''

_PARSER: Final = '''"""Reads answers: JSON, one element of ``results`` a notice."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from crawlers.json_rows import elements_of
from crawlers.members import Members
from crawlers.parsing import Row, Shape
from noticewatch.contacts import mask
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Notice, Reading, Text

CARRIED: Final = frozenset({"kind", "title"})
"""What this kind of answer can state at all."""


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer with their byte ranges. Raises SourceDrift."""
    payload = stream.read()
    for index, (start, end, members) in enumerate(elements_of(payload, "results")):
        if not isinstance(members, dict) or not members.get("id"):
            raise SourceDrift(f"Result {index + 1} of the answer has no id.")
        shape.missing |= {"title"} - members.keys()
        sha256 = hashlib.sha256(payload[start:end]).hexdigest()
        yield Row(index, start, end, sha256, str(members["id"]), "", members)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row."""
    members = Members(row.raw, shape)
    members.ignore("id")
    notice = Notice(kind=Kind.OTHER, title=(Text(text=mask(members.text("title"))),))
    members.close()
    number = row.source_number
    return Reading(number, number, "", notice, CARRIED, row.index, row.start, row.end, row.sha256)
'''

_PROVENANCE: Final = """# Recordings of $name

Who recorded them, when, from where, and how they were cut.
"""

_TEST: Final = '''"""Promises of the source $name that the suite of all sources does not make."""

import pytest


def test_$name() -> None:
    pytest.fail("$name is not written yet: CONTRIBUTING.md, Adding a source")
'''

_FILES: Final = (
    ("crawlers/sources/$name/__init__.py", _INIT),
    ("crawlers/sources/$name/source.toml", _TOML),
    ("crawlers/sources/$name/spider.py", _SPIDER),
    ("crawlers/sources/$name/parser.py", _PARSER),
    ("tests/replays/$name/PROVENANCE.md", _PROVENANCE),
    ("tests/sources/test_$name.py", _TEST),
)


def write_source(name: str, project: Path = PROJECT) -> list[Path]:
    """Write the files of a new source below a project's folder; gives them in the order to be filled in.

    Raises UsageError for a name that is taken or none, DataFolderError where they cannot be written; then none is.
    """
    _refuse(name, project)
    words = name.replace("_", " ")
    values = {"name": name, "title": words.capitalize(), "spider": f"{words.title().replace(' ', '')}Spider"}
    files = {project / Template(path).substitute(values): Template(text).substitute(values) for path, text in _FILES}
    there = [file for file in files if file.exists()]
    if there:
        raise UsageError(f"{there[0]} exists already; choose another name, or remove it.")
    written: list[Path] = []
    try:
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            written.append(file)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        for file in written:
            file.unlink(missing_ok=True)
        raise DataFolderError(f"{error.filename} cannot be written ({error.strerror}); make it writable.") from error
    return written


def _refuse(name: str, project: Path) -> None:
    if keyword.iskeyword(name):
        raise UsageError(f"{name!r} is no name of a source: it is a word of Python; write {name}_notices or the like.")
    if len(name) > LONGEST:
        raise UsageError(f"The name has {len(name)} characters; write one of {LONGEST} at most: city_contracts.")
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) is None:
        raise UsageError(
            f"{name!r} is no name of a source; write small letters, digits and underscores: city_contracts."
        )
    if name in load_sources() or (project / "crawlers" / "sources" / name).exists():
        raise UsageError(f"There is a source {name!r} already; choose another name, or change that one.")
    if not (project / "crawlers" / "sources").is_dir():
        raise UsageError(f"{project} holds no crawlers/sources; run it in a checkout of noticewatch.")
