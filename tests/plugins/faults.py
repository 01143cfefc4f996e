"""Says at the end of a run of the tests how large the fault matrix was: sources × faults."""

import re
from collections import Counter

import pytest

_CASE = re.compile(r"tests/faults/test_matrix\.py::\w+\[([a-z0-9_]+)-(.+?)\](?:@.*)?$")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ended: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    sources, faults = set(), set()
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            case = _CASE.search(report.nodeid)
            if case and (report.when == "call" or outcome in {"error", "skipped"}):
                sources.add(case[1])
                faults.add(case[2])
                ended[outcome] += 1
                if outcome == "skipped":
                    absent[str(report.longrepr[2]).rpartition(": ")[2]] += 1
    if not sources:
        return
    crawled = ended["passed"] + ended["failed"] + ended["error"]
    terminalreporter.write_line(
        f"FAULTS {len(sources)} sources × {len(faults)} faults: {crawled} apply, {ended['passed']} of them as "
        f"expected; {ended['skipped']} do not apply{':' if absent else '.'}"
    )
    for reason, times in absent.most_common():
        terminalreporter.write_line(f"  {times} × {reason}")
