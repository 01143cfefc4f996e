"""``watchlist suggest`` and ``watchlist retag`` on the command line."""

import io
import json

import pytest

from tests.watchlist.changing import changed_dictionary, spoil
from watchlist.radar import reading


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


def test_a_look_that_does_not_reach_back_to_its_day_says_so(loaded, monkeypatch):
    monkeypatch.setattr(reading, "MOST_NEW", 100)
    code, out, _ = loaded("watchlist", "suggest", "--since", "2000-01-01", "--most", "1")
    assert (code, out.startswith("The newest 100 notices dated since 2000-01-01")) == (0, True)


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
    spoil(own_watchlist)
    code, out, err = loaded("watchlist", "retag")
    assert (code, out, "vendors.toml, line" in err, "nothing_known" in err) == (1, "", True, True)
    assert len(err.strip().splitlines()) == 1


def test_a_suggestion_that_is_accepted_is_written_and_one_that_is_rejected_does_not_come_again(loaded, own_watchlist):
    asked = ("watchlist", "suggest", "--since", "2000-01-01")
    found = {one["suggestion"]: one for one in json.loads(loaded(*asked, "--json")[1])["suggestions"]}
    first, second, *_ = [name for name, one in found.items() if one["block"]]
    code, out, _ = loaded(*asked, "--reject", first, "--reason", "Another trade.")
    assert (code, "rejected.toml" in out, "Another trade." in out) == (0, True, True)
    code, out, _ = loaded(*asked, "--accept", second, "--json")
    assert code == 0
    assert json.loads(out)["block"].startswith("[[")
    left = {one["suggestion"] for one in json.loads(loaded(*asked, "--json")[1])["suggestions"]}
    assert not {first, second} & left
    phrase = next(name for name in left if name.startswith("phrase:"))
    code, out, err = loaded(*asked, "--accept", phrase, "--language", "xx")
    assert (code, out, "language 'xx'" in err) == (2, "", True)
    assert loaded(*asked, "--accept", phrase, "--language", "es", "--technology", "lpr", "--json")[0] == 0
    assert phrase.removeprefix("phrase:") in (own_watchlist / "terms.es.toml").read_text(encoding="utf-8")
    code, out, err = loaded(*asked, "--accept", "phrase:no such thing")
    assert (code, out, "is no suggestion of these notices" in err) == (2, "", True)


def test_an_explanation_says_what_counted_and_what_did_not(loaded, monkeypatch):
    code, out, _ = loaded("watchlist", "explain", "12 license plate readers", "--supplier", "Motorola Solutions Inc")
    assert (code, out.startswith("alert: Licence plate readers")) == (0, True)
    assert "Watchlist version" in out
    text = "Paper\nFAR 52.204-25 prohibits video surveillance services."
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, _ = loaded("watchlist", "explain", "-", "--json")
    found = json.loads(out)
    assert (code, found["tags"], bool(found["cut"])) == (0, [], True)


@pytest.mark.parametrize(("given", "said"), [(b"", "no text"), (b"\xff\xfe", "not UTF-8")])
def test_a_text_that_cannot_be_explained_is_one_sentence(loaded, monkeypatch, given, said):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    code, out, err = loaded("watchlist", "explain", "-")
    assert (code, out, said in err, len(err.strip().splitlines())) == (2, "", True, 1)


def test_the_list_names_technologies_and_vendors_with_their_notices(loaded):
    code, out, _ = loaded("watchlist", "list", "--json")
    items = json.loads(out)["items"]
    assert code == 0
    assert {one["kind"] for one in items} == {"technology", "vendor", "integrator", "reseller"}
    assert sum(one["matched"] for one in items) > 0
    code, out, _ = loaded("watchlist", "list", "--technology", "lpr")
    assert (code, "Licence plate readers" in out, "1 technology, " in out) == (0, True, True)
    code, out, err = loaded("watchlist", "list", "--technology", "nowhere")
    assert (code, out, "'nowhere'" in err) == (2, "", True)
