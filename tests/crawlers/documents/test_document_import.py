"""Documents that somebody obtained by other means."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from archive import queries
from archive.documents.queries import of_notice, pages_of
from archive.documents.tables import document_answers
from archive.store import Archive
from crawlers.documents.importing import import_document
from crawlers.source import source
from noticewatch.errors import UsageError
from noticewatch.models import Origin, Verdict
from noticewatch.settings import Settings
from tests.archive.documents import making
from tests.archive.documents.shelving import URL, answer, listing, opened, told
from tests.archive.making import SOURCE, open_archive
from tests.waiting import PATIENCE

OTHER = "https://files.example/other.zip"
LATER = datetime(2026, 8, 20, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    held = open_archive(tmp_path / "data")
    opened(held)
    listing(held, URL, OTHER)
    yield held
    held.close()


def take(archive: Archive, file: Path, notice: str = "us-action:N1", **facts: object) -> Verdict:
    settings = Settings(home=archive.folder, contact="desk@example.org")
    return import_document(archive, settings, source(SOURCE), file, notice, **facts).verdict  # type: ignore[arg-type]  # handed on


def written(folder: Path, name: str, data: bytes) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def test_an_imported_file_answers_its_document_quietly_and_says_how_it_came(archive: Archive, tmp_path: Path) -> None:
    file = written(tmp_path, "all.zip", making.zipped({"sow.pdf": making.pdf(["Statement"])}))
    assert take(archive, file, url=OTHER, captured_at=LATER, note="by mail") is Verdict.COMPLETE
    with archive.reading() as connection:
        document = next(one for one in of_notice(connection, 2) if one.url == OTHER)
        pages = [(page.words, page.page.text) for page in pages_of(connection, [document])]
        assert document.file is not None
        capture = queries.capture(connection, document.file.capture_id)
    assert pages == [("all.zip, sow.pdf, page 1", "Statement")]
    assert (document.file.origin, document.file.received_at, document.file.recorder) == (
        Origin.IMPORTED, LATER, "desk@example.org",
    )  # fmt: skip
    assert capture is not None
    assert capture.capture.note == "by mail"
    assert told(archive) == [("new", True), ("document_text", False)]


def test_the_same_file_imported_twice_is_held_once(archive: Archive, tmp_path: Path) -> None:
    file = written(tmp_path, "sow.pdf", making.pdf(["Statement"]))
    for _ in range(2):
        take(archive, file, url=URL, captured_at=LATER)
    with archive.reading() as connection:
        assert len(connection.execute(select(document_answers.c.number)).all()) == 1
        assert queries.counts(connection).captures == 3, "two of the crawl, one of the import"


def test_a_file_obtained_before_the_one_held_stays_behind_it(archive: Archive, tmp_path: Path) -> None:
    answer(archive, making.pdf(["Held"]), day=30)
    take(archive, written(tmp_path, "old.pdf", making.pdf(["Older"])), url=URL, captured_at=LATER)
    with archive.reading() as connection:
        document = next(one for one in of_notice(connection, 2) if one.url == URL)
        assert [page.page.text for page in pages_of(connection, [document])] == ["Held"]


@pytest.mark.parametrize(
    ("notice", "facts", "said"),
    [
        ("us-action:N1", {},
         f"Say with --url which document of us-action:N1 the file is, as it lists them: {URL}; {OTHER}."),
        ("us-action:N1", {"url": "https://files.example/none"}, "Say with --url which"),
        ("us-action:N0", {}, "us-action:N0 lists no documents."),
        ("nowhere", {}, "'nowhere' leads to no notices; name one by its id."),
        ("us-action:N1", {"url": "sow.pdf"}, "--url is 'sow.pdf'"),
        ("us-action:N1", {"url": URL, "captured_at": datetime(2999, 1, 1, tzinfo=UTC)}, "--captured-at is"),
    ],
)  # fmt: skip
def test_what_is_not_one_document_of_one_notice_is_refused(
    archive: Archive, tmp_path: Path, notice: str, facts: dict[str, object], said: str
) -> None:
    file = written(tmp_path, "sow.pdf", b"x")
    with pytest.raises(UsageError) as refused:
        take(archive, file, notice, **facts)
    assert str(refused.value).startswith(said)
    with pytest.raises(UsageError, match="is no file"):
        take(archive, tmp_path / "none.pdf")


def test_the_command_imports_a_document(archive: Archive, tmp_path: Path) -> None:
    file = written(tmp_path, "sow.pdf", making.pdf(["Statement"]))
    command = [
        sys.executable, "-m", "service.cli", "import", SOURCE, str(file), "--document-of", "us-action:N1", "--url", URL
    ]  # fmt: skip
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
        env={"NOTICEWATCH_HOME": str(archive.folder), "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert f"{SOURCE}: complete. 1 document imported. It is joined, tagged and searchable." in " ".join(
        ended.stdout.split()
    )
