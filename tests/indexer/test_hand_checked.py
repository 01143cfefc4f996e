"""Queries whose answers a person has checked, over a small archive of invented notices."""

from collections.abc import Iterator

import pytest

from indexer.engine import SearchEngine
from tests.engines import clear
from tests.indexer.making import ask, filled, row, texts
from watchlist.evidence import Tag

pytestmark = pytest.mark.both_engines

NOTICES = {
    1: texts(["License plate readers"], ["Fixed cameras for the port of entry."], status="open"),
    2: texts(["Licence plate recognition software"], ["One-year licence."], kind="solicitation"),
    3: texts(["Automated LPR maintenance"], ["Camera's mounts and cabling"]),
    4: texts(["Dinner plates"], ["Plates with a fishing license theme"]),
    5: texts(["Driving license"], ["Plate for the office door", "reader for cards"]),
    6: texts(["Social media monitoring"], ["Monitoring of social networks and media"]),
    7: texts(["Café software"], ["“Smart” café – the system’s rollout"]),
    8: texts(
        ["Open source intelligence"], ["Order under 70CMSD23FR0000145"],
        numbers=[
            {"type": "piid", "printed": "70CMSD23FR0000145", "plain": "70CMSD23FR0000145"},
            {"type": "solicitation", "printed": "RFP-002132", "plain": "RFP002132"},
        ],
        amounts=[{"kind": "obligated", "basis": "change", "value": "100000", "currency": "USD"}],
        dates=[{"role": "signed", "value": "2024-06-30"}],
        classifications=[{"scheme": "naics", "code": "541511"}, {"scheme": "psc", "code": "DA10"}],
    ),
    9: texts(
        ["Reader service"], [],
        numbers=[{"type": "solicitation", "printed": "D-26-NE-0042", "plain": "D26NE0042"}],
        amounts=[{"kind": "announced", "basis": "limit", "value": "948620.64", "currency": "USD"}],
        dates=[{"role": "posted", "value": "2025-01-01"}, {"role": "due", "value": "2025-02-01"}],
    ),
    10: texts(
        ["Analytics"], ["plate plate"],
        parties=[{"role": "supplier", "name": "Panamerica Computers"}],
        buyers=[{"role": "contracting", "name": "IMMIGRATION AND CUSTOMS ENFORCEMENT", "buyer_id": "usg-dhs-ice"}],
        amounts=[{"kind": "obligated", "basis": "change", "value": "-50.5", "currency": "USD"}],
    ),
    11: texts(
        ["Kamera"], ["Beschaffung"],
        amounts=[{"kind": "awarded", "basis": "state", "value": "200000", "currency": "EUR"}],
    ),
    12: texts(["C++ and AT&T"], ["v2.0 of the a/b test"]),
}  # fmt: skip
ALL = set(NOTICES)
TAGS = {6: [Tag("technology", "social_media_monitoring", "", "", "alert", ())]}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, engine_kind: str) -> Iterator[SearchEngine]:
    made = filled(
        tmp_path_factory.mktemp("index"),
        [row(number, content) for number, content in NOTICES.items()],
        TAGS,
        engine_kind,
    )
    yield made
    clear(made)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("plate", {1, 2, 4, 5, 10}),
        ("PLATES", {1, 2, 4, 5, 10}),
        ('"plates"', {4}),
        ("license plate", {1, 2, 4, 5}),
        ("licence plates", {1, 2, 4, 5}),
        ('"license plate"', {1}),
        ('"licence plate"', {2}),
        ('"plate license"', set()),
        ('"license plate for"', set()),
        ('"door reader"', set()),
        ('"cards"', {5}),
        ("license-plate", {1, 2}),
        ("LPR", {1, 2, 3}),
        ("ALPR", {1, 2}),
        ('"LPR"', {3}),
        ("title:LPR", {1, 2, 3}),
        ("body:LPR", set()),
        ("plate AND NOT license", {10}),
        ("plate -license", {10}),
        ("plate NOT license", {10}),
        ("-plate", ALL - {1, 2, 4, 5, 10}),
        ("NOT plate", ALL - {1, 2, 4, 5, 10}),
        ("NOT NOT plate", {1, 2, 4, 5, 10}),
        ("(-plate) reader", {9}),
        ("NOT (plate OR reader)", ALL - {1, 2, 4, 5, 9, 10}),
        ("dinner OR cabling", {3, 4}),
        ("dinner OR cabling camera", {3, 4}),
        ("(dinner OR cabling) camera", {3}),
        ('"plate plate"', {10}),
        ('"plate plate plate"', set()),
        ('"plate plate"~3', {10}),
        ('"media social"~0', {6}),
        ('"networks monitoring"~1', set()),
        ('"networks monitoring"~2', {6}),
        ("monit*", {6}),
        ("licen*", {1, 2, 4, 5}),
        ("title:licen*", {1, 2, 5}),
        ("surveillance", set()),
        ("cafe", {7}),
        ("CAFÉ", {7}),
        ('"smart cafe the system s"', {7}),
        ('"smart" café', {7}),
        ("title:reader", {1, 9}),
        ("title:(dinner OR cafe)", {4, 7}),
        ("body:(license plate)", {4}),
        ("70CMSD23FR0000145", {8}),
        ("70-CMSD-23FR0000145", {8}),
        ("70cmsd-23fr-0000145", {8}),
        ("number:70CMSD*", {8}),
        ("RFP-002132", {8}),
        ("RFP002132", {8}),
        ('"rfp 002132"', {8}),
        ("D-26-NE-0042", {9}),
        ("D26NE0042", {9}),
        ("number:D26NE0042 OR number:RFP-002132", {8, 9}),
        ("002132", {8}),
        ("naics:541511", {8}),
        ("naics:5415*", {8}),
        ("psc:DA10", {8}),
        ("kind:solicitation", {2}),
        ("is:solicitation", {2}),
        ("is:open", {1}),
        ("tier:alert", {6}),
        ("is:rebuilt", ALL),
        ("has:amount", {8, 9, 10, 11}),
        ("has:document", set()),
        ("supplier:panamerica", {10}),
        ("panamerica", {10}),
        ("buyer:ICE", {10}),
        ("buyer:usg-dhs", {10}),
        ("amount:>100000", {9}),
        ("amount:>=100000", {8, 9}),
        ("amount:<0", {10}),
        ("amount:100000", {8}),
        ("amount:[* TO 1m]", {8, 9, 10}),
        ("amount:948620.64", {9}),
        ("dated:2024", {8}),
        ("dated:[2024-06-30 TO 2025-01-01]", {8, 9}),
        ("dated:<=2024-06-30", {8}),
        ("dated:2026-08", ALL - {8, 9}),
        ("due:2025", {9}),
        ("signed:>=2024", {8}),
        ("-due:2025", ALL - {9}),
        ("AT&T", {12}),
        ('"AT&T"', {12}),
        ("v2.0", {12}),
        ("a/b", {12}),
        ("plate &", {1, 2, 4, 5, 10}),
    ],
)  # fmt: skip
def test_a_query_finds_what_a_person_expects(engine: SearchEngine, query: str, expected: set[int]) -> None:
    assert ask(engine, query) == expected
    assert ask(engine, query, "procurement") == expected
