"""The starter archive holds what its provenance says, is small, and never claims to be noticewatch's own recording."""

from archive.warc import recorded
from noticewatch.models import Origin
from tests.sources.reading import STARTER, source_numbers


def test_it_holds_the_notices_that_its_provenance_counts() -> None:
    sam = list(source_numbers(STARTER / "sam_gov_bulk", "sam_gov_bulk"))
    assert len(sam) == len(set(sam)) == 13_210 + 121
    actions = list(source_numbers(STARTER / "usaspending_transactions", "usaspending_transactions"))
    assert len(actions) == 48_110 + 110
    assert len(set(actions)) == 47_995 + 110
    documents = list(source_numbers(STARTER / "federal_register", "federal_register"))
    assert len(documents) == len(set(documents)) == 2_400
    forecasts = list(source_numbers(STARTER / "dhs_apfs", "dhs_apfs"))
    assert len(forecasts) == len(set(forecasts)) == 802


def test_every_capture_says_that_it_is_rebuilt_by_whom_and_from_what() -> None:
    for answer in recorded(STARTER):
        assert answer.capture.origin is Origin.REBUILT
        assert answer.capture.recorder.startswith(("mgifford/", "wrags81/", "ai-village-agents/", "GovStar/"))
        assert "Rebuilt from" in (answer.capture.note or "")


def test_no_count_of_the_source_was_made_up() -> None:
    assert not [answer for answer in recorded(STARTER) if "count" in answer.capture.url]


def test_walks_that_ended_early_and_doubles_are_said() -> None:
    gaps = {gap for answer in recorded(STARTER) for gap in answer.capture.gaps}
    assert {gap for gap in gaps if not gap.startswith("drift: ")} == {
        "walk ended before the last page: ICE FY2022",
        "walk ended before the last page: CBP FY2021",
        "cut: only FY2023 rows matching a word search",
        "cut: the rows that a harvester kept of the days posted 3 March to 24 April 2026, not the whole file",
        "cut: only notices that name a surveillance vendor or term, with the fields that a page holds",
        "cut: only documents on homeland security, biometrics, social media, surveillance or systems of records",
        "derived: number, title, date, abstract and link only",
    }
    doubles = [int(gap.removeprefix("drift: ").split()[0]) for gap in gaps if gap.startswith("drift: ")]
    assert sum(doubles) == 48_110 - 47_995


def test_it_is_small() -> None:
    sizes = [file.stat().st_size for file in STARTER.rglob("*.warc.gz")]
    assert sum(sizes) < 15_000_000
    assert max(sizes) < 6_000_000
