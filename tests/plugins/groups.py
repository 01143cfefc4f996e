"""Tests that share what their module makes once run in one process: two would make it twice. And the long ones come
early: pytest-xdist deals out large groups first and then single tests as they stand, so that a long one among the last
would leave the other process without work.
"""

import pytest


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    if hasattr(config, "workerinput"):
        items.sort(key=_is_short)


def _is_short(item: pytest.Item) -> bool:
    """Of single tests those of properties take longest."""
    return item.get_closest_marker("hypothesis") is None


def _shares(item: pytest.Item) -> bool:
    made = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]  # of functions, as all tests are
    return any(one[-1].scope == "module" for one in made)
