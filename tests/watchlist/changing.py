"""Data folders of the watchlist that differ from the program's own."""

import shutil
from pathlib import Path

from watchlist.dictionary import DATA

VENDORS = "vendors.toml"


def changed_dictionary(folder: Path) -> Path:
    """A copy of the data with a product more, Zyphertrace of Axon, and without the product UFED of Cellebrite."""
    if not (folder / VENDORS).exists():
        shutil.copytree(DATA, folder, dirs_exist_ok=True)
    text = (DATA / VENDORS).read_text(encoding="utf-8")
    flex = _swapped(text, '"Axon Flex"', '"Zyphertrace"')
    _write(folder, _swapped(flex, '{ name = "UFED", policy = "strong" },', ""))
    return folder


def swap(folder: Path, old: str, new: str) -> None:
    """Write something else in the file of vendors, once."""
    _write(folder, _swapped((folder / VENDORS).read_text(encoding="utf-8"), old, new))


def spoil(folder: Path) -> None:
    """Let a vendor be watched for a technology that there is not."""
    swap(folder, 'technologies = ["', 'technologies = ["nothing_known", "')


def _swapped(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def _write(folder: Path, text: str) -> None:
    """At once: a server that looks meanwhile finds all of it or nothing."""
    part = folder.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(folder / VENDORS)
