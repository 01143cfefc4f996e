"""Every loud event is evaluated once for every search that was active when it was committed."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from alerts import searches
from alerts.matching import AlertReader
from alerts.models import Reason, Rhythm, Terms
from alerts.tables import deliveries, search_revisions
from archive import deadlines, tables
from archive.joins import Joiner
from archive.readers import cursor, drive
from archive.store import Archive
from noticewatch.identifiers import now
from noticewatch.models import EventKind, Reading
from tests.alerts.making import EVERY_REASON, crawl, follow, found, names, notices_found, opened, save, waiting
from tests.archive.making import append, head, reading, title
from tests.dictionary import matcher
from tests.watchlist.changing import changed_dictionary
from watchlist.dictionary import load_dictionary
from watchlist.matcher import Matcher
from watchlist.queries import tags_of
from watchlist.retag import Retagger
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases


def test_what_a_crawl_brings_is_found_and_told_to_every_target(archive: Archive) -> None:
    opened(archive, reading("old", "drone"))
    drones = save(archive, "drone", to=("a@example.org", "b@example.org"))
    save(archive, "camera AND NOT drone")
    crawl(archive, reading("old", "drone"), reading("new", "a drone"), reading("other", "a boat"))
    follow(archive)
    assert found(archive) == [(drones.number, "new", "entered", "new")]
    assert [(search, key) for search, key, _, _ in waiting(archive)] == [(drones.number, "us-action:new")] * 2


def test_a_search_does_not_fire_for_what_was_there_before_it(archive: Archive) -> None:
    opened(archive)
    crawl(archive, reading("before", "drone"))
    late = save(archive, "drone")  # no reader has seen the crawl yet
    follow(archive)
    assert notices_found(archive, late) == []


def test_a_change_of_a_search_counts_from_the_next_event_on(archive: Archive) -> None:
    opened(archive)
    search = save(archive, "drone")
    before = [reading("1", "camera"), reading("2", "drone")]  # the last event before the change, and the first after
    crawl(archive, *before)
    with archive.writing() as connection:
        searches.change(connection, names(), search.number, terms=Terms(query="camera", lens="everything"))
    crawl(archive, *before, reading("3", "camera"), reading("4", "drone"), day=2)
    follow(archive)
    assert notices_found(archive, search) == ["2", "3"]


def test_a_search_that_cannot_be_read_any_more_holds_up_no_other(archive: Archive) -> None:
    opened(archive)
    broken, other = save(archive, "drone"), save(archive, "drone")
    r = search_revisions.c
    with archive.writing() as connection:
        unread = update(search_revisions).where(r.search == broken.number)
        connection.execute(unread.values(terms='{"query": "drone", "lens": "none such"}'))
    crawl(archive, reading("1", "drone"))
    follow(archive)
    assert notices_found(archive, other) == ["1"]


def test_a_deleted_search_is_evaluated_no_more_and_leaves_nothing(archive: Archive) -> None:
    opened(archive)
    search, other = save(archive, "drone"), save(archive, "drone")
    crawl(archive, reading("1", "drone"))
    follow(archive)
    with archive.writing() as connection:
        searches.remove(connection, [search.number])
    crawl(archive, reading("1", "drone"), reading("2", "drone"), day=2)
    follow(archive)
    assert found(archive) == [(other.number, "1", "entered", "new"), (other.number, "2", "entered", "new")]
    assert {row[0] for row in waiting(archive)} == {other.number}


def test_quiet_events_never_fire(archive: Archive) -> None:
    search = save(archive, "drone", reasons=EVERY_REASON)
    append(archive, [reading("i", "drone")], kind="import")
    append(archive, [reading("s", "drone")], kind="starter")
    opened(archive, reading("first crawl", "drone"))
    follow(archive)
    assert notices_found(archive, search) == []
    with archive.reading() as connection:
        assert cursor(connection, "alerts") == cursor(connection, "tagger") > 0


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("camera", "drone", "entered"), ("drone", "a drone", "still"), ("drone", "camera", "left")],
)
def test_an_amendment_is_matched_on_both_versions(archive: Archive, before: str, after: str, expected: str) -> None:
    opened(archive, reading("A", before))
    asking = save(archive, "drone", reasons=(Reason.AMENDED,))
    save(archive, "drone", reasons=(Reason.NEW, Reason.AWARDED, Reason.GONE))
    crawl(archive, reading("A", after))
    follow(archive)
    assert found(archive) == [(asking.number, "A", expected, "amended")]


def test_only_the_chosen_kinds_of_change_fire(archive: Archive) -> None:
    first = title("drone", dates=[{"role": "due", "value": "2026-01-01"}])
    opened(archive, reading("A", first), reading("B", first))
    search = save(archive, "drone", reasons=(Reason.AMENDED,), changes=(EventKind.DEADLINE_MOVED,))
    moved = title("drone", dates=[{"role": "due", "value": "2026-02-02"}])
    crawl(archive, reading("A", moved), reading("B", title("drones", dates=first["dates"])))
    follow(archive)
    assert notices_found(archive, search) == ["A"]


def test_the_tier_is_alert_unless_another_is_chosen(archive: Archive) -> None:
    opened(archive)
    strong = save(archive, "", lens="watchlist")
    weak = save(archive, "", lens="watchlist", tiers=("review",))
    crawl(archive, reading("c", "Cellebrite UFED"), reading("d", "unmanned aircraft drone"), reading("p", "paper"))
    follow(archive)
    assert notices_found(archive, strong) == ["c"]
    assert notices_found(archive, weak) == ["d"]


def test_what_came_late_is_told_apart_and_later(archive: Archive) -> None:
    opened(archive)
    search = save(archive, "drone", rhythm=Rhythm.AT_ONCE)
    old = title("drone", dates=[{"role": "posted", "value": "2020-01-01"}])
    crawl(archive, reading("late", old), reading("now", "drone"))
    follow(archive)
    dues = {key: due for _, key, _, due in waiting(archive)}
    assert sorted(notices_found(archive, search)) == ["late", "now"]
    assert dues["us-action:late"] > dues["us-action:now"]
    assert dues["us-action:late"].endswith("T08:00:00.000000Z")


def test_one_procurement_gives_one_message_however_much_a_batch_holds_of_it(archive: Archive) -> None:
    def action(modification: str) -> object:
        return reading(f"70CMSD23FR0000145:{modification}", title("drone", numbers=[
            {"type": "piid", "printed": "70CMSD23FR0000145", "plain": "70CMSD23FR0000145", "issuer": "7012"},
            {"type": "modification", "printed": modification, "plain": modification},
        ]))  # fmt: skip

    opened(archive)
    search = save(archive, "drone")
    crawl(archive, action("0"), action("P00001"), action("P00002"))  # type: ignore[arg-type]  # readings
    follow(archive)
    assert len(notices_found(archive, search)) == 3
    assert len(waiting(archive)) == 1


def test_the_same_reader_sees_new_changed_and_removed_searches_between_batches(archive: Archive) -> None:
    reader = AlertReader(matcher())
    opened(archive)
    one = save(archive, "drone")
    crawl(archive, reading("1", "drone"))
    follow(archive, reader)
    two = save(archive, "drone")
    with archive.writing() as connection:
        searches.change(connection, names(), one.number, terms=Terms(query="boat", lens="everything"))
    crawl(archive, reading("1", "drone"), reading("2", "drone"), day=2)
    follow(archive, reader)
    with archive.writing() as connection:
        searches.remove(connection, [two.number])
    crawl(archive, reading("1", "drone"), reading("2", "drone"), reading("3", "drone boat"), day=3)
    follow(archive, reader)
    assert notices_found(archive, one) == ["1", "3"]
    assert notices_found(archive, two) == []


def test_a_search_made_after_another_was_deleted_is_not_taken_for_it(archive: Archive) -> None:
    reader = AlertReader(matcher())
    opened(archive)
    one = save(archive, "drone")
    crawl(archive, reading("1", "drone"))
    follow(archive, reader)
    with archive.writing() as connection:
        searches.remove(connection, [one.number])
    two = save(archive, "boat")
    crawl(archive, reading("1", "drone"), reading("2", "drone"), reading("3", "boat"), day=2)
    follow(archive, reader)
    assert found(archive) == [(two.number, "3", "entered", "new")]
    assert two.number != one.number


def test_readers_at_once_find_each_thing_once(archive: Archive) -> None:
    opened(archive)
    search = save(archive, "drone")
    crawl(archive, *(reading(str(number), "drone") for number in range(20)))
    follow(archive)
    AlertReader(matcher()).advance(archive)
    assert len(notices_found(archive, search)) == 20 == len(waiting(archive))


def test_a_deadline_that_is_near_fires_what_asks_for_it_and_for_that_many_days(archive: Archive) -> None:
    at = now() + timedelta(days=20)
    ends = [{"role": "due", "value": f"{at:%Y-%m-%dT%H:%M:%S}+00:00", "precision": "time", "zone": "+00:00"}]
    opened(archive)
    a_week = save(archive, "drone", reasons=(Reason.DUE_SOON,))
    three = save(archive, "drone", reasons=(Reason.DUE_SOON,), due_days=(3,))
    save(archive, "drone", reasons=(Reason.NEW, Reason.AMENDED))
    save(archive, "camera", reasons=(Reason.DUE_SOON,))
    crawl(archive, reading("A", title("drone", dates=ends)))
    follow(archive)
    seen = len(found(archive))
    drive(archive, [deadlines.DeadlineReader()])
    deadlines.tell(archive)
    for days in (13, 6, 6, 2):
        deadlines.tell(archive, at - timedelta(days=days))
        follow(archive)
    told = [one for one in found(archive) if one[3] == "due_soon"]
    assert told == [(a_week.number, "A", "still", "due_soon"), (three.number, "A", "still", "due_soon")]
    assert len(found(archive)) == seen + 2


def test_a_retag_fires_nothing(archive: Archive, tmp_path: Path) -> None:
    opened(archive, reading("A", "Zyphertrace licences"))
    save(archive, "", lens="watchlist", tiers=("alert", "review"), reasons=EVERY_REASON)
    other = Matcher(load_dictionary(changed_dictionary(tmp_path / "other")))
    while Retagger(other).advance(archive):
        pass
    before = head(archive)
    drive(archive, [Joiner(), Tagger(other), AlertReader(other)])
    crawl(archive, reading("A", "Zyphertrace licences"))
    drive(archive, [Joiner(), Tagger(other), AlertReader(other)])
    assert found(archive) == []
    with archive.reading() as connection:
        assert any(tags_of(connection, [1], other.dictionary).values())
    assert before > 1


def test_a_better_parser_fires_nothing_and_what_the_source_changes_after_it_does(archive: Archive) -> None:
    opened(archive, reading("A", "camera", sha256="ab" * 32))
    search = save(archive, "drone", reasons=EVERY_REASON)
    append(archive, [reading("A", "drone", sha256="ab" * 32)], kind="reparse", parser_version=2)
    follow(archive)
    assert found(archive) == []
    crawl(archive, reading("A", "drone, amended"), parser_version=2)
    follow(archive)
    assert found(archive) == [(search.number, "A", "still", "amended")]


def test_the_owner_of_a_search_that_cannot_be_run_any_more_is_told_once(archive: Archive) -> None:
    opened(archive)
    broken, other = save(archive, "drone", to=("a@example.org", "b@example.org")), save(archive, "drone")
    with archive.writing() as connection:
        r = search_revisions.c
        of_older_grammar = Terms(query="(drone", lens="everything").model_dump_json()
        connection.execute(update(search_revisions).where(r.search == broken.number).values(terms=of_older_grammar))
    for day in (1, 2, 3):
        crawl(archive, *(reading(str(number), "drone") for number in range(day)), day=day)
        follow(archive)
    with archive.reading() as connection:
        told = connection.execute(select(deliveries.c.search, deliveries.c.note).order_by(deliveries.c.target)).all()
    assert [search for search, _ in told] == [broken.number] * 2
    assert told[0].note.startswith("This search finds nothing any more until it is changed on its page. ")
    assert len(notices_found(archive, other)) == 3
    with archive.writing() as connection:
        searches.change(connection, names(), broken.number, terms=Terms(query="drone", lens="everything"))
    crawl(archive, *(reading(str(number), "drone") for number in range(4)), day=4)
    follow(archive)
    assert notices_found(archive, broken) == ["3"]


def test_a_version_that_was_replaced_before_it_was_matched_has_what_stood_before_it(archive: Archive) -> None:
    opened(archive, reading("A", "drone"))
    search = save(archive, "drone", reasons=EVERY_REASON)
    crawl(archive, reading("A", "drone, amended", sha256="ab" * 32))
    better = reading("A", "drone, amended and read again", sha256="ab" * 32)
    append(archive, [better], day=1, kind="reparse", parser_version=2, reread=lambda *_: {})
    with archive.reading() as connection:
        superseded = connection.scalars(select(tables.versions.c.superseded).order_by(tables.versions.c.version)).all()
    assert list(superseded) == [False, True, False]
    follow(archive)
    assert found(archive) == [(search.number, "A", "still", "amended")]


def test_what_passes_down_a_contract_is_on_the_watchlist_for_alerts_too(archive: Archive) -> None:
    def action(modification: str, text: str) -> Reading:
        return reading(f"70CMSD23FR0000145:{modification}", title(text, numbers=[
            {"type": "piid", "printed": "70CMSD23FR0000145", "plain": "70CMSD23FR0000145", "issuer": "7012"},
            {"type": "modification", "printed": modification, "plain": modification},
        ]))  # fmt: skip

    opened(archive, action("0", "Cellebrite UFED licences"))
    search = save(archive, "", lens="watchlist")
    crawl(archive, action("0", "Cellebrite UFED licences"), action("P00001", "Exercise of option year one"))
    follow(archive)
    assert notices_found(archive, search) == ["70CMSD23FR0000145:P00001"]
