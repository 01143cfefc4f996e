"""A newcomer with CONTRIBUTING.md alone adds a JSON source in pages: the steps are followed as they are written."""

import json
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from archive import tables
from archive.store import Archive
from crawlers.loading import load_parser, load_spider
from crawlers.scaffold import write_source
from crawlers.source import load_sources, read_source
from dev.source_pages import page
from noticewatch.errors import DataFolderError, UsageError
from noticewatch.models import notice_from
from noticewatch.settings import Settings
from service.cli import main
from tests.crawlers.server import publisher
from tests.house.test_rooms import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILLED = dict(re.findall(r"^`(\w+\.\w+)`:\n\n```\w+\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
ROW = json.loads(re.search(r"^    (\{\"total\".*?\})$", GUIDE, re.MULTILINE | re.DOTALL)[1])["results"][0]
DAYS = ["2026-08-20", "2026-08-21"]


@pytest.fixture
def project(tmp_path):
    """A checkout as far as new-source needs one."""
    (tmp_path / "crawlers" / "sources").mkdir(parents=True)
    return tmp_path


def answers(path: str, body: bytes) -> tuple[int, str, bytes]:
    """What the city answers: two pages of the first day, one of the second."""
    asked = parse_qs(urlsplit(path).query)
    day, number = asked["day"][0], int(asked["page"][0])
    pages = {DAYS[0]: [["C-17", "C-18"], ["C-19"]], DAYS[1]: [["C-20"]]}.get(day, [[]])
    results = [ROW | {"number": name, "signed": day, "row": at} for at, name in enumerate(pages[number - 1])]
    answer = {"total": sum(map(len, pages)), "has_next": number < len(pages), "results": results}
    return 200, "application/json", json.dumps(answer).encode()


def crawl(home, folder, *more):
    command = [sys.executable, "-m", "tests.crawlers.crawl_here", str(home), str(folder), *map(str, more)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def contents(home):
    archive = Archive.open(Settings(home=home))
    with archive.reading() as connection:
        query = select(tables.notices.c.id, tables.records.c.content).join(
            tables.records, tables.records.c.notice == tables.notices.c.number
        )
        found = {row.id: notice_from(json.loads(row.content)) for row in connection.execute(query)}
        findings = list(connection.scalars(select(tables.runs.c.findings)))
    archive.close()
    return found, findings


def test_following_the_guide_gives_a_source_that_is_crawled_recorded_and_replayed(project):
    written = write_source("city_contracts", project)
    folder = project / "crawlers" / "sources" / "city_contracts"
    with publisher() as server:
        server.answers = answers
        for name, text in FILLED.items():
            own = text.replace("https://data.city.example", server.address.rstrip("/")).replace(
                "data.city.example", "127.0.0.1"
            )
            own = own.replace("delay = 2.0", "delay = 0.0").replace("overlap = 7", "overlap = 1")
            assert folder / name in written
            (folder / name).write_text(own)
        spider = folder / "spider.py"  # the regular windows are of today; the city has published two days
        spider.write_text(
            spider.read_text()
            .replace("date_from or today -", "date_from or date(2026, 8, 21) -")
            .replace("(date_to or today)", "(date_to or date(2026, 8, 21))")
        )
        code, said, errors = crawl(project / "try", folder)
        assert (code, said) == (0, "complete\n"), errors
        asked = [path for path, *_ in server.asked]
    pages = [(DAYS[0], 1), (DAYS[0], 2), (DAYS[1], 1)]
    assert sorted(asked) == sorted(["/robots.txt", *(f"/contracts?day={day}&page={page}" for day, page in pages)])
    found, findings = contents(project / "try")
    assert sorted(found) == [f"city-contracts:C-{number}" for number in (17, 18, 19, 20)]
    assert findings == ["[]"], "a member is neither read nor ignored"
    notice = found["city-contracts:C-17"]
    assert (notice.title[0].text, notice.amounts[0].value) == ("Licence plate readers", Decimal("120000.00"))
    assert "clerk" not in notice.model_dump_json()
    recording = project / "tests" / "replays" / "city_contracts" / "1-two-days.warc.gz"
    [own] = (project / "try" / "warc").glob("city_contracts*.warc.gz")
    shutil.copy(own, recording)
    code, said, errors = crawl(project / "again", folder, recording)
    assert (code, said) == (0, "complete\n"), errors
    assert contents(project / "again") == (found, findings)


def test_the_guide_keeps_spider_and_facts_under_sixty_lines():
    lines = [line for name in ("spider.py", "source.toml") for line in FILLED[name].splitlines() if line.strip()]
    assert 0 < len(lines) < 60


def test_what_is_written_loads_is_not_crawled_and_has_a_test_that_fails(project):
    written = write_source("city_contracts", project)
    source = read_source(project / "crawlers" / "sources" / "city_contracts")
    assert not source.live
    assert load_spider(source).name == "city_contracts"
    assert load_parser(source)
    assert "Not written yet." in page(source, load_sources())
    [test] = [file for file in written if file.name == "test_city_contracts.py"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", project, "-c", "/dev/null", test],
        capture_output=True, text=True, check=False, cwd=project,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "city_contracts is not written yet" in ended.stdout


@pytest.mark.parametrize("filled", [False, True])
def test_what_is_written_passes_the_checks_of_the_project(project, filled):
    written = [file for file in write_source("city_contracts", project) if file.suffix == ".py"]
    for file in written:
        if filled and file.name in FILLED:
            file.write_text(FILLED[file.name])
    ruff = shutil.which("ruff", path=f"{sys.prefix}/bin")
    config = [
        "--no-cache",
        "--config",
        ROOT / "pyproject.toml",
        "--config",
        "lint.per-file-ignores = {'tests/**' = ['D']}",
    ]
    for command in (["check"], ["format", "--check"]):
        ended = subprocess.run(
            [ruff, *command, *config, *(file.relative_to(project) for file in written)], cwd=project,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("name", "said"), [("import", "is a word of Python"), ("class", "is a word of Python"), ("a" * 41, "40 at most")]
)
def test_a_name_that_no_module_can_have_is_refused(project, name, said):
    with pytest.raises(UsageError, match=said):
        write_source(name, project)
    assert list((project / "crawlers" / "sources").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["City", "city-contracts", "1city", "", "../city", "city__contracts", "city_", "stadt_ü"]
)
def test_a_bad_name_is_refused_in_one_sentence(project, name):
    with pytest.raises(UsageError, match="is no name of a source; write small letters"):
        write_source(name, project)
    assert list((project / "crawlers" / "sources").iterdir()) == []


def test_a_name_that_is_taken_is_refused(project):
    for name in load_sources():
        with pytest.raises(UsageError, match=f"There is a source '{name}' already"):
            write_source(name, project)
    write_source("city_contracts", project)
    with pytest.raises(UsageError, match="There is a source 'city_contracts' already"):
        write_source("city_contracts", project)


def test_a_file_that_is_there_is_never_written_over(project):
    test = project / "tests" / "sources" / "test_city_contracts.py"
    test.parent.mkdir(parents=True)
    test.write_text("mine")
    with pytest.raises(UsageError, match=r"test_city_contracts\.py exists already"):
        write_source("city_contracts", project)
    assert test.read_text() == "mine"
    assert not (project / "crawlers" / "sources" / "city_contracts").exists()


def test_a_place_that_is_no_checkout_or_cannot_be_written_is_refused(tmp_path, project):
    with pytest.raises(UsageError, match="run it in a checkout"):
        write_source("city_contracts", tmp_path / "elsewhere")
    (project / "tests").write_text("a file where a folder is due")
    with pytest.raises(DataFolderError, match="cannot be written"):
        write_source("city_contracts", project)
    assert not [file for file in (project / "crawlers").rglob("*") if file.is_file()]


def test_the_command_refuses_a_bad_name_with_exit_code_2(inside, capsys):
    with pytest.raises(SystemExit) as end:
        main(["new-source", "City"])
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
