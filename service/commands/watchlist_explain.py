"""``watchlist explain`` and ``watchlist list``: what is on the watchlist, and why a text would be."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Final

import typer

from noticewatch import words
from noticewatch.errors import UsageError
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.output import Field, Json, say, say_json, say_lines, say_table
from watchlist.dictionary import load_dictionary
from watchlist.explain import Explanation, explained, notice_of
from watchlist.matcher import Matcher
from watchlist.queries import TagCount, by_tier, counts_by_tag

MOST_BYTES: Final = 20_000_000
"""Longest text that is explained."""


def explain(
    text: Annotated[
        str, typer.Argument(metavar="TEXT|-", help="A title; - reads a title and below it a text from standard input.")
    ],
    supplier: Annotated[str, typer.Option(help="The seller's name.")] = "",
    language: Annotated[str, typer.Option(help="Language of the text: en, es, fr.")] = "en",
    as_json: Json = False,
) -> None:
    """Say what a notice with this text would be tagged with and why, and what in it was left out and why.

    Example: noticewatch watchlist explain "Licence plate readers for 12 patrol cars"
    """
    title, description = _read() if text == "-" else (text, "")
    matcher = Matcher(load_dictionary(load_settings().watchlist))
    found = explained(matcher, notice_of(title, description, supplier, language))
    if as_json:
        say_json(asdict(found))
    else:
        say_lines(lines(found))


def listed(
    technology: Annotated[str | None, typer.Option(help="Only this technology and its vendors.")] = None,
    as_json: Json = False,
) -> None:
    """List what is looked for: technologies and vendors, with how many notices were matched and are to be checked.

    Example: noticewatch watchlist list --technology lpr
    """
    settings = load_settings()
    dictionary = load_dictionary(settings.watchlist)
    if technology is not None and technology not in dictionary.technologies:
        raise UsageError(f"There is no technology {technology!r}; noticewatch watchlist list names those there are.")
    with open_archive(settings) as archive, archive.reading() as connection:
        counts = {(one.kind, one.id): one for one in counts_by_tag(connection, dictionary)}
    technologies = [one for one in dictionary.technologies.values() if technology in {None, one.id}]
    vendors = [one for one in dictionary.vendors.values() if technology is None or technology in one.technologies]
    rows = [("technology", one.id, one.name, one.parent) for one in technologies]
    rows += [(one.kind, one.id, one.name, ", ".join(one.technologies)) for one in vendors]
    if as_json:
        names = ("kind", "id", "name", "of")
        items = [dict(zip(names, row, strict=True)) | _counts(counts, row[0], row[1]) for row in rows]
        say_json({"version": dictionary.version, "items": items})
        return
    told = words.count_words(len(technologies), "technology", "technologies"), words.count_words(len(vendors), "vendor")
    say(f"{', '.join(told)}, version {dictionary.version}.")
    fields = (
        Field("kind"), Field("id"), Field("name", share=2), Field("of", share=2), Field("matched", right=True),
        Field("to be checked", right=True),
    )  # fmt: skip
    counted = ((row, _counts(counts, row[0], row[1])) for row in rows)
    say_table(fields, [(*row, f"{c['matched']:,}", f"{c['to_be_checked']:,}") for row, c in counted])


def lines(found: Explanation) -> Iterator[str]:
    """An explanation in words. Pure."""
    if not found.tags:
        yield "Nothing in this text would put it on the watchlist."
    for tag in found.tags:
        role = f" ({tag.role})" if tag.role else ""
        yield f"{tag.tier}: {tag.label}{role}, {tag.kind} {tag.id}"
        if tag.tier == "review":
            yield f"  not an alert: {tag.reason}"
        for piece in tag.evidence:
            yield f"  “{piece.quote}” in {piece.field}, {piece.start} to {piece.end}: {piece.why}"
    for cut in found.cut:
        yield f"left out, {cut.field} {cut.start} to {cut.end}: around “{cut.quote}”, {cut.clause}"
        for piece in cut.evidence:
            yield f"  “{piece.quote}” there counts for nothing: {piece.why}"
    for veto in found.vetoed:
        by = ", ".join(f"“{word}”" for word in veto.by)
        yield f"not meant: “{veto.evidence.quote}” is no sign of {veto.technology} beside {by}"
    for unused in found.unused:
        yield f"no tag: “{unused.quote}” in {unused.field}, {unused.why}"
    yield f"Watchlist version {found.version}."


def _read() -> tuple[str, str]:
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UsageError(f"The text is longer than {MOST_BYTES:,} bytes; explain a part of it.")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"The text on standard input is not UTF-8 (byte {error.start}); convert it first.") from error
    title, _, description = whole.strip().partition("\n")
    if not title:
        raise UsageError("There is no text on standard input.")
    return title.strip(), description.strip()


def _counts(counts: dict[tuple[str, str], TagCount], kind: str, name: str) -> dict[str, int]:
    return by_tier(counts.get(("technology" if kind == "technology" else "vendor", name)))
