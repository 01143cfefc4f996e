"""The pack of a whole contract: all its notices with all their versions, under one head."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from wacz.main import main as wacz

from api.evidence import of_procurement, write_pack
from archive import queries, takedowns
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from noticewatch.settings import Settings
from service import cli
from tests.api.test_evidence import carried, manifest_anew, names, unpack
from tests.archive.proving import flip, proved

PIID = "70CMSD23FR0000145"
AWARD = f"us-action:7012:{PIID}"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Archive]:
    with proved(tmp_path / "data") as archive:
        drive(archive, [Joiner()])
        yield archive


def made(archive: Archive, identity: str = f"{AWARD}:P00001") -> bytes:
    file = io.BytesIO()
    with archive.reading() as connection:
        row = queries.notice(connection, identity)
        assert row is not None
        lead, members = of_procurement(connection, row)
    write_pack(archive, Settings(home=archive.folder), lead, None, file, members)
    return file.getvalue()


@pytest.mark.both_databases
def test_a_pack_of_a_contract_holds_every_notice_and_is_verified_with_nothing_but_python(
    small_archive: Archive, tmp_path: Path
):
    unpack(made(small_archive), tmp_path / "pack")
    done = carried(tmp_path / "pack")
    assert (done.returncode, done.stderr) == (0, "")
    for modification in ("0", "P00001", "P00002"):
        assert f"Notice: {AWARD}:{modification}, version 1" in done.stdout
    stated = json.loads((tmp_path / "pack/proof/leaves.json").read_bytes())
    assert stated["procurement"] == f"award:7012:{PIID}"
    assert stated["notices"] == [f"{AWARD}:0", f"{AWARD}:P00001", f"{AWARD}:P00002"]
    report = (tmp_path / "pack/evidence/report.html").read_text()
    assert f"the 3 notices of the contract award:7012:{PIID}" in report
    assert "as of seq" in report
    for place in (1, 2, 3):
        assert f"../versions/{place}-1.html" in report
        assert (tmp_path / f"pack/versions/{place}-1.html").exists()


def test_one_byte_changed_in_any_file_of_it_is_named(held: Archive, tmp_path: Path):
    unpack(made(held), tmp_path / "pack")
    for place, name in enumerate(names(tmp_path / "pack")):
        copy = tmp_path / str(place)
        shutil.copytree(tmp_path / "pack", copy)
        flip(copy / name, (copy / name).stat().st_size // 2)
        done = carried(copy)
        assert done.returncode == 1, name
        assert name in done.stderr or "datapackage" in name, name


def test_a_notice_of_another_contract_is_not_taken_for_one_of_it(held: Archive, tmp_path: Path):
    unpack(made(held), tmp_path / "pack")
    path = tmp_path / "pack/proof/leaves.json"
    stated = json.loads(path.read_bytes())
    stated["notices"] = stated["notices"][:2]
    path.write_text(json.dumps(stated))
    manifest_anew(tmp_path / "pack")
    done = carried(tmp_path / "pack")
    assert done.returncode == 1
    assert "is of another notice" in done.stderr


def test_it_is_a_web_archive_that_others_accept(held: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "pack.wacz"
    path.write_bytes(made(held))
    assert wacz(["validate", "-f", str(path)]) == 0
    assert "Validation succeeded" in capsys.readouterr().out


def test_what_is_taken_down_is_a_tombstone_in_it(held: Archive, tmp_path: Path):
    takedowns.take_down(held, [f"{AWARD}:P00001"], "A test.")
    drive(held, [Joiner()])
    unpack(made(held), tmp_path / "pack")
    done = carried(tmp_path / "pack")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Version 1 of {AWARD}:P00001 was taken down" in done.stdout
    held_versions = [json.loads(path.read_bytes())["notice"] for path in (tmp_path / "pack/versions").glob("*.json")]
    assert sorted(held_versions) == [f"{AWARD}:0", f"{AWARD}:P00002"]


def test_command_api_and_page_lead_to_it(
    client: TestClient, small_archive: Archive, small_settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    address = f"/api/v1/notices/{AWARD}:0/evidence?scope=procurement"
    assert address.replace("&", "&amp;") in client.get(f"/notices/{AWARD}:0", headers={"accept": "text/html"}).text
    answer = client.get(address)
    assert answer.status_code == 200
    assert f"evidence-award-7012-{PIID}.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert "versions/3-1.json" in packed.namelist()
    wrong = client.get(f"{address}&version=1")
    assert (wrong.status_code, wrong.json()["type"].rpartition("-")[0]) == (400, "/docs/api#problem-bad")
    monkeypatch.setenv("NOTICEWATCH_HOME", str(small_settings.home))
    monkeypatch.setenv("NOTICEWATCH_PUBLIC_URL", small_settings.base_url)
    file = tmp_path / "pack.zip"
    with pytest.raises(SystemExit) as ended:
        cli.main(["evidence", PIID, "--contract", "-o", str(file), "--json"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["notices"] == 3
    assert file.read_bytes() == answer.content
    with pytest.raises(SystemExit) as ended:
        cli.main(["evidence", PIID, "--procurement", "--version", "1", "-o", str(file)])
    assert ended.value.code == 2
