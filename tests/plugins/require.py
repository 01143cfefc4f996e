"""Tests that need a browser or a server are skipped with one loud line a kind where it is absent.

``REQUIRE=browser,postgresql`` turns those skips into failures. A test says what it needs by its marker.
"""

import importlib.util
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.plugins.databases import absent as postgresql_absent
from tests.plugins.engines import absent as elasticsearch_absent

_ABSENT = "absent: "


def chromium() -> str | None:
    """Path of a Chromium that tests may start, or None. ``$CHROMIUM`` names another than the first on the path."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@cache
def _browser() -> str:
    found = importlib.util.find_spec("playwright")
    if found is None or found.origin is None:
        return "the package playwright is not installed"
    driver = Path(found.origin).parent / "driver" / ("node.exe" if os.name == "nt" else "node")
    started = subprocess.run([driver, "--version"], capture_output=True, text=True, check=False)
    if started.returncode:
        said = (started.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return f"playwright's driver does not start ({said}; Debian: apt install libatomic1)"
    return "" if chromium() else "there is no Chromium (Debian: apt install chromium; or set CHROMIUM to its path)"


_NEEDS: dict[str, Callable[[], str]] = {
    "browser": _browser,
    "postgresql": postgresql_absent,
    "elasticsearch": elasticsearch_absent,
}


def required() -> frozenset[str]:
    """What ``REQUIRE`` lists. Raises UsageError for a word that is no such need."""
    words = frozenset(filter(None, (word.strip() for word in os.environ.get("REQUIRE", "").split(","))))
    unknown = words - _NEEDS.keys()
    if unknown:
        raise pytest.UsageError(f"REQUIRE lists {', '.join(sorted(unknown))}; it can list {', '.join(_NEEDS)}.")
    return words


def pytest_configure(config: pytest.Config) -> None:
    required()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for need, missing in _NEEDS.items():
        if item.get_closest_marker(need) and (reason := missing()):
            if need in required():
                pytest.fail(f"REQUIRE lists {need}, but {reason}", pytrace=False)
            pytest.skip(f"{_ABSENT}{need}: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = Counter(
        report.longrepr[2].partition(_ABSENT)[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and _ABSENT in report.longrepr[2]
    )
    for reason, count in sorted(skipped.items()):
        terminalreporter.write_line(f"SKIPPED {count} tests, {reason}. REQUIRE turns this into a failure.", yellow=True)
