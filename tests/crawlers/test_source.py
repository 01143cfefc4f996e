"""Facts about sources."""

from pathlib import Path

import pytest

from crawlers.loading import load_parser, load_spider
from crawlers.source import load_sources, read_source, source
from noticewatch.errors import NotFound, SettingsError

HERE = Path(__file__).parent
GOOD = (HERE / "tiny_list" / "source.toml").read_text()


def written(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "tiny_list"
    folder.mkdir()
    (folder / "source.toml").write_text(text)
    return folder


def test_every_source_that_comes_along_can_be_loaded_with_its_code() -> None:
    for found in load_sources().values():
        assert load_spider(found).name == found.name
        assert load_parser(found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("register", "regster"), "register"),
        (('schedule = "24h"', 'schedule = "daily"'), "daily"),
        (("overlap = 1", "overlap = -1"), "overlap"),
        (("delay = 0", "delay = 0\ncolour = 1"), "colour"),
        (('name = "tiny_list"', 'name = "other"'), "other"),
        (('terms = "none"', 'terms = "none'), "TOML"),
        (("delay = 0", 'delay = 0\ntimezone = "Mars/Olympus"'), "Mars/Olympus"),
    ],
)
def test_a_wrong_source_toml_is_refused_with_file_and_reason(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    folder = written(tmp_path, GOOD.replace(*change))
    with pytest.raises(SettingsError) as refused:
        read_source(folder)
    assert "source.toml" in str(refused.value)
    assert said in str(refused.value)


def test_an_unknown_source_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(NotFound, match="tiny_file, tiny_list"):
        source("nothing", HERE)


def test_a_folder_without_a_parser_is_refused(tmp_path: Path) -> None:
    found = read_source(written(tmp_path, GOOD))
    with pytest.raises(SettingsError, match=r"parser\.py"):
        load_parser(found)
