"""Tests of a group run in one process: what they share is made once, and processes of their own do not meet."""

import os

import pytest


@pytest.mark.xdist_group("groups")
def test_a_group_is_part_of_the_name_by_which_tests_are_dealt_out(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("all tests run in this process")
    assert request.node.nodeid.endswith("@groups")
