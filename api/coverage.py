"""What the archive covers, in one sentence and in rows: every page of results says on what it rests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from api import forms
from api.context import Context
from api.weeks import WEEKS, Strip, strip
from archive import queries
from archive.rows import Counts, Coverage, RunRow, SourceStatus
from archive.run_queries import loaded
from crawlers.due import Due, Standing, plan
from crawlers.source import Source
from crawlers.standing import crawl_runs, standings
from noticewatch import words
from noticewatch.buyers import scope_body
from noticewatch.identifiers import now


@dataclass(frozen=True, slots=True)
class SourceView:
    """A row of the sources page."""

    name: str
    title: str
    publisher: str
    home: str
    terms: str
    description: str
    jurisdiction: str
    notices: int
    records: int
    captures: int
    since: str
    until: str
    received: str
    last_complete: str
    verdict: str
    verdict_code: str
    reasons: tuple[str, ...]
    findings: tuple[str, ...]
    kind: str
    attempt: str
    next: str
    enabled: bool
    way: str
    standing: tuple[str, ...]
    agencies: tuple[str, ...]
    not_covered: tuple[str, ...]
    traps: tuple[str, ...]
    verified: str
    windows: Sequence[Coverage]
    first_day: str | None = None
    last_day: str | None = None
    completed_at: datetime | None = None

    def form(self) -> dict[str, Any]:
        """In short: what is held of which days, and whether any crawl of it by noticewatch was complete."""
        return {
            "source": self.name, "title": self.title, "notices": self.notices, "first_day": self.first_day,
            "last_day": self.last_day, "complete": self.completed_at is not None,
            "last_complete": forms.stamp(self.completed_at), "verdict": self.verdict_code,
            "not_covered": list(self.not_covered),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Counts, the sentence, what it does not prove, the gaps that are known, and a row a source."""

    counts: Counts
    sentence: str
    gaps: tuple[str, ...]
    known: tuple[str, ...]
    sources: tuple[SourceView, ...]

    @property
    def short(self) -> str:
        """The sentence in a line, with what it does not prove."""
        held = [view for view in self.sources if view.notices]
        if not held:
            return "The archive holds no notices yet"
        proven = sum(bool(view.last_complete) for view in held)
        crawls = f"complete crawls of {proven} of them" if proven else "no complete crawl yet"
        loading = "; still being loaded" if _LOADING in self.gaps else ""
        notices, sources = words.count_words(self.counts.notices, "notice"), words.count_words(len(held), "source")
        days = [day for view in held for day in (view.first_day, view.last_day)]
        known = [day for day in days if day]
        span = f", {words.day_words(min(known))} to {words.day_words(max(known))}" if len(known) == len(days) else ""
        return f"Held: {notices} from {sources}{span}; {crawls}{loading}"

    def of(self, source: str) -> str:
        """When the last complete crawl of one source was, in a sentence."""
        view = next((view for view in self.sources if view.name == source), None)
        title = view.title if view else source
        if view is None or not view.last_complete:
            return f"No crawl of {title} by noticewatch has been complete yet."
        return f"Last complete crawl of {title}: {view.last_complete}."

    @property
    def crawls(self) -> tuple[str, ...]:
        """When the last complete crawls of what is held were, and which sources had none, in sentences."""
        held = [view for view in self.sources if view.notices]
        never = [view.title for view in held if not view.last_complete]
        said = [self.of(view.name) for view in held if view.last_complete]
        if never:
            said.append(f"No crawl of {words.listed(never)} by noticewatch has been complete yet.")
        return tuple(said)

    def form(self) -> dict[str, Any]:
        """In short, as every search answer carries it."""
        return {
            "sentence": self.sentence,
            "gaps": [*self.gaps, *self.known],
            "notices": self.counts.notices,
            "by_source": self.counts.by_source,
            "sources": [view.form() for view in self.sources],
        }


RUN_KINDS = {
    "crawl": "crawl",
    "replay": "replay of a recorded crawl",
    "starter": "starter archive",
    "import": "import",
    "accept": "release of what was held back",
    "reparse": "reading again",
    "documents": "crawl of documents",
}


_NO_GAP = ("drift: ", "source's own count")
_MOST_GAPS = 5
_LOADING = "The starter archive has not been loaded to its end yet; noticewatch run goes on with it."
_RUNS: Final = 200
_LASTS = 2.0
"""Seconds between two counts of the whole archive while something is appended to it."""


def coverage_view(held: Context) -> CoverageView:
    """What is covered now; counted once for each state of the log and of its runs, and at most every two seconds."""
    with held.archive.reading() as connection:
        runs = queries.runs(connection, limit=4)
        at = (held.head(), tuple((run.number, run.verdict) for run in runs))
    return held.remember("coverage", at, lambda: _count(held), lasts=_LASTS)


