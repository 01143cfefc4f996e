"""What an event is called, and whether it is loud."""

from collections.abc import Mapping, Sequence

import pytest

from archive.store import Archive
from noticewatch.models import Content, Reading
from tests.archive.making import WHOLE, append, events, head, history, kinds, loud, reading, sighting, title, titles

pytestmark = pytest.mark.both_databases

ID = "us-action:A"


def opened(archive: Archive, first: Content | str = "old", **more: object) -> int:
    """The archive after a first whole crawl of the notice, so that its scope is open; gives the head of the log."""
    append(archive, [], windows={"w": [reading("A", first, **more)]}, day=0, kind="crawl")  # type: ignore[arg-type]  # handed on
    return head(archive)


def crawl(archive: Archive, after: Content | str, day: float = 1, **more: object) -> None:
    append(archive, [], windows={"w": [reading("A", after, **more)]}, day=day, kind="crawl")  # type: ignore[arg-type]  # handed on


def due(day: str) -> list[dict[str, str]]:
    return [{"role": "due", "value": day}]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (title("T"), title("U"), ("amended",)),
        (title("T", dates=due("2026-01-01")), title("T", dates=due("2026-02-02")), ("deadline_moved",)),
        (title("T", dates=due("2026-01-01")), title("U", dates=due("2026-02-02")), ("deadline_moved", "amended")),
        (title("T", status="open"), title("T", status="awarded"), ("awarded",)),
        ({"kind": "solicitation"}, {"kind": "award"}, ("awarded",)),
        (title("T", status="open"), title("T", status="cancelled"), ("cancelled",)),
        (title("T"), title("T", links=[{"url": "https://x.example"}]), ("reposted",)),
        (title("T"), title("T", dates=[{"role": "posted", "value": "2026-01-02"}]), ("reposted",)),
    ],
)  # fmt: skip
def test_kinds_say_what_the_source_changed(
    archive: Archive, before: Content, after: Content, expected: tuple[str, ...]
) -> None:
    since = opened(archive, before)
    crawl(archive, after)
    assert kinds(archive, since) == [expected]
    assert bool(loud(archive, since)) == (expected != ("reposted",))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["a"], ["a", "b"], ("document_added",)),
        (["a", "b"], ["a"], ("document_removed",)),
        (["a"], ["b"], ("document_added", "document_removed")),
        (["a", "b"], ["b", "a"], ("amended",)),
        ([], ["a"], ("document_added",)),
    ],
)  # fmt: skip
def test_kinds_say_which_way_a_list_of_documents_changed(
    archive: Archive, before: Sequence[str], after: Sequence[str], expected: tuple[str, ...]
) -> None:
    contents = [
        title("T", **({"documents": [{"url": url} for url in urls]} if urls else {})) for urls in (before, after)
    ]
    since = opened(archive, contents[0], carried=WHOLE | {"documents"})
    crawl(archive, contents[1], carried=WHOLE | {"documents"})
    assert kinds(archive, since) == [expected]
    assert loud(archive, since)


@pytest.mark.parametrize(
    ("other", "expected"),
    [({"codes": {"fpds": "7012"}, "name": "ICE"}, ("enriched",)), ({"codes": {"fpds": "7014"}}, ("amended",))],
)
def test_an_answer_of_another_kind_that_says_only_more_of_a_buyer_is_no_change(
    archive: Archive, other: dict[str, object], expected: tuple[str, ...]
) -> None:
    few, more = frozenset({"kind", "title", "buyers.contracting"}), frozenset({"kind", "title", "buyers", "reason"})
    buyer = {"role": "contracting", "codes": {"fpds": "7012"}}
    since = opened(archive, title("T", buyers=[buyer]), carried=few)
    crawl(archive, title("T", buyers=[{"role": "contracting", **other}]), carried=more)
    assert kinds(archive, since) == [expected]


def test_a_change_names_path_old_and_new(archive: Archive) -> None:
    since = opened(archive, title("T", dates=due("2026-01-01")))
    crawl(archive, title("T", dates=due("2026-02-02")))
    assert events(archive, since)[0].changed == (("dates.due", due("2026-01-01"), due("2026-02-02")),)


def test_the_first_crawl_of_a_scope_is_quiet_and_the_second_is_not(archive: Archive) -> None:
    since = opened(archive)
    assert loud(archive) == []
    crawl(archive, "new")
    assert [event.kinds for event in loud(archive, since)] == [("amended",)]


def test_fields_that_only_one_side_can_carry_are_enrichment(archive: Archive) -> None:
    since = opened(archive, "T", carried=frozenset({"kind", "title"}))
    crawl(archive, title("T", description=[{"text": "more"}]))
    assert kinds(archive, since) == [("enriched",)]
    assert loud(archive, since) == []


