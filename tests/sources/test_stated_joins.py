"""The numbers that notices of the starter archive state lead where they should, as often as was measured by hand."""

import pytest

from archive.store import Archive
from bench.joins import rates

pytestmark = pytest.mark.xdist_group("starter")


def test_stated_numbers_are_found_as_often_as_by_hand(starter_archive: Archive) -> None:
    measured = {rate.name: (rate.found, rate.all) for rate in rates(starter_archive)}
    assert measured == {
        "award notices of ICE and CBP found in USAspending": (6, 6),
        "justifications of ICE and CBP found by their number": (7, 9),
        "present contracts in forecasts of ICE and CBP": (54, 67),
    }
