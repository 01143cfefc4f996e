"""Inferred links: the same title and buyer, one candidate within a year, and nothing but a link."""

from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import func, select

from archive import queries
from archive import tables as t
from archive.joins import Joiner
from archive.readers import drive
from archive.related import related
from archive.store import Archive
from archive.titles import normal_title
from tests.archive.making import append, events, reading, title

pytestmark = pytest.mark.both_databases

DALLAS = {"role": "contracting", "name": "US IMMIGRATION AND CUSTOMS ENFORCEMENT", "buyer_id": "usg-dhs-ice-dallas",
          "codes": {"cgac": "070", "fpds": "7012", "aac": "70CMSD"}}  # fmt: skip
OTHER_OFFICE = DALLAS | {"buyer_id": "usg-dhs-ice", "codes": {"cgac": "070", "fpds": "7012", "aac": "70CDCR"}}
SECURITY = {"role": "contracting", "name": "HOMELAND SECURITY, DEPARTMENT OF", "buyer_id": "usg-dhs"}
JUSTICE = {"role": "contracting", "name": "JUSTICE, DEPARTMENT OF", "buyer_id": "usg-doj"}
CELLEBRITE = "Cellebrite Products and Services"


def number(kind: str, plain: str, issuer: str | None = None) -> dict[str, Any]:
    return {"type": kind, "printed": plain, "plain": plain} | ({"issuer": issuer} if issuer else {})


def notice(
    archive: Archive, key: str, called: str = CELLEBRITE, buyer: dict[str, Any] = DALLAS, after: int = 0,
    day: float = 0, award: str = "", **more: Any,
) -> None:  # fmt: skip
    """A notice of SAM.gov, posted so many days after 6 April 2026; ``award``: the number of an award that it states."""
    posted = {"role": "posted", "value": (date(2026, 4, 6) + timedelta(days=after)).isoformat()}
    numbers = [number("award", award, "7012")] if award else []
    content = title(called, kind="award" if award else "solicitation", buyers=[buyer], dates=[posted], numbers=numbers)
    append(archive, [reading(key, content | more)], day=day, source="sam_gov_bulk", register="sam")


def same(archive: Archive, key: str) -> list[str]:
    """Procurements that are probably the same as that of a notice."""
    drive(archive, [Joiner()])
    with archive.reading() as connection:
        row = queries.notice(connection, f"sam:{key}")
        assert row is not None
        members = queries.members(connection, [row.procurement])[row.procurement]
        return [link.id for link in related(connection, members) if link.kind == "same_title"]


def test_a_solicitation_and_the_award_under_another_number_are_probably_the_same_both_ways(archive: Archive) -> None:
    notice(archive, "sought", buyer=SECURITY, numbers=[number("solicitation", "192126VHQ4CCC0014")])
    notice(archive, "award", award="70CMSD26P00000034", after=9)
    assert same(archive, "sought") == ["award:7012:70CMSD26P00000034"]
    assert same(archive, "award") == ["sam:sought"]


def test_an_inferred_link_joins_nothing_and_says_nothing_in_the_log(archive: Archive) -> None:
    notice(archive, "sought", buyer=SECURITY)
    notice(archive, "award", award="70CMSD26P00000034")
    before = len(events(archive))
    assert same(archive, "sought")
    assert len(events(archive)) == before
    with archive.reading() as connection:
        procurements = {row.procurement for row in queries.notices(connection, range(1, 9)).values()}
    assert len(procurements) == 2


def test_a_title_counts_however_it_is_spaced_cased_and_dashed(archive: Archive) -> None:
    notice(archive, "one", "CELLEBRITE  products\u2014and services")
    notice(archive, "two")
    assert same(archive, "one") == ["sam:two"]
    assert normal_title("É-mail, “Café” 5") == "e mail cafe 5"


@pytest.mark.parametrize(
    ("named", "other"),
    [
        ("another office of the agency", {"buyer": OTHER_OFFICE}),
        ("another department without a code", {"buyer": JUSTICE}),
        ("another title", {"called": "Cellebrite Product and Services"}),
        ("more than a year", {"after": 366}),
        ("a title made from the description", {"title_from": "made from description"}),
        ("no buyer", {"buyers": []}),
    ],
)
def test_what_differs_in_more_than_a_number_is_not_linked(archive: Archive, named: str, other: Any) -> None:
    notice(archive, "sought")
    notice(archive, "other", **other)
    assert same(archive, "sought") == [], named
    assert same(archive, "other") == [], named


def test_a_year_apart_is_still_within_a_year(archive: Archive) -> None:
    notice(archive, "sought")
    notice(archive, "other", after=365)
    assert same(archive, "sought") == ["sam:other"]


def test_a_title_of_fourteen_letters_says_too_little_and_one_of_fifteen_enough(archive: Archive) -> None:
    for key, called in (("a", "Janitor 2026 svcs ab"), ("b", "Janitor 2026 svcs ab"), ("c", "Janitor 26 svcs abcd"),
                        ("d", "Janitor 26 svcs abcd")):  # fmt: skip
        notice(archive, key, called)
    assert same(archive, "a") == []
    assert same(archive, "c") == ["sam:d"]


def test_two_candidates_are_none_seen_from_each_side(archive: Archive) -> None:
    notice(archive, "first", after=0)
    notice(archive, "middle", after=300)
    notice(archive, "last", after=600)
    assert [same(archive, key) for key in ("first", "middle", "last")] == [[], [], []]


def test_two_awards_are_two_things_whatever_they_are_called(archive: Archive) -> None:
    notice(archive, "one", award="70CMSD26P00000034")
    notice(archive, "two", award="70CMSD26P00000035")
    assert same(archive, "one") == []


def test_what_numbers_link_already_is_not_called_probable_too(archive: Archive) -> None:
    solicitation = [number("solicitation", "70CMSD26R0001", "7012")]
    notice(archive, "sought", numbers=solicitation)
    notice(archive, "asked", numbers=solicitation)
    assert same(archive, "sought") == []


def test_a_corrected_title_moves_the_link_and_a_lost_one_ends_it(archive: Archive) -> None:
    notice(archive, "sought")
    notice(archive, "other", "Something else altogether")
    assert same(archive, "sought") == []
    notice(archive, "other", CELLEBRITE, day=1)
    assert same(archive, "sought") == ["sam:other"]
    notice(archive, "other", "Short", day=2)
    assert same(archive, "sought") == []
    with archive.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(t.titles)) == 1


def test_a_title_that_hundreds_have_is_nobodys(archive: Archive) -> None:
    content = title(CELLEBRITE, kind="solicitation", buyers=[SECURITY])
    rows = [reading(f"s{index}", content, index=index) for index in range(520)]
    append(archive, rows, source="sam_gov_bulk", register="sam")
    assert same(archive, "s0") == []


def test_an_archive_of_the_schema_before_is_filled_from_its_log_and_joins_nothing_anew(archive: Archive) -> None:
    notice(archive, "sought", buyer=SECURITY)
    notice(archive, "award", award="70CMSD26P00000034")
    assert same(archive, "sought")
    before = len(events(archive))
    with archive.writing() as connection:
        t.titles.drop(connection)
        with Operations.context(MigrationContext.configure(connection)):
            import_module("noticewatch.migrations.versions.0004_titles").upgrade()
    assert same(archive, "sought") == ["award:7012:70CMSD26P00000034"]
    assert len(events(archive)) == before
