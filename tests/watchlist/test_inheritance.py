"""Tags pass down a procurement, from what came before, and say from which notice."""

from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import chain_corrections
from archive.contract_corrections import join, split
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from archive.takedowns import take_down
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import EventKind, Reading
from tests.archive.grouping import SAM, sam
from tests.archive.making import append, events, open_archive, reading
from tests.dictionary import another, matcher
from watchlist import queries
from watchlist.evidence import Evidence, Tag, field_texts
from watchlist.inheritance import Member, own_tags, with_inherited
from watchlist.retag import Retagger
from watchlist.tagger import Tagger

MATCHER = matcher()
AWARD = "70CMSD26P00000034"


def tag(name: str, tier: str = "alert", role: str = "maker") -> Tag:
    evidence = Evidence("title", name, 0, len(name), "alias", f"a name of {name}")
    return Tag("vendor", name, name, role, tier, (evidence,))  # type: ignore[arg-type]  # roles and tiers of Tag


def passed(*members: Member) -> dict[str, list[tuple[str, str]]]:
    return {
        member.notice: [(tag.id, tag.evidence[0].notice) for tag in tags] for member, tags in with_inherited(members)
    }


def test_tags_pass_down_to_what_comes_after_and_never_back() -> None:
    before, base, after = (
        Member("before", "2020", []), Member("base", "2021", [tag("axon")]), Member("after", "2022", []),
    )  # fmt: skip
    assert passed(after, base, before) == {"before": [], "base": [("axon", "")], "after": [("axon", "base")]}


def test_sellers_and_doubtful_tags_do_not_pass_down() -> None:
    base = Member("base", "2021", [tag("fcn", role="seller"), tag("axon", "review")])
    assert passed(base, Member("after", "2022", []))["after"] == []


def test_what_a_notice_says_itself_needs_no_heritage_but_a_doubt_is_settled_by_it() -> None:
    base = Member("base", "2021", [tag("axon")])
    own, doubtful = Member("own", "2022", [tag("axon")]), Member("doubtful", "2023", [tag("axon", "review")])
    found = passed(base, own, doubtful)
    assert found["own"] == [("axon", "")]
    assert found["doubtful"] == [("axon", "base")]


def test_the_reason_names_the_notice_and_its_words() -> None:
    _, (_, tags) = with_inherited([Member("base", "2021", [tag("axon")]), Member("after", "2022", [])])
    assert tags[0].reason == "passes down the contract from base: there a name of axon"
    assert tags[0].evidence[0].by == "inheritance"
    assert own_tags(tags) == []


def action(text: str, day: str, seller: str = "") -> dict[str, object]:
    return {
        "parties": [{"role": "supplier", "name": seller}] if seller else [],
        "kind": "order",
        "title": [{"text": text}],
        "title_from": "made from description",
        "numbers": [{"type": "piid", "printed": AWARD, "plain": AWARD, "issuer": "7012"}],
        "dates": [{"role": "signed", "value": day}],
    }


def follow(archive: Archive) -> dict[int, list[Tag]]:
    drive(archive, [Joiner(), Tagger(MATCHER)])
    with archive.reading() as connection:
        return queries.tags_of(connection, range(1, 9))


def ids(found: dict[int, list[Tag]], number: int) -> set[str]:
    return {tag.id for tag in found.get(number, [])}


@pytest.mark.both_databases
def test_a_vague_modification_has_the_tags_of_its_order_and_quotes_it(archive: Archive) -> None:
    base = reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"))
    append(archive, [base, reading("P:1", action("EXERCISE OPTION YEAR ONE", "2026-06-05"))])
    found = follow(archive)
    assert ids(found, 2) == ids(found, 1) >= {"cellebrite", "device_forensics"}
    texts = field_texts(base.notice)
    for tag in found[2]:
        for piece in tag.evidence:
            assert piece.notice == "us-action:P:0"
            assert texts[piece.field][piece.start : piece.end] == piece.quote
    assert not [event for event in events(archive) if EventKind.RETAGGED in event.kinds]


