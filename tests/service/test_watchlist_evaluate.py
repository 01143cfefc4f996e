"""``watchlist evaluate`` says what was reached, and lists every error with its words."""

from pathlib import Path

import orjson
import pytest

from service.cli import main
from tests.watchlist.changing import changed_dictionary
from watchlist.dictionary import load_dictionary

LABELLED = Path(__file__).parents[1] / "watchlist" / "data" / "labelled-dev.csv"


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["watchlist", "evaluate", *arguments])
    return int(ended.value.code or 0)


def test_figures_have_intervals_and_every_error_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(LABELLED)) == 0
    out = capsys.readouterr().out
    assert "653 records of 784 (131 ambiguous), with the whole dictionary." in out
    assert "alert: precision" in out
    assert "95 % interval" in out
    errors = out[out.index("Errors (") :].splitlines()
    assert len(errors) == int(errors[0].partition("(")[2].partition(")")[0]) + 1


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(LABELLED), "--leave-source-out", "--json") == 0
    form = orjson.loads(capsys.readouterr().out)
    assert form["leave_source_out"] is True
    assert form["tiers"]["alert"]["recall"] >= 0.85
    assert {"technology_tags", "vendor_tags", "sources", "errors"} <= set(form)


def test_a_watchlist_of_ones_own_is_the_one_that_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = load_dictionary(changed_dictionary(tmp_path / "watchlist"))
    monkeypatch.setenv("NOTICEWATCH_WATCHLIST", str(tmp_path / "watchlist"))
    assert run(str(LABELLED), "--json") == 0
    assert orjson.loads(capsys.readouterr().out)["dictionary"] == own.version != load_dictionary().version


def test_a_wrong_file_gives_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "none.csv")) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err
