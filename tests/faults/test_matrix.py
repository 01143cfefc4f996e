"""Every source under every fault that applies to it: an honest verdict, no cursor moved, nothing gone, nothing lost.

Each case is a live crawl in a process of its own upon an archive that knows yesterday, then a healthy one, after which
the archive says what it would have said without the fault.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.store import Archive
from crawlers.source import load_sources, source
from noticewatch.settings import Settings
from tests.faults.crawling import Result, healthy, run
from tests.faults.scale import STEP
from tests.faults.server import Asked, Bend, Publisher, Reply, key_of
from tests.faults.stage import Stage, crawled, next_day
from tests.faults.state import State, Walked, last_run, state_of, windows_of
from tests.faults.table import FAULTS, Fault, Target

CRAWLED = [name for name, one in load_sources().items() if one.live and healthy(name) is not None]
CASES = [
    pytest.param(name, fault, id=f"{name}-{fault.name}", marks=pytest.mark.xdist_group(f"faults of {name}"))
    for place, name in enumerate(CRAWLED)
    for fault in FAULTS[place % STEP :: STEP]
]


EACH = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(f"faults of {name}")) for name in CRAWLED]
)


@pytest.mark.parametrize(("name", "fault"), CASES)
def test_a_fault_is_told_harms_nothing_and_is_mended_by_the_next_crawl(
    name: str, fault: Fault, stage_of: Callable[[str], Stage], server: Publisher, tls_server: Publisher, tmp_path: Path
) -> None:
    stage = stage_of(name)
    target = fault.target(source(name), stage.targets)
    if target is None:
        assert fault.needs is not None, f"{fault.name} applies to every source, and finds nothing to strike in {name}"
        pytest.skip(f"{fault.name} does not apply to {name}: {fault.needs.absent}")
    home = stage.archive_of_yesterday(tmp_path / "home")
    hit = set(stage.windows) if fault.everywhere else {target.sent.window}
    result = _under(fault, target, stage, home, server, tls_server)
    _check_verdict(result, fault, target)
    after, windows = _read(home)
    _check_cursors(stage.before, after, {key: windows[key] for key in hit}, fault)
    _check_nothing_gone_or_loud(stage, after)
    _check_kept(stage, after, windows, hit, may_stop=fault.throttles)
    next_day(home)
    server.serve(stage.today)
    crawled(stage.job(home, server.address), server)
    _check_mended(stage, home)


@EACH
def test_what_is_said_of_a_fault_that_does_not_apply_is_true_of_the_source(
    name: str, stage_of: Callable[[str], Stage]
) -> None:
    targets = stage_of(name).targets
    for fault in FAULTS:
        applies = fault.target(source(name), targets) is not None
        lacks = fault.needs is not None and fault.needs.lacks(source(name), targets)
        assert applies is not lacks, f"{fault.name}: {fault.needs.absent if fault.needs else 'it needs nothing'}"


@EACH
def test_as_many_faults_apply_to_a_source_as_its_healthy_crawl_states(
    name: str, stage_of: Callable[[str], Stage]
) -> None:
    """So that a new recording, or another way to look for what a fault strikes, cannot take one out in silence."""
    stated = healthy(name)
    assert stated is not None
    applying = [fault.name for fault in FAULTS if fault.target(source(name), stage_of(name).targets) is not None]
    assert 0 < stated.least_faults <= len(applying), (
        f"tests/replays/{name}/healthy.toml says least_faults = {stated.least_faults}; "
        f"{len(applying)} apply: {', '.join(applying)}"
    )


@EACH
def test_crawls_that_fail_again_and_again_let_nothing_go(
    name: str, stage_of: Callable[[str], Stage], server: Publisher, tls_server: Publisher, tmp_path: Path
) -> None:
    """What is absent from three whole crawls is gone; three crawls under faults are none of them."""
    stage = stage_of(name)
    home = stage.archive_of_yesterday(tmp_path / "home")
    for fault in (fault for fault in FAULTS if fault.empties):
        target = fault.target(source(name), stage.targets)
        assert target is not None
        _under(fault, target, stage, home, server, tls_server)
    after, _ = _read(home)
    _check_nothing_gone_or_loud(stage, after)
    server.serve(stage.today)
    next_day(home)
    crawled(stage.job(home, server.address), server)
    _check_mended(stage, home)


def _under(fault: Fault, target: Target, stage: Stage, home: Path, server: Publisher, tls_server: Publisher) -> Result:
    """A crawl under a fault."""
    struck: list[Asked] = []
    server.serve(stage.today, _bend(fault, target, struck))
    through = {"http": server.address, "tls": tls_server.address, "nowhere": "http://nowhere.invalid"}[fault.way]
    result = run(stage.job(home, through, **fault.facts))
    assert struck or fault.way != "http", f"{fault.name} has struck nothing"
    return result


def _bend(fault: Fault, target: Target, struck: list[Asked]) -> Bend:
    """The fault as the server shows it; ``struck`` takes what was asked and got another reply than the good one."""
    aim = key_of(target.sent.method, target.sent.url, target.sent.body)

    def bend(asked: Asked, good: Reply) -> Reply:
        if asked.robots:
            return noted(asked, good, fault.robots or good)
        if asked.key != aim and not fault.everywhere and not asked.target.endswith("?again"):
            return good
        if fault.times is not None and len(struck) >= fault.times:
            return good
        return noted(asked, good, fault.bend(target, good))

    def noted(asked: Asked, good: Reply, bent: Reply) -> Reply:
        if bent != good:
            struck.append(asked)
        return bent

    return bend


def _read(home: Path) -> tuple[State, dict[tuple[str, str], Walked]]:
    archive = Archive.open(Settings(home=home))
    try:
        return state_of(archive), windows_of(archive, last_run(archive))
    finally:
        archive.close()


def _check_verdict(result: Result, fault: Fault, target: Target) -> None:
    assert "Traceback" not in result.printed, result.printed
    assert "fault of the program" not in result.said
    assert result.verdict is fault.expected(target), f"{fault.name}: {result.verdict}: {result.said}"
    assert any(re.search(fault.reason(target), reason) for reason in result.reasons or [""]), result.reasons


def _check_cursors(before: State, after: State, hit: dict[tuple[str, str], Walked], fault: Fault) -> None:
    assert after.scopes == before.scopes
    if not fault.walked:
        assert not [key for key, window in hit.items() if window.walked]
        assert after.walked & hit.keys() == before.walked & hit.keys()


def _check_nothing_gone_or_loud(stage: Stage, after: State) -> None:
    assert {notice: after.listings.get(notice) for notice in stage.before.listings} == stage.before.listings
    false = after.loud - stage.undisturbed.loud
    assert not false, f"told for nothing: {list(false)[:3]}"


def _check_kept(
    stage: Stage, after: State, windows: dict[tuple[str, str], Walked], hit: set[tuple[str, str]], *, may_stop: bool
) -> None:
    """Windows that the fault did not touch are as in an undisturbed crawl; where it struck all, nothing has changed.

    may_stop: the publisher has said that it wants to be left alone, so what other windows still lacked was not asked.
    """
    good = stage.windows.keys() - hit
    unasked = {key for key in good if may_stop and not windows[key].walked}
    assert {key: windows[key] for key in good - unasked} == {key: stage.windows[key] for key in good - unasked}
    if not good and after.notices != stage.undisturbed.notices:
        assert {notice: after.notices[notice] for notice in stage.before.notices} == stage.before.notices


def _check_mended(stage: Stage, home: Path) -> None:
    mended, _ = _read(home)
    right = stage.undisturbed
    assert mended.notices == right.notices
    assert mended.records == right.records
    assert (mended.loud, mended.quiet) == (right.loud, right.quiet)
    assert (mended.walked, mended.scopes) == (right.walked, right.scopes)
