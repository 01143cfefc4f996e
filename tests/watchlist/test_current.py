"""A process that runs for long reads the dictionary again when its files change, and keeps the last good one."""

import logging
from pathlib import Path

import pytest

from archive.joins import Joiner
from archive.readers import drive
from tests.archive.making import append, open_archive, reading
from tests.watchlist.changing import changed_dictionary, spoil, swap
from watchlist import queries
from watchlist.current import Watchlist
from watchlist.dictionary import DATA, DictionaryError, load_dictionary
from watchlist.retag import Retagger
from watchlist.tagger import Tagger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return changed_dictionary(tmp_path / "watchlist")


def look(watchlist: Watchlist) -> bool:
    """Twice, as files must stand still between two looks."""
    return watchlist.refresh() or watchlist.refresh()


def test_without_a_folder_it_is_the_programs_own() -> None:
    assert Watchlist().dictionary.version == load_dictionary(DATA).version


def test_files_that_change_are_read_again_once_they_stand_still(folder: Path) -> None:
    watchlist = Watchlist(folder)
    before = watchlist.dictionary.version
    assert look(watchlist) is False
    swap(folder, "Zyphertrace", "Zypher")
    assert watchlist.refresh() is False, "an editor may be at work"
    assert watchlist.refresh() is True
    assert watchlist.dictionary.version not in {before, load_dictionary(DATA).version}
    assert watchlist.matcher.dictionary is watchlist.dictionary
    assert look(watchlist) is False


def test_files_touched_without_a_change_change_nothing(folder: Path) -> None:
    watchlist = Watchlist(folder)
    (folder / "note.txt").write_text("hello", encoding="utf-8")
    assert look(watchlist) is False


def test_a_bad_dictionary_is_refused_with_file_line_and_reason_and_said_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watchlist = Watchlist(folder)
    before = watchlist.dictionary
    spoil(folder)
    with caplog.at_level(logging.WARNING, "noticewatch.watchlist"):
        assert [look(watchlist) for _ in range(3)] == [False] * 3
    assert watchlist.dictionary is before
    assert "vendors.toml, line" in watchlist.refusal
    assert "nothing_known" in watchlist.refusal
    assert len(caplog.records) == 1
    changed_dictionary(folder)
    look(watchlist)
    assert watchlist.refusal == ""


def test_files_that_are_gone_are_no_reason_to_stop(folder: Path) -> None:
    watchlist = Watchlist(folder)
    before = watchlist.dictionary
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert look(watchlist) is False
    assert watchlist.dictionary is before
    assert watchlist.refusal


def test_a_process_does_not_begin_with_a_bad_dictionary(folder: Path) -> None:
    spoil(folder)
    with pytest.raises(DictionaryError, match=r"vendors\.toml, line"):
        Watchlist(folder)


def test_what_is_tagged_from_then_on_follows_the_new_dictionary(folder: Path, tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "data")
    watchlist = Watchlist(folder)
    readers = [Joiner(), Tagger(watchlist)]
    append(archive, [reading("a", "Zyphertrace licences")])
    drive(archive, readers)
    swap(folder, "Zyphertrace", "Zypher")
    assert look(watchlist)
    append(archive, [reading("b", "Zypher licences")], day=1)
    drive(archive, readers)
    retagger = Retagger(watchlist)
    while retagger.advance(archive):
        pass
    with archive.reading() as connection:
        assert queries.tagged_notices(connection, "vendor", "axon") == [2]
    archive.close()
