"""Thinning that is killed between any two steps, and crawls and readers that go on beside it."""

import os
import random
import resource
import shutil
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from archive.captures import adopt, open_payload, read_record
from archive.store import Archive
from archive.tables import captures
from archive.thinned import PayloadThinned
from crawlers import thinning
from noticewatch.errors import DataFolderError
from noticewatch.settings import Settings
from tests.archive.making import open_archive
from tests.archive.proving import check
from tests.crawlers.thinned import THINNABLE, daily, filed, imported
from tests.forking import FORKED
from tests.waiting import PATIENCE


def _thin(home: Path, dies_at: int | None, told: Path) -> None:
    """Thin; every step that touches a file or the database counts, and at the given one the process kills itself."""
    archive = Archive.open(Settings(home=home))
    plan = thinning.plan(archive)
    steps = 0

    def step(event: str, _arguments: tuple[object, ...]) -> None:
        nonlocal steps
        if event not in {"open", "os.rename", "os.remove", "os.truncate"}:
            return
        steps += 1
        if steps == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(_frame: object, event: str, function: object) -> None:
        if event == "c_call" and getattr(function, "__name__", "") in {"fsync", "commit", "execute", "executemany"}:
            step("open", ())

    sys.addaudithook(step)
    sys.setprofile(traced)
    thinning.carry_out(archive, plan, lambda *_: None)
    sys.setprofile(None)
    told.write_text(str(steps))


def _run(home: Path, dies_at: int | None) -> int:
    """How many steps a thinning took; 0 where it was killed."""
    told = home.parent / "told"
    told.unlink(missing_ok=True)
    process = FORKED.Process(target=_thin, args=(home, dies_at, told))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode in ({0} if dies_at is None else {0, -signal.SIGKILL})
    return int(told.read_text()) if told.exists() else 0


def _is_whole_in_one_state(home: Path) -> int:
    """Check every file and row; gives how many captures are thinned."""
    archive = Archive.open(Settings(home=home))
    thinned = 0
    for row in filed(archive):
        whole = daily(row.number)
        try:
            with open_payload(archive, row) as stream:
                assert stream.read() == whole
        except PayloadThinned as left:
            thinned += 1
            assert left.kept.body == b"".join(whole[part.start : part.end] for part in left.kept.parts)
    check(archive)
    archive.close()
    return thinned


def test_a_thinning_killed_at_any_step_leaves_each_file_whole_in_one_state_and_the_next_puts_it_right(
    tmp_path: Path,
) -> None:
    template = tmp_path / "template"
    archive = open_archive(template)
    imported(archive, tmp_path)
    archive.close()
    steps = _run(Path(shutil.copytree(template, tmp_path / "whole" / "data")), None)
    assert _is_whole_in_one_state(tmp_path / "whole" / "data") == len(THINNABLE)
    assert steps > 20
    seed = random.SystemRandom().randrange(1 << 32)
    chosen = sorted(random.Random(seed).sample(range(1, steps + 1), 20))
    seen = set()
    for at in chosen:
        home = Path(shutil.copytree(template, tmp_path / str(at) / "data"))
        assert _run(home, at) == 0, f"seed {seed}: step {at} of {steps} was not reached"
        seen.add(_is_whole_in_one_state(home))
        _run(home, None)
        assert _is_whole_in_one_state(home) == len(THINNABLE), f"seed {seed}: step {at}"
        left = sorted(path.name for path in (home / "warc").iterdir() if path.is_file())
        assert len(left) == 1, f"seed {seed}: step {at} left {left}"
    assert seen <= {0, len(THINNABLE)}


def _thin_with_little_room(home: Path, most: int, told: Path) -> None:
    archive = Archive.open(Settings(home=home))
    plan = thinning.plan(archive)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        thinning.carry_out(archive, plan, lambda *_: None)
    except DataFolderError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        told.write_text(str(error))


