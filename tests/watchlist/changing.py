"""Data folders of the watchlist that differ from the program's own."""

import shutil
from pathlib import Path

from watchlist.dictionary import DATA


def changed_dictionary(folder: Path) -> Path:
    """A copy of the data with a product more, Zyphertrace of Axon, and without the product UFED of Cellebrite."""
    shutil.copytree(DATA, folder, dirs_exist_ok=True)
    swap(folder, '"Axon Flex"', '"Zyphertrace"')
    swap(folder, '{ name = "UFED", policy = "strong" },', "")
    return folder


def swap(folder: Path, old: str, new: str) -> None:
    """Write something else in the file of vendors, once."""
    vendors = folder / "vendors.toml"
    text = vendors.read_text(encoding="utf-8")
    assert old in text
    vendors.write_text(text.replace(old, new, 1), encoding="utf-8")


def spoil(folder: Path) -> None:
    """Let a vendor be watched for a technology that there is not."""
    swap(folder, 'technologies = ["', 'technologies = ["nothing_known", "')
