"""The command line: what it prints, its exit codes, and one sentence for what goes wrong."""

import csv
import io
import json
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from decimal import Decimal
from importlib import import_module

import pytest
import typer

from crawlers.source import load_sources
from indexer.items import Item
from indexer.upkeep import IndexStatus
from service import commands
from service.cli import app
from service.commands import index
from service.commands.indexer import search, table_row
from tests.service.conftest import CUT

RECORD = "70B03C23F00001003"


def loaded_by(code, *names):
    """Which of these modules a process has loaded that has executed the code."""
    told = f"import sys, typer, service.cli\n{code}\nprint(*sorted({set(names)} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()[-1].split()


def test_no_command_waits_for_what_only_crawls_and_servers_need():
    every = "assert len(dict(typer.main.get_command(service.cli.app).commands)) > 20"
    assert loaded_by(every, "alerts", "scrapy", "twisted", "uvicorn", "pyarrow") == ["alerts"]


def test_a_command_waits_for_no_other_commands_modules(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTICEWATCH_HOME", str(tmp_path))
    asked = "try: service.cli.main(['settings'])\nexcept SystemExit: pass"
    assert loaded_by(asked, "noticewatch.settings", "archive", "indexer", "alerts", "api") == ["noticewatch.settings"]


def test_every_command_that_a_module_adds_is_a_command():
    added = []
    for found in pkgutil.iter_modules(commands.__path__):
        module = import_module(f"service.commands.{found.name}")
        if hasattr(module, "add_to"):
            module.add_to(room := typer.Typer())
            added += typer.main.get_group(room).commands
    assert sorted(added) == sorted(dict(typer.main.get_command(app).commands))


@pytest.mark.parametrize("command", [("settings",), ("settings", "--json"), ("--help",)])
def test_a_reader_that_goes_away_is_no_error(command, tmp_path):
    given = os.environ | {"NOTICEWATCH_HOME": str(tmp_path)}
    called = [sys.executable, "-m", "service.cli", *command]
    with subprocess.Popen(called, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert (running.stderr.read(), running.wait(timeout=60)) == (b"", 0)


def test_the_starter_archive_is_loaded_once(noticewatch):
    code, out, _ = noticewatch("load-starter", "--json")
    first = json.loads(out)
    assert (code, first["already_there"], first["counts"]["notices"]) == (0, False, 110)
    code, out, _ = noticewatch("load-starter", "--json")
    again = json.loads(out)
    assert (code, again["already_there"]) == (0, True)
    assert again["counts"] == first["counts"] | {"procurements": again["counts"]["procurements"]}


def test_a_search_of_an_empty_archive_says_how_it_is_filled(noticewatch):
    code, out, _ = noticewatch("search", "Fivecast")
    assert (code, out.splitlines()[0]) == (0, "0 results for fivecast in the watchlist.")
    assert "The archive is empty. noticewatch run, or noticewatch load-starter, loads" in out


def test_what_was_loaded_is_searched_shown_and_has_a_history(loaded):
    code, out, _ = loaded("search", "Fivecast", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["total"] >= 1
    assert all("id" in item and "title" in item for item in answer["items"])
    code, out, _ = loaded("show", RECORD)
    assert code == 0
    assert "obligated, this action only" in out
    assert "noticewatch did not fetch it" in out
    code, out, _ = loaded("history", RECORD, "--json")
    assert code == 0
    assert [version["version"] for version in json.loads(out)["versions"]] == [1]


def test_results_are_written_in_every_format(loaded):
    everything = ("search", "", "--all", "--scope", "notice", "--limit", "5")
    code, out, err = loaded(*everything, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, len(rows)) == (0, 5)
    assert "--cursor" in err
    code, out, _ = loaded(*everything, "--format", "jsonl")
    assert [json.loads(line)["id"] for line in out.splitlines()] == [row["id"] for row in rows]
    code, out, _ = loaded(*everything)
    assert out.startswith("110 results")
    assert rows[0]["id"] in out.replace("\n", "")


def test_csv_on_the_command_line_is_the_file_that_the_download_and_the_export_give(loaded, inside):
    file = inside / "all.csv"
    assert loaded("export", str(file), "--query", "services", "--all")[0] == 0
    with (inside / "printed.csv").open("wb") as printed:
        asked = ("search", "services", "--all", "--scope", "notice", "--sort", "found", "--limit", "100")
        subprocess.run([sys.executable, "-m", "service.cli", *asked, "--format", "csv"], stdout=printed, check=True)
    assert (inside / "printed.csv").read_bytes() == file.read_bytes()
    assert file.read_bytes().count(b"\n") > 3


def test_csv_of_procurements_has_whole_addresses_and_what_is_held_of_the_contract(loaded):
    _, out, _ = loaded("search", "", "--all", "--limit", "100", "--json")
    items = {item["id"]: item for item in json.loads(out)["items"]}
    _, out, _ = loaded("search", "", "--all", "--limit", "100", "--format", "csv")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(out))}
    assert list(rows) == list(items)
    for identity, row in rows.items():
        item = items[identity]
        assert row["url"] == f"http://127.0.0.1:0{item['url']}"
        assert row["rebuilt"] == {True: "yes", False: "no"}[item["rebuilt"]]
        assert Decimal(row["headline_value"]) == Decimal(item["headline"]["value"])
        assert row["suppliers"] == " | ".join(one["name"] for one in item["suppliers"])
    assert any(item["members"] > 1 for item in items.values())


ASKED = [("search", "Fivecast"), ("show", RECORD), ("history", RECORD), ("diff", RECORD, "1", "1"), ("alerts", "list")]


@pytest.mark.parametrize("asked", ASKED)
def test_a_question_to_the_archive_waits_for_nothing_that_it_does_not_use(loaded, asked):
    code = f"try: service.cli.main({asked!r})\nexcept SystemExit: pass\nimport watchlist.patterns"
    needless = ("fastapi", "alembic", "mako", "psycopg", "scrapy")
    compiled = f"{code}\nassert not watchlist.patterns.patterns_of.cache_info().currsize"
    assert loaded_by(compiled, "sqlalchemy", *needless) == ["sqlalchemy"]


@pytest.mark.parametrize("named", [(), ("index",), ("correct",), ("--debug",)])
def test_without_a_command_there_is_its_help_and_nothing_else(noticewatch, named):
    code, out, err = noticewatch(*named)
    assert (code, err) == (2, "")
    assert "Usage: noticewatch" in out


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"value": "5.5"}, "$5.50 estimate"),
        ({"minimum": "100000", "maximum": "250000"}, "$100,000 to $250,000 estimate"),
        ({"maximum": "150000"}, "up to $150,000 estimate"),
        ({}, "not stated"),
    ],
)
def test_a_result_says_its_amount_also_where_that_is_a_range(stated, said):
    amount = {"kind": "estimate", "basis": "plan", "currency": "USD", **stated}
    item = Item.model_validate({
        "id": "apfs:1", "procurement": "apfs:1", "kind": "forecast", "status": "open", "listing": "listed",
        "headline": amount, "dated": "2026-01-02", "dated_by": "posted", "first_seen": "2026-01-02T00:00:00Z",
        "source": "dhs_apfs", "rebuilt": False, "url": "/notice/apfs:1",
    })  # fmt: skip
    assert table_row(item)[-2] == said


