"""A family rolls up by date: what was bought before a firm was sold keeps its name."""

from typing import Any

import pytest

from tests.dictionary import dictionary
from watchlist.dictionary import Vendor
from watchlist.family import Belonging, belongings, members_of, tie_words
from watchlist.records import Parent

VENDORS = dictionary().vendors


def tie(owner: str, since: str = "", until: str = "", *, checked: bool = True) -> Parent:
    return Parent(name=owner.upper(), vendor=owner, since=since, until=until, source="s", checked=checked)


def held(**parents: tuple[Parent, ...]) -> dict[str, Vendor]:
    """Firms by their ids, each with its ties."""
    return {one: VENDORS["axon"].model_copy(update={"id": one, "parents": ties}) for one, ties in parents.items()}


def on(day: str, vendor: str, owner: str, vendors: Any = VENDORS) -> str | None:
    """Where a day stands to the time for which a vendor belonged; None where nothing says that it ever did."""
    pairs = {(one.vendor, one.owner): one for one in belongings(vendors)}
    found = pairs.get((vendor, owner))
    return found.on(day) if found else None


@pytest.mark.parametrize(
    ("day", "when"),
    [
        ("2018-06-01", "before"), ("2018-12-31", "before"), ("2019-01-01", "not_known"), ("2019-01-15", "not_known"),
        ("2019-01-31", "not_known"), ("2019-02-01", "while"), ("2026-03-18", "while"), ("", "not_known"),
    ],
)  # fmt: skip
def test_vigilant_is_motorolas_since_2019_and_keeps_what_was_bought_before(day: str, when: str) -> None:
    assert on(day, "vigilant-solutions", "motorola-solutions") == when


def test_motorola_alone_is_nobodys_and_has_its_children() -> None:
    assert not [one for one in belongings(VENDORS) if one.vendor == "motorola-solutions"]
    names = {kin.vendor for kin in members_of(VENDORS, "motorola-solutions")}
    assert {"vigilant-solutions", "avigilon", "watchguard-video", "callyo"} <= names


def test_a_tie_that_was_not_checked_makes_no_family() -> None:
    assert not VENDORS["avigilon"].parents[0].checked
    assert on("2020-01-01", "avigilon", "motorola-solutions") is None
    vendors = held(low=(tie("middle", "2001"),), middle=(tie("top", "2005", checked=False),), top=())
    assert [(one.vendor, one.owner) for one in belongings(vendors)] == [("low", "middle")]


def test_every_tie_that_is_checked_names_where_it_was_looked_up() -> None:
    checked = [parent for vendor in VENDORS.values() for parent in vendor.parents if parent.checked]
    assert checked
    assert all(parent.source.startswith("https://") for parent in checked)


@pytest.mark.parametrize(
    ("since", "until", "day", "when"),
    [
        ("2019", "", "2018-12-31", "before"),
        ("2019", "", "2019-12-31", "not_known"),
        ("2019", "", "2020-01-01", "while"),
        ("2019-01", "", "2019-01-31", "not_known"),
        ("2019-01", "", "2019-02-01", "while"),
        ("2019-01-07", "", "2019-01-06", "before"),
        ("2019-01-07", "", "2019-01-07", "while"),
        ("2011", "2022-01", "2021-12-31", "while"),
        ("2011", "2022-01", "2022-01-01", "not_known"),
        ("2011", "2022-01", "2022-02-01", "after"),
        ("2011", "2022-01-15", "2022-01-14", "while"),
        ("2011", "2022-01-15", "2022-01-15", "after"),
        ("2011", "2011", "2011-06-01", "not_known"),
        ("", "2021-02-01", "2021-01-31", "not_known"),
        ("", "2021-02-01", "2021-02-01", "after"),
        ("", "", "2026-01-01", "not_known"),
    ],
)
def test_only_what_is_sure_counts(since: str, until: str, day: str, when: str) -> None:
    assert on(day, "low", "top", held(low=(tie("top", since, until),), top=())) == when


@pytest.mark.parametrize(
    ("day", "when"),
    [("2009-12-31", "before"), ("2012-01-01", "before"), ("2015-03-01", "while"), ("2018-06-01", "after")],
)
def test_an_owner_above_an_owner_has_what_was_bought_while_both_ties_held(day: str, when: str) -> None:
    vendors = held(low=(tie("middle", "2010-01-01"),), middle=(tie("top", "2015-03-01", "2018-06-01"),), top=())
    assert on(day, "low", "top", vendors) == when
    (low,) = (one for one in belongings(vendors) if (one.vendor, one.owner) == ("low", "top"))
    assert [(kin.vendor, kin.tie.vendor) for kin in low.ties] == [("low", "middle"), ("middle", "top")]
    assert low.since == "2015-03-01"


def test_who_left_before_the_owner_was_sold_never_belonged_to_the_new_one() -> None:
    vendors = held(low=(tie("middle", "2001", "2010-05-01"),), middle=(tie("top", "2010-05-01"),), top=())
    assert on("2011-01-01", "low", "top", vendors) is None
    assert on("2011-01-01", "low", "middle", vendors) == "after"


@pytest.mark.parametrize(
    ("day", "when"),
    [("2000-01-01", "before"), ("2006-01-01", "after"), ("2003-01-01", "while"), ("2012-01-01", "while")],
)
def test_a_firm_may_be_bought_twice(day: str, when: str) -> None:
    twice = held(low=(tie("top", "2001-01-01", "2005-01-01"), tie("top", "2010-01-01")), top=())
    assert on(day, "low", "top", twice) == when


def test_a_firm_sold_within_a_family_stays_in_it() -> None:
    ties = tie("side", "2001-01-01", "2010-01-01"), tie("top", "2010-01-01")
    moved = held(low=ties, side=(tie("top", "2000-01-01"),))
    assert [on(day, "low", "top", moved) for day in ("2005-01-01", "2015-01-01")] == ["while", "while"]


def test_a_ring_of_owners_ends_and_makes_nobody_its_own_member() -> None:
    ring = held(one=(tie("two", "2001"),), two=(tie("three", "2001"),), three=(tie("one", "2001"),))
    pairs = {(found.vendor, found.owner) for found in belongings(ring)}
    assert pairs == {(a, b) for a in ring for b in ring if a != b}


def test_members_stand_in_the_order_in_which_they_joined_those_of_unknown_date_last() -> None:
    vendors = held(a=(tie("top"),), b=(tie("top", "2019-02"),), c=(tie("top", "2019"),), d=(tie("top", "2018-12-31"),))
    assert [one.vendor for one in belongings(vendors)] == ["d", "c", "b", "a"]


def test_an_owner_that_is_not_on_the_watchlist_goes_by_its_name() -> None:
    outside = Parent(name="Somebody", since="2001", source="s", checked=True)
    assert belongings(held(low=(outside,))) == [Belonging("low", "Somebody", ((outside,),))]


def test_a_tie_is_told_with_its_dates() -> None:
    (found,) = VENDORS["vigilant-solutions"].parents
    assert tie_words(found) == "since 2019-01"
    assert tie_words(VENDORS["i2-group"].parents[0]) == "2011 until 2022-01"
    assert found.checked
    assert not VENDORS["i2-group"].parents[0].checked