def test_an_amendment_that_also_enriches_is_loud_and_called_both(archive: Archive) -> None:
    since = opened(archive, "T", carried=frozenset({"kind", "title"}))
    crawl(archive, title("U", description=[{"text": "more"}]))
    assert kinds(archive, since) == [("amended", "enriched")]
    assert loud(archive, since)


def test_the_same_crawl_twice_adds_no_event(archive: Archive) -> None:
    since = opened(archive)
    crawl(archive, "new")
    crawl(archive, "new")
    assert len(events(archive, since)) == 1


def test_a_change_that_only_the_parser_made_is_quiet(archive: Archive) -> None:
    since = opened(archive, "read by the old parser", sha256="a" * 64)
    again = reading("A", "read by the new parser", sha256="a" * 64)

    def reread(_capture: int, rows: Sequence[int]) -> Mapping[int, Reading]:
        return dict.fromkeys(rows, again)

    changed = reading("A", title("read by the new parser", status="open"), sha256="b" * 64)
    append(archive, [], windows={"w": [changed]}, day=1, kind="crawl", parser_version=2, reread=reread)
    assert kinds(archive, since) == [("amended", "reparsed")]
    other = reading("A", "as the old one, but now", sha256="c" * 64)
    append(archive, [], windows={"w": [other]}, day=2, kind="crawl", parser_version=2)
    assert titles(archive, ID)[-1] == "as the old one, but now"


def test_new_bytes_whose_change_only_the_parser_made_are_not_loud(archive: Archive) -> None:
    since = opened(archive, "old reading", sha256="a" * 64)

    def reread(_capture: int, rows: Sequence[int]) -> Mapping[int, Reading]:
        return {row: reading("A", "new reading", sha256="a" * 64) for row in rows}

    changed = reading("A", "new reading", sha256="b" * 64)
    append(archive, [], windows={"w": [changed]}, day=1, kind="crawl", parser_version=2, reread=reread)
    assert kinds(archive, since) == [("reparsed",)]
    assert loud(archive, since) == []


def test_reading_the_archive_again_is_quiet_and_keeps_old_versions(archive: Archive) -> None:
    since = opened(archive, "old reading", sha256="a" * 64)
    append(
        archive, [], windows={"w": [reading("A", "new reading", sha256="a" * 64)]}, day=0, kind="reparse",
        parser_version=2,
    )  # fmt: skip
    assert kinds(archive, since) == [("reparsed",)]
    assert loud(archive, since) == []
    assert titles(archive, ID) == ["new reading"]
    assert [row.version for row in history(archive, ID)] == [2]


def test_known_rows_need_no_reading_even_with_a_newer_parser(archive: Archive) -> None:
    since = opened(archive, "T")
    append(archive, [sighting(reading("A", "T"))], day=1, kind="crawl", parser_version=2)
    assert head(archive) == since


def test_a_first_version_posted_long_ago_is_late(archive: Archive) -> None:
    opened(archive)
    posted = [{"role": "posted", "value": "2026-07-03"}]  # 31 days before it was captured
    fresh = [{"role": "signed", "value": "2026-07-04"}]
    rows = [reading("L", title("L", dates=posted)), reading("F", title("F", dates=fresh)), reading("N", "no date")]
    append(archive, [], windows={"w": rows}, day=2, kind="crawl", late_after=30)
    assert {event.notice_id: event.late for event in loud(archive)} == {
        "us-action:L": True, "us-action:F": False, "us-action:N": False,
    }  # fmt: skip


def test_imports_are_quiet_in_an_open_scope(archive: Archive) -> None:
    since = opened(archive)
    append(archive, [], windows={"w": [reading("A", "new"), reading("B", "new")]}, day=3, kind="import")
    assert len(events(archive, since)) == 2
    assert loud(archive, since) == []


def test_a_parser_that_hashes_otherwise_still_reads_the_archive_again(archive: Archive) -> None:
    opened(archive, "old reading", sha256="a" * 64)
    again = reading("A", "new reading", sha256="b" * 64)
    append(archive, [], windows={"w": [again]}, day=0, kind="reparse", parser_version=2)
    append(archive, [], windows={"w": [again]}, day=0, kind="reparse", parser_version=2)
    assert titles(archive, ID) == ["new reading"]
    assert kinds(archive) == [("new",), ("reparsed",)]
    since = head(archive)
    append(archive, [sighting(again)], day=1, kind="crawl", parser_version=2)
    assert head(archive) == since


def test_an_older_observation_is_quiet_even_in_an_open_window(archive: Archive) -> None:
    opened(archive, "first")
    crawl(archive, "third", day=3)
    since = head(archive)
    crawl(archive, "second", day=2)
    assert kinds(archive, since) == [("amended",)]
    assert loud(archive, since) == []
    assert titles(archive, ID) == ["first", "second", "third"]
