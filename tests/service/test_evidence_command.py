"""``evidence`` and ``verify FILE`` on the command line: what they print, and their exit codes."""

import json
import zipfile

import pytest

from tests.archive.proving import flip

ORDER = "70CMSD23FR0000145"


@pytest.fixture
def notice(loaded):
    _, out, _ = loaded("show", ORDER, "--json")
    shown = json.loads(out)
    return shown["notices"][0]["id"] if "notices" in shown else shown["id"]


def test_a_pack_is_written_and_verified(loaded, notice, tmp_path):
    path = tmp_path / "pack.zip"
    code, out, err = loaded("evidence", notice, "-o", str(path))
    assert (code, str(path) in out, err) == (0, True, "")
    code, out, _ = loaded("verify", str(path))
    assert (code, "Everything holds that this pack can prove." in out, notice in out) == (0, True, True)
    code, out, _ = loaded("verify", str(path), "--json")
    assert (code, json.loads(out)["holds"]) == (0, True)
    code, out, _ = loaded("evidence", notice, "--version", "1", "-o", str(path), "--json")
    assert (code, json.loads(out)["bytes"]) == (0, path.stat().st_size)
    assert sorted(one.name for one in tmp_path.glob("pack*")) == ["pack.zip"]


def test_what_does_not_hold_is_named_with_exit_code_7(loaded, notice, tmp_path):
    path = tmp_path / "pack.zip"
    loaded("evidence", notice, "-o", str(path))
    with zipfile.ZipFile(path) as packed:
        info = packed.getinfo("versions/1.json")
    flip(path, info.header_offset + 30 + len(info.filename) + 5)
    code, out, err = loaded("verify", str(path))
    assert (code, out, len(err.splitlines())) == (7, "", 1)
    assert "versions/1.json" in err
    path.write_bytes(b"no pack")
    code, out, err = loaded("verify", str(path))
    assert (code, out, len(err.splitlines())) == (7, "", 1)


def test_what_cannot_be_asked_is_one_sentence_and_leaves_what_stood_there(loaded, notice, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(b"before")
    for arguments, expected in (
        (("evidence", "nothing", "-o", str(path)), 2),
        (("evidence", notice, "--version", "9", "-o", str(path)), 2),
        (("evidence", notice), 2),
        (("evidence", notice, "-o", str(tmp_path / "no" / "pack.zip")), 1),
        (("verify", str(tmp_path / "nowhere.zip")), 2),
        (("verify", str(path), "--full"), 2),
    ):
        code, out, err = loaded(*arguments)
        assert (code, out, len(err.strip().splitlines())) == (expected, "", 1), arguments
    assert path.read_bytes() == b"before"
    assert list(tmp_path.glob("*.part")) == []


def test_a_version_that_is_not_held_is_told_with_those_that_are(loaded, notice, tmp_path):
    code, _, err = loaded("evidence", notice, "--version", "9", "-o", str(tmp_path / "pack.zip"))
    assert (code, "has no version 9; its history holds 1." in " ".join(err.split())) == (2, True)
