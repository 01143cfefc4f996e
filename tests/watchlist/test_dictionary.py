"""The dictionary is checked when it is read, and says where it is wrong."""

import shutil
from pathlib import Path

import pytest

from watchlist.dictionary import DATA, DictionaryError, load_dictionary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in DATA.glob("*.csv"):
        shutil.copy(path, tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def test_the_version_changes_with_the_data_and_with_nothing_else(folder: Path) -> None:
    assert load_dictionary(folder).version == load_dictionary().version
    replace(folder / "policies.csv", "name,cellebrite,Cellebrite,strong", "name,cellebrite,Cellebrite,needs_context")
    assert load_dictionary(folder).version != load_dictionary().version


def test_resellers_and_integrators_never_stand_alone() -> None:
    dictionary = load_dictionary()
    sellers = {vendor.id for vendor in dictionary.vendors.values() if vendor.sells_only}
    assert {row.policy for row in dictionary.policies if row.part == "name" and row.owner in sellers} == {"never_alone"}


def test_every_name_has_a_policy() -> None:
    dictionary = load_dictionary()
    names = {(row.part, row.owner) for row in dictionary.policies}
    assert {("name", vendor) for vendor in dictionary.vendors} <= names
    assert {("term", technology.id) for technology in dictionary.technologies.values()} <= names


def test_a_wrong_policy_is_named_with_its_line(folder: Path) -> None:
    replace(folder / "policies.csv", "name,aaronia,Aaronia AG,strong", "name,aaronia,Aaronia AG,always")
    with pytest.raises(DictionaryError, match=r"policies\.csv, line \d+, column policy"):
        load_dictionary(folder)


def test_a_row_with_too_few_columns_is_named_with_its_line(folder: Path) -> None:
    (folder / "technologies.csv").write_text("id,name,parent\nx,y\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"technologies\.csv, line 2: the row does not have the columns"):
        load_dictionary(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("technologies.csv", "\nlpr,", "\nsurveillance,", "stands twice"),
        (
            "technologies.csv",
            "lpr,Licence plate readers,surveillance",
            "lpr,Plates,nothing",
            "unknown parent 'nothing'",
        ),
        ("vendors.csv", ",AARTOS,counter_drone,", ",AARTOS,kites,", "unknown technology 'kites'"),
        ("policies.csv", "name,aaronia,", "name,nobody,", "no name owner is called 'nobody'"),
    ],
)
def test_data_that_do_not_fit_together_are_refused(folder: Path, file: str, old: str, new: str, message: str) -> None:
    replace(folder / file, old, new)
    with pytest.raises(DictionaryError, match=message):
        load_dictionary(folder)


def test_a_missing_or_foreign_file_gives_one_sentence(folder: Path) -> None:
    (folder / "vendors.csv").write_bytes(b"id,canonical_name\n\xff\xfe")
    with pytest.raises(DictionaryError, match=r"vendors\.csv is not UTF-8"):
        load_dictionary(folder)
    (folder / "vendors.csv").unlink()
    with pytest.raises(DictionaryError, match=r"vendors\.csv cannot be read"):
        load_dictionary(folder)
