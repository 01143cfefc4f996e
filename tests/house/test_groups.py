"""Tests of a group run in one process: what they share is made once, and processes of their own do not meet."""

import os

import pytest

SPREAD = pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="all tests run in this process")


@pytest.fixture(scope="module")
def made_once() -> None:
    """What a module makes for its tests."""


@SPREAD
@pytest.mark.xdist_group("groups")
def test_a_group_is_part_of_the_name_by_which_tests_are_dealt_out(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@groups")


@SPREAD
@pytest.mark.usefixtures("made_once")
def test_what_a_module_makes_is_made_in_one_process(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@tests/house/test_groups.py")