def _count(held: Context) -> CoverageView:
    moment = now()
    runs = crawl_runs(held.archive, held.sources)
    standing = standings(held.archive, held.sources, held.settings, moment)
    due = {item.source: item for item in plan(held.sources, held.settings, runs, moment, standing=standing)}
    with held.archive.reading() as connection:
        loading = _loading(queries.runs(connection, limit=_RUNS))
        counts = queries.counts(connection)
        status = queries.sources_status(connection)
        covered = queries.coverage(connection)
    views = tuple(
        source_view(
            source, status.get(name), [row for row in covered if row.source == name], due[name], standing[name], moment
        )
        for name, source in held.sources.items()
    )
    known = tuple(said for view in views if (said := known_gaps(view)))
    return CoverageView(counts, sentence(counts, views), ((_LOADING,) if loading else ()) + gaps(views), known, views)


def _loading(runs: Sequence[RunRow]) -> bool:
    """Whether a load of the starter archive goes on, or was cut short. ``runs``: the newest first."""
    return not {run.source for run in runs if run.kind == "starter"} <= loaded(runs)


def sentence(counts: Counts, views: Sequence[SourceView]) -> str:
    """How many notices of which sources and days are held."""
    held = [view for view in views if view.notices]
    if not held:
        return "The archive holds no notices yet."
    parts = [
        f"{view.notices:,} from {view.title}" + (f" ({view.since} to {view.until})" if view.since else "")
        for view in held
    ]
    return f"The archive holds {words.count_words(counts.notices, 'notice')}: {words.listed(parts)}."


def gaps(views: Sequence[SourceView]) -> tuple[str, ...]:
    """What is known to be missing, in sentences."""
    empty = [view.title for view in views if not view.notices]
    unproven = [view.title for view in views if view.notices and not view.last_complete]
    found = []
    if unproven:
        of = "of any source" if len(unproven) + len(empty) == len(views) else f"of {words.listed(unproven)}"
        found.append(f"No crawl {of} by noticewatch has been complete yet, so what is missing here proves nothing.")
    if empty:
        found.append(f"Nothing has been received yet from {words.listed(empty)}.")
    chosen: dict[tuple[str, ...], list[str]] = {}
    for view in views:
        if view.notices and view.agencies:
            chosen.setdefault(view.agencies, []).append(view.title)
    found += [
        f"{words.listed(titles)}: only of {words.listed(agencies)}. What others buy is not in it."
        for agencies, titles in chosen.items()
    ]
    if not any("-" in view.jurisdiction for view in views):
        found.append("No source of a state, county or city is collected, so what these buy is not covered.")
    return tuple(found)


def gap_reasons(reasons: Iterable[str]) -> list[str]:
    """Those reasons of windows that say that something is missing, in the words for readers."""
    said = sorted({reason for reason in reasons if not reason.startswith(_NO_GAP)})
    return [reason.removeprefix("cut: ") for reason in said]


def known_gaps(view: SourceView) -> str:
    """What recorders and crawls say is missing of a source, page drift left to the sources page; or nothing."""
    said = gap_reasons(reason for part in view.windows for reason in part.reasons)
    if not said:
        return ""
    shown = "; ".join(said[:_MOST_GAPS])
    more = f"; and {len(said) - _MOST_GAPS} more" if len(said) > _MOST_GAPS else ""
    return f"Known gaps of {view.title}: {shown}{more}."


def source_view(
    source: Source,
    status: SourceStatus | None,
    covered: Sequence[Coverage],
    due: Due,
    standing: Standing,
    moment: datetime,
) -> SourceView:
    """A source's row, in words. Pure."""
    run = status.last_data if status else None
    return SourceView(
        name=source.name,
        title=source.title,
        publisher=source.publisher,
        home=source.home,
        terms=source.terms,
        description=source.description,
        jurisdiction=source.jurisdiction.upper(),
        notices=status.notices if status else 0,
        records=status.records if status else 0,
        captures=status.captures if status else 0,
        since=words.day_words(status.first_dated) if status and status.first_dated else "",
        until=words.day_words(status.last_dated) if status and status.last_dated else "",
        received=words.moment_words(status.last_captured) if status and status.last_captured else "",
        last_complete=words.moment_words(status.last_complete) if status and status.last_complete else "",
        verdict=verdict_words(run) if run else "none yet",
        verdict_code=(run.verdict or "running") if run else "not_started",
        reasons=run.reasons if run else (),
        findings=run.findings if run else (),
        kind=RUN_KINDS.get(run.kind, run.kind) if run else "",
        attempt=_attempt(status),
        next=_next(source, due, moment),
        enabled=due.at is not None,
        way=_way(source, due, moment),
        standing=_standing(standing),
        agencies=tuple(one["name"] for one in source.options.get("agencies", ()) if "name" in one),
        not_covered=source.not_covered,
        traps=source.traps,
        verified=_verified(source),
        windows=covered,
        first_day=status.first_dated if status else None,
        last_day=status.last_dated if status else None,
        completed_at=status.last_complete if status else None,
    )


