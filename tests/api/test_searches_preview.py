"""What a search would have found is told before it is saved."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from archive import tables as t
from archive.store import Archive
from archive.times import stamp
from tests.alerts.making import crawl as crawled
from tests.alerts.making import opened
from tests.api.alerting import API, desk
from tests.archive.making import open_archive, reading, title

pytestmark = pytest.mark.both_databases


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Archive]:
    """Twelve notices that a first load brought quietly, and of news 3 drones and a camera."""
    archive = open_archive(tmp_path / "data")
    opened(archive, *(reading(f"old {number}", _dated("drone", number)) for number in range(12)))
    crawled(archive, *(reading(f"new {number}", "drone") for number in range(3)), reading("other", "camera"))
    yield archive
    archive.close()


def _dated(text: str, weeks: int) -> dict[str, object]:
    day = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(weeks=weeks)
    return title(text, dates=[{"role": "posted", "value": day.date().isoformat()}])


def _news_began(archive: Archive, ago: timedelta) -> None:
    """Move everything that the log has told to a moment."""
    with archive.writing() as connection:
        connection.execute(update(t.events).values(committed_at=stamp(datetime.now(UTC) - ago)))


def test_news_of_the_last_weeks_are_counted_and_what_was_loaded_quietly_is_not(filled: Archive) -> None:
    _news_began(filled, timedelta(weeks=4))
    with desk(filled.folder, filled) as (client, _):
        told = client.get(f"{API}/preview?q=drone&lens=everything").json()
    assert (told["basis"], told["total"], told["found"], told["weeks"], told["a_week"]) == ("found", 15, 3, 4.0, 0.8)
    assert told["sentence"] == "About 0.8 a week: 3 new notices found in the last 4 weeks."
    assert [item["title"] for item in told["items"]] == ["drone"] * 5
    assert {item["id"].partition(":")[2] for item in told["items"]} >= {"new 0", "new 1", "new 2"}


def test_news_older_than_eight_weeks_do_not_count(filled: Archive) -> None:
    _news_began(filled, timedelta(weeks=20))
    with desk(filled.folder, filled) as (client, _):
        told = client.get(f"{API}/preview?q=drone&lens=everything").json()
    assert (told["found"], told["weeks"], told["sentence"]) == (
        0,
        8.0,
        "None lately: 0 new notices found in the last 8 weeks.",
    )


def test_an_archive_too_young_to_tell_counts_by_the_days_of_notices_and_says_so(filled: Archive) -> None:
    with desk(filled.folder, filled) as (client, _):
        told = client.get(f"{API}/preview?q=drone&lens=everything").json()
    assert (told["basis"], told["weeks"]) == ("dated", 26.0)
    assert 3 <= told["found"] <= 15
    assert "has not followed its sources for long enough" in told["sentence"]


def test_the_tier_is_alert_unless_chosen_otherwise(filled: Archive) -> None:
    crawled(filled, reading("tagged", "FIVECAST ONYX SUBSCRIPTION"), reading("untagged", "Fivecastle road"), day=2)
    with desk(filled.folder, filled) as (client, _):
        asked = ("", "&tiers=alert", "&tiers=review", "&tiers=alert&tiers=review", "&lens=everything")
        totals = [client.get(f"{API}/preview?q=fivecast*{more}").json()["total"] for more in asked]
    assert totals == [1, 1, 0, 1, 2]


@pytest.mark.parametrize(
    ("asked", "said"),
    [("q=(a", "bracket"), ("qq=a", "There is no field 'qq'"), ("lens=everything", "every notice there is"),
     ("q=a&from=yesterday", "Field from:"), ("q=a&tiers=gold", "Field tiers.0:")],
)  # fmt: skip
@pytest.mark.sqlite_suffices
def test_what_cannot_be_previewed_is_named(filled: Archive, asked: str, said: str) -> None:
    with desk(filled.folder, filled) as (client, _):
        answer = client.get(f"{API}/preview?{asked}")
    assert answer.status_code == 400
    assert said in answer.json()["detail"] + answer.json().get("hint", "")


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize("query", ["drone", "ALPR", "nothing at all", '"drone', "drone AND ("])
def test_the_script_shows_what_the_button_shows(filled: Archive, query: str) -> None:
    asked = {"q": query, "lens": "everything"}
    with desk(filled.folder, filled) as (client, _):
        by_script = client.get("/alerts/preview", params=asked)
        by_button = client.post("/alerts/new", data=asked | {"do": "preview", "channel": "webhook"})
    told = by_script.text.partition("<div data-told>")[2].rpartition("</div>")[0]
    assert by_script.status_code == by_button.status_code
    assert len(told) > 40
    assert told.strip() in by_button.text
    assert "<html" not in by_script.text
