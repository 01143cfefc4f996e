"""Asks each source one polite request, each from a process of its own, and says whether its shape is still known."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import orjson

from archive import locks
from archive.store import Archive
from crawlers.due import obstacle
from crawlers.parsing import MISSING, UNREAD
from crawlers.quota import Quota, QuotaExhausted
from crawlers.source import Source
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from service.doctor.finding import Finding

_MARGIN: Final = 120.0
"""Seconds beside the source's own time limit that robots.txt, tries and reading may take."""


def probes(
    archive: Archive, settings: Settings, known: Mapping[str, Source], today: date | None = None
) -> Iterator[Finding]:
    """A finding a source. ``today``: in place of the present day."""
    for source in known.values():
        yield _probe(archive, settings, source, today)


def _probe(archive: Archive, settings: Settings, source: Source, today: date | None) -> Finding:
    name = f"live {source.name}"
    hindered = _hindered(archive, settings, source)
    if hindered is not None:
        return hindered
    command = [sys.executable, "-m", "service.doctor.probing", source.name]
    try:
        ended = subprocess.run(  # noqa: S603 - our own program with arguments of our own
            [*command, *([f"{today}"] if today else [])], stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=3 * source.timeout + _MARGIN,
        )  # fmt: skip
        return judged(source, orjson.loads(ended.stdout))
    except subprocess.TimeoutExpired:
        return Finding(name, "bad", "it has not answered in time", "try again later")
    except orjson.JSONDecodeError:
        said = (ended.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
        return Finding(name, "bad", f"the request could not be made ({said})", "repeat it, and report it, please")


def _hindered(archive: Archive, settings: Settings, source: Source) -> Finding | None:
    """Why a source is not asked; None where it may be, and then a call of its quota is used."""
    name, why = f"live {source.name}", obstacle(source, settings)
    if why:
        return Finding(name, "note", f"not asked: {why.removeprefix('not started: ')}")
    if not settings.contact:
        return Finding(name, "unset", "not asked: no contact", "set NOTICEWATCH_CONTACT")
    with archive.reading() as connection:
        crawling = locks.living_holder(connection, source.name)
    if crawling is not None:
        return Finding(name, "note", f"not asked: {crawling.words} is asking it at the moment")
    try:
        Quota.of(archive, source, settings).spend()
    except QuotaExhausted as error:
        return Finding(name, "note", f"not asked: {error}")
    return None


def judged(source: Source, answer: Mapping[str, Any]) -> Finding:
    """What one answer says about the shape of a source. Pure."""
    name, verdict, rows = f"live {source.name}", Verdict(answer["verdict"]), int(answer["rows"])
    findings = list(answer["findings"])
    remarks = [finding for finding in findings if not finding.startswith((MISSING, UNREAD))]
    changed = [
        *(finding for finding in findings if finding not in remarks),
        *(reason for reason in answer["reasons"] if reason.startswith("drift: ")),
    ]
    where = f" of {answer['window'].strip()}" if answer["window"] else ""
    if verdict not in {Verdict.COMPLETE, Verdict.PARTIAL}:
        words = verdict.replace("_", " ")
        return Finding(name, "bad", f"{words}: {'; '.join(answer['reasons'])}", _cure(source, verdict))
    if changed:
        said = f"it answers, {rows:,} rows{where} were read, but its shape has changed: {'; '.join(changed)}"
        return Finding(name, "bad", said, f"look at crawlers/sources/{source.name}/parser.py before the next crawl")
    if verdict is Verdict.PARTIAL:
        return Finding(name, "bad", f"it answers, but not whole: {'; '.join(answer['reasons'])}", "try again later")
    unchanged = next((reason for reason in answer["reasons"] if reason.startswith("unchanged")), "")
    if unchanged:
        return Finding(name, "good", f"it answers: {unchanged}")
    if not rows:
        return Finding(name, "note", f"it answers, but with no row{where}, so nothing is known of its shape")
    said = f"it answers as it did: {rows:,} rows{where} read"
    return Finding(name, "note", f"{said}; {'; '.join(remarks)}") if remarks else Finding(name, "good", said)


def _cure(source: Source, verdict: Verdict) -> str:
    if verdict is Verdict.BLOCKED:
        return "the publisher refuses: do not get round it; write to the publisher"
    return f"see docs/sources/{source.name}.md for what is known to go wrong"
