"""``watchlist suggest`` and ``watchlist retag`` on the command line."""

import json

import pytest

from tests.watchlist.changing import changed_dictionary


@pytest.fixture
def own_watchlist(inside, monkeypatch):
    """A data folder of the watchlist that the settings point to."""
    folder = changed_dictionary(inside / "watchlist")
    monkeypatch.setenv("NOTICEWATCH_WATCHLIST", str(folder))
    return folder


def test_suggestions_come_with_quotes_and_in_json(loaded):
    code, out, err = loaded("watchlist", "suggest", "--since", "2000-01-01", "--most", "3")
    assert (code, "110 notices dated since 2000-01-01" in out) == (0, True)
    assert "Counting phrases" in err
    code, out, err = loaded("watchlist", "suggest", "--since", "2000-01-01", "--agency", "ice", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert 0 < found["notices"] <= 110
    for one in found["suggestions"]:
        assert one["suggestion"] == f"{one['what']}:{one['key']}"
        assert all(quote["quote"] for quote in one["quotes"])


@pytest.mark.parametrize(
    ("arguments", "said"), [(("--since", "July"), "write a day as"), (("--agency", "Nowhere"), "'Nowhere'")]
)
def test_what_cannot_be_looked_at_is_one_sentence_and_exit_code_2(loaded, arguments, said):
    code, out, err = loaded("watchlist", "suggest", *arguments, "--json")
    assert (code, out, said in err, len(err.strip().splitlines())) == (2, "", True, 1)


def test_a_retag_says_what_it_would_change_changes_it_and_says_it_again(loaded, own_watchlist):
    code, out, _ = loaded("watchlist", "retag", "--dry-run", "--json")
    would = json.loads(out)
    assert (code, would["looked_at"]) == (0, 110)
    code, out, err = loaded("watchlist", "retag")
    assert (code, "110 notices were tagged again" in out) == (0, True)
    assert "Tagging notices again: 110 of 110" in err
    code, out, _ = loaded("watchlist", "retag", "--json")
    did = json.loads(out)
    assert (code, did["looked_at"], did["left_to"]) == (0, 0, None)
    assert did["changes"] == would["changes"]
    code, out, _ = loaded("watchlist", "retag", "--dry-run")
    assert (code, out) == (0, f"Everything held is tagged with version {did['dictionary']}.\n")


def test_a_retag_with_a_dictionary_that_cannot_be_used_names_file_and_line(loaded, own_watchlist):
    with (own_watchlist / "policies.csv").open("a", encoding="utf-8") as file:
        file.write("product,nobody,Zyx,strong,a test\n")
    code, out, err = loaded("watchlist", "retag")
    assert (code, out, "policies.csv, line" in err, "'nobody'" in err) == (1, "", True, True)
    assert len(err.strip().splitlines()) == 1