def _attempt(status: SourceStatus | None) -> str:
    """How the latest run ended where it brought nothing, in a sentence; or nothing."""
    run = status.last_run if status else None
    if status is None or run is None or (status.last_data is not None and run.number == status.last_data.number):
        return ""
    why = f": {'; '.join(words.reason_words(reason).rstrip('.') for reason in run.reasons)}" if run.reasons else ""
    return f"{RUN_KINDS.get(run.kind, run.kind)} of {words.moment_words(run.started_at)}: {verdict_words(run)}{why}."


def verdict_words(run: RunRow | None) -> str:
    """A run's verdict in words; a run without one is still under way."""
    if run is None:
        return "not run yet"
    return words.VERDICTS[run.verdict] if run.verdict else "under way"


def _way(source: Source, due: Due, moment: datetime) -> str:
    """How its notices come, in sentences."""
    note = f" {source.live_note}" if source.live_note else ""
    if not source.live:
        return f"From recordings and imports only.{note}"
    return f"Crawled by noticewatch: {_next(source, due, moment)}.{note}"


def _next(source: Source, due: Due, moment: datetime) -> str:
    if not source.live:
        return "recordings and imports only"
    if due.at is None:
        return "not started: this server has no key for it" if due.why.startswith("no key") else due.why
    every = f"every {_span(due.every.total_seconds())}"
    waits = f" ({due.why})" if due.why else ""
    return f"{every}; due now" if due.at <= moment else f"{every}; next after {words.moment_words(due.at)}{waits}"


def _standing(standing: Standing) -> tuple[str, ...]:
    """What keeps a source's notices back, in sentences."""
    said = []
    if standing.held:
        count = words.count_words(standing.held, "part")
        said.append(f"{count} of it changed so much that a person looks at it before it is taken in.")
    if standing.calls is not None:
        said.append(f"It answers {standing.calls} calls a day; {standing.calls_left} are left today.")
    return tuple(said)


def _verified(source: Source) -> str:
    if source.last_verified is None:
        return ""
    return f"{words.day_words(str(source.last_verified))}. {source.verified_how or ''}".strip()


def _span(seconds: float) -> str:
    hours = seconds / 3600
    if hours < 1:
        return words.count_words(int(seconds / 60), "minute")
    return words.count_words(int(hours), "hour") if hours < 72 else words.count_words(int(hours / 24), "day")


def strips(held: Context) -> dict[str, Strip]:
    """How each source was crawled in the last 26 weeks."""
    today = now().date()
    since = datetime.combine(today, time.min, UTC) - timedelta(weeks=WEEKS)
    with held.archive.reading() as connection:
        ended = queries.crawls_ended(connection, since)
    return {name: strip(ended.get(name, ()), today) for name in held.sources}


def sources_form(held: Context, view: CoverageView) -> dict[str, Any]:
    """Sources with their status, in JSON."""
    with held.archive.reading() as connection:
        status: Mapping[str, SourceStatus] = queries.sources_status(connection)
    weeks = strips(held)
    items = [
        {
            "name": source.name,
            "title": source.title,
            "publisher": source.publisher,
            "jurisdiction": source.jurisdiction,
            "register": source.register,
            "home": source.home,
            "terms": source.terms,
            "description": source.description,
            "enabled": row.enabled,
            "live": source.live,
            "next": row.next,
            "standing": list(row.standing),
            "not_covered": list(row.not_covered),
            "traps": list(row.traps),
            "last_verified": source.last_verified,
            "verified_how": source.verified_how,
            "status": forms.status_form(status[name]) if name in status else None,
            "weeks": [week.form() for week in weeks[name].weeks],
        }
        for (name, source), row in zip(held.sources.items(), view.sources, strict=True)
    ]
    return {"items": items, "coverage": view.form()}


def scope_name(scope: str) -> str:
    """A part of a source in words: an agency by its code, else the part's own name."""
    agency = scope_body(scope)
    return f"{agency.name}, code {scope}" if agency else scope


def run_line(row: RunRow) -> dict[str, object]:
    """A run as the page lists it."""
    return {
        "id": row.id,
        "source": row.source,
        "kind": RUN_KINDS.get(row.kind, row.kind),
        "started": words.moment_words(row.started_at),
        "ended": words.moment_words(row.ended_at) if row.ended_at else "",
        "verdict": verdict_words(row),
        "code": row.verdict or "running",
        "reasons": row.reasons,
    }
