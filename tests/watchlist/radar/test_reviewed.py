"""What a person judges becomes a small diff of the data files, checked before it is written."""

import difflib
from pathlib import Path

import pytest

from noticewatch.errors import UsageError
from tests.watchlist.changing import changed_dictionary
from tests.watchlist.explaining import explain
from watchlist.dictionary import DATA, DictionaryError, load_dictionary
from watchlist.matcher import Matcher
from watchlist.radar import reviewed
from watchlist.radar.suggest import Quoted, Suggestion

QUOTE = Quoted("sam:0a1b", "2026-07-02", "parties.supplier", 0, 15, "", "Dale & Sons, Inc.", "")
SELLER = Suggestion(
    "seller", "dale & sons", "Dale & Sons, Inc.", "why", 1.0, (QUOTE, QUOTE), ("lpr",),
    ("CAGE:0ABC1", "DUNS:12", "UEI:ABCDEFGHJKL1"), resells=True,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return changed_dictionary(tmp_path / "watchlist")


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def added(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    """Lines that were added, by file; fails where any line was taken away."""
    found = {}
    for name, text in after.items():
        lines = list(difflib.ndiff(before.get(name, "").splitlines(), text.splitlines()))
        assert not [line for line in lines if line.startswith("- ")]
        if new := [line[2:] for line in lines if line.startswith("+ ")]:
            found[name] = new
    return found


def test_the_data_that_come_along_are_whole() -> None:
    assert reviewed.rejections(DATA) == {}
    assert reviewed.ORIGIN in load_dictionary(DATA).origins


def test_an_accepted_phrase_is_a_small_diff_and_found_from_then_on(folder: Path) -> None:
    before = texts(folder)
    reviewed.write(folder, reviewed.term("zypher walking", "lpr", "strong"))
    assert added(before, texts(folder)) == {
        "terms.en.toml": [
            "", "[[terms]]", 'technology = "lpr"', 'policy = "strong"', 'learned_from = ["radar"]',
            'terms = ["zypher walking"]',
        ]
    }  # fmt: skip
    assert [tag.id for tag in explain(Matcher(load_dictionary(folder)), "Zypher walking services")] == ["lpr"]


def test_an_accepted_seller_stands_in_the_order_of_ids_with_its_evidence(folder: Path) -> None:
    before = texts(folder)
    ids = reviewed.vendor_ids(folder, "reseller")
    assert ids == sorted(ids)
    reviewed.write(folder, reviewed.seller(SELLER, "reseller", (), "never_alone", ids))
    assert list(added(before, texts(folder))) == ["resellers.toml"]
    after = reviewed.vendor_ids(folder, "reseller")
    assert after == sorted([*ids, "dale-sons"])
    vendor = load_dictionary(folder).vendors["dale-sons"]
    assert (vendor.name, vendor.kind, vendor.evidence) == ("Dale & Sons, Inc.", "reseller", ("sam:0a1b",))
    assert [one.id for one in vendor.identifiers] == ["CAGE:0ABC1", "UEI:ABCDEFGHJKL1"]
    assert not any(one.checked for one in vendor.identifiers)


def test_what_would_break_the_data_is_refused_with_file_line_and_reason_and_not_written(folder: Path) -> None:
    before = texts(folder)
    with pytest.raises(DictionaryError, match=r"Nothing was written.*watchlist/terms\.en\.toml, line \d+: .*nowhere"):
        reviewed.write(folder, reviewed.term("zypher walking", "nowhere"))
    ids = reviewed.vendor_ids(folder, "reseller")
    reviewed.write(folder, reviewed.seller(SELLER, "reseller", (), "never_alone", ids))
    once = texts(folder)
    with pytest.raises(DictionaryError, match=r"resellers\.toml, line"):
        reviewed.write(folder, reviewed.seller(SELLER, "reseller", (), "never_alone", ids))
    assert texts(folder) == once != before


def test_a_rejection_is_kept_with_its_reason_and_changes_no_version(folder: Path) -> None:
    before = load_dictionary(folder).version
    reviewed.write(folder, reviewed.rejection("phrase:palo alto", 'a firm\'s "name"', "2026-07-31"))
    reviewed.write(folder, reviewed.rejection("seller:dale & sons", "sells paper", "2026-07-31"))
    held = reviewed.rejections(folder)
    assert list(held) == [("phrase", "palo alto"), ("seller", "dale & sons")]
    assert held["phrase", "palo alto"].reason == 'a firm\'s "name"'
    assert load_dictionary(folder).version == before


@pytest.mark.parametrize(
    ("suggestion", "reason", "said"),
    [("palo alto", "x", "names no suggestion"), ("phrase: ", "x", "names no suggestion"), ("phrase:x", " ", "reason")],
)
def test_a_rejection_needs_a_name_and_a_reason(suggestion: str, reason: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        reviewed.rejection(suggestion, reason, "2026-07-31")


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ('on = "2026-07-31"', "stands twice"),
        ('on = "July"', "on:"),
        ('on = "2026-08-01"\nwho = "me"', "who"),
        ("=", "not TOML"),
    ],
)
def test_a_file_of_rejections_that_is_wrong_is_refused_with_its_line(folder: Path, spoilt: str, said: str) -> None:
    reviewed.write(folder, reviewed.rejection("phrase:x", "y", "2026-07-31"))
    path = folder / reviewed.REJECTED
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[[rejected]]\nwhat = "phrase"\nkey = "x"\nreason = "y"\n{spoilt}\n', encoding="utf-8")
    with pytest.raises(DictionaryError, match=rf"rejected\.toml, line \d+.*{said}"):
        reviewed.rejections(folder)


def test_a_folder_that_cannot_be_written_is_one_sentence_and_stays_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = texts(folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reviewed.os, "fsync", full)
    with pytest.raises(UsageError, match=r"rejected\.toml cannot be written \(No space left on device\)"):
        reviewed.write(folder, reviewed.rejection("phrase:x", "y", "2026-07-31"))
    assert texts(folder) == before
