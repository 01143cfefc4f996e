"""Live crawls each in a process of its own, forked from one that has everything imported."""

import json
import os
import resource
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive import tables
from archive.captures import open_payload
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import read_source
from noticewatch.settings import Settings
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE

HERE = Path(__file__).parent
CONTACT = "test@example.org"


@dataclass(frozen=True)
class Crawled:
    """What a crawl left behind. ``problems``: by address, of its requests; ``said``: all that it printed."""

    verdict: str
    reasons: list[str]
    said: str
    problems: dict[str, str | None]
    captures: list[Any] = field(repr=False)
    archive: Archive = field(repr=False)

    def payload(self, end: str) -> bytes:
        """The archived payload of the last capture whose address ends so."""
        found = [capture for capture in self.captures if capture.url.endswith(end)]
        with open_payload(self.archive, found[-1]) as stream:
            return stream.read()

    def problem(self, end: str) -> str | None:
        """What went wrong with the request whose address ends so."""
        return next(problem for url, problem in self.problems.items() if url.endswith(end))


def crawl_apart(
    home: Path,
    addresses: list[str],
    *,
    settings: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    most_file: int | None = None,
    data: Path | None = None,
    **facts: Any,
) -> Crawled:
    """Crawl the addresses as pages of one window. facts: of source.toml, in place of those that stand there;
    most_file: bytes that a file may have, as on a full disk; data: folder of an archive that several crawls share.
    """
    home.mkdir(parents=True, exist_ok=True)
    data = data or home / "data"
    options = {**facts.pop("options", {}), "addresses": addresses}
    arguments = (home, data, {**facts, "options": options}, settings or {}, environment or {}, most_file)
    process = FORKED.Process(target=_crawl, args=arguments)
    process.start()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        raise AssertionError("the crawl did not end")
    told = json.loads((home / "told.json").read_text())
    archive = Archive.open(Settings(home=data, contact=CONTACT))
    r = tables.requests.c
    with archive.reading() as connection:
        problems = {row.url: row.problem for row in connection.execute(select(r.url, r.problem))}
        captures = list(connection.execute(select(tables.captures).order_by(tables.captures.c.number)))
    return Crawled(told["verdict"], told["reasons"], (home / "said.txt").read_text(), problems, captures, archive)


def _crawl(
    home: Path,
    data: Path,
    facts: dict[str, Any],
    settings: dict[str, Any],
    environment: dict[str, str],
    most_file: int | None,
) -> None:
    (home / "pid").write_text(str(os.getpid()))
    said = os.open(home / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(environment)
    source = read_source(HERE / "tiny_asks").model_copy(update=facts)
    own = settings_at(data, contact=CONTACT, **settings)
    archive = Archive.open(own)
    if most_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_file, most_file))
    told: dict[str, Any] = {"verdict": "", "reasons": []}
    try:
        result = crawl(archive, own, source)
        told = {"verdict": str(result.verdict), "reasons": list(result.reasons)}
    except Exception as error:
        told = {"verdict": "error", "reasons": [f"{type(error).__name__}: {error}"]}
    (home / "told.json").write_text(json.dumps(told))
    sys.stdout.flush()
