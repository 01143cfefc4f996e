"""The rooms keep to their duties and their size."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import noticewatch

ROOT = Path(noticewatch.__file__).resolve().parent.parent
ROOMS = ("noticewatch", "archive", "crawlers", "watchlist", "indexer", "alerts", "api", "service")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked() -> list[Path]:
    """Files of the project: as git lists them, or all beside its environment where this is no checkout."""
    git = shutil.which("git")
    if git is not None:
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and _of_the_project(path.relative_to(ROOT)))


def _of_the_project(path: Path) -> bool:
    """Whether a file is no environment, cache, data folder or build result."""
    made = any(part.startswith(".") or part == "__pycache__" or part.endswith(".egg-info") for part in path.parts[:-1])
    return path.parts[0] == ".ci" or not (made or path.parts[0] in {"data", "build", "dist"})


MODULES = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ROOMS]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_a_few_lines_what_it_owns_and_what_it_never_does(room):
    said = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert len(said.splitlines()) <= 6
    assert "Owns:" in said
    assert "Never:" in said


def test_no_module_is_longer_than_400_lines():
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    long.pop("archive/evidence/verify.py")  # handed on by itself, so that it cannot be parted
    assert {name: lines for name, lines in long.items() if lines > 400 and "migrations" not in name} == {}


def test_no_module_is_a_drawer_for_anything():
    assert [path for path in MODULES if path.stem in {"utils", "util", "helpers", "common", "misc"}] == []


def test_rooms_import_only_what_the_design_allows():
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_exception_from_a_check_names_its_code_and_its_reason():
    bare = re.compile(r"#\s*(noqa(?!: [A-Z]+\d+(, [A-Z]+\d+)* - \S)|type: ignore(?!\[[\w, -]+\]\s+# \S))")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def test_the_version_stands_in_one_place():
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "noticewatch.__version__"
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {noticewatch.__version__}" in log


def test_lock_files_hold_hashes_and_no_address_of_an_index():
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert not re.search(r"--(extra-)?index-url|--find-links", text)
        pinned = re.findall(r"^[A-Za-z0-9][^\s=]*==", text, re.MULTILINE)
        assert text.count("--hash=sha256:") >= len(pinned) > 20


def test_dependencies_are_all_in_the_lock():
    locked = {
        name.lower().replace("_", "-") for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==", _lock("dev"), re.M)
    }
    stated = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
    named = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-") for line in stated}
    assert named - locked == set()


def _lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def test_the_project_speaks_of_itself_alone():
    """No path of a machine it was written on, and no mirror of a package registry."""
    forbidden = re.compile(
        rb"/(?:work|root|home/\w+)/(?:main|shared|scratch|\.)|site-packages mirror|\bpip\.conf\b", re.I
    )
    own = Path(__file__).resolve()
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix not in {".gz", ".png", ".zip"} and path.resolve() != own and forbidden.search(path.read_bytes())
    ]
    assert found == []


def test_no_file_but_the_starter_archive_is_large():
    large = {
        str(path.relative_to(ROOT)): path.stat().st_size
        for path in tracked()
        if path.stat().st_size > 1_500_000 and path.relative_to(ROOT).parts[0] != "starter"
    }
    assert large == {}


def test_the_starter_archive_is_at_most_15_megabytes():
    assert sum(path.stat().st_size for path in (ROOT / "starter").rglob("*") if path.is_file()) <= 15_000_000
