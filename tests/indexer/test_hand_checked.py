"""Queries whose answers a person has checked, over a small archive of invented notices."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from indexer.conditions import filters, together
from indexer.engine import SearchEngine
from indexer.requests import SearchRequest
from tests.engines import clear
from tests.indexer.making import ask, filled, names, numbers, row, texts
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
    13: texts(["ShadowDragon SocialNet subscription"], ["Pen-Link PLX, O'Brien's e-mail gateway"]),
    14: texts(["Shadow dragon costume"], ["<p>Penlink <b>inter</b>cept &amp; <i>analysis</i></p><p>colour</p>"]),
    15: texts(
        ["eVigilant helpdesk"], ["fixed/mobile towers, state-of-the-art"], kind="sources_sought", status="closed",
        dates=[{"role": "end", "value": "2027-03-31"}],
    ),
    16: texts(
        ["Aerial drones", "Drohnen"], ["unmanned\u2014aircraft; unmanned\u00a0aircraft\u200b"],
        parties=[{"role": "supplier", "name": "L3Harris Technologies"}],
        amounts=[
            {"kind": "obligated", "basis": "change", "value": "10", "currency": "USD"},
            {"kind": "awarded", "basis": "state", "value": "7", "currency": "CAD"},
        ],
    ),
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
        ("psc:da10", {8}),
        ("psc:da1*", {8}),
        ("kind:solicitation", {2}),
        ("is:solicitation", {2}),
        ("is:open", {1}),
        ("tier:alert", {6}),
        ("is:rebuilt", ALL),
        ("has:amount", {8, 9, 10, 11, 16}),
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
        # compound words, hyphens, slashes, apostrophes, markup
        ("ShadowDragon", {13, 14}),
        ("shadow dragon", {13, 14}),
        ('"shadow dragon"', {14}),
        ('"ShadowDragon"', {13}),
        ("shadowdragon", {13}),
        ("shadow*", {13, 14}),
        ("SocialNet", {13}),
        ("social net", {13}),
        ("Pen-Link", {13, 14}),
        ("penlink", {13, 14}),
        ("pen link", {13}),
        ('"pen link"', {13}),
        ('"penlink"', {14}),
        ("PenLink", {13, 14}),
        ("e-mail", {13}),
        ("email", {13}),
        ("O'Brien", {13}),
        ("obrien", {13}),
        ("vigilant", set()),
        ("evigilant", {15}),
        ("eVigilant", {15}),
        ("fixed/mobile", {15}),
        ('"fixed mobile"', {15}),
        ("fixedmobile", set()),
        ("state-of-the-art", {15}),
        ('"state of the art"', {15}),
        ("L3Harris", {16}),
        ("harris", {16}),
        ('"l3harris"', {16}),
        ("intercept", {14}),
        ("color", {14}),
        ("colour", {14}),
        ('"color"', set()),
        ("p", set()),
        ("amp", set()),
        ('"unmanned aircraft unmanned"', {16}),
        ("camera's", {1, 3}),
        ("cameras", {1, 3}),
        ("camera-s", {1, 3}),
        # negation in every place
        ("drone AND NOT title:drone", set()),
        ("-(-drone)", {16}),
        ("-(drone OR dragon)", ALL - {13, 14, 16}),
        ("-drone -dragon", ALL - {13, 14, 16}),
        ("(-drone) (-dragon)", ALL - {13, 14, 16}),
        ("drone OR -license", ALL - {1, 2, 4, 5}),
        ("NOT NOT NOT drone", ALL - {16}),
        ("title:(-drone)", ALL - {16}),
        ("-title:drone -body:plate", ALL - {4, 5, 10, 16}),
        ('-"license plate" license', {2, 4, 5}),
        ("-licen*", ALL - {1, 2, 4, 5}),
        ('-"plate plate"~3 plate', {1, 2, 4, 5}),
        # phrases, repeated words and values
        ('"aerial drones drohnen"', set()),
        ('"aerial drones"', {16}),
        ('"drones drohnen"~10', set()),
        ('"reader cards"~1', {5}),
        ('"reader cards"~0', set()),
        ('"cards reader"~1', {5}),
        ('"monitoring social monitoring"~10', set()),
        ('"social media networks"~2', {6}),
        ('"monitoring networks media"~3', {6}),
        ('"monitoring networks media"~2', set()),
        ('"the"', {1, 5, 7, 12, 15}),
        ("the", {1, 5, 7, 12, 15}),
        # prefixes
        ("recog*", {2}),
        ("RECOG*", {2}),
        ("caf*", {7}),
        ("café*", {7}),
        ("supplier:pana*", {10}),
        ("70cmsd23*", {8}),
        # numbers
        ("number:RFP002132", {8}),
        ("number:rfp-002132", {8}),
        ("number:70CMSD23FR000014", set()),
        ('"70CMSD23FR0000145"', {8}),
        ('"D-26-NE-0042"', {9}),
        ('"v2 0"', {12}),
        ("v2", {12}),
        # codes and vocabularies
        ("kind:sources-sought", {15}),
        ("is:sources_sought", {15}),
        ("is:closed", {15}),
        ("status:open OR status:closed", {1, 15}),
        ("kind:(solicitation OR sources_sought)", {2, 15}),
        ("-kind:award", {2, 15}),
        ('technology:"social media monitoring"', {6}),
        ("technology:social_media_monitoring", {6}),
        ("tier:review", set()),
        ("listing:listed", ALL),
        ("is:unlisted", set()),
        ("jurisdiction:US", {10}),
        ("buyer:immigration", {10}),
        ('buyer:"IMMIGRATION AND CUSTOMS ENFORCEMENT"', {10}),
        ("source:test_source", ALL),
        ("source:Test_Source", ALL),
        # money and days
        ("amount:[-100 TO 0]", {10}),
        ("amount:10", set()),
        ("amount:>=948,620.64", {9}),
        ("amount:>948620.64", set()),
        ("amount:<100k", {10}),
        ("amount:[100k TO *]", {8, 9}),
        ("-amount:>=0 has:amount", {10, 11, 16}),
        ("ends:2027", {15}),
        ("ends:[2027-01 TO 2027-03]", {15}),
        ("due:>2025-02-01", set()),
        ("due:>=2025-02-01", {9}),
        ("dated:[2024 TO 2025]", {8, 9}),
        ("dated:[* TO 2024-06-29]", set()),
        ("dated:>2024-06-30 dated:<2026", {9}),
    ],
)  # fmt: skip
def test_a_query_finds_what_a_person_expects(engine: SearchEngine, query: str, expected: set[int]) -> None:
    assert ask(engine, query) == expected
    assert ask(engine, query, "procurement") == expected


def test_amounts_that_are_filtered_by_are_dollars(engine: SearchEngine) -> None:
    for least, expected in ((150_000, {9}), (-100, {8, 9, 10})):
        asked = SearchRequest(amount_min=Decimal(least), amount_max=Decimal(1_000_000))
        for scope in ("notice", "procurement"):
            assert numbers(engine, together(*dict(filters(asked, names())).values()), scope) == expected


RANGES: dict[int, tuple[dict[str, str], ...]] = {
    1: ({"minimum": "1000000", "maximum": "5000000"},),
    2: ({"minimum": "5000000"},),
    3: ({"maximum": "100000"},),
    4: ({"minimum": "4000", "maximum": "5000"}, {"value": "3000"}),
    5: (),
}
"""Estimates, in US dollars, of contracts: those of 4 are of two notices, of which the one that is exact counts."""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("amount:>=1m", {1, 2}),
        ("amount:>5m", {2}),
        ("amount:2m", {1}),
        ("amount:[10k TO 1m]", {1, 3}),
        ("amount:<=3000", {3, 4}),
        ("amount:[4000 TO 5000]", {3}),
        ("amount:<0", set()),
        ("-amount:>0", {5}),
    ],
)
def test_a_range_is_found_where_the_amount_may_lie_within_the_bounds(
    tmp_path: Path, engine_kind: str, query: str, expected: set[int]
) -> None:
    rows = [
        row(number * 10 + place, {"kind": "forecast", "amounts": [
            {"kind": "estimate", "basis": "plan", "currency": "USD", **stated}]}, procurement=number)
        for number, some in RANGES.items()
        for place, stated in enumerate(some or ({},))
    ]  # fmt: skip
    engine = filled(tmp_path, rows, kind=engine_kind)
    assert {number // 10 for number in ask(engine, query, "procurement")} == expected
    clear(engine)
