"""What the matcher reaches on the labelled records: the floors that the project promises."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from noticewatch.errors import UsageError
from noticewatch.models import Kind, Notice, Text
from watchlist.dictionary import Dictionary
from watchlist.evaluation import Evaluation, Figures, Judged, Share, evaluate, micro
from watchlist.evidence import field_texts
from watchlist.labelled import Labelled, read_labelled

FILE = Path(__file__).parent / "data" / "labelled-dev.csv"


@pytest.fixture(scope="module")
def in_sample(dictionary: Dictionary) -> Evaluation:
    return evaluate(dictionary, read_labelled(FILE))


@pytest.fixture(scope="module")
def left_out(dictionary: Dictionary) -> Evaluation:
    return evaluate(dictionary, read_labelled(FILE), leave_source_out=True)


def least(share: Share, floor: float) -> bool:
    return share.value is not None and share.value >= floor


def test_with_the_whole_dictionary_what_is_labelled_is_found_and_little_else(in_sample: Evaluation) -> None:
    alert = in_sample.tier_figures(["alert"])
    assert alert.right + alert.missed == 126
    assert least(alert.precision, 0.97)
    assert least(alert.recall, 0.97)


def test_a_source_is_judged_well_by_what_is_known_without_it(left_out: Evaluation) -> None:
    alert, both = left_out.tier_figures(["alert"]), left_out.tier_figures(["alert", "review"])
    assert least(alert.precision, 0.95)
    assert least(alert.recall, 0.85)
    assert least(both.recall, 0.97)


def test_leaving_a_source_out_takes_something_away(in_sample: Evaluation, left_out: Evaluation) -> None:
    assert left_out.tier_figures(["alert"]).right < in_sample.tier_figures(["alert"]).right


def test_technologies_and_vendors_are_named_rightly(in_sample: Evaluation) -> None:
    technologies, vendors = (micro(in_sample.tag_figures(kind)) for kind in ("technology", "vendor"))
    assert least(technologies.precision, 0.90)
    assert least(technologies.recall, 0.90)
    assert least(vendors.precision, 0.95)
    assert least(vendors.recall, 0.95)


def test_every_quote_stands_where_its_evidence_says(in_sample: Evaluation) -> None:
    for each in in_sample.judged:
        texts = field_texts(each.record.notice)
        for tag in each.tags:
            assert tag.evidence
            assert tag.reason
            for evidence in tag.evidence:
                assert evidence.quote
                assert texts[evidence.field][evidence.start : evidence.end] == evidence.quote


def test_every_error_is_listed_and_nothing_else(in_sample: Evaluation) -> None:
    errors = {each.record.id for each in in_sample.errors()}
    right = {
        each.record.id for each in in_sample.clear if (each.record.relevant == "yes") == (each.tier == "alert")
    } - {each.record.id for each in in_sample.clear if each.record.relevant == "no" and each.tier}
    assert errors | right == {each.record.id for each in in_sample.clear}
    assert not errors & right


def test_sources_with_few_relevant_records_are_judged_together(in_sample: Evaluation) -> None:
    sources = in_sample.sources()
    assert sum(map(len, sources.values())) == len(in_sample.clear)
    assert any(" + " in name and "sam.gov" in name for name in sources)
    assert "fpds" in sources


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = Share(5, 10).interval
    assert math.isclose(low, 0.2366, abs_tol=5e-4)
    assert math.isclose(high, 0.7634, abs_tol=5e-4)
    low, high = Share(10, 10).interval
    assert math.isclose(low, 0.7225, abs_tol=5e-4)
    assert high == 1.0
    assert Share(0, 0).interval == (0.0, 1.0)


def test_precision_recall_and_f1_are_those_of_the_counts() -> None:
    figures = Figures(right=6, wrong=2, missed=4)
    assert (figures.precision.value, figures.recall.value) == (0.75, 0.6)
    assert figures.f1 is not None
    assert math.isclose(figures.f1, 2 * 0.75 * 0.6 / 1.35)
    assert Figures(0, 0, 0).f1 is None


def record(relevant: str, tags: frozenset[str] = frozenset()) -> Labelled:
    notice = Notice(kind=Kind.OTHER, title=(Text(text="x"),))
    return Labelled("1", "s", relevant, tags, frozenset(), notice)  # type: ignore[arg-type]  # one of the labels


def test_ambiguous_records_count_neither_way() -> None:
    judged = [Judged(record("ambiguous"), ()), Judged(record("yes"), ()), Judged(record("no"), ())]
    assert Evaluation(judged).tier_figures(["alert"]) == Figures(0, 0, 1)


def rows() -> Iterator[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,source\n1,x\n", "has no column 'title'"),
        ("id,source,title,text,vendor_field,relevant,technologies,vendors\n1,s,t,,,maybe,,\n", "line 2: relevant is"),
    ],
)
def test_a_file_that_is_not_labelled_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_labelled(path)


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_labelled(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8"):
        read_labelled(tmp_path / "b.csv")
