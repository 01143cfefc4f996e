"""Text that a publisher or a proxy may send and that not every database takes as it is."""

import pytest

from archive import ledger
from archive.store import Archive
from noticewatch.models import Verdict
from tests.archive.making import SOURCE, append, history, reading, title, titles

pytestmark = pytest.mark.both_databases

STRANGE = ["a\x00b", "\x00", "ünï 🛰 \u202e", "100% sure ; -- :name %(x)s"]


@pytest.mark.parametrize("text", STRANGE)
def test_a_title_is_kept_as_it_was_sent(archive: Archive, text: str) -> None:
    append(archive, [reading("n1", title(text))])
    assert titles(archive, "us-action:n1") == [text]


@pytest.mark.parametrize("text", STRANGE)
def test_a_number_with_strange_letters_is_one_notice_that_is_found_again(archive: Archive, text: str) -> None:
    append(archive, [reading(f"n{text}", "one")], day=0)
    append(archive, [reading(f"n{text}", "two")], day=1)
    assert len(history(archive, f"us-action:n{text}")) == 2


@pytest.mark.parametrize("text", STRANGE)
def test_a_reason_with_strange_letters_ends_a_run(archive: Archive, text: str) -> None:
    run = ledger.start_run(archive, SOURCE, "crawl")
    with archive.writing() as connection:
        window = ledger.plan_window(connection, run, text, text, None, None)
        request = ledger.note_request(connection, window, purpose="page", method="GET", url=f"http://a/{text}")
        ledger.answer_request(connection, request, state="failed", problem=text)
    ledger.finish_run(archive, run, Verdict.FAILED, [text])
