"""The doctor names what is wrong and what to do, and asks a source once without touching the log."""

import difflib
import json
import shutil
import sqlite3
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import ledger, locks, queries
from archive.proof import keys
from archive.rows import RunRow
from archive.store import Archive
from crawlers.due import Due, Standing
from crawlers.quota import Quota
from crawlers.source import load_sources
from crawlers.spider import Window
from noticewatch.identifiers import now
from noticewatch.models import Verdict
from noticewatch.settings import Settings, load_settings
from service import holding
from service.cli import main
from service.commands.doctor import examine
from service.doctor import archived, live, machine
from service.doctor.finding import Finding, guarded
from service.doctor.probing import settled
from service.doctor.sourced import source_finding
from service.starter import starter_folder, starter_state
from tests.archive.making import append, reading
from tests.archive.proving import tamper
from tests.faults.crawling import KEY, healthy
from tests.faults.server import answers_of, publisher

NOW = now()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def doctor(inside, capsys):
    """Run the doctor; gives its exit code and its answer."""

    def run(*arguments: str):
        with pytest.raises(SystemExit) as end:
            main(["doctor", "--json", *arguments])
        said = capsys.readouterr()
        return end.value.code, json.loads(said.out)

    return run


def states(answer, state):
    return {one["name"]: one for one in answer["findings"] if one["state"] == state}


def test_a_loaded_archive_is_healthy_and_wants_a_contact_to_crawl_live(doctor, inside, loaded_folder, monkeypatch):
    shutil.copytree(loaded_folder, inside / "data")
    code, answer = doctor()
    assert (code, answer["healthy"], answer["set_up"]) == (0, True, False)
    assert (states(answer, "bad"), set(states(answer, "unset"))) == ({}, {"contact"})
    assert "NOTICEWATCH_CONTACT" in states(answer, "unset")["contact"]["cure"]
    monkeypatch.setenv("NOTICEWATCH_CONTACT", "desk@example.org")
    code, answer = doctor()
    assert (code, answer["healthy"], answer["set_up"]) == (0, True, True)
    assert {one["name"] for one in answer["findings"]} >= {f"source {name}" for name in load_sources()}
    assert [one["source"] for one in answer["growth"]] == ["usaspending_transactions"]
    assert answer["growth"][0]["warc_bytes"] > 1000


def test_a_person_gets_a_table_with_what_to_do(inside, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    with pytest.raises(SystemExit) as end:
        main(["doctor"])
    said = capsys.readouterr().out
    assert end.value.code == 1
    assert "does not exist" in said
    assert "start noticewatch run" in said
    assert not (inside / "data").exists()


def test_what_is_not_set_up_is_summed_up_apart_from_what_is_broken(inside, loaded_folder, capsys):
    shutil.copytree(loaded_folder, inside / "data")
    main_ends("doctor", 0)
    said = capsys.readouterr().out
    assert "NOTICEWATCH_CONTACT" in said
    assert "Nothing bad, 1 to set up, " in said
    shutil.rmtree(inside / "data" / "warc")
    main_ends("doctor", 1)
    assert "1 bad, 1 to set up, " in capsys.readouterr().out


def main_ends(command: str, code: int):
    with pytest.raises(SystemExit) as end:
        main([command])
    assert end.value.code == code


def test_a_source_that_lacks_a_contact_is_not_overdue_and_is_not_broken_when_it_cannot_be_asked(archive):
    waiting = ended(Verdict.NOT_STARTED, hours_ago=240, reasons=("no contact: set X",))
    assert finding(last=waiting, scheduled=False).state == "note"
    keyless = {name: one for name, one in load_sources().items() if one.live and not one.key}
    found = list(live.probes(archive, Settings(home=archive.folder), keyless))
    assert {(one.state, "NOTICEWATCH_CONTACT" in one.cure) for one in found} == {("unset", True)}


def test_every_bad_finding_says_what_to_do(doctor, inside):
    (inside / "data").write_text("")
    code, answer = doctor()
    assert code == 1
    assert all(one["cure"] for one in states(answer, "bad").values())


def test_a_damaged_database_is_named(inside, loaded_folder):
    shutil.copytree(loaded_folder, inside / "data")
    file = inside / "data" / "noticewatch.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    [(root, size)] = connection.execute(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'records'"
    ).fetchall()
    connection.close()
    with file.open("r+b") as database:
        database.seek((root - 1) * size)
        database.write(b"\xff" * size)
    found, _ = examine(load_settings())
    assert any(one.state == "bad" and one.name == "database" for one in found)