def test_the_example_that_the_help_of_search_gives_can_be_run(loaded):
    example = re.search(r"^ *Example: noticewatch (.+)$", search.__doc__, re.MULTILINE)[1]
    code, out, err = loaded(*shlex.split(example))
    assert (code, err) == (0, "See also --technology lpr (Licence plate readers, 4 found).\n")
    assert 'for "license plate" AND reader in the watchlist.' in out


def test_a_vendor_asked_for_by_name_is_led_to_even_where_no_words_are_found(loaded):
    hint = "Vigilant Solutions is a vendor on the watchlist: --vendor vigilant-solutions finds every notice"
    code, out, err = loaded("search", "Vigilant Solutions")
    assert (code, err.count(hint)) == (0, 1)
    assert "Nothing was found." in out
    assert loaded("search", "Vigilant Solutions", "--vendor", "vigilant-solutions")[0::2] == (0, "")
    assert loaded("search", "zeppelin")[0::2] == (0, "")
    assert loaded("search", "vigilant")[2] == "See also --vendor vigilant-solutions (Vigilant Solutions, 0 found).\n"
    assert loaded("search", "vigilant", "--vendor", "vigilant-solutions")[2] == ""
    assert loaded("search", "Vigilant Solutions", "--json")[0::2] == (0, "")


