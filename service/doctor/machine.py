"""Looks at what lies outside the archive: the program's versions, its settings, the data folder and its disk."""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from noticewatch import __version__
from noticewatch.settings import PREFIX, Settings, config_file
from service.doctor.finding import Finding, size

LEAST_PYTHON: Final = (3, 11)
LEAST_FREE: Final = 500_000_000
"""Bytes below which a disk is called full: one daily file of SAM.gov with its spool takes about as many."""

LEAST_DAYS: Final = 30
"""Days of growth that should be free."""


def versions() -> Iterator[Finding]:
    """Python and what the program needs beside it."""
    if sys.version_info[:2] < LEAST_PYTHON:
        yield Finding("Python", "bad", f"{platform.python_version()} is too old", "install Python 3.11 or later")
    else:
        yield Finding("Python", "good", f"{platform.python_version()}, noticewatch {__version__}")
    wrong = [said for line in _requirements() if (said := _unmet(line))]
    if wrong:
        yield Finding("dependencies", "bad", "; ".join(wrong), "run make setup")
    else:
        yield Finding("dependencies", "good", "all there, none too old")


def settings_origin(settings: Settings) -> Iterator[Finding]:
    """Where settings come from, and whether live crawls may begin."""
    file = config_file()
    variables = sorted(name for name in os.environ if name.startswith(PREFIX))
    read = f"file {file}" if file.is_file() else f"no file {file}"
    yield Finding("settings", "good", f"{read}; variables: {', '.join(variables) or 'none'}")
    if settings.contact:
        yield Finding("contact", "good", f"publishers are told {settings.contact}")
    else:
        cure = f"set {PREFIX}CONTACT to an e-mail address or a page, so that publishers know who asks"
        yield Finding("contact", "unset", "none, so nothing is crawled live; all else works without one", cure)


def data_folder(folder: Path) -> Iterator[Finding]:
    """Whether the data folder is there and can be written."""
    if not folder.is_dir():
        cure = f"start noticewatch run, or set {PREFIX}HOME to where the data are"
        yield Finding("data folder", "bad", f"{folder} does not exist", cure)
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        cure = f"make it writable or set {PREFIX}HOME to another folder"
        yield Finding("data folder", "bad", f"{folder} cannot be written ({error.strerror})", cure)
        return
    yield Finding("data folder", "good", f"{folder} can be written")


def disk(free: int, a_month: int) -> Finding:
    """Whether the disk holds the growth to come. ``free``: bytes; ``a_month``: bytes that came in 30 days. Pure."""
    days = free * 30 / a_month if a_month else None
    lasts = "" if days is None or days > 3650 else f"; at the growth of the last 30 days it lasts {days:,.0f} days"
    said = f"{size(free)} free{lasts}"
    cure = "free space, or move the data folder to a larger disk"
    if free < LEAST_FREE or (days is not None and days < LEAST_DAYS / 4):
        return Finding("disk", "bad", said, cure)
    if days is not None and days < LEAST_DAYS:
        return Finding("disk", "note", said, cure)
    return Finding("disk", "good", said)


def free_space(folder: Path) -> int:
    """Bytes that are free where a folder stands."""
    return shutil.disk_usage(folder).free


def _requirements() -> Sequence[str]:
    try:
        stated = importlib.metadata.requires("noticewatch") or []
    except importlib.metadata.PackageNotFoundError:
        return ()  # run from its folder, without having been installed
    return [line for line in stated if "extra ==" not in line]


def _unmet(requirement: str) -> str:
    """Why a requirement is not met, in words; empty where it is."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    least = re.search(r">=\s*([0-9.]+)", requirement)
    if name is None:
        return ""
    try:
        found = importlib.metadata.version(name[0])
    except importlib.metadata.PackageNotFoundError:
        return f"{name[0]} is not installed"
    if least is not None and _numbers(found) < _numbers(least[1]):
        return f"{name[0]} is {found}, at least {least[1]} is needed"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
