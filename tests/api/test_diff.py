"""The difference of two versions: by page, answer and command, typed, from A to B."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from noticewatch.changes import changes, compare
from noticewatch.models import difference
from noticewatch.settings import Settings
from service.cli import main
from tests.api.serving import served
from tests.archive.making import append, open_archive, reading, title
from watchlist.dictionary import Dictionary

ID = "us-action:P:0"
API = f"/api/v1/notices/{ID}/diff"
PAGE = f"/notices/{ID}/diff"


def stated(text: str, value: str, due: str, seller: str) -> dict[str, Any]:
    return title(
        "A contract",
        description=[{"text": text}],
        amounts=[{"kind": "obligated", "basis": "change", "value": value, "currency": "USD"}],
        dates=[{"role": "due", "value": due}],
        parties=[{"role": "supplier", "name": seller, "uei": "ABC123DEF456"}],
        numbers=[{"type": "piid", "printed": "P-1", "plain": "P1"}],
    )


VERSIONS = (
    stated("Buys <b>ten</b> licences for a year", "1000", "2026-04-03", "FCN, INC."),
    stated("Buys <b>twelve</b> licences for a year", "1250.50", "2026-04-10", "FCN, INC."),
    stated("Buys <b>twelve</b> licences for a year", "1250.50", "2026-04-10", "PANAMERICA COMPUTERS, INC."),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diff") / "data"
    archive = open_archive(folder)
    for day, content in enumerate(VERSIONS):
        append(archive, [reading("P:0", content)], day=day)
    append(archive, [reading("Q:0", "Only once")], day=9)
    drive(archive, [Joiner()])
    archive.close()
    return folder


@pytest.fixture(scope="module")
def client(home: Path, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = Settings(home=home)
    with closing(Archive.open(settings)) as archive, served(archive, settings, dictionary) as opened:
        yield opened


def by_path(answer: dict[str, Any]) -> dict[str, Any]:
    return {item["path"]: item for item in answer["items"]}


def test_an_answer_gives_each_field_with_its_type_both_values_and_how_far_it_moved(client: TestClient) -> None:
    found = by_path(client.get(f"{API}?from=1&to=2").json())
    assert found.keys() == {"description", "amounts.obligated", "dates.due"}
    money = found["amounts.obligated"]
    assert (money["type"], money["by"], money["words"]) == ("money", "+$250.50", "amount obligated")
    assert (money["old"][0]["value"], money["new"][0]["value"]) == ("1000", "1250.5")
    assert [(part["kind"], part["text"]) for part in money["segments"] if part["kind"] != "same"] == [
        ("gone", "$1,000 obligated, this action only"),
        ("come", "$1,250.50 obligated, this action only"),
    ]
    assert (found["dates.due"]["type"], found["dates.due"]["by"]) == ("date", "+7 days")
    text = found["description"]
    assert text["type"] == "text"
    assert [part["text"] for part in text["segments"] if part["kind"] != "same"] == ["ten", "twelve"]


def test_from_and_to_may_stand_either_way_round_and_over_several_versions(client: TestClient) -> None:
    forth, back = (by_path(client.get(f"{API}?{asked}").json()) for asked in ("from=1&to=3", "from=3&to=1"))
    assert forth.keys() == back.keys() == {"description", "amounts.obligated", "dates.due", "parties.supplier"}
    assert all((forth[path]["old"], forth[path]["new"]) == (back[path]["new"], back[path]["old"]) for path in forth)
    assert (back["amounts.obligated"]["by"], back["dates.due"]["by"]) == ("−$250.50", "−7 days")


def test_without_numbers_the_current_version_is_compared_with_the_one_before(client: TestClient) -> None:
    answer = client.get(API).json()
    assert (answer["from"]["version"], answer["to"]["version"]) == (2, 3)
    assert by_path(answer).keys() == {"parties.supplier"}
    assert client.get(f"{API}?to=2").json()["from"]["version"] == 1


def test_a_version_differs_nowhere_from_itself(client: TestClient) -> None:
    assert client.get(f"{API}?from=2&to=2").json()["items"] == []
    assert "Nothing differs" in client.get(f"{PAGE}?from=2&to=2").text


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        (f"{API}?from=1&to=9", 404, "has no version 9; its history holds 1, 2, 3."),
        (f"{API}?from=0&to=1", 404, "has no version 0"),
        (f"{API}?from=999999999&to=1", 404, "has no version 999999999"),
        (f"{API}?from=1&to=two", 400, "Parameter to is 'two'"),
        (f"{API}?from=-1&to=2", 400, "Parameter from is '-1'"),
        (f"{API}?to=1", 400, "no version before version 1"),
        ("/api/v1/notices/us-action:Q:0/diff", 400, "no version before version 1"),
        ("/api/v1/notices/us-action:R:0/diff?from=1&to=2", 404, "No notice is held"),
        (f"{PAGE}.json?from=1&to=9", 404, "has no version 9"),
    ],
)
def test_what_cannot_be_compared_is_a_problem_in_a_sentence(
    client: TestClient, address: str, status: int, said: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_a_page_that_cannot_compare_says_why(client: TestClient) -> None:
    answer = client.get(f"{PAGE}?from=1&to=9")
    assert answer.status_code == 404
    assert "has no version 9" in answer.text


def test_the_page_shows_what_went_and_came_and_lets_two_others_be_chosen(client: TestClient) -> None:
    page = client.get(f"{PAGE}?from=1&to=2").text
    assert "<del>ten</del><ins>twelve</ins>" in page
    assert "<b>ten</b>" not in page
    assert "<del>$1,000 obligated, this action only</del> <ins>$1,250.50 obligated, this action only</ins>" in page
    assert "+$250.50" in page
    assert f'action="/notices/{ID}/diff" method="get"' in page
    assert page.count("<option") == 6
    assert page.count(" selected") == 2


def test_the_page_has_its_json_twin(client: TestClient) -> None:
    answer = client.get(f"{API}?from=1&to=2").json()
    assert client.get(f"{PAGE}?from=1&to=2", headers={"accept": "application/json"}).json() == answer
    assert client.get(f"{PAGE}.json?from=1&to=2").json() == answer
    assert f"{API}?from=1&amp;to=2" in client.get(f"{PAGE}?from=1&to=2").text


def test_the_list_of_versions_leads_to_the_difference_from_the_one_before(client: TestClient) -> None:
    page = client.get(f"/notices/{ID}").text
    assert f'href="{PAGE}?from=1&amp;to=2"' in page
    assert f'href="{PAGE}?from=2&amp;to=3"' in page
    assert "/diff?" not in client.get("/notices/us-action:Q:0").text


def test_an_answer_that_the_asker_has_is_not_sent_again(client: TestClient) -> None:
    tag = client.get(f"{API}?from=1&to=2").headers["etag"]
    assert client.get(f"{API}?from=1&to=2", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("amounts", {"kind": "awarded", "basis": "state", "value": "5", "as_of": "2026-01-01"},
         {"as_of": "2026-02-01"}),
        ("dates", {"role": "due", "value": "2026-01-01T10:00:01Z", "precision": "time"},
         {"value": "2026-01-01T10:00:02Z"}),
        ("numbers", {"type": "piid", "printed": "P-1", "plain": "P1", "issuer": "7012"}, {"issuer": "7014"}),
        ("buyers", {"role": "contracting", "name": "ICE"}, {"buyer_id": "usg-dhs-ice"}),
        ("parties", {"role": "supplier", "name": "FCN"}, {"person": True}),
    ],
)  # fmt: skip
def test_what_the_words_leave_out_is_still_shown_where_it_alone_differs(
    field: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    (change,) = changes(difference({field: [old]}, {field: [old | new]}))
    assert {"gone", "come"} <= {segment.kind for segment in change.segments}


def test_of_several_values_only_the_one_that_changed_is_marked() -> None:
    numbers = [{"type": "solicitation", "printed": text, "plain": text} for text in ("A1", "B2", "C3")]
    (change,) = changes(difference({"numbers": numbers[:2]}, {"numbers": [numbers[0], numbers[2]]}))
    assert [(one.kind, one.text) for one in change.segments] == [
        ("same", "A1"), ("same", "; "), ("gone", "B2"), ("same", " "), ("come", "C3"),
    ]  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_command_shows_the_same(
    home: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTICEWATCH_HOME", str(home))
    code, said, _ = run(capsys, "diff", ID, "1", "2")
    assert code == 0
    assert "[-ten-]{+twelve+}" in said
    assert "amount obligated: [-$1,000 obligated, this action only-] {+$1,250.50 obligated, this action only+}" in said
    assert "(+7 days)" in said
    assert orjson.loads(run(capsys, "diff", ID, "1", "2", "--json")[1]) == client.get(f"{API}?from=1&to=2").json()
    assert "Nothing differs." in run(capsys, "diff", ID, "2", "2")[1]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((ID, "1", "9"), "has no version 9; its history holds 1, 2, 3."),
        ((ID, "1", "9" * 30), "has no version 999"),
        ((ID, "1", "two"), "Invalid value for 'B'"),
        (("NOSUCHNOTICE-1", "1", "2"), "No notice 'NOSUCHNOTICE-1' is held"),
    ],
)
def test_the_command_refuses_in_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("NOTICEWATCH_HOME", str(home))
    code, out, err = run(capsys, "diff", *asked)
    assert code != 0
    assert said in err
    assert out == ""
    assert err.count("\n") == 1


def test_of_a_sum_that_words_do_not_tell_apart_only_what_differs_is_told() -> None:
    held = {"kind": "obligated", "basis": "change", "value": "10", "currency": "USD"}
    [change] = changes([("amounts", [held | {"as_of": "2026-08-03"}], [held | {"as_of": "2026-07-28"}])])
    told = {segment.kind: segment.text for segment in change.segments if segment.kind != "same"}
    assert told == {"gone": "as of 2026-08-03", "come": "as of 2026-07-28"}


def test_long_unchanged_text_is_cut_between_words() -> None:
    words = "authorized resellers of Specialized OSINT Tools " * 12
    same, went, came = compare(f"{words}old", f"{words}new")
    shown = same.text.replace(" … ", " ").split()
    assert "…" in same.text
    assert set(shown) <= set(words.split())
    assert (went.text, came.text) == ("old", "new")
    assert [len(part) for part in compare(f"{'x' * 300} old", f"{'x' * 300} new")[0].text.split(" … ")] == [110, 110]
