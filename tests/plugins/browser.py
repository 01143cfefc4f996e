"""A real browser for tests marked ``browser``: one for a module of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.plugins.require import chromium
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A Chromium that asks nobody of its own accord.

    Playwright keeps an event loop running in the thread of the tests for as long as it is open, so it is closed before
    tests of other modules come, which run Scrapy there.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - absent on machines without a browser

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS), timeout=PATIENCE * 1_000)
        yield opened
        opened.close()