def test_a_disk_that_fills_up_is_said_and_every_file_stays_as_it_was(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "data")
    imported(archive, tmp_path)
    (file,) = archive.warc_folder.glob("*.warc.gz")
    before, told = file.read_bytes(), tmp_path / "told"
    for most in (1, 1_000, len(before) // 2):
        process = FORKED.Process(target=_thin_with_little_room, args=(archive.folder, most, told))
        process.start()
        process.join(PATIENCE)
        assert process.exitcode == 0
        assert "cannot be written (File too large); free space and go on." in told.read_text()
        told.unlink()
        assert [(path, path.read_bytes()) for path in archive.warc_folder.iterdir() if path.is_file()] == [
            (file, before)
        ]
    archive.close()
    assert _is_whole_in_one_state(tmp_path / "data") == 0


def _read(home: Path, ready: Path, stop: Path, said: Path) -> None:
    """Read all payloads and rows, over and over, from places that were read before they moved."""
    archive = Archive.open(Settings(home=home))
    rows = filed(archive)
    rounds = 0
    while not stop.exists() or rounds < 2:
        for row in rows:
            whole = daily(row.number)
            try:
                with open_payload(archive, row) as stream:
                    assert stream.read() == whole
            except PayloadThinned as left:
                assert row.number in THINNABLE
                assert left.kept.rows <= 3
            if row.number in THINNABLE:
                assert read_record(archive, row.id, {2: 3, 4: 7, 6: 3}[row.number])
        rounds += 1
        ready.touch()
    said.write_text("read")


def test_readers_go_on_while_files_are_thinned(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "data")
    imported(archive, tmp_path)
    ready, stop, said = tmp_path / "ready", tmp_path / "stop", tmp_path / "said"
    reader = FORKED.Process(target=_read, args=(archive.folder, ready, stop, said))
    reader.start()
    while not ready.exists():
        reader.join(0.02)
        assert reader.is_alive()
    done = thinning.carry_out(archive, thinning.plan(archive), lambda *_: None)
    stop.touch()
    reader.join(PATIENCE)
    assert (len(done.thinned), reader.exitcode, said.exists()) == (3, 0, True)
    archive.close()


@pytest.mark.parametrize("arguments", [[], ["--now"], ["--now", "--json"]])
def test_the_command_says_first_and_does_it_only_when_told(
    tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = open_archive(tmp_path / "data")
    imported(archive, tmp_path)
    monkeypatch.setenv("NOTICEWATCH_HOME", str(archive.folder))
    from service.cli import main  # noqa: PLC0415 - the command line is heavy

    with pytest.raises(SystemExit) as ended:
        main(["archive", "thin", "sam_gov_bulk", *arguments])
    assert ended.value.code in (0, None)
    told = capsys.readouterr().out
    thinned = [row.number for row in filed(archive) if row.thinned_at]
    if arguments:
        assert thinned == list(THINNABLE)
        assert '"freed"' in told if "--json" in arguments else "Thinned: 3 files" in told
    else:
        assert thinned == []
        assert "2026-04-21 sam_gov_bulk:" in told
        assert "3 files, " in told
        assert "nothing was changed. Do it with --now." in told
    archive.close()


def test_the_command_says_why_files_in_a_recording_of_others_stay_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = open_archive(tmp_path / "data")
    imported(archive, tmp_path)
    (file,) = archive.warc_folder.glob("*.warc.gz")
    adopted = adopt(archive, Path(shutil.copy(file, tmp_path / "theirs.warc.gz")))
    with archive.writing() as connection:
        connection.execute(update(captures).values(warc_file=adopted))
    file.unlink()
    check(archive)
    archive.close()
    monkeypatch.setenv("NOTICEWATCH_HOME", str(archive.folder))
    from service.cli import main  # noqa: PLC0415 - the command line is heavy

    with pytest.raises(SystemExit):
        main(["archive", "thin", "--now"])
    told = capsys.readouterr().out
    assert "Nothing can be given up" in told
    assert f"3 files that nothing needs whole came in a recording of others (warc/{adopted}" in told
    assert "kept as it was received" in told
