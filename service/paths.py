"""Paths that commands are given."""

from pathlib import Path

import typer


def path(written: str) -> Path:
    """The path as written. Raises BadParameter for an empty one, which would be the working folder."""
    if not written:
        raise typer.BadParameter("it is empty; name a file or a folder")
    return Path(written)
