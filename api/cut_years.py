"""Which fiscal years of a chart are cut: not over yet, beside what is held, or of which a part is held alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from api.coverage import CoverageView, gap_reasons
from api.profile import Obligations, fiscal_year
from archive.rows import Coverage
from noticewatch import words
from noticewatch.buyers import ancestors, scope_body
from noticewatch.identifiers import now

Cuts: TypeAlias = Mapping[int, tuple[str, ...]]
"""By fiscal year why it shows too little, in sentences; years that are held whole have none."""


def cuts_of(held: Obligations | None, coverage: CoverageView) -> Cuts:
    """Why years are cut, today and by what is covered now."""
    windows = [part for view in coverage.sources for part in view.windows]
    return cut_years(held, windows, {view.name: view.title for view in coverage.sources}, now().date()) if held else {}


def cut_years(held: Obligations, windows: Iterable[Coverage], titles: Mapping[str, str], today: date) -> Cuts:
    """Why years are cut, by the windows of the sources and agencies that the chart rests on. ``titles``: what readers
    call the sources.
    """
    of: dict[str, list[Coverage]] = {}
    for part in windows:
        if _rests_on(held, part):
            of.setdefault(part.source, []).append(part)
    found = {}
    for year in held.years:
        why = [f"The year runs until 30 September {year}."] if year >= fiscal_year(today.isoformat()) else []
        for source, parts in of.items():
            why += _why(year, titles.get(source, source), parts)
        if why:
            found[year] = tuple(why)
    return found


def _rests_on(held: Obligations, part: Coverage) -> bool:
    """Whether anything in the chart may come from there: the scopes of some sources are agencies."""
    agency = scope_body(part.scope)
    return any(
        source == part.source and (agency is None or not body or agency.id in ancestors(body))
        for source, body in held.of
    )


def _why(year: int, title: str, parts: Sequence[Coverage]) -> Iterator[str]:
    days = [day for part in parts for day in (part.first, part.last) if day]
    undated = any("" in part.months for part in parts)
    if days and not undated:
        first, last = min(days), max(days)
        if f"{year - 1}-10-01" < first and year <= fiscal_year(first):
            yield f"What is held of {title} begins on {words.day_words(first)}."
        elif last < f"{year}-09-30" and year == fiscal_year(last):
            yield f"What is held of {title} ends on {words.day_words(last)}."
    of_year = [part.months[month] for part in parts for month in part.months if not month or _year_of(month) == year]
    if days and not undated and not of_year and fiscal_year(min(days)) <= year:
        yield f"Nothing of the year was received from {title}."
    if said := gap_reasons(reason for reasons in of_year for reason in reasons if not reason.startswith("derived: ")):
        yield f"Only a part of {title} is held: {'; '.join(said)}."


def _year_of(month: str) -> int:
    return fiscal_year(f"{month}-01")
