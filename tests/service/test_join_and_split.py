"""``correct join`` and ``correct split`` on the command line, and what the other commands say of ids that lead on."""

import json

import pytest

from archive.store import Archive
from noticewatch.settings import load_settings
from tests.archive.grouping import SAM, SPARES, sam
from tests.archive.making import append

ORDER = "70CMSD23FR0000145"
REASON = ("--reason", "One purchase under two numbers.")


@pytest.fixture
def two(loaded):
    """Two notices of one number, held beside the loaded ones."""
    archive = Archive.open(load_settings())
    append(archive, [sam("aa", 1), sam("cc", 9, name=SPARES)], **SAM)
    archive.close()
    return loaded


def test_notices_are_joined_and_their_ids_lead_on_in_every_command(two):
    code, out, _ = two("correct", "join", "sam:aa", "sam:cc", *REASON)
    assert (code, out.splitlines()[0].startswith("1. Joined "), "searchable" in out) == (0, True, True)
    for command in ("show", "history"):
        code, out, _ = two(command, "sam:cc")
        assert (code, out.splitlines()[0]) == (0, "sam:cc leads to sam:aa, where its records are now.")
    code, out, _ = two("show", "sam:cc", "--version", "1", "--json")
    assert (code, json.loads(out)["id"]) == (0, "sam:cc")
    assert "Id: sam:aa, version 2 of 2\n" in two("show", "sam:aa")[1]
    code, out, _ = two("diff", "sam:aa", "1", "2")
    assert (code, "radio spares+}" in out) == (0, True)
    code, _, err = two("diff", "sam:cc", "1", "2")
    assert (code, "It leads to sam:aa now." in err) == (2, True)


def test_a_posting_is_parted_again_with_its_id(two):
    two("correct", "join", "sam:aa", "sam:cc", *REASON)
    code, out, _ = two("correct", "split", "sam:aa", "--at", "cc", "--reason", "Two after all.", "--json")
    made = json.loads(out)
    assert (code, made["kind"], made["concerns"], made["indexed"]) == (0, "split", ["sam:aa"], True)
    code, out, _ = two("show", "sam:cc", "--json")
    assert (code, json.loads(out)["id"]) == (0, "sam:cc")
    code, out, _ = two("correct", "list")
    assert (code, [line[:9] for line in out.splitlines()[::2]]) == (0, ["2. Parted", "1. Joined"])


def test_a_version_is_not_counted_among_fewer_than_its_number(two):
    for command in (("join", "sam:aa", "sam:cc"), ("split", "sam:aa", "--at", "cc"), ("join", "sam:aa", "sam:cc")):
        assert two("correct", *command, *REASON)[0] == 0
    code, out, _ = two("history", "sam:aa", "--json")
    numbers = [one["version"] for one in json.loads(out)["versions"]]
    assert (code, numbers[-1] > len(numbers)) == (0, True), "a posting left and took its version along"
    _, out, _ = two("show", "sam:aa")
    assert f"Id: sam:aa, version {numbers[-1]}; {len(numbers)} versions held\n" in out


def test_contracts_are_joined_and_parted(two):
    code, out, _ = two("show", ORDER, "--json")
    shown = json.loads(out)
    order = (shown["notices"][0] if "notices" in shown else shown)["procurement"]
    code, out, _ = two("correct", "join", "--contract", order, "sam:aa", *REASON, "--json")
    assert (code, json.loads(out)["concerns"]) == (0, [order, "sam:aa"])
    assert json.loads(two("show", "sam:aa", "--json")[1])["procurement"] == order
    code, out, _ = two("correct", "split", "--contract", order, "--at", "sam:aa", "--reason", "Two after all.")
    assert (code, "Parted" in out) == (0, True)
    assert json.loads(two("show", "sam:aa", "--json")[1])["procurement"] == "sam:aa"


def test_a_number_of_several_notices_is_told_how_all_of_them_are_packed(two, tmp_path):
    assert two("correct", "join", "--contract", "sam:aa", "sam:cc", *REASON)[0] == 0
    code, out, err = two("evidence", "70CDCR26R00001", "-o", str(tmp_path / "pack.zip"))
    assert (code, out) == (2, "")
    assert " ".join(err.split()).endswith("name one: sam:aa, sam:cc; --contract packs the whole contract.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("join", "sam:aa", *REASON), ("join", "sam:aa", "nowhere", *REASON), ("join", "sam:aa", "sam:cc"),
        ("join", "sam:aa", "sam:cc", "--reason", " "), ("split", "sam:aa", "--at", "zz", *REASON),
        ("split", "sam:aa", "--at", "aa", *REASON), ("split", "sam:aa", *REASON),
        ("join", "--contract", "sam:aa", "sam:aa", *REASON),
        ("split", "--contract", "sam:aa", "--at", "sam:aa", *REASON),
    ],
)  # fmt: skip
def test_what_cannot_be_corrected_is_one_sentence_and_exit_code_2(two, arguments):
    code, out, err = two("correct", *arguments)
    assert (code, out, len(err.strip().splitlines())) == (2, "", 1)


def test_a_number_of_notices_that_are_not_joined_says_which_ids_there_are_and_what_is_still_to_come(two):
    code, out, err = two("show", "70CDCR26R00001")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "leads to 2 notices that are not joined to one contract, give the id of one: sam:aa (solicitation of" in err
    assert "; 2 events of the log are still to be joined, which noticewatch run goes on with." in err
    two("correct", "join", "--contract", "sam:aa", "sam:cc", *REASON)
    two("correct", "split", "--contract", "sam:aa", "--at", "sam:cc", *REASON)
    code, _, err = two("history", "70CDCR26R00001")
    assert (code, "sam:cc (solicitation of 2026-" in err, "still to be joined" in err) == (2, True, False)
