"""Years of which a chart shows too little are marked, each with the reason, in the picture, the table and in JSON."""

import html
import re
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.cut_years import cut_years
from api.profile import Obligations
from archive.joins import Joiner
from archive.rows import Coverage
from archive.store import Archive
from noticewatch.identifiers import now
from tests.api.serving import served
from tests.api.test_profiles import bought, money
from tests.archive.making import append
from tests.databases import settings_at
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

TODAY = date(2026, 11, 29)
TITLES = {"a": "Source A", "b": "Source B"}
YEARS = tuple(range(2021, 2028))


def held(*of: tuple[str, str], years: tuple[int, ...] = YEARS) -> Obligations:
    series = {"ICE": {year: Decimal(1) for year in years}}
    return Obligations("USD", years, series, of=frozenset(of or {("a", "usg-dhs-ice")}))


def part(first: str | None, last: str | None, months: dict[str, tuple[str, ...]], **more: str) -> Coverage:
    source, scope = more.get("source", "a"), more.get("scope", "7012")
    return Coverage(source, scope, first, last, 1, 0, 1, 0, (), months)


def months(*years: int, but: str = "") -> dict[str, tuple[str, ...]]:
    """All months of fiscal years, without any reason."""
    named = [f"{y - 1}-{m}" for y in years for m in (10, 11, 12)] + [f"{y}-{m:02}" for y in years for m in range(1, 10)]
    return {name: () for name in named if name != but}


def test_a_year_that_is_held_whole_is_not_marked() -> None:
    whole = part("2020-10-01", "2026-09-30", months(*range(2021, 2027)))
    assert cut_years(held(years=YEARS[:-1]), [whole], TITLES, TODAY) == {}


def test_the_year_that_runs_the_first_and_the_last_are_marked_with_their_days() -> None:
    cut = cut_years(held(), [part("2021-03-05", "2026-11-28", months(*YEARS))], TITLES, TODAY)
    assert cut == {
        2021: ("What is held of Source A begins on 5 March 2021.",),
        2027: ("The year runs until 30 September 2027.", "What is held of Source A ends on 28 November 2026."),
    }
    cut = cut_years(held(years=(2025, 2026)), [part("2024-10-01", "2026-08-22", months(2025, 2026))], TITLES, TODAY)
    assert cut == {2026: ("What is held of Source A ends on 22 August 2026.",)}


def test_a_year_that_is_a_sample_or_was_not_walked_to_its_end_or_never_came_is_marked() -> None:
    by_month = months(2021, 2022, 2023) | {
        "2021-02": ("cut: only rows matching a word search", "drift: 2 exact doubles"),
        "2022-02": ("walk ended before the last page", "source's own count not recorded", "derived: titles only"),
    }
    cut = cut_years(held(years=(2021, 2022, 2023, 2024)), [part("2020-10-01", "2023-09-30", by_month)], TITLES, TODAY)
    assert cut == {
        2021: ("Only a part of Source A is held: only rows matching a word search.",),
        2022: ("Only a part of Source A is held: walk ended before the last page.",),
        2024: ("Nothing of the year was received from Source A.",),
    }


def test_a_file_without_days_cuts_every_year_where_it_is_a_sample() -> None:
    file = part(None, None, {"": ("cut: only notices that name a term",)}, scope="file")
    cut = cut_years(held(years=(2021, 2022)), [file], TITLES, TODAY)
    assert list(cut) == [2021, 2022]
    assert set(cut.values()) == {("Only a part of Source A is held: only notices that name a term.",)}


def test_only_what_the_chart_rests_on_counts() -> None:
    """Another source, and an agency that has nothing to do with the bodies in it, cut nothing."""
    whole = part("2020-10-01", "2026-09-30", months(*range(2021, 2027)))
    sample = {"2022-02": ("cut: a sample",)}
    others = [part("2021-10-01", "2022-09-30", sample, source="b"),
              part("2021-10-01", "2022-09-30", sample, scope="7014")]  # fmt: skip
    years = YEARS[:-1]
    assert cut_years(held(years=years), [whole, *others], TITLES, TODAY) == {}
    both = held(("a", "usg-dhs-ice"), ("b", ""), years=years)
    assert 2022 in cut_years(both, [whole, *others], TITLES, TODAY)
    below = held(("a", "usg-dhs-cbp"), years=years)
    assert 2022 in cut_years(below, [whole, *others], TITLES, TODAY)


@pytest.mark.both_databases
@pytest.mark.sqlite_suffices
def test_a_chart_marks_the_year_that_runs_for_everybody(tmp_path: Path, dictionary: Dictionary) -> None:
    settings, today = settings_at(tmp_path / "home"), now().date()
    year = today.year + (today.month >= 10)
    with closing(Archive.open(settings)) as archive:
        append(archive, [bought("70CMSD26FR0000001", today.isoformat(), [money("obligated", "change", "1000")]),
                         bought("70CMSD26FR0000002", "2020-01-01", [money("obligated", "change", "7")])])  # fmt: skip
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as client:
            for address in ("/vendors/cellebrite", "/buyers/usg-dhs-ice"):
                _marked(client, address, year)


def _marked(client: TestClient, address: str, year: int) -> None:
    said = f"The year runs until 30 September {year}."
    cut = client.get(f"{address}.json").json()["obligated_by_fiscal_year"]["in_part"]
    assert said in cut[str(year)]
    years = client.get(address).text.partition('<h2 id="years">')[2].partition("</section>")[0]
    assert f"FY{year}: {said}" in re.sub(r"<[^>]+>", "", html.unescape(years))
    (label,) = re.findall(r'aria-label="(Bar chart[^"]+)"', years)
    assert f"FY{year}" in label.partition("in part")[2]
    assert re.search(rf'<th scope="col" class="num">FY{year} <small>in part</small></th>', years)
    assert f'data-name="FY{year}, in part"' in years
    assert re.search(rf"<title>FY{year}, [^<]+: \$1,000, held in part</title>", years), "a bar says it too"
    assert ">part</text>" in years
