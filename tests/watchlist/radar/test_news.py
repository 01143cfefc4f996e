"""What is news in an agency's notices: a phrase that it never said, or says much more often than before."""

from watchlist.radar.likeness import Likeness, widest
from watchlist.radar.news import news

ICE, CBP = "ice", "cbp"


def told(new: list[tuple[str, set[str]]], said: dict[str, dict[str, int]], held: dict[str, int]) -> dict[str, str]:
    return {f"{one.agency} {one.phrase}": one.how for one in news(new, said, held)}


def test_a_phrase_that_nobody_said_before_is_new_and_one_that_others_said_is_new_here() -> None:
    new = [(ICE, {"skip tracing", "vans"}), (CBP, {"vans"})]
    said = {"skip tracing": {ICE: 1}, "vans": {ICE: 1, CBP: 41}}
    assert told(new, said, {ICE: 100, CBP: 100}) == {"ice skip tracing": "new", "ice vans": "new here"}


def test_a_phrase_rises_where_it_is_said_four_times_as_often_and_in_three_notices() -> None:
    new = [(ICE, {"drones"})] * 3 + [(ICE, {"vans"})] * 3 + [(ICE, {"boats"})] * 2 + [(ICE, set[str]())] * 2
    said = {"drones": {ICE: 3 + 5}, "vans": {ICE: 3 + 40}, "boats": {ICE: 2 + 1}}
    assert told(new, said, {ICE: 110}) == {"ice drones": "rising"}


def test_of_an_agency_without_earlier_notices_only_what_nobody_says_is_news() -> None:
    new = [(ICE, {"vans", "skip tracing"})]
    assert told(new, {"vans": {ICE: 1, CBP: 9}, "skip tracing": {ICE: 1}}, {ICE: 1, CBP: 9}) == {
        "ice skip tracing": "new"
    }


def test_of_a_single_notice_the_shortest_new_part_is_told_and_of_several_what_they_share() -> None:
    one = [(ICE, {"hermes", "hermes licences"})]
    assert set(told(one, {"hermes": {ICE: 1}, "hermes licences": {ICE: 1}}, {ICE: 9})) == {"ice hermes"}
    two = [(ICE, {"hermes", "hermes licences"}), (ICE, {"hermes"})]
    assert set(told(two, {"hermes": {ICE: 2}, "hermes licences": {ICE: 1}}, {ICE: 9})) == {"ice hermes"}


def test_the_nearest_matched_notice_shares_what_matched_ones_say_and_others_do_not() -> None:
    matched = {1: {"licences", "phone forensics"}, 2: {"licences", "phone forensics"}, 3: {"licences", "plate readers"}}
    said = {"licences": 900, "phone forensics": 3, "plate readers": 1}
    likeness = Likeness(matched, said, 1_000)
    near = likeness.nearest({"licences", "phone forensics", "vans"})
    assert near is not None
    assert (near.matched, near.shared) == (1, ("phone forensics",))
    assert 0 < near.likeness < 1
    assert likeness.nearest({"licences", "vans"}) is None
    assert likeness.tells("phone forensics") > 0 == likeness.tells("licences")


def test_phrases_inside_longer_ones_are_not_told_twice() -> None:
    assert widest(["plate", "plate readers", "readers for vans"]) == ["plate readers", "readers for vans"]
