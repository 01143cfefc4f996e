"""``export`` on the command line: a whole file with its manifest, or what stood there before."""

import hashlib
import json
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from archive.store import Archive
from indexer.engines import open_engine
from noticewatch.settings import load_settings
from tests.engines import put
from tests.house.test_rooms import ROOT


@pytest.mark.parametrize("name", ["all.csv", "all.jsonl", "all.parquet", "all.ocds.json", "all.warc.gz"])
def test_the_manifest_names_the_file_beside_it_by_its_hash(loaded, tmp_path, name):
    path = tmp_path / name
    code, out, err = loaded("export", str(path), "--all")
    assert (code, "110 notices" in out) == (0, True), err
    assert ("contact data" in err) is name.endswith(".warc.gz")
    stated = json.loads((tmp_path / f"{name}.manifest.json").read_bytes())
    (resource,) = stated["resources"]
    assert (resource["path"], resource["bytes"]) == (name, path.stat().st_size)
    assert resource["hash"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert sorted(one.name for one in tmp_path.glob("all*")) == [name, f"{name}.manifest.json"]


def test_a_query_chooses_and_its_warnings_are_told(loaded, tmp_path):
    path = tmp_path / "found.jsonl"
    code, out, err = loaded("export", str(path), "--query", "fivecast or onyx", "--json")
    assert code == 0
    stated = json.loads(out)
    assert stated["notices"] == len(path.read_bytes().splitlines())
    assert stated["query"]["asked"] == "fivecast or onyx"
    assert err == ""
    code, _, err = loaded("export", str(path), "--query", "fivecast or onyx")
    assert (code, "OR" in err) == (0, True)


def test_a_data_set_of_an_index_that_is_behind_says_so_on_standard_error_and_in_its_manifest(loaded, tmp_path):
    settings = load_settings()
    with closing(Archive.open(settings)) as archive, closing(open_engine(settings, archive)) as engine:
        end = engine.position()
        put(engine, [], replace(end, seq=end.seq - 2))
    for command in (("export", str(tmp_path / "all.csv"), "--all"), ("search", "--all", "--format", "csv")):
        code, out, err = loaded(*command)
        assert (code, "2 entries of the log are still being indexed" in err) == (0, True), (out, err)
        assert "being indexed" not in out
    stated = json.loads((tmp_path / "all.csv.manifest.json").read_bytes())
    assert "being indexed" in stated["query"]["warnings"][0]


def test_what_cannot_be_written_is_one_sentence_and_leaves_what_stood_there(loaded, tmp_path):
    path = tmp_path / "found.csv"
    path.write_bytes(b"before")
    for arguments, expected, said in (
        (("export", str(tmp_path / "found.xls")), 2, "--format"),
        (("export", str(path), "--query", "("), 2, "position"),
        (("export", str(path), "--format", "xls"), 2, "xls"),
        (("export", str(tmp_path / "no" / "found.csv")), 1, "cannot be written"),
        (("export",), 2, "FILE"),
    ):
        code, out, err = loaded(*arguments)
        assert (code, out, said in err) == (expected, "", True), (arguments, err)
    assert path.read_bytes() == b"before"
    assert sorted(one.name for one in tmp_path.glob("found*")) == ["found.csv"]


def test_only_who_asks_for_parquet_waits_for_what_writes_it():
    command = "import api.dataset, service.cli, service.commands.export, sys; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=ROOT, check=False).returncode == 0
