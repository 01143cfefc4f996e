"""Writes ``docs/sources/NAME.md`` and the index in ``docs/sources.md`` from each ``source.toml``.

``python -m dev.source_pages`` writes them; a test holds them to the facts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from crawlers import describing
from crawlers.source import Source, load_sources

DOCS: Final = Path(__file__).parents[1] / "docs"
BEGIN: Final = "<!-- written by dev/source_pages.py: begin -->"
END: Final = "<!-- written by dev/source_pages.py: end -->"


def page(source: Source, sources: Mapping[str, Source]) -> str:
    """The page of a source. Pure."""
    parts = [
        f"# {source.title}",
        "<!-- Written from its source.toml by dev/source_pages.py; change that file. -->",
        f"`{source.name}`, published by {source.publisher} ({source.jurisdiction.upper()}). {source.description}",
        _live(source),
        f"- For readers: {source.home}\n- Terms: {source.terms}" + _since(source),
        _section("What it does not cover", source.not_covered),
        _section("Known traps", source.traps),
        _section("How it is asked", [_schedule(source), *describing.rate(source)] if source.live else []),
        _section("Documents", describing.documents(source) if source.live else []),
        _section("When a notice is missing", [source.absence_note] if source.absence_note else []),
        _section("Key and quota", describing.key_and_quota(source)),
        _section("What is expected of an answer", describing.expectations(source.expectations)),
        _section("Register and rank", [_register(source, sources)]),
        _verified(source),
        _import(source),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def index(sources: Mapping[str, Source]) -> str:
    """The table of all sources. Pure."""
    lines = ["| source | publisher | how | key | last verified |", "|---|---|---|---|---|"]
    for source in sources.values():
        key = "none" if source.key is None else "needed" if source.key.required else "taken"
        lines.append(
            f"| [{source.title}](sources/{source.name}.md)<br>`{source.name}` | {source.publisher} | "
            f"{describing.way(source)} | {key} | {source.last_verified or 'not stated'} |"
        )
    return "\n".join(lines)


def with_index(text: str, sources: Mapping[str, Source]) -> str:
    """A document with the table of all sources between its marks. Raises ValueError where it has no marks."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"there are no marks {BEGIN} and {END} for the table of sources")
    return f"{before}{BEGIN}\n{index(sources)}\n{END}{after}"


def write(docs: Path, sources: Mapping[str, Source]) -> list[Path]:
    """Write all pages and the index, and remove pages of sources that there are no more; gives the files written."""
    folder = docs / "sources"
    folder.mkdir(exist_ok=True)
    written = []
    for source in sources.values():
        file = folder / f"{source.name}.md"
        file.write_text(page(source, sources), encoding="utf-8")
        written.append(file)
    for file in set(folder.glob("*.md")) - set(written):
        file.unlink()
    listed = docs / "sources.md"
    listed.write_text(with_index(listed.read_text(encoding="utf-8"), sources), encoding="utf-8")
    return [*written, listed]


def _live(source: Source) -> str:
    if source.live:
        return f"Its crawl: {source.live_note}" if source.live_note else ""
    return f"**It is not crawled.** {source.live_note or 'It reads recordings and imports only.'}"


def _since(source: Source) -> str:
    return f"\n- Covers days since {source.covers_since}" if source.covers_since else ""


def _schedule(source: Source) -> str:
    back = f", reaching back {source.overlap} days" if source.overlap else ""
    hosts = ", ".join(f"`{host}`" for host in source.hosts)
    return f"Every {describing.span(source.schedule)}{back}, from {hosts}; its days begin in {source.timezone}."


def _register(source: Source, sources: Mapping[str, Source]) -> str:
    others = sorted(
        (other for other in sources.values() if other.register == source.register and other.name != source.name),
        key=lambda other: (other.rank, other.name),
    )
    said = f"Its notices are those of the register `{source.register}`; its rank is {source.rank}."
    if not others:
        return f"{said} It is the only source of that register."
    named = ", ".join(f"`{other.name}` (rank {other.rank})" for other in others)
    return (
        f"{said} Other sources of it: {named}. The same notice is held once; where they differ, the one that speaks of "
        "the latest revision is believed first, then the one of the lowest rank."
    )


def _verified(source: Source) -> str:
    day = source.last_verified or "not stated"
    return f"## Last verified\n\n{day}. {source.verified_how or ''}".rstrip()


def _import(source: Source) -> str:
    return (
        "## By hand\n\nFiles obtained by other means (one, several, a folder; .gz, .zip and WARC too) are read by the "
        f"same parser and marked as imported for ever:\n\n    noticewatch import {source.name} FILE "
        '--captured-at 2026-04-25T12:00Z --note "how it was obtained"'
    )


def _section(title: str, sentences: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {sentence}" for sentence in sentences) if sentences else ""


if __name__ == "__main__":
    for path in write(DOCS, load_sources()):
        print(path.relative_to(DOCS.parent))
