"""Files of documents and what is told of them stand under the proof like everything else."""

from pathlib import Path

from sqlalchemy import insert, select

from archive import tables as t
from archive.documents import texts
from archive.documents.tables import documents
from archive.warc import recorded
from tests.archive.documents import making
from tests.archive.documents.shelving import URL, answer
from tests.archive.proving import check, flip, named, proved


def test_a_file_and_its_event_are_covered_and_a_changed_byte_of_the_file_is_named(tmp_path: Path) -> None:
    with proved(tmp_path / "data") as archive:
        before = check(archive)
        with archive.writing() as connection:
            connection.execute(insert(documents).values(notice=1, url=URL, place=0, added=1))
        answer(archive, making.pdf(["Statement of work"]))
        texts.read_waiting(archive)
        after = check(archive)
        assert after.events == before.events + 1
        with archive.reading() as connection:
            held = connection.execute(select(t.captures).where(t.captures.c.url == URL)).one()
        file = archive.warc_folder / held.warc_file
        assert held.id in {one.capture.id for one in recorded(file)}
        flip(file, held.warc_offset + held.warc_length // 2)
        said = named(archive)
        assert held.id in said or held.warc_file in said
