"""One fork server for all tests that need processes of their own: it loads once what their children need.

Its children have the environment in which it was started, not that of the test: what a test runs on is handed to them.
"""

import multiprocessing
from multiprocessing import forkserver
from typing import Final

FORKED: Final = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    [
        "pytest", "alerts.assembly", "api.app", "archive.backup", "crawlers.capturing", "crawlers.documents.engine",
        "crawlers.downloading", "crawlers.engine", "crawlers.importing", "crawlers.replay", "indexer.embedded",
        "watchlist.tagger", "tests.faults.preload",
    ]
)  # fmt: skip


def ensure_started() -> None:
    """Start the server, where that was not done, in the environment of now."""
    forkserver.ensure_running()