def test_archived_files_that_are_missing_or_cut_off_are_named(inside, loaded_folder):
    shutil.copytree(loaded_folder, inside / "data")
    archive = Archive.open(load_settings())
    [whole] = archived.files(archive)
    assert whole.state == "good"
    [file] = [path for path in archive.warc_folder.rglob("*.warc.gz") if path.is_file()]
    file.write_bytes(file.read_bytes()[:-100])
    [cut] = archived.files(archive)
    assert cut.state == "bad"
    assert "is cut off" in cut.said
    file.unlink()
    [missing] = archived.files(archive)
    assert "is missing" in missing.said
    archive.close()


def test_a_tree_that_is_not_the_signed_one_and_a_key_that_others_can_read_are_bad(archive):
    assert [one.state for one in archived.proof(archive)] == ["good"]
    (archive.folder / "keys" / keys.NAME).chmod(0o644)
    tamper(archive, "UPDATE tiles SET hashes=zeroblob(length(hashes))")
    assert [one.state for one in archived.proof(archive)] == ["bad", "bad"]


def test_what_comes_from_the_future_puts_the_clock_in_doubt(archive):
    append(archive, [reading("A", "T")])
    assert archived.clock(archive, now()).state == "good"
    assert archived.clock(archive, now() - 400 * DAY).state == "bad"


def test_readers_that_are_behind_with_nobody_at_it_are_bad(archive):
    [before] = archived.readers(archive)
    append(archive, [reading("A", "T"), reading("B", "T")])
    [after] = archived.readers(archive)
    assert (before.state, after.state) == ("good", "bad")
    assert "joiner 2 events behind" in after.said


def test_a_starter_archive_that_was_loaded_in_part_is_bad_unless_it_is_being_loaded(archive):
    settings = Settings(home=archive.folder)
    assert list(archived.loading(archive, settings)) == []
    first, *others = starter_state(archive, starter_folder(settings)).due
    cut = ledger.start_run(archive, first, "starter")
    ledger.finish_run(archive, cut, Verdict.CANCELLED)
    [part] = archived.loading(archive, settings)
    with locks.hold(archive, first):
        [goes_on] = archived.loading(archive, settings)
    for name in (first, *others):
        ledger.finish_run(archive, ledger.start_run(archive, name, "starter"), Verdict.PARTIAL)
    [whole] = archived.loading(archive, settings)
    assert [one.state for one in (part, goes_on, whole)] == ["bad", "note", "good"]
    assert f"{first} and {others[0]}" in part.said


def test_an_index_that_is_not_there_is_bad_unless_a_server_is_building_it(archive):
    settings = Settings(home=archive.folder)
    [empty] = archived.indexes(archive, settings)
    append(archive, [reading("A", "T")])
    [missing] = archived.indexes(archive, settings)
    with holding.hold(archive.folder, "server"):
        [coming] = archived.indexes(archive, settings)
    assert [one.state for one in (empty, missing, coming)] == ["good", "bad", "note"]
    assert (missing.cure, coming.said) == ("noticewatch index rebuild", "it is being built")


def test_locks_and_runs_that_were_left_behind_are_noted(archive, tmp_path):
    with locks.hold(archive, "one"):
        assert "one is being crawled" in {one.name: one.said for one in archived.work(archive)}["lock"]
    run = ledger.start_run(archive, "two", "crawl")
    ledger._alive.discard(run.id)
    found = {one.name: one for one in archived.work(archive)}
    assert found["runs"].state == "note"
    assert ledger.count_dead_runs(archive) == 1


def test_a_check_that_fails_is_a_finding():
    def fails():
        raise ValueError("no")

    [found] = guarded("thing", fails)
    assert (found.name, found.state) == ("thing", "bad")
    assert "ValueError: no" in found.said


@given(free=st.integers(0, 10**13), month=st.integers(0, 10**12))
def test_a_disk_is_bad_when_it_will_soon_be_full(free, month):
    found = machine.disk(free, month)
    soon = month > 0 and free * 30 / month < 7.5
    assert (found.state == "bad") == (free < machine.LEAST_FREE or soon)


