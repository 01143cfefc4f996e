"""What every answer says that it rests on, while the archive grows."""

from contextlib import closing
from pathlib import Path

import pytest

from archive.joins import Joiner
from archive.store import Archive
from tests.api.serving import served
from tests.archive.making import append, reading
from tests.databases import settings_at
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger


@pytest.mark.parametrize(("lasts", "told"), [(0.0, 2), (3_600.0, 1)])
def test_what_an_answer_rests_on_is_counted_anew_when_the_log_has_grown_and_some_time_passed(
    tmp_path: Path, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch, lasts: float, told: int
) -> None:
    monkeypatch.setattr("api.coverage._LASTS", lasts)
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        append(archive, [reading("A", "a drone")])
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as client:
            assert client.get("/api/v1/coverage").json()["notices"] == 1
            append(archive, [reading("A", "a drone"), reading("B", "a boat")], day=1)
            for address in ("/api/v1/coverage", "/api/v1/notices?lens=everything"):
                answer = client.get(address).json()
                assert answer.get("coverage", answer)["notices"] == told


def test_a_source_of_some_agencies_says_of_which_as_soon_as_something_of_it_is_held(
    tmp_path: Path, dictionary: Dictionary
) -> None:
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        with served(archive, settings, dictionary, [Joiner()]) as client:
            assert not [gap for gap in client.get("/api/v1/coverage").json()["gaps"] if "only of" in gap]
        append(archive, [reading("A", "a drone")])
        with served(archive, settings, dictionary, [Joiner()]) as client:
            assert [gap for gap in client.get("/api/v1/coverage").json()["gaps"] if "only of" in gap] == [
                "USAspending contract transactions: only of U.S. Immigration and Customs Enforcement and U.S. Customs "
                "and Border Protection. What others buy is not in it."
            ]
