"""A family rolls up by date: what was bought before a firm was sold keeps its name."""

import pytest

from watchlist.dictionary import load_dictionary
from watchlist.family import family, holds, members_of, tie_words
from watchlist.records import Parent

VENDORS = load_dictionary().vendors


@pytest.mark.parametrize(
    ("day", "owners"),
    [
        ("2018-06-01", ["vigilant-solutions"]),
        ("2019-01-15", ["vigilant-solutions"]),
        ("2019-02-01", ["vigilant-solutions", "motorola-solutions"]),
        ("2026-03-18", ["vigilant-solutions", "motorola-solutions"]),
    ],
)
def test_vigilant_is_motorolas_since_2019_and_keeps_what_was_bought_before(day: str, owners: list[str]) -> None:
    assert family(VENDORS, "vigilant-solutions", day) == owners


def test_motorola_alone_is_nobodys_and_has_its_children() -> None:
    assert family(VENDORS, "motorola-solutions", "2026-01-01") == ["motorola-solutions"]
    names = {kin.vendor for kin in members_of(VENDORS, "motorola-solutions")}
    assert {"vigilant-solutions", "avigilon", "watchguard-video", "callyo"} <= names


@pytest.mark.parametrize(
    ("since", "until", "day", "held"),
    [
        ("2019", "", "2019-12-31", False),
        ("2019", "", "2020-01-01", True),
        ("2019-01", "", "2019-01-31", False),
        ("2019-01", "", "2019-02-01", True),
        ("2019-01-07", "", "2019-01-07", True),
        ("2011", "2022-01", "2021-12-31", True),
        ("2011", "2022-01", "2022-01-01", False),
        ("", "", "2026-01-01", False),
    ],
)
def test_only_what_is_sure_counts(since: str, until: str, day: str, held: bool) -> None:
    assert holds(Parent(name="x", since=since, until=until, source="s"), day) is held


def test_an_owner_of_its_own_ends_the_line() -> None:
    tie = Parent(name="a", vendor="axon", since="2001", source="s")
    looped = {**VENDORS, "axon": VENDORS["axon"].model_copy(update={"parents": (tie,)})}
    assert family(looped, "axon", "2020-01-01") == ["axon"]


def test_a_tie_is_told_with_its_dates() -> None:
    (tie,) = VENDORS["vigilant-solutions"].parents
    assert tie_words(tie) == "since 2019-01"
    assert tie_words(VENDORS["i2-group"].parents[0]) == "2011 until 2022-01"
    assert not tie.checked