def test_a_number_is_found_in_any_spelling(loaded):
    spelled = loaded("show", "70B03C-23-F-00001003", "--json")
    assert spelled == loaded("show", RECORD, "--json")
    assert json.loads(spelled[1])["rebuilt"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", '"abc'), "position 1"),
        (("search", "x", "--from", "yesterday"), "--from is 'yesterday'"),
        (("search", "x", "--min", "much"), "--min is 'much'"),
        (("search", "x", "--max", "1,5"), "--max is '1,5'"),
        (("search", "x", "--min", "2", "--max", "1"), "The least amount, 2, is above the greatest, 1; turn them round"),
        (("search", "x", "--from", "2026-02-01", "--to", "2026-01-01"), "2026-02-01, is after the last, 2026-01-01"),
        (("search", "x", "--cursor", "tampered"), "cursor"),
        (("show", "NOSUCHNOTICE-1"), "No notice 'NOSUCHNOTICE-1' is held"),
        (("show", RECORD, "--version", "9"), "has no version 9"),
        (("crawl", "nowhere"), "There is no source 'nowhere'; there are "),
        (("crawl", "usaspending_transactions", "--from", "1.1.2024"), "--from is '1.1.2024'"),
        (("crawl", "usaspending_transactions", "--replay", "gone.warc.gz"), "gone.warc.gz does not exist"),
        (("import", "sam_gov_bulk", "gone.csv"), "gone.csv does not exist; name files or a folder that holds some."),
        (("import", "sam_gov_bulk", "gone.csv", "--captured-at", "noon"), "--captured-at is 'noon'"),
        (("alerts", "remove", "9" * 30), "Invalid value for 'ID'"),
        (("alerts", "test", "9" * 30), "Invalid value for 'ID'"),
        (("proof", "inclusion", "--event", "9" * 30), "Invalid value for '--event'"),
        (("proof", "inclusion", "--correction", "9" * 30), "Invalid value for '--correction'"),
        (("proof", "inclusion", "--capture", "x", "--row", "9" * 30), "No record was read from row 999"),
        (("evidence", RECORD, "-o", ""), "Invalid value for '--output' / '-o': it is empty; name a file or a folder."),
        (("evidence", RECORD, "-o", "."), ". is a folder; name a file in it (-o)."),
        (("export", "", "--format", "csv"), "Invalid value for 'FILE': it is empty"),
        (("export", ".", "--format", "csv"), ". is a folder; name a file in it (FILE)."),
        (("crawl", "usaspending_transactions", "--replay", ""), "Invalid value for '--replay': it is empty"),
        (("import", "sam_gov_bulk", ""), "Invalid value for 'FILE...': it is empty"),
        (("backup", ""), "Invalid value for 'DIR': it is empty"),
        (("verify", ""), "Invalid value for '[FILE]': it is empty"),
        (("verify", "--heads", ""), "Invalid value for '--heads': it is empty"),
        (("verify", "--heads", os.devnull), f"{os.devnull} holds no signed head; name a copy of heads.jsonl."),
        (("index", "rebuild", "--to", ""), "'' is no place for an index"),
        (("index", "rebuild", "--to", "http://"), "'http://' is no place for an index"),
        (
            ("index", "rebuild", "--to", "http://search.example"),
            "with their ports, such as https://search.example:9200",
        ),
        (("doctor", "--source", "usaspending_transactions"), "--source goes with --live"),
        (("watchlist", "suggest", "--reject", ""), "'' names no suggestion"),
        (("alerts", "add", "drone", "--to", "file:"), "'' is not the whole path of a file in a folder that is there"),
        (("show", RECORD, "--version", "two"), "Invalid value for '--version': 'two' should be a valid integer."),
        (("search", "x", "--limit", "0"), "Invalid value for '--limit': '0' should be greater than or equal to 1."),
        (("nonsense",), "No such command 'nonsense'. Type noticewatch --help"),
        (("history",), "Missing argument 'ID'. Type noticewatch history --help"),
        (("search", "x", "--nonsense"), "--nonsense"),
        (("search", "x", "--sort", "size"), "Invalid value for '--sort': 'size' is not one of 'dated'"),
        (
            ("search", "x", "--buyer", "nobody"),
            "There is no buyer 'nobody'; write a public body's name, acronym",
        ),
        (("search", "x", "--vendor", "nobody"), "There is no vendor 'nobody'; the page /vendors lists the watchlist"),
        (("search", "x", "--kind", "gift"), "There is no kind 'gift'; use one of forecast, sources_sought"),
        (("search", "x", "--source", "nowhere"), "There is no source 'nowhere'; there are dhs_apfs"),
    ],
)
def test_wrong_usage_is_one_sentence_on_standard_error_and_exit_code_2(loaded, arguments, said):
    code, out, err = loaded(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_arguments_that_are_no_text_are_refused_in_a_sentence(noticewatch):
    for arguments in (
        ("search", "caf\udce9"),
        ("show", "\udcff", "--json"),
        ("alerts", "add", "x", "--to", "file:/\udcff"),
    ):
        code, out, err = noticewatch(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "\\udc" in err
        assert "is not text in UTF-8" in err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_goes_into_a_file_or_a_pipe_is_utf_8_whatever_the_surroundings_say(loaded, encoding):
    for form in ((), ("--json",)):
        asked = [sys.executable, "-m", "service.cli", "show", RECORD, *form]
        said = [
            subprocess.run(asked, env=os.environ | {"PYTHONIOENCODING": one}, capture_output=True, check=True).stdout
            for one in ("utf-8", encoding)
        ]
        assert said[0] == said[1]
        assert form or not said[0].isascii()


def test_a_traceback_is_shown_only_with_debug(noticewatch):
    assert "Traceback" not in noticewatch("show", "NOSUCHNOTICE-1")[2]
    assert "Traceback" in noticewatch("show", "NOSUCHNOTICE-1", "--debug")[2]


def test_a_crawl_without_a_contact_does_not_start_and_says_why(noticewatch):
    code, out, _ = noticewatch("crawl", "usaspending_transactions")
    assert code == 9
    assert "not started: no contact: set NOTICEWATCH_CONTACT" in out
    code, out, _ = noticewatch("sources", "--json")
    (row,) = (row for row in json.loads(out) if row["name"] == "usaspending_transactions")
    assert (code, row["last_run"]["verdict"]) == (0, "not_started")


def test_a_replay_says_its_verdict_by_words_and_exit_code(noticewatch, cut_starter):
    code, out, _ = noticewatch("crawl", "usaspending_transactions", "--replay", str(cut_starter / CUT), "--json")
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["kind"]) == (3, "partial", "replay")
    assert answer["counts"]["rows"] >= 110
    assert answer["reasons"]


def test_sources_say_what_they_cover_and_when_they_are_due(loaded, monkeypatch):
    code, out, _ = loaded("sources")
    assert code == 0
    assert "usaspending_transactions" in out
    assert "partial" in out
    assert "NOTICEWATCH_CONTACT is set" in out
    monkeypatch.setenv("NOTICEWATCH_CONTACT", "desk@example.org")
    assert "NOTICEWATCH_CONTACT" not in loaded("sources")[1]


def test_sources_say_which_are_not_crawled_and_why(noticewatch):
    code, out, _ = noticewatch("sources", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    known = load_sources()
    assert (code, list(rows)) == (0, list(known))
    for name, source in known.items():
        row, keyed = rows[name], source.key is not None and source.key.required
        assert (row["live"], row["enabled"]) == (source.live, source.live and not keyed)
        assert bool(row["why"]) is not row["enabled"]
        if source.live and keyed:
            assert row["why"].startswith(f"no key: get one at {source.key.obtain}")
        if source.quota:
            assert row["calls_left"] == source.quota.calls


def test_awards_as_they_stand_cover_no_days(noticewatch, tmp_path):
    file = tmp_path / "awards.csv"
    file.write_text(
        "contract_award_unique_key,award_id_piid,total_obligated_amount\n"
        "CONT_AWD_70CMSD23FR0000145_7012_NNG15SD02B_8000,70CMSD23FR0000145,1060000.10\n"
    )
    code, _, err = noticewatch("import", "usaspending_awards", str(file), "--captured-at", "2026-08-20")
    assert code == 0, err
    _, out, _ = noticewatch("sources", "--json")
    (row,) = (row for row in json.loads(out) if row["name"] == "usaspending_awards")
    assert (row["notices"], row["covers_from"], row["covers_to"]) == (1, None, None)


def test_a_run_that_brought_nothing_is_not_called_one_that_brought_notices(noticewatch, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    noticewatch("crawl", "usaspending_awards")
    code, out, _ = noticewatch("sources")
    said = " ".join(out.split())
    assert code == 0
    assert "last run that brought notices: none yet; the latest crawl: not started: no contact" in said


def test_sources_as_a_table_name_what_a_person_has_to_do(noticewatch, monkeypatch):
    monkeypatch.setenv("COLUMNS", "600")
    _, out, _ = noticewatch("sources")
    for source in load_sources().values():
        assert source.name in out
        assert source.live or "recordings and imports only" in out


def test_the_index_is_at_the_head_after_a_load_and_can_be_rebuilt(loaded):
    before = loaded("search", "", "--all", "--json")[1]
    assert loaded("index", "status")[0] == 0
    assert loaded("index", "rebuild")[0] == 0
    assert json.loads(loaded("search", "", "--all", "--json")[1])["items"] == json.loads(before)["items"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_data_folder_is_one_sentence(noticewatch, inside):
    (inside / "data").mkdir(mode=0o500)
    code, _, err = noticewatch("sources")
    assert code == 1
    assert "make it writable or set NOTICEWATCH_HOME to another folder" in err


def test_a_data_folder_that_is_a_file_is_one_sentence(noticewatch, inside):
    (inside / "data").write_text("")
    code, _, err = noticewatch("load-starter")
    assert code == 1
    assert "set NOTICEWATCH_HOME to another folder" in err
    assert err.count("\n") == 1


def test_settings_are_listed_with_their_origin(noticewatch):
    code, out, _ = noticewatch("settings", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["NOTICEWATCH_STARTER"]["origin"] == "variable NOTICEWATCH_STARTER"
    assert rows["NOTICEWATCH_CONTACT"]["shown"] == "not set"


def test_the_help_of_the_index_explains_every_word_of_its_state() -> None:
    told = index.status.__doc__ or ""
    assert all(f"{field.name}:" in told for field in fields(IndexStatus))
