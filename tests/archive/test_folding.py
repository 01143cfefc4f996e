"""A fold that is kept gives the steps of a fold from the start, however records come, change and move."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archive.dossiers import Dossier, points
from archive.fold import history
from archive.folding import Fold
from archive.held import HeldRecord, Place

RANKS = {"one": 1, "two": 2}

contents = st.dictionaries(st.sampled_from(["kind", "title", "description", "status"]), st.sampled_from("abc"))
carried = st.sampled_from([frozenset({"title"}), frozenset({"kind", "title", "description", "status"})])
records = st.tuples(
    st.sampled_from(["one", "two"]), st.sampled_from(["", "r1", "r2"]), st.integers(0, 4), carried, contents
)


def held(number: int, source: str, revision: str, day: int, carries: frozenset[str], content: Any) -> HeldRecord:
    place = Place(f"2026-08-0{day + 1}", f"{day}", day, number, 0, 1)
    return HeldRecord(number, 1, source, f"n{number % 2}", revision, "", 1, carries, dict(content), place, place)


changes = st.one_of(
    st.tuples(st.just("add"), records),
    st.tuples(st.just("reread"), st.tuples(st.integers(0, 20), carried, contents)),
    st.tuples(st.just("revise"), st.tuples(st.integers(0, 20), st.sampled_from(["", "r1", "r2", "r3"]))),
    st.tuples(st.just("move"), st.tuples(st.integers(0, 20), st.integers(0, 4))),
)


def apply(change: Any, kept: list[HeldRecord]) -> None:
    kind, given = change
    if kind == "add":
        kept.append(held(len(kept) + 1, *given))
    elif kept and kind == "reread":
        kept[given[0] % len(kept)].reread(dict(given[2]), given[1], 2)
    elif kept and kind == "revise":
        kept[given[0] % len(kept)].revision = given[1]
    elif kept:
        record, day = kept[given[0] % len(kept)], given[1]
        record.first = Place(f"2026-08-0{day + 1}", f"{day}", day, record.first.row, 0, 1)


@given(st.lists(changes, max_size=14))
def test_a_kept_fold_gives_what_a_fold_from_the_start_gives(all_changes: list[Any]) -> None:
    fold, kept = Fold(), list[HeldRecord]()
    before: list[Any] = []
    for change in all_changes:
        apply(change, kept)
        steps, same = fold.steps(kept, RANKS)
        assert steps == history(kept, RANKS)
        assert all(one is other for one, other in zip(steps[:same], before, strict=False))
        before = steps


@given(st.lists(changes, max_size=14))
def test_points_that_are_kept_are_those_worked_out_anew(all_changes: list[Any]) -> None:
    dossier = Dossier(1, "x:1", None, 1, "", 1)
    for change in all_changes:
        apply(change, dossier.records)
        if dossier.records:
            fresh = Dossier(1, "x:1", None, 1, "", 1, records=list(dossier.records))
            assert points(dossier, RANKS) == points(fresh, RANKS)


def test_other_ranks_fold_anew() -> None:
    whole = frozenset({"title"})
    kept = [held(1, "one", "", 0, whole, {"title": "a"}), held(2, "two", "", 1, whole, {"title": "b"})]
    fold = Fold()
    assert fold.steps(kept, {"one": 1, "two": 2})[0][-1].paths == {"title": "a"}
    assert fold.steps(kept, {"one": 2, "two": 1})[0][-1].paths == {"title": "b"}


def test_a_further_record_keeps_all_steps_before_it() -> None:
    whole = frozenset({"title"})
    fold, kept = Fold(), [held(1, "one", "r01", 0, whole, {"title": "a"})]
    for number in range(2, 50):
        kept.append(held(number, "one", f"r{number:02}", 0, whole, {"title": str(number)}))
        _, same = fold.steps(kept, RANKS)
        assert same == (number - 1 if number > 2 else 0)
