"""Whole answers: open where they hold one record, the operator's where they hold several, whatever is held to them."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from archive import queries
from archive.store import Archive
from archive.tables import captures, notices
from archive.takedowns import restore, take_down
from tests.api.serving import served
from tests.api.test_gone import PULLED, STAYS, take
from tests.databases import settings_at
from watchlist.dictionary import Dictionary


def test_a_file_of_which_one_row_alone_is_still_held_to_it_stays_the_operators(
    tmp_path: Path, dictionary: Dictionary
) -> None:
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        for day, listed in ((2, [PULLED, STAYS]), (3, [PULLED, STAYS]), (4, [STAYS])):
            take(archive, settings, tmp_path, day, listed)
        with archive.reading() as connection:
            found = {row.capture.fetched_at.day: row for row in queries.captures_of(connection, 1)}
            assert len(queries.capture_rows(connection, found[3].number)) == 1
        with served(archive, settings, dictionary) as client:
            for day in (2, 3):
                answer = client.get(f"/api/v1/captures/{found[day].capture.id}/payload")
                assert answer.status_code == 403, day


def test_an_answer_with_one_record_is_open(tmp_path: Path, dictionary: Dictionary) -> None:
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        take(archive, settings, tmp_path, 2, [STAYS])
        with archive.reading() as connection:
            (row,) = queries.captures_of(connection, 1)
        with served(archive, settings, dictionary) as client:
            address = f"/api/v1/captures/{row.capture.id}/payload"
            answer = client.get(address)
            again = client.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert answer.status_code == 200
        assert b"Drone detection" in answer.content
        assert (again.status_code, again.content) == (304, b"")


def test_an_answer_between_the_first_and_the_last_that_said_the_same_is_the_operators_while_that_is_withheld(
    tmp_path: Path, dictionary: Dictionary
) -> None:
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        for day in (2, 3, 4):
            take(archive, settings, tmp_path, day, [STAYS])
        with archive.reading() as connection:
            held = {row.fetched_at[8:10]: row.id for row in connection.execute(select(captures)).all()}
            notice = connection.scalar(select(notices.c.id))
        with served(archive, settings, dictionary) as client:

            def statuses() -> list[int]:
                return [client.get(f"/api/v1/captures/{held[day]}/payload").status_code for day in sorted(held)]

            assert statuses() == [200, 200, 200]
            take_down(archive, [notice], "A test.")
            assert statuses() == [410, 403, 410]
            restore(archive, [notice], "Agreed.")
            assert statuses() == [200, 200, 200]