def ended(verdict, *, hours_ago=1.0, reasons=()):
    started = NOW - hours_ago * HOUR
    return RunRow(1, "1", "one", "crawl", started, started, verdict, reasons, (), None)


def finding(due=None, standing=None, last=None, *, scheduled=True) -> Finding:
    return source_finding(
        due or Due("one", DAY, NOW + DAY), standing or Standing(), last, NOW, held=True, scheduled=scheduled
    )


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        (finding(last=ended(Verdict.COMPLETE)), "good", "last crawl complete"),
        (finding(last=ended(Verdict.PARTIAL, reasons=("drift: x",))), "good", "partial: drift: x"),
        (finding(last=ended(Verdict.FAILED, reasons=("no network",))), "bad", "failed: no network"),
        (finding(last=ended(Verdict.NOT_STARTED, reasons=("no key",))), "bad", "set what is missing"),
        (finding(last=ended(Verdict.NOT_STARTED, reasons=("no contact: set X",))), "note", "not started: no contact"),
        (finding(last=ended(Verdict.BLOCKED, reasons=("403",))), "bad", "do not get round it"),
        (finding(last=ended(Verdict.COMPLETE, hours_ago=72), scheduled=False), "bad", "overdue"),
        (finding(last=ended(Verdict.COMPLETE, hours_ago=25)), "good", "last crawl complete"),
        (finding(standing=Standing(held=2), last=ended(Verdict.FAILED)), "bad", "noticewatch crawl one --accept"),
        (finding(due=Due("one", DAY, None, "switched off in the settings")), "note", "switched off"),
        (finding(due=Due("one", DAY, None, "no key: get one at X")), "note", "get one at X"),
        (finding(standing=Standing(calls=10, calls_left=3), last=ended(Verdict.COMPLETE)), "good", "3 of 10 calls"),
        (finding(), "note", "not crawled yet"),
    ],
)
def test_a_source_is_judged_by_its_last_crawl_and_what_it_waits_for(found, state, said):
    assert (found.state, said in f"{found.said} {found.cure}") == (state, True), found


def window(day: str) -> Window:
    return Window("all", day, day, day)


def test_the_window_asked_for_is_the_newest_that_had_days_to_fill_on_a_working_day():
    days = [f"2026-11-{day:02}" for day in range(1, 26)]
    assert settled([window(day) for day in days], date(2026, 11, 25)) == window("2026-11-20")
    assert settled([window(day) for day in days], date(2026, 11, 27)) == window("2026-11-20")
    assert settled([window("2026-11-25")], date(2026, 11, 25)) == window("2026-11-25")
    whole = Window("file", "active")
    assert settled([whole], date(2026, 11, 25)) == whole
    assert settled([], date(2026, 11, 25)) is None


LIVE = [
    name
    for name, source in load_sources().items()
    if source.live and source.delay <= 2 and (stated := healthy(name)) and stated.last
]


@pytest.fixture
def asked_through(inside):
    """A server on loopback with the last recording of a source, asked in its place; and the day to ask on."""
    with publisher() as server:

        def serve(name: str):
            stated = healthy(name)
            answers = answers_of(stated.recordings[-1])
            server.serve(answers, lambda asked, good: good if good.status == 200 else likely(answers, asked))
            key = f'key = "{KEY}"\n' if stated.key else ""
            (inside / "noticewatch.toml").write_text(
                f'contact = "desk@example.org"\n[sources.{name}]\nthrough = "{server.address}"\n{key}'
            )
            return server, date.fromisoformat(stated.last) + 5 * DAY

        yield serve


def likely(answers, asked):
    """The recorded answer to the request that is most like one of a day that was not recorded."""
    targets = {key[2]: good for key, good in answers.items() if good.status == 200}
    [nearest] = difflib.get_close_matches(asked.target, targets, n=1, cutoff=0)
    return targets[nearest]


def ask(name: str, today: date) -> Finding:
    settings = load_settings()
    archive = Archive.open(settings)
    try:
        [found] = live.probes(archive, settings, {name: load_sources()[name]}, today)
        with archive.reading() as connection:
            held = queries.counts(connection)
            assert (held.captures, held.events, queries.runs(connection)) == (0, 0, [])
    finally:
        archive.close()
    return found


