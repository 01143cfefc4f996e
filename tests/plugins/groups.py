"""Tests that share what their module makes once run in one process: two would make it twice."""

import pytest


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _shares(item: pytest.Item) -> bool:
    made = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]  # of functions, as all tests are
    return any(one[-1].scope == "module" for one in made)
