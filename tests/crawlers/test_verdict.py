"""Verdicts of windows and crawls."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.verdict import DRIFT, RequestFacts, RequestState, WindowFacts, judge, judge_crawl, told
from noticewatch.models import Verdict


def pages(*states: RequestState) -> list[RequestFacts]:
    return [RequestFacts("page", number, state) for number, state in enumerate(states, start=1)]


def test_a_whole_walk_is_complete() -> None:
    found = judge(WindowFacts(pages("answered", "answered"), rows=150, distinct=150))
    assert (found.verdict, found.walked, found.usable, found.reasons) == (Verdict.COMPLETE, True, True, [])


def test_doubles_on_one_page_are_no_drift() -> None:
    assert judge(WindowFacts(pages("answered"), rows=3, distinct=2, doubles=1)).verdict is Verdict.COMPLETE


def test_doubles_over_several_pages_are_drift_but_the_walk_came_to_its_end() -> None:
    found = judge(WindowFacts(pages("answered", "answered"), rows=150, distinct=149, doubles=1))
    assert (found.verdict, found.walked, found.usable) == (Verdict.PARTIAL, True, True)
    assert found.reasons[0].startswith(DRIFT)


def test_doubles_are_complete_where_the_source_counts_as_many_keys() -> None:
    found = judge(WindowFacts(pages("answered", "answered"), rows=150, distinct=149, doubles=1, expected=149))
    assert found.verdict is Verdict.COMPLETE


def test_fewer_rows_than_the_source_counts_without_doubles_are_a_hole() -> None:
    found = judge(WindowFacts(pages("answered", "answered"), rows=140, distinct=140, expected=150))
    assert (found.verdict, found.walked) == (Verdict.PARTIAL, False)
    assert "150" in found.reasons[0]


def test_a_missing_page_is_partial_and_not_walked() -> None:
    asked = [*pages("answered"), RequestFacts("page", 2, "failed", problem="a.gov answered with status 500")]
    found = judge(WindowFacts(asked, rows=100, distinct=100))
    assert (found.verdict, found.walked, found.usable) == (Verdict.PARTIAL, False, True)
    assert found.reasons == ["page 2 is missing: a.gov answered with status 500"]


def test_a_refusal_is_blocked_whatever_came_before() -> None:
    refused = RequestFacts("page", 2, "failed", blocked=True, problem="a.gov refuses with status 403")
    assert judge(WindowFacts([*pages("answered"), refused], rows=100, distinct=100)).verdict is Verdict.BLOCKED
    assert judge(WindowFacts([refused])).verdict is Verdict.BLOCKED


def test_what_cannot_be_read_is_failed_and_nothing_of_it_is_used() -> None:
    found = judge(WindowFacts(pages("answered"), rows=5, unreadable="an HTML page came where JSON was due"))
    assert (found.verdict, found.usable) == (Verdict.FAILED, False)
    assert found.reasons == ["an HTML page came where JSON was due"]


def test_a_file_far_smaller_than_last_time_is_held_back() -> None:
    found = judge(WindowFacts(pages("answered"), rows=400, distinct=400, previous=1000, greatest_drop=0.5))
    assert (found.verdict, found.usable, found.held) == (Verdict.EMPTY_SUSPICIOUS, False, True)
    assert "400" in found.reasons[0]
    assert "1,000" in found.reasons[0]


def test_a_recorders_gap_is_partial_and_walked_only_where_it_is_drift() -> None:
    cut = judge(WindowFacts(pages("answered"), gaps=["walk ended before the last page"]))
    drift = judge(WindowFacts(pages("answered"), gaps=["drift: 6 exact doubles in this part"]))
    assert (cut.verdict, cut.walked) == (Verdict.PARTIAL, False)
    assert (drift.verdict, drift.walked) == (Verdict.PARTIAL, True)


def test_a_count_that_was_not_recorded_is_said_and_is_no_failure() -> None:
    asked = [*pages("answered", "answered"), RequestFacts("count", None, "not_recorded", optional=True)]
    found = judge(WindowFacts(asked, rows=150, distinct=150))
    assert (found.verdict, found.reasons) == (Verdict.COMPLETE, ["source's own count not recorded"])


def test_the_crawls_verdict_is_its_worst_windows_and_reasons_stand_once() -> None:
    windows = [
        (Verdict.COMPLETE, []),
        (Verdict.PARTIAL, ["late"]),
        (Verdict.BLOCKED, ["no"]),
        (Verdict.PARTIAL, ["late"]),
    ]
    assert judge_crawl(windows) == (Verdict.BLOCKED, ["late (2 windows)", "no"])
    assert judge_crawl([])[0] is Verdict.NOT_STARTED


@pytest.mark.parametrize("count", [1, 2, 3, 12, 13, 40])
def test_the_reasons_that_are_left_out_are_counted_with_those_that_the_ledger_does_not_name(count: int) -> None:
    windows = [(Verdict.PARTIAL, [f"{DRIFT}{number}" if number % 2 else f"cut: {number}"]) for number in range(count)]
    reasons, left = told(judge_crawl(windows)[1], 2)
    assert len(reasons) + left == count
    assert [reason.startswith(DRIFT) for reason in reasons] == ([False] if count == 1 else [False, count == 2])
    assert told([], 2) == ([], 0)


_STATES: Sequence[RequestState] = ("planned", "answered", "failed", "not_recorded")

_REQUESTS = st.builds(
    RequestFacts,
    st.sampled_from(["page", "file", "count"]),
    st.integers(1, 5),
    st.sampled_from(_STATES),
    blocked=st.booleans(),
)


@given(st.lists(_REQUESTS, max_size=5), st.integers(0, 50), st.integers(0, 5), st.none() | st.integers(0, 60))
def test_no_window_with_an_unanswered_request_is_ever_complete_or_walked(
    asked: list[RequestFacts], rows: int, doubles: int, expected: int | None
) -> None:
    found = judge(WindowFacts(asked, rows, max(0, rows - doubles), doubles, expected))
    if not asked or any(request.state != "answered" for request in asked):
        assert found.verdict is not Verdict.COMPLETE
        assert not found.walked
    assert found.verdict is Verdict.COMPLETE or found.reasons


def test_a_type_that_changed_and_a_field_that_vanished_are_drift_and_the_walk_counts() -> None:
    types = {"award.amount is a list where text was due": 3}
    found = judge(WindowFacts(pages("answered"), rows=3, distinct=3, types=types, vanished=("Office", "Sol#")))
    assert (found.verdict, found.walked, found.usable) == (Verdict.PARTIAL, True, True)
    assert found.reasons == [
        "drift: award.amount is a list where text was due", "drift: fields vanished: Office, Sol#"
    ]  # fmt: skip


def test_an_unchanged_file_is_complete_whatever_its_expectations() -> None:
    asked = [RequestFacts("file", None, "answered")]
    found = judge(WindowFacts(asked, least_rows=5_000, previous=75_000, unchanged_since="2026-11-24 03:30 UTC"))
    assert (found.verdict, found.walked) == (Verdict.COMPLETE, True)
    assert found.reasons == ["unchanged since 2026-11-24 03:30 UTC"]


def test_a_source_that_brings_nothing_new_for_long_is_partial() -> None:
    asked = [RequestFacts("file", None, "answered")]
    for since in (None, "2026-11-24 03:30 UTC"):
        found = judge(WindowFacts(asked, rows=9, distinct=9, unchanged_since=since, stale_days=9))
        assert (found.verdict, found.reasons[-1]) == (Verdict.PARTIAL, "drift: nothing new has come for 9 days")


def test_where_no_row_can_be_read_nothing_is_used() -> None:
    found = judge(WindowFacts(pages("answered"), rows=2, distinct=2, unread=2, first_unread="row 1 has no id"))
    assert (found.verdict, found.usable) == (Verdict.FAILED, False)
    assert found.reasons == ["no row could be read (the first: row 1 has no id)"]


FACTS = st.builds(
    WindowFacts,
    requests=st.just(()),
    rows=st.integers(0, 10**6),
    expected=st.none() | st.integers(0, 10**6),
    recounted=st.lists(st.integers(0, 9), max_size=2).map(tuple),
    gaps=st.lists(st.text(max_size=9), max_size=2).map(tuple),
    greatest_drop=st.none() | st.floats(0.1, 0.9),
    known=st.integers(0, 99),
    changed=st.integers(0, 99),
    filled=st.dictionaries(st.text(max_size=5), st.tuples(st.integers(0, 99), st.floats(0, 1)), max_size=2),
    types=st.dictionaries(st.text(max_size=5), st.integers(1, 9), max_size=2),
    accepted=st.booleans(),
)


@given(FACTS)
def test_facts_kept_in_the_ledger_give_the_same_verdict(facts: WindowFacts) -> None:
    kept = WindowFacts.from_json(orjson.loads(orjson.dumps(facts.to_json())), [RequestFacts("page", 1, "answered")])
    assert judge(kept) == judge(replace(facts, requests=[RequestFacts("page", 1, "answered")]))
