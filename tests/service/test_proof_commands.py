"""``proof`` and ``verify`` on the command line: what they print, and their exit codes."""

import json
import subprocess
import sys

import pytest

from tests.archive.proving import flip


def test_head_and_proofs_are_shown_in_words_and_as_json(loaded):
    code, out, _ = loaded("proof", "head", "--json")
    head = json.loads(out)["head"]
    assert code == 0
    code, out, _ = loaded("proof", "head")
    assert (code, f"Root: {head['root']}" in out, head["key"] in out) == (0, True, True)
    code, out, _ = loaded("proof", "inclusion", "--event", "1", "--json")
    proof = json.loads(out)["proofs"][0]
    capture = json.loads(proof["leaf"]["data"])["capture"]
    assert (code, proof["head"]) == (0, head)
    code, out, _ = loaded("proof", "inclusion", "--event", "1")
    assert (code, proof["leaf"]["data"] in out, all(one in out for one in proof["path"])) == (0, True, True)
    code, out, _ = loaded("proof", "inclusion", "--capture", capture, "--row", "0", "--json")
    assert (code, json.loads(out)["record"]["records"]["head"]) == (0, head)
    code, out, _ = loaded("proof", "inclusion", "--capture", capture, "--row", "0")
    assert (code, "Record 1 of " in out) == (0, True)
    code, out, _ = loaded("proof", "consistency", "--from", "2", "--to", str(head["size"]), "--json")
    assert (code, json.loads(out)["to"]["root"]) == (0, head["root"])
    code, out, _ = loaded("proof", "consistency", "--from", "2", "--to", str(head["size"]))
    assert (code, head["root"] in out) == (0, True)


@pytest.mark.parametrize(
    "arguments",
    [("proof", "inclusion"), ("proof", "inclusion", "--event", "1", "--capture", "x"),
     ("proof", "inclusion", "--event", "99999999"), ("proof", "inclusion", "--capture", "x"),
     ("proof", "consistency", "--from", "2", "--to", "1"), ("proof", "inclusion", "--event", "0"),
     ("verify", "--heads", "nowhere.jsonl")],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_sentence_and_exit_code_2(loaded, arguments):
    code, out, err = loaded(*arguments)
    assert (code, out) == (2, "")
    assert err.strip().endswith(".")
    assert len(err.strip().splitlines()) == 1


def test_verify_says_what_holds_and_goes_on_from_there(loaded):
    code, out, err = loaded("verify")
    assert code == 0
    assert "Everything holds:" in out
    assert "Checking the log" in err
    code, out, err = loaded("verify", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["since"] == found["leaves"] > 110
    code, out, _ = loaded("verify", "--full", "--json")
    assert (code, json.loads(out)["since"]) == (0, 0)


def test_verify_ends_with_exit_code_7_and_names_the_file(loaded, inside):
    file = next((inside / "data" / "warc").rglob("*.warc.gz"))
    flip(file, file.stat().st_size // 2)
    code, out, err = loaded("verify", "--json")
    assert (code, out) == (7, "")
    assert str(file.name) in err
    assert len(err.strip().splitlines()) == 1


def test_verify_runs_while_the_server_runs(loaded, inside, surroundings):
    command = [sys.executable, "-m", "service.cli"]
    server = subprocess.Popen(
        [*command, "serve"], env=surroundings, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stderr is not None
        assert "noticewatch is at" in server.stderr.readline()
        assert loaded("verify", "--full", "--json")[0] == 0
    finally:
        server.terminate()
        server.wait()