@pytest.mark.parametrize("name", LIVE)
def test_one_request_says_that_a_source_answers_as_it_did(asked_through, name):
    server, today = asked_through(name)
    found = ask(name, today)
    assert found.state in {"good", "note"}, found
    assert "it answers" in found.said
    assert [asked.robots for asked in server.asked] == [True, False]


@pytest.mark.parametrize("name", LIVE[:1])
def test_what_robots_txt_forbids_is_not_asked(asked_through, name):
    server, today = asked_through(name)
    server.robots = server.robots.having()
    server.bend = lambda asked, good: (
        type(good)(payload=b"User-agent: *\nDisallow: /\n", headers=(("Content-Type", "text/plain"),))
        if asked.robots
        else good
    )
    found = ask(name, today)
    assert found.state == "bad"
    assert "robots.txt" in found.said
    assert [asked.robots for asked in server.asked] == [True]


@pytest.mark.parametrize("name", LIVE[:1])
def test_an_answer_of_another_shape_is_named(asked_through, name):
    server, today = asked_through(name)
    server.bend = lambda asked, good: (
        good if asked.robots else type(good)(payload=b"<html>Moved</html>", headers=(("Content-Type", "text/html"),))
    )
    found = ask(name, today)
    assert found.state == "bad"
    assert found.cure


def answered(**facts):
    return {"verdict": "complete", "reasons": [], "findings": [], "rows": 3, "window": "all 2026-11-20"} | facts


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (answered(), "good", "it answers as it did: 3 rows of all 2026-11-20 read"),
        (answered(rows=0), "note", "nothing is known of its shape"),
        (answered(findings=["columns nobody reads: x"]), "bad", "its shape has changed: columns nobody reads: x"),
        (answered(findings=["columns missing: x"]), "bad", "its shape has changed: columns missing: x"),
        (answered(findings=["numbers that are none (14 times)"]), "note", "read; numbers that are none (14 times)"),
        (answered(verdict="partial", reasons=["drift: a is a list"]), "bad", "changed: drift: a is a list"),
        (answered(verdict="partial", reasons=["page 1 is missing"]), "bad", "not whole: page 1 is missing"),
        (answered(reasons=["unchanged since 2026-11-20"], rows=0), "good", "unchanged since 2026-11-20"),
        (answered(verdict="blocked", reasons=["403"]), "bad", "blocked: 403"),
    ],
)
def test_an_answer_is_judged_by_its_shape(answer, state, said):
    found = live.judged(next(iter(load_sources().values())), answer)
    assert (found.state, said in found.said) == (state, True), found


def test_a_source_without_its_key_is_not_asked(archive):
    keyed = {name: one for name, one in load_sources().items() if one.live and one.key and one.key.required}
    settings = Settings(home=archive.folder, contact="desk@example.org")
    for found in live.probes(archive, settings, keyed):
        assert (found.state, "no key" in found.said) == ("note", True)


def test_a_source_that_is_being_crawled_is_not_asked_beside(archive):
    name, source = next((name, one) for name, one in load_sources().items() if one.live and not one.key)
    settings = Settings(home=archive.folder, contact="desk@example.org")
    with locks.hold(archive, name):
        [found] = live.probes(archive, settings, {name: source})
    assert (found.state, "is asking it at the moment" in found.said) == ("note", True)


def test_calls_of_the_doctor_count_and_none_is_made_where_none_is_left(archive):
    keyed = next(one for one in load_sources().values() if one.live and one.quota)
    settings = Settings(
        home=archive.folder, contact="desk@example.org", sources={keyed.name: {"key": KEY, "calls_a_day": 1}}
    )
    Quota.of(archive, keyed, settings).spend()
    [found] = live.probes(archive, settings, {keyed.name: keyed})
    assert (found.state, found.said.startswith("not asked: 1 of 1 calls of the day are used")) == ("note", True)


@pytest.mark.parametrize("name", LIVE[:1])
def test_the_command_asks_one_source_by_its_name(asked_through, doctor, name):
    server, _ = asked_through(name)
    _, answer = doctor("--live", "--source", name)
    asked = [one["name"] for one in answer["findings"] if one["name"].startswith("live ")]
    assert asked == [f"live {name}"]
    assert len(server.asked) == 2
