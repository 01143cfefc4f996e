"""What came for documents, the events it gives, and their texts, each file read once."""

import pytest

from archive.documents import answers, pages, texts
from archive.documents.pages import FindingKind, Format
from archive.store import Archive
from tests.archive.documents import making, shelving
from tests.archive.documents.shelving import URL, answer, listing, opened, told

FIRST, SECOND = making.pdf(["Licence plate readers"]), making.pdf(["Facial recognition"])


def current(archive: Archive) -> list[answers.Current]:
    with archive.reading() as connection:
        return answers.current(connection)


def page_texts(archive: Archive) -> list[list[str]]:
    with archive.reading() as connection:
        held = texts.of(connection, [one.sha256 for one in current(archive)])
        return [[page.text for page in texts.pages(connection, text.number)] for text in held.values()]


def test_the_text_of_a_document_becomes_known_once_as_loud_as_its_listing(archive: Archive) -> None:
    opened(archive)
    listing(archive, URL)
    answer(archive, FIRST)
    assert texts.read_waiting(archive).files == 1
    assert texts.read_waiting(archive).files == 0
    assert told(archive) == [("new", True), ("document_text", True)]
    assert page_texts(archive) == [["Licence plate readers"]]
    event = shelving.events(archive)[-1]
    assert event.version == 1
    assert event.capture_id is not None
    assert event.changed[0][:2] == (f"documents.{URL}", None)


def test_the_text_of_a_document_that_came_quietly_is_quiet(archive: Archive) -> None:
    listing(archive, URL)
    answer(archive, FIRST)
    texts.read_waiting(archive)
    assert told(archive) == [("new", False), ("document_text", False)]


def test_changed_bytes_are_news_even_of_a_document_that_came_quietly(archive: Archive) -> None:
    listing(archive, URL)
    answer(archive, FIRST)
    texts.read_waiting(archive)
    answer(archive, FIRST, day=2)
    answer(archive, SECOND, day=3)
    texts.read_waiting(archive)
    assert told(archive)[2:] == [("document_changed", True), ("document_text", True)]
    assert page_texts(archive) == [["Facial recognition"]]


def test_a_file_that_comes_back_is_a_change_with_its_text_and_is_not_read_again(archive: Archive) -> None:
    listing(archive, URL)
    for day, data in enumerate((FIRST, SECOND, FIRST), start=1):
        answer(archive, data, day=day)
        texts.read_waiting(archive)
    assert told(archive)[-1] == ("document_changed+document_text", True)
    assert shelving.texts_held(archive) == 2


def test_the_same_bytes_under_two_addresses_are_read_once_and_told_for_both(archive: Archive) -> None:
    other = "https://files.example/copy.pdf"
    listing(archive, URL)
    listing(archive, other, number="N2", day=0.5)
    answer(archive, FIRST)
    texts.read_waiting(archive)
    answer(archive, FIRST, url=other, day=2)
    texts.read_waiting(archive)
    assert told(archive)[-1][0] == told(archive, "N2")[-1][0] == "document_text"
    assert shelving.texts_held(archive) == 1


def test_a_file_without_text_gives_no_event_and_keeps_its_finding(archive: Archive) -> None:
    listing(archive, URL)
    answer(archive, making.scanned_pdf(2))
    assert texts.read_waiting(archive).files == 1
    assert told(archive) == [("new", False)]
    with archive.reading() as connection:
        (held,) = texts.of(connection, [current(archive)[0].sha256]).values()
    assert (held.format, held.pages, held.characters) == (Format.PDF, 2, 0)
    assert [finding.kind for finding in held.findings] == [FindingKind.NO_TEXT]


def test_a_refusal_is_kept_and_takes_nothing_away(archive: Archive) -> None:
    listing(archive, URL)
    answer(archive, FIRST)
    answer(archive, None, day=2, problem="files.example refuses with status 403")
    assert [held.asked_at[:10] for held in current(archive)] == ["2026-08-02"]
    assert told(archive) == [("new", False)]


@pytest.mark.parametrize("day", [0.5, 2])
def test_an_import_is_quiet_and_an_older_one_changes_nothing_that_is_shown(archive: Archive, day: float) -> None:
    opened(archive)
    listing(archive, URL)
    answer(archive, FIRST, day=1)
    texts.read_waiting(archive)
    answer(archive, SECOND, day=day, kind="import")
    texts.read_waiting(archive)
    newer = [("document_changed", False), ("document_text", False)] if day > 1 else []
    assert told(archive)[2:] == newer
    assert page_texts(archive) == [["Facial recognition" if day > 1 else "Licence plate readers"]]


def test_the_first_crawl_that_finds_another_file_than_an_import_is_no_news_of_a_quiet_document(
    archive: Archive,
) -> None:
    listing(archive, URL)
    answer(archive, FIRST, kind="import")
    answer(archive, SECOND, day=2)
    assert told(archive) == [("new", False), ("document_changed", False)]
    answer(archive, FIRST, day=3)
    assert told(archive)[2:] == [("document_changed", True)]


def test_a_better_reader_reads_the_past_again_quietly(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(archive)
    listing(archive, URL)
    answer(archive, FIRST)
    with archive.reading() as connection:
        (file,) = texts.waiting(connection)
    with archive.writing() as connection:
        texts.keep(connection, file.sha256, pages.FileText(Format.PDF, (pages.Page(1, "Licenoe plate"),)))
    monkeypatch.setattr(texts, "READER_VERSION", pages.READER_VERSION + 1)
    assert texts.read_waiting(archive).files == 1
    assert told(archive)[-1] == ("reparsed", False)
    assert page_texts(archive) == [["Licence plate readers"]]


def test_a_damaged_capture_is_named_and_the_others_are_read(archive: Archive) -> None:
    other = "https://files.example/other.pdf"
    listing(archive, URL, other)
    answer(archive, FIRST)
    (broken,) = archive.warc_folder.glob("*.warc.gz")
    broken.write_bytes(broken.read_bytes()[:100])
    broken.rename(broken.with_name("moved"))
    answer(archive, SECOND, url=other, day=2)
    read = texts.read_waiting(archive)
    assert read.files == 1
    assert len(read.damaged) == 1
    assert read.damaged[0].endswith("cannot be opened (No such file or directory).")
    with archive.reading() as connection:
        assert [waits.sha256 for waits in texts.waiting(connection)] == [current(archive)[0].sha256]
