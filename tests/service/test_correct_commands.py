"""``correct takedown``, ``correct restore`` and ``correct list`` on the command line."""

import csv
import io
import json

import pytest

ORDER = "70CMSD23FR0000145"


@pytest.fixture
def notice(loaded):
    _, out, _ = loaded("show", ORDER, "--json")
    shown = json.loads(out)
    return shown["notices"][0]["id"] if "notices" in shown else shown["id"]


def test_a_takedown_and_its_restoration_stand_in_the_log_and_the_archive_verifies(loaded, notice):
    code, out, _ = loaded("correct", "takedown", notice, "--reason", "Names a private person.")
    assert (code, out.splitlines()[0].startswith("1. Taken down ")) == (0, True)
    assert (notice in out, "Names a private person." in out, "tombstone in its place" in out) == (True, True, True)
    code, out, _ = loaded("correct", "restore", notice, "--reason", "Agreed.", "--json")
    made = json.loads(out)
    assert (code, made["kind"], made["concerns"], made["indexed"]) == (0, "restore", [notice], True)
    assert made["made_at"].endswith("Z")
    code, out, _ = loaded("correct", "list")
    assert (code, [line[:2] for line in out.splitlines()[::2]]) == (0, ["2.", "1."])
    code, out, _ = loaded("correct", "list", "--limit", "1", "--json")
    assert (code, [one["number"] for one in json.loads(out)["items"]]) == (0, [2])
    assert loaded("verify", "--full")[0] == 0
    code, out, _ = loaded("proof", "inclusion", "--event", str(made["last_seq"]))
    assert (code, "restored" in out) == (0, True), "the head that settles covers the correction"


def test_an_archive_without_corrections_says_so(loaded):
    assert loaded("correct", "list") == (0, "No correction was made so far.\n", "")


@pytest.mark.parametrize(
    "arguments",
    [("takedown", "nowhere", "--reason", "x"), ("takedown", ORDER, "--reason", " "), ("takedown", ORDER),
     ("restore", ORDER, "--reason", "x"), ("takedown", "--reason", "x")],
)  # fmt: skip
def test_what_cannot_be_corrected_is_one_sentence_and_exit_code_2(loaded, arguments):
    code, out, err = loaded("correct", *arguments)
    assert (code, out, len(err.strip().splitlines())) == (2, "", 1)


def test_a_search_tells_what_was_taken_down_in_every_form(loaded, notice):
    loaded("correct", "takedown", notice, "--reason", "Names a private person.")
    question = ("search", "is:taken_down", "--all", "--scope", "notice")
    code, out, _ = loaded(*question)
    assert (code, "Names a private person." in out, notice in out, "not stated" in out) == (0, True, True, False)
    _, out, _ = loaded(*question, "--format", "csv")
    line = next(csv.DictReader(io.StringIO(out)))
    stated = {name: value for name, value in line.items() if value}
    assert set(stated) == {"id", "url", "source", "listing", "version", "content_sha256", "taken_down"}
    assert (line["id"], line["url"]) == (notice, f"http://127.0.0.1:0/notices/{notice}")
    assert "Names a private person." in line["taken_down"]
    _, out, _ = loaded(*question, "--format", "jsonl")
    assert json.loads(out)["taken_down"]["reason"] == "Names a private person."
    assert notice not in loaded("search", "Fivecast", "--all", "--scope", "notice")[1]