@pytest.mark.both_databases
def test_an_order_that_becomes_known_later_tags_its_modification_quietly(archive: Archive) -> None:
    append(archive, [reading("P:1", action("EXERCISE OPTION YEAR ONE", "2026-06-05"))])
    assert follow(archive) == {}
    append(archive, [reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"))], day=1)
    assert ids(follow(archive), 1) >= {"cellebrite"}
    retagged = [event for event in events(archive) if EventKind.RETAGGED in event.kinds]
    assert [event.notice_number for event in retagged] == [1]
    assert all(event.quiet for event in retagged)
    append(archive, [reading("P:0", action("PAPER", "2026-01-05"))], day=2)
    found = follow(archive)
    assert set(found) == {2}
    assert {(tag.tier, tag.evidence[0].version) for tag in found[2]} == {("review", 1)}


@pytest.mark.both_databases
def test_a_version_that_lost_the_words_keeps_their_tags_for_review_and_names_where_they_stand(archive: Archive) -> None:
    first = reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"))
    append(archive, [first])
    follow(archive)
    append(archive, [reading("P:0", action("SOFTWARE LICENSES", "2026-01-05"))], day=1)
    found = follow(archive)[1]
    assert {tag.id for tag in found} >= {"cellebrite", "device_forensics"}
    assert {tag.tier for tag in found} == {"review"}
    texts = field_texts(first.notice)
    for piece in (piece for tag in found for piece in tag.evidence):
        assert (piece.by, piece.version, piece.notice) == ("inheritance", 1, "")
        assert "version 1" in piece.why
        assert texts[piece.field][piece.start : piece.end] == piece.quote


def test_a_doubt_that_was_settled_from_elsewhere_is_still_known_as_one() -> None:
    base, doubtful = Member("base", "2021", [tag("axon")]), Member("own", "2022", [tag("axon", "review")])
    _, (_, tags) = with_inherited([base, doubtful])
    assert [(one.tier, len(one.evidence)) for one in tags] == [("alert", 2)]
    assert own_tags(tags) == [tag("axon", "review")]


SELLER, OPTION = "CARAHSOFT TECHNOLOGY CORP", "EXERCISE OPTION YEAR ONE"


def sold(found: dict[int, list[Tag]], number: int) -> list[tuple[str, str, str, str]]:
    """Who sells in a notice: with the tier, the words, and the notice in which these stand."""
    pieces = ((tag, tag.evidence[0]) for tag in found.get(number, []) if tag.role == "seller")
    return [(tag.id, tag.tier, piece.quote, piece.notice) for tag, piece in pieces]


@pytest.mark.both_databases
@pytest.mark.parametrize("order_first", [True, False])
def test_a_vague_modification_names_its_own_seller_beside_what_passes_down(archive: Archive, order_first: bool) -> None:
    base = reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05", "THUNDERCAT TECHNOLOGY, LLC"))
    later = reading("P:1", action(OPTION, "2026-06-05", SELLER))
    for day, one in enumerate([base, later] if order_first else [later, base]):
        append(archive, [one], day=day)
        found = follow(archive)
    own = found[2 if order_first else 1]
    assert {tag.tier for tag in own} == {"alert"}
    assert sold({1: own}, 1) == [("carahsoft", "alert", SELLER, "")]


@pytest.mark.both_databases
def test_a_seller_goes_with_what_it_sells(archive: Archive) -> None:
    append(archive, [reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"), revision="1")])
    append(archive, [reading("P:1", action(OPTION, "2026-06-05", SELLER))], day=1)
    assert sold(follow(archive), 2)
    append(archive, [reading("P:0", action("PAPER", "2026-01-05"), revision="2")], day=2)
    assert 2 not in follow(archive)
    assert [event.notice_number for event in events(archive) if EventKind.RETAGGED in event.kinds] == [1, 2]


def test_a_seller_stands_beside_what_only_an_older_version_says_for_review(archive: Archive) -> None:
    append(archive, [reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"), revision="1")])
    append(archive, [reading("P:0", action("SOFTWARE", "2026-01-05", SELLER), revision="2")], day=1)
    assert [tier for _, tier, _, _ in sold(follow(archive), 1)] == ["review"]


def test_a_seller_is_not_shown_alone_where_what_it_sells_is_withheld(archive: Archive) -> None:
    base = reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"))
    append(archive, [base, reading("P:1", action(OPTION, "2026-06-05", SELLER))])
    assert sold(follow(archive), 2)
    take_down(archive, ["us-action:P:0"], "Names a private person.")
    with archive.reading() as connection:
        assert queries.tags_of(connection, [1, 2]) == {}
        assert queries.tags_of(connection, [1, 2], evidence=False) == {}, "what is counted is what is shown"


def test_a_seller_is_found_by_itself_but_makes_no_tag(archive: Archive) -> None:
    append(archive, [reading("P:1", action(OPTION, "2026-06-05", SELLER))])
    assert follow(archive) == {}
    assert [tag.id for tag in MATCHER.sellers(reading("P:1", action(OPTION, "2026-06-05", SELLER)).notice)] == [
        "carahsoft"
    ]


@pytest.mark.both_databases
def test_a_seller_stands_in_the_best_tier_of_what_is_sold_whatever_passed_down_meanwhile(archive: Archive) -> None:
    both = reading("P:1", action(f"{NAMED}; CCTV CAMERAS OF A BUILDING", "2026-06-05", "CONVERGINT TECHNOLOGIES LLC"))
    assert {tag.tier for tag in MATCHER.tags(both.notice)} == {"alert", "review"}, "cameras are a grey case"
    append(archive, [both])
    assert [(seller, tier) for seller, tier, _, _ in sold(follow(archive), 1)] == [("convergint", "alert")]
    for day, text in enumerate(["AXON FLEX CAMERAS", "PAPER"], start=1):
        append(archive, [reading("P:0", action(text, "2026-01-05"), revision=f"{day}")], day=day)
        assert [(seller, tier) for seller, tier, _, _ in sold(follow(archive), 1)] == [("convergint", "alert")]
    drive(archive, [Retagger(another())])
    assert [(seller, tier) for seller, tier, _, _ in sold(follow(archive), 1)] == [("convergint", "alert")]


NAMED = "CELLEBRITE UFED LICENSES"


def identity(contract: int, mod: str) -> str:
    return f"us-action:70CMSD26P0000000{contract}:{mod}"


def order(contract: int, mod: str, text: str) -> Reading:
    piid = f"70CMSD26P0000000{contract}"
    number = {"type": "piid", "printed": piid, "plain": piid, "issuer": "7012"}
    return reading(f"{piid}:{mod}", action(text, f"2026-0{len(mod)}-05") | {"numbers": [number]})


@pytest.mark.both_databases
def test_tags_follow_contracts_that_are_split_and_joined_by_corrections(archive: Archive) -> None:
    append(archive, [order(0, "0", NAMED), order(0, "P1", OPTION), order(1, "0", OPTION)])
    assert set(follow(archive)) == {1, 2}
    split(archive, identity(0, "0"), [identity(0, "P1")], "Another purchase.")
    assert set(follow(archive)) == {1}
    join(archive, [identity(0, "0"), identity(1, "0")], "One purchase.")
    assert set(follow(archive)) == {1, 3}
    split(archive, identity(1, "0"), [identity(0, "0")], "Two purchases.")
    assert set(follow(archive)) == {1}, "what is left behind alone has nothing before it either"
    retagged = [event for event in events(archive) if EventKind.RETAGGED in event.kinds]
    assert [event.notice_number for event in retagged] == [2, 3, 3]
    assert all(event.quiet for event in retagged)


NAMES = [(contract, mod) for contract in range(2) for mod in ("0", "P1", "P02")]
ARRIVALS = st.tuples(st.just("arrive"), st.sampled_from(NAMES), st.sampled_from([NAMED, "AXON FLEX CAMERAS", OPTION]))
CORRECTIONS = st.tuples(st.sampled_from(["join", "split"]), st.sampled_from(NAMES), st.sampled_from(NAMES))


@settings(max_examples=20)
@given(st.lists(st.one_of(ARRIVALS, CORRECTIONS, CORRECTIONS), max_size=8))
def test_whatever_arrives_and_is_corrected_tags_are_as_if_all_were_tagged_anew(steps: list[tuple[Any, ...]]) -> None:
    """Three notices of each of two contracts, one of which begins with a name."""
    with TemporaryDirectory() as folder, closing(open_archive(Path(folder) / "home")) as archive:
        append(archive, [order(*name, NAMED if name == (0, "0") else OPTION) for name in NAMES])
        found = follow(archive)
        for day, (kind, name, other) in enumerate(steps, start=1):
            with suppress(NotFound, UsageError):
                if kind == "arrive":
                    append(archive, [order(*name, other)], day=day)
                elif kind == "join":
                    join(archive, [identity(*name), identity(*other)], "One purchase.")
                else:
                    split(archive, identity(*name), [identity(*other)], "Another purchase.")
            found = follow(archive)
        drive(archive, [Retagger(another())])
        assert follow(archive) == found


def test_what_is_tagged_in_a_later_batch_than_its_order_is_tagged_once(archive: Archive) -> None:
    strangers = [reading(f"X:{number}", {"kind": "order", "title": [{"text": "PAPER"}]}) for number in range(1_001)]
    base = reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"))
    append(archive, [base, *strangers, reading("P:1", action("EXERCISE OPTION YEAR ONE", "2026-06-05"))])
    drive(archive, [Joiner(), Tagger(MATCHER)])
    with archive.reading() as connection:
        found = queries.tags_of(connection, [1, 1_003])
    assert {tag.id for tag in found[1_003]} == {tag.id for tag in found[1]} != set()


def test_no_notice_quotes_another_whose_content_is_withheld(archive: Archive) -> None:
    append(
        archive,
        [
            reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05")),
            reading("P:1", action("EXERCISE OPTION YEAR ONE", "2026-06-05")),
        ],
    )
    assert ids(follow(archive), 2)
    take_down(archive, ["us-action:P:0"], "Names a private person.")
    assert follow(archive) == {}


@pytest.mark.both_databases
def test_words_of_an_older_version_that_arrives_later_count_as_if_it_had_come_first(archive: Archive) -> None:
    append(archive, [reading("P:0", action("SOFTWARE LICENSES", "2026-01-05"), revision="2")])
    assert follow(archive) == {}
    append(archive, [reading("P:0", action("CELLEBRITE UFED LICENSES", "2026-01-05"), revision="1")], day=1)
    assert {(tag.tier, tag.evidence[0].by) for tag in follow(archive)[1]} == {("review", "inheritance")}


@pytest.mark.both_databases
def test_words_of_postings_that_come_and_go_count_also_where_the_current_version_stays(archive: Archive) -> None:
    texts = {"aa": "AXON FLEX CAMERAS", "bb": "PAPER"}
    rows = [sam(one, day, solicitation=f"70CDCR26R0000{day}", name=texts[one]) for day, one in enumerate(texts, 1)]
    append(archive, rows, **SAM)
    assert set(follow(archive)) == {1}
    chain_corrections.join(archive, ["sam:bb", "sam:aa"], "They are one purchase.", {})
    assert {tag.tier for tag in follow(archive)[1]} == {"review"}
    chain_corrections.split(archive, "sam:aa", ["aa"], "They are two purchases.", {})
    assert set(follow(archive)) == {1}
