"""A real browser for tests marked ``browser``: one for all of them, in the worker that has their group."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.plugins.require import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A Chromium that asks nobody of its own accord."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - absent on machines without a browser

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS))
        yield opened
        opened.close()
