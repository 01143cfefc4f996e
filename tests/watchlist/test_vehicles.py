"""What a contract vehicle names passes to the orders under it, for review, in whatever order they come."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.contract_corrections import split
from archive.joins import Joiner
from archive.queries import notices
from archive.readers import drive
from archive.store import Archive
from archive.takedowns import restore, take_down
from noticewatch.models import EventKind, Reading
from tests.archive.making import append, events, open_archive, reading
from tests.dictionary import another, dictionary, matcher
from watchlist import queries
from watchlist.evidence import Tag, field_texts
from watchlist.matcher import Matcher
from watchlist.retag import Retagger
from watchlist.tagger import Tagger
from watchlist.vehicles import MOST_ORDERS

MATCHER = matcher()
SELLER = "CARAHSOFT TECHNOLOGY CORP"
BPA, OTHER = "70CMSD26A00000001", "70CMSD26A00000002"
NAMED, PLAIN = "CELLEBRITE UFED LICENSES, BLANKET PURCHASE AGREEMENT", "BLANKET PURCHASE AGREEMENT"


def vehicle(
    text: str = NAMED, piid: str = BPA, issuer: str = "7012", key: str = "", revision: str = "", day: str = "2026-01-05"
) -> Reading:
    content = {
        "kind": "vehicle", "title": [{"text": text}], "title_from": "made from description",
        "numbers": [{"type": "piid", "printed": piid, "plain": piid, "issuer": issuer}],
        "dates": [{"role": "signed", "value": day}],
    }  # fmt: skip
    return reading(key or f"{issuer}:{piid}:0", content, revision=revision)


def order(
    number: int,
    under: str = BPA,
    issuer: str | None = "7012",
    text: str = "TASK ORDER",
    revision: str = "",
    mod: str = "0",
    seller: str = "",
) -> Reading:
    piid = f"70CMSD26F{number:08}"
    parent = {"type": "parent_piid", "printed": under, "plain": under} | ({"issuer": issuer} if issuer else {})
    content = {
        "kind": "order" if mod == "0" else "modification", "title": [{"text": text}],
        "title_from": "made from description", "parties": [{"role": "supplier", "name": seller}] if seller else [],
        "numbers": [{"type": "piid", "printed": piid, "plain": piid, "issuer": "7012"}, parent],
        "dates": [{"role": "signed", "value": "2026-03-05"}],
    }  # fmt: skip
    return reading(f"7012:{piid}:{mod}", content, revision=revision)


def follow(archive: Archive) -> None:
    drive(archive, [Joiner(), Tagger(MATCHER)])


def held(archive: Archive) -> dict[str, list[Tag]]:
    """Tags by the last parts of the id of their notice."""
    with archive.reading() as connection:
        found = queries.tags_of(connection, range(1, 2_000))
        ids = {number: row.id for number, row in notices(connection, found).items()}
    return {ids[number].removeprefix("us-action:7012:"): tags for number, tags in found.items()}


def told(archive: Archive) -> dict[str, list[tuple[str, ...]]]:
    """What tells the tags of each notice from others: also whose words are quoted."""
    return {
        one: sorted((tag.id, tag.role, tag.tier, *(f"{e.notice} {e.quote}" for e in tag.evidence)) for tag in tags)
        for one, tags in held(archive).items()
    }


FIRST, SECOND = "70CMSD26F00000001:0", "70CMSD26F00000002:0"


@pytest.mark.both_databases
@pytest.mark.parametrize("vehicle_first", [True, False])
def test_an_order_has_the_tags_of_its_vehicle_for_review_and_quotes_it(archive: Archive, vehicle_first: bool) -> None:
    given = [vehicle(), order(1)]
    for day, one in enumerate(given if vehicle_first else reversed(given)):
        append(archive, [one], day=day)
        follow(archive)
    found = held(archive)
    assert {tag.id for tag in found[FIRST]} == {tag.id for tag in found[f"{BPA}:0"]} >= {"cellebrite"}
    texts = field_texts(given[0].notice)
    for tag in found[FIRST]:
        assert tag.tier == "review"
        for piece in tag.evidence:
            assert (piece.by, piece.notice) == ("inheritance", f"us-action:7012:{BPA}:0")
            assert texts[piece.field][piece.start : piece.end] == piece.quote
            assert f"no more than {MOST_ORDERS} orders" in piece.why
    retagged = [event for event in events(archive) if EventKind.RETAGGED in event.kinds]
    assert len(retagged) == (0 if vehicle_first else 1)
    assert all(event.quiet for event in retagged)


@pytest.mark.both_databases
def test_a_number_without_its_issuer_or_of_another_one_is_no_vehicles(archive: Archive) -> None:
    append(archive, [vehicle(), order(1, issuer="9700"), order(2, issuer=None), vehicle(PLAIN, issuer="9700")])
    follow(archive)
    assert set(held(archive)) == {f"{BPA}:0"}


def test_what_an_order_says_itself_beyond_doubt_needs_no_vehicle(archive: Archive) -> None:
    append(archive, [vehicle(), order(1, text="AXON FLEX CAMERAS"), order(2, text="CELLEBRITE PHYSICAL ANALYZER")])
    follow(archive)
    found = held(archive)
    assert "cellebrite" not in {tag.id for tag in found[FIRST]}
    assert not [piece for tag in found[SECOND] for piece in tag.evidence if piece.notice]


def test_modifications_of_an_order_stand_under_its_vehicle_too_and_an_orders_own_words_pass_first(
    archive: Archive,
) -> None:
    append(archive, [vehicle(), order(1), order(1, mod="P1"), order(2, text="AXON FLEX CAMERAS"), order(2, mod="P1")])
    follow(archive)
    found = held(archive)
    assert {tag.tier for tag in found["70CMSD26F00000001:P1"]} == {"review"}
    assert {(tag.id, tag.tier) for tag in found["70CMSD26F00000002:P1"] if tag.kind == "vendor"} == {("axon", "alert")}


@pytest.mark.both_databases
def test_orders_follow_a_vehicle_that_loses_its_words_is_taken_down_or_restored(archive: Archive) -> None:
    append(archive, [vehicle(revision="1"), order(1)])
    follow(archive)
    assert FIRST in held(archive)
    take_down(archive, [f"us-action:7012:{BPA}:0"], "Names a private person.")
    follow(archive)
    assert held(archive) == {}
    restore(archive, [f"us-action:7012:{BPA}:0"], "It does not.")
    follow(archive)
    assert FIRST in held(archive)
    append(archive, [vehicle(PLAIN, revision="2")], day=1)
    follow(archive)
    assert FIRST not in held(archive), "the vehicle itself says so no more, but for review"
    assert all(event.quiet for event in events(archive) if EventKind.RETAGGED in event.kinds)


def test_an_order_that_moves_to_another_vehicle_leaves_what_the_first_one_gave(archive: Archive) -> None:
    append(archive, [vehicle(), vehicle("AXON FLEX CAMERAS, AGREEMENT", OTHER), order(1, revision="1")])
    follow(archive)
    assert "cellebrite" in {tag.id for tag in held(archive)[FIRST]}
    append(archive, [order(1, under=OTHER, revision="2")], day=1)
    follow(archive)
    assert {tag.id for tag in held(archive)[FIRST] if tag.kind == "vendor"} == {"axon"}


def test_a_vehicle_that_gets_another_number_leaves_its_orders(archive: Archive) -> None:
    append(archive, [vehicle(key="V", revision="1"), order(1), order(2, under=OTHER)])
    follow(archive)
    assert {FIRST} == {one for one in held(archive) if "F0" in one}
    append(archive, [vehicle(key="V", piid=OTHER, revision="2")], day=1)
    follow(archive)
    assert {SECOND} == {one for one in held(archive) if "F0" in one}


def test_a_contract_that_is_split_by_a_correction_stands_under_the_vehicle_that_it_names(archive: Archive) -> None:
    append(archive, [vehicle(), order(1), order(1, mod="P1")])
    follow(archive)
    before = told(archive)
    split(archive, "us-action:7012:70CMSD26F00000001:0", ["us-action:7012:70CMSD26F00000001:P1"], "Another order.")
    follow(archive)
    assert told(archive) == before
    append(archive, [order(2)], day=1)
    follow(archive)
    assert told(archive) == before | {SECOND: before[FIRST]}


@pytest.mark.both_databases
@pytest.mark.parametrize("vehicle_first", [True, False])
def test_a_vehicle_of_more_orders_passes_nothing(archive: Archive, vehicle_first: bool) -> None:
    some = [order(number) for number in range(1, MOST_ORDERS + 1)] + [order(1, mod="P1")]
    append(archive, [vehicle(), *some] if vehicle_first else [*some, vehicle()])
    follow(archive)
    assert len(held(archive)) == MOST_ORDERS + 2, "its actions make an order no second one"
    append(archive, [order(MOST_ORDERS + 1, revision="1")], day=1)
    follow(archive)
    assert set(held(archive)) == {f"{BPA}:0"}
    append(archive, [order(MOST_ORDERS + 1, under=OTHER, revision="2")], day=2)
    follow(archive)
    assert len(held(archive)) == MOST_ORDERS + 2


def test_a_retag_leaves_what_vehicles_gave_and_takes_it_where_the_words_are_gone(archive: Archive) -> None:
    append(archive, [order(1), vehicle(), order(2)])
    follow(archive)
    before = told(archive)
    drive(archive, [Retagger(another())])
    assert told(archive) == before
    whole = dictionary()
    others = {one: vendor for one, vendor in whole.vendors.items() if one != "cellebrite"}
    drive(archive, [Retagger(Matcher(replace(whole, version="third", vendors=others)))])
    assert set(held(archive)) == set(before)
    assert "cellebrite" not in {tag.id for tags in held(archive).values() for tag in tags}


STEPS = st.permutations(
    [
        vehicle(revision="2"), vehicle(PLAIN, revision="1"), vehicle("AXON FLEX", OTHER, revision="1"),
        vehicle(PLAIN, OTHER, revision="2"), vehicle("CLEARVIEW AI FACE RECOGNITION", OTHER, issuer="9700"),
        vehicle("AXON FLEX AND CELLEBRITE", BPA, key="us-award-like", day="2026-01-04"),
        order(1, revision="1"), order(1, under=OTHER, revision="2", seller=SELLER), order(2, seller=SELLER),
        order(2, mod="P1", seller="THUNDERCAT TECHNOLOGY, LLC"), order(3, under=OTHER, issuer="9700"),
        order(4, text="PHONE EXTRACTION"), order(4, mod="P1", seller=SELLER), order(5, issuer=None, seller=SELLER),
    ]
)  # fmt: skip
CUTS = st.lists(st.booleans(), min_size=14, max_size=14)
"""After which of them the readers run."""


def arrived(steps: Sequence[Reading], cuts: Sequence[bool]) -> dict[str, list[tuple[str, ...]]]:
    with TemporaryDirectory() as folder, closing(open_archive(Path(folder) / "home")) as archive:
        days = count()
        for step, cut in zip(steps, cuts, strict=True):
            append(archive, [step], day=next(days))
            if cut:
                follow(archive)
        follow(archive)
        found = told(archive)
        drive(archive, [Retagger(another())])
        assert told(archive) == found
        return found


@settings(max_examples=15)
@given(STEPS, CUTS, STEPS, CUTS)
def test_any_order_of_arrival_gives_the_same_tags(
    steps: list[Reading], cuts: list[bool], others: list[Reading], other_cuts: list[bool]
) -> None:
    found = arrived(steps, cuts)
    assert SECOND in found
    sellers = {one: [tag[0] for tag in tags if tag[1] == "seller"] for one, tags in found.items()}
    assert sellers["70CMSD26F00000002:P1"] == ["thundercat-technology"]
    assert sellers["70CMSD26F00000004:P1"] == ["carahsoft"]
    assert found == arrived(others, other_cuts)


@settings(max_examples=15)
@given(
    st.permutations(
        [
            vehicle(revision="1"), vehicle(f"{NAMED}, 2026", revision="2"), order(1), order(1, mod="P1"), order(2),
            order(3, revision="1"), order(3, under=OTHER, revision="2"), order(4, under=OTHER, revision="1"),
            order(4, revision="2"), order(5, issuer="9700"),
        ]
    ),
    st.lists(st.booleans(), min_size=10, max_size=10),
    st.sampled_from([2, 3]),
)  # fmt: skip
def test_how_many_orders_a_vehicle_has_is_counted_the_same_in_any_order_of_arrival(
    steps: list[Reading], cuts: list[bool], most: int
) -> None:
    """Three orders stand under it in the end, four of them at times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("watchlist.vehicles.MOST_ORDERS", most)
        found = {one for one in arrived(steps, cuts) if "F0" in one}
    under = {f"70CMSD26F0000000{number}" for number in ("1:0", "1:P1", "2:0", "4:0")}
    assert found == (under if most == 3 else set())


def test_a_vehicle_may_be_spoken_for_by_more_notices_than_a_condition_has_parts(archive: Archive) -> None:
    append(archive, [vehicle(key=f"7012:{BPA}:P{number:05}") for number in range(1_100)])
    follow(archive)
    append(archive, [order(1)], day=1)
    follow(archive)
    assert {(tag.id, tag.tier) for tag in held(archive)["70CMSD26F00000001:0"]} >= {("cellebrite", "review")}
