"""``alerts add``, ``list``, ``preview``, ``test``, ``deliver`` and ``remove`` on the command line."""

import json
import re
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "alerts.md"


@pytest.fixture
def saved(loaded, tmp_path):
    """A saved search whose messages go to a file, and what was said of it."""
    to = f"file:{tmp_path / 'told'}"
    rhythm = ("--rhythm", "daily", "--zone", "America/New_York")
    reasons = ("--on", "new", "--on", "gone")
    code, out, err = loaded(
        "alerts", "add", '"social media"', "--buyer", "ICE", "--to", to, *rhythm, *reasons, "--json"
    )
    assert (code, err) == (0, "")
    return json.loads(out)


def test_a_saved_search_is_listed_with_all_that_was_asked_for(loaded, saved):
    code, out, _ = loaded("alerts", "list", "--json")
    (one,) = json.loads(out)
    assert (code, one["id"], one["name"]) == (0, saved["id"], '"social media"')
    assert one["terms"]["filters"] == {"buyer": ["ICE"]}
    assert (one["terms"]["reasons"], one["terms"]["tiers"]) == (["new", "gone"], ["alert"])
    assert (one["rhythm"], one["at"], one["zone"]) == ("daily", "08:00", "America/New_York")
    assert [(to["channel"], to["state"]) for to in one["targets"]] == [("file", "active")]
    assert saved["manage_url"].rpartition("/")[2] not in out


def test_a_search_of_another_version_is_listed_beside_the_others(loaded, saved, inside):
    with closing(sqlite3.connect(inside / "data" / "noticewatch.sqlite")) as database, database:
        database.execute("UPDATE search_revisions SET terms = json_set(terms, '$.lens', 'none such')")
    assert loaded("alerts", "add", "drone", "--to", "file:/tmp/told")[0] == 0
    code, out, _ = loaded("alerts", "list", "--json")
    first, second = json.loads(out)
    assert (code, first["terms"]["query"], second["unread"]) == (0, '"social media"', "")
    assert first["unread"].startswith("It was saved by another version")
    assert "not read any more" in " ".join(loaded("alerts", "list")[1].split())
    assert loaded("alerts", "remove", str(saved["id"]))[0] == 0


def test_a_test_reaches_the_target_and_says_what_it_is(loaded, saved, tmp_path):
    code, out, _ = loaded("alerts", "test", str(saved["id"]), "--json")
    assert (code, json.loads(out)[0]["state"]) == (0, "delivered")
    (line,) = (tmp_path / "told").read_text().splitlines()
    assert "test" in json.loads(line)["type"]


@pytest.mark.parametrize(("asked", "latest"), [("services", 1), ("zeppelin", 0)])
def test_a_test_shows_the_newest_match_that_is_held_or_says_that_there_is_none(loaded, tmp_path, asked, latest):
    saved = json.loads(loaded("alerts", "add", asked, "--all", "--to", f"file:{tmp_path / 'told'}", "--json")[1])
    previewed = json.loads(loaded("alerts", "preview", asked, "--all", "--json")[1])["latest"]
    assert loaded("alerts", "test", str(saved["id"]))[0] == 0
    told = json.loads((tmp_path / "told").read_text())
    shown = [find["notice"] for group in told["data"]["groups"] for find in group["finds"]]
    assert (told["type"], told["data"]["total"], shown) == ("search.test", 0, previewed[:latest])
    assert told["data"]["replay_url"] is None
    assert ("There is no match yet" in told["data"]["note"]) == (latest == 0)


def test_a_test_arrives_also_where_no_index_can_be_asked_for_an_example(loaded, saved, tmp_path, inside):
    shutil.rmtree(inside / "data" / "index")
    assert loaded("alerts", "test", str(saved["id"]))[0] == 0
    told = json.loads((tmp_path / "told").read_text())["data"]
    assert told["groups"] == []
    assert told["note"].endswith("No example is shown, because the search index cannot be asked now.")


def test_what_waits_is_said_without_sending_it(loaded, saved, tmp_path):
    code, out, _ = loaded("alerts", "deliver", "--dry-run", "--json")
    assert (code, json.loads(out)) == (0, {"tried": 0, "queue": []})
    assert not (tmp_path / "told").exists()
    assert loaded("alerts", "deliver")[:2] == (0, "0 messages were tried.\nNothing waits.\n")


def test_a_preview_says_how_many_a_week(loaded):
    code, out, _ = loaded("alerts", "preview", "the", "--all", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["found"] <= found["total"]
    assert found["a_week"] == round(found["found"] / found["weeks"], 1)
    assert "a week" in loaded("alerts", "preview", "the", "--all")[1].splitlines()[0]


def test_a_removed_search_is_gone(loaded, saved):
    assert loaded("alerts", "remove", str(saved["id"]))[0] == 0
    assert json.loads(loaded("alerts", "list", "--json")[1]) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "drone", "--to", "nonsense"), "'nonsense' is no target"),
        (("add", "drone AND", "--to", "file:/tmp/told"), "position"),
        (("add", "drone", "--to", "file:/tmp/told", "--zone", "Mars/Olympus"), "Mars/Olympus"),
        (("add", "drone", "--to", "file:/tmp/told", "--at", "noon"), "'noon' is no time"),
        (("add", "", "--all", "--to", "file:/tmp/told"), "every notice there is"),
        (("add", "drone", "--tier", "secret", "--to", "file:/tmp/told"), "'secret'"),
        (("test", "77"), "no saved search 77"),
        (("remove", "77"), "no saved search 77"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(loaded, arguments, sentence):
    code, out, err = loaded("alerts", *arguments)
    assert (code, out, sentence in err, len(err.strip().splitlines())) == (2, "", True, 1)


def test_every_command_of_the_document_works_as_it_stands_there(loaded, tmp_path):
    commands = re.findall(r"^    noticewatch (alerts .*)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        code, _, err = loaded(*shlex.split(command.replace("/tmp/", f"{tmp_path}/")))
        assert (code, err) == (0, "") or (code == 0 and "Traceback" not in err), command
    assert json.loads(loaded("alerts", "list", "--json")[1]) == []
    assert "test" in (tmp_path / "told.jsonl").read_text()
