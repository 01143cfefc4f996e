"""The command that writes data sets: ``export``."""

import hashlib
from pathlib import Path
from typing import Annotated

import orjson
import typer

from api.context import Context
from api.dataset import ENDINGS, Form, manifest, write
from crawlers.source import load_sources
from indexer.requests import SearchRequest
from noticewatch import words
from noticewatch.errors import UsageError
from noticewatch.settings import load_settings
from service.assembly import open_house
from service.output import Json, counting, note, progress, say, say_json, whole_file
from service.paths import path


def add_to(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(export)


def export(
    file: Annotated[Path, typer.Argument(parser=path, metavar="FILE", help="Where the data set is written.")],
    query: Annotated[str, typer.Option("--query", "-q", help="As in search; default all.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Of everything, not only the watchlist.")] = False,
    form: Annotated[Form | None, typer.Option("--format", help="Default by the end of the file's name.")] = None,
    as_json: Json = False,
) -> None:
    """Write the notices that a search finds as a data set to cite, with a manifest (FILE.manifest.json): what was
    asked, of which state of the log, and the hash of the file.

    Example: noticewatch export readers.parquet --query '"license plate" AND reader'
    """
    chosen = form or _form_of(file)
    settings = load_settings()
    request = SearchRequest(query=query, lens="everything" if everything else "watchlist")
    with open_house(settings) as house:
        held = Context(house.archive, house.search(), settings, house.watchlist, load_sources())
        with progress(quiet=as_json) as bar, whole_file(file, "FILE") as target:
            written = write(held, request, chosen, target, counting(bar, "Writing", "notices"))
        with file.open("rb") as whole:
            sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
        stated = manifest(held, written, file.name, file.stat().st_size, sha256)
    beside = file.with_name(f"{file.name}.manifest.json")
    with whole_file(beside, "FILE") as target:
        target.write(orjson.dumps(stated, option=orjson.OPT_INDENT_2) + b"\n")
    if as_json:
        say_json({"file": str(file), "manifest": str(beside)} | stated)
        return
    for warning in written.asked.warnings:
        note(warning)
    if chosen is Form.WARC:
        note("It holds archived rows, officials' contact data among them: to check, not to publish.")
    say(f"{file}: {words.count_words(written.notices, 'notice')}, {words.file_size(file.stat().st_size)}. "
        f"What it rests on: {beside}")  # fmt: skip


def _form_of(file: Path) -> Form:
    """The form that a file's name asks for. Raises UsageError."""
    found = next((form for ending, form in ENDINGS.items() if file.name.lower().endswith(ending)), None)
    if found is None:
        raise UsageError(
            f"{file.name} does not say its form; end it with one of {', '.join(ENDINGS)}, or add --format."
        )
    return found
