"""Searches of the Federal Register end where the source ends them, and documents say what the source says."""

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from crawlers.parsing import Row, Shape
from crawlers.source import source
from crawlers.sources.federal_register import parser
from crawlers.sources.federal_register.spider import FIELDS, FederalRegisterSpider
from crawlers.spider import Answer, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Origin

SPIDER = FederalRegisterSpider(source("federal_register"))
DAY = Window("documents", "2026-04-21", "2026-04-21", "2026-04-21")
NEXT = "https://www.federalregister.gov/api/v1/documents?format=json&page=2"
USUAL = {
    "document_number": "2026-07755", "title": "Privacy Act of 1974; System of Records",
    "publication_date": "2026-04-21",
}  # fmt: skip


def capture(url: str = "u", origin: Origin = Origin.LIVE, status: int = 200) -> Capture:
    return Capture(
        id="c", source="federal_register", url=url, status=status, fetched_at=datetime(2026, 4, 22, tzinfo=UTC),
        payload_sha256="", payload_length=0, origin=origin, recorder="a test",
    )  # fmt: skip


def answer(whole: Any, page: int = 1, **given: Any) -> Answer:
    request = SPIDER.page_request(DAY, page)
    return Answer(request, capture(request.url, **given), lambda: io.BytesIO(json.dumps(whole).encode()))


def rows(*documents: dict[str, Any], shape: Shape | None = None) -> list[Row]:
    payload = json.dumps({"count": len(documents), "results": [{**USUAL, **one} for one in documents]}).encode()
    return list(parser.rows(io.BytesIO(payload), shape or Shape()))


def notice(**members: Any) -> Notice:
    shape = Shape()
    read = parser.read_row(rows(members)[0], capture(), shape).notice
    assert not shape.unread
    return read


def numbers(read: Notice, kind: str) -> list[str]:
    return [number.printed for number in read.numbers if number.type == kind]


@pytest.mark.parametrize(
    ("page", "whole", "asked"),
    [
        (1, {"count": 1500, "total_pages": 2, "next_page_url": NEXT, "results": []}, [2]),
        (1, {"count": 5, "total_pages": 1, "results": []}, []),
        (2, {"count": 1500, "total_pages": 2, "results": []}, []),
        (2, {"count": 1500, "total_pages": 2, "next_page_url": NEXT, "results": []}, []),
        (50, {"count": 60_000, "total_pages": 60, "next_page_url": NEXT, "results": []}, []),
        (1, {"count": 0, "description": "Documents"}, []),
    ],
)
def test_no_page_beyond_the_stated_total_or_the_fiftieth_is_asked_for(
    page: int, whole: dict[str, Any], asked: list[int]
) -> None:
    assert [request.page for request in SPIDER.follow(DAY, answer(whole, page))] == asked


def test_a_day_without_documents_is_empty_and_counted() -> None:
    empty = answer({"count": 0, "description": "Documents"})
    assert SPIDER.total(DAY, empty) == 0
    assert list(parser.rows(empty.open(), Shape())) == []


@pytest.mark.parametrize("whole", [{"count": 3}, {"results": []}, {"count": "3", "results": []}, [], {"count": True}])
def test_an_answer_without_its_count_or_its_documents_is_refused(whole: Any) -> None:
    with pytest.raises(SourceDrift):
        SPIDER.total(DAY, answer(whole))


def test_no_count_is_made_up_for_what_others_rebuilt() -> None:
    assert SPIDER.total(DAY, answer({"results": []}, origin=Origin.REBUILT)) is None


def test_a_day_whose_count_is_capped_is_split_by_type_and_no_further() -> None:
    assert source("federal_register").window_limit == 9_999
    parts = SPIDER.split(DAY)
    assert [part.key for part in parts] == [f"2026-04-21/{kind}" for kind in ("RULE", "PRORULE", "NOTICE", "PRESDOCU")]
    assert [SPIDER.split(part) for part in parts] == [()] * 4
    assert "conditions%5Btype%5D%5B%5D=NOTICE" in SPIDER.page_url(parts[2], 1)


@pytest.mark.parametrize("window", [DAY, *SPIDER.split(DAY)])
def test_a_recorded_search_leads_back_to_its_window(window: Window) -> None:
    assert SPIDER.window_of(capture(SPIDER.page_url(window, 3))) == window
    assert SPIDER.window_of(capture("https://www.federalregister.gov/api/v1/documents/2026-07755.json")) is None
    assert SPIDER.window_of(capture("https://www.federalregister.gov/api/v1/documents.json?order=newest")) is None


def test_windows_are_days_oldest_first_and_reach_back() -> None:
    today = date(2026, 4, 22)
    assert [one.key for one in SPIDER.windows(date(2026, 4, 20), date(2026, 4, 21), today)] == [
        "2026-04-20", "2026-04-21",
    ]  # fmt: skip
    assert len(list(SPIDER.windows(None, None, today))) == 15


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        ({"errors": {"colour": "is not a valid field"}}, "colour is not a valid field"),
        ({"status": 400, "message": "field 'colour' not valid"}, "field 'colour' not valid"),
    ],
)
def test_what_the_source_says_of_a_bad_search_is_told(whole: dict[str, Any], said: str) -> None:
    refusal = SPIDER.problem(answer(whole, status=400))
    assert refusal is not None
    assert said in refusal.sentence
    assert not refusal.nothing
    assert SPIDER.problem(answer({"message": "slow down"}, status=429)) is None
    with pytest.raises(SourceDrift, match="but says"):
        list(parser.rows(answer(whole).open(), Shape()))


def test_page_views_and_the_like_change_no_hash() -> None:
    plain, seen, more, other = rows(
        {"subtype": None},
        {"page_views": {"count": 1, "last_updated": "2026-04-21 10:00:00 -0400"}, "subtype": None},
        {"excerpts": 'a "quoted" word', "subtype": None, "public_inspection_pdf_url": "https://x/1.pdf?1776689116"},
        {"subtype": "Proclamation"},
    )
    assert plain.sha256 == seen.sha256 == more.sha256 != other.sha256


def test_a_document_states_dates_dockets_and_what_it_corrects() -> None:
    read = notice(
        type="Notice", subtype=None, action="Notice; correction.", effective_on="2026-05-21",
        comments_close_on="2026-06-22", signing_date=None, docket_ids=["Docket No. DHS-2025-0012"],
        regulation_id_numbers=["1601-ZA11"], citation="91 FR 12345",
        correction_of="https://www.federalregister.gov/api/v1/documents/2020-27990", corrections=[],
        agencies=[
            {"raw_name": "DEPARTMENT OF HOMELAND SECURITY", "name": "Homeland Security Department", "id": 227,
             "slug": "homeland-security-department", "parent_id": None, "url": "u", "json_url": "j"},
            {"raw_name": "Bureau of Oversight"},
        ],
    )  # fmt: skip
    assert [(one.role, one.value) for one in read.dates] == [
        ("posted", "2026-04-21"), ("effective", "2026-05-21"), ("due", "2026-06-22"),
    ]  # fmt: skip
    assert [(one.role, one.name, one.buyer_id) for one in read.buyers] == [
        ("issuing", "Homeland Security Department", "usg-dhs"), ("issuing", "Bureau of Oversight", None),
    ]  # fmt: skip
    assert numbers(read, "corrects") == ["2020-27990"]
    assert numbers(read, "rin") == ["1601-ZA11"]
    assert [one.issuer for one in read.numbers if one.type == "docket"] == ["homeland-security-department"]
    assert (read.kind_published, read.reason) == ("Notice", "Notice; correction.")


def test_every_field_that_is_asked_for_is_one_the_source_has() -> None:
    assert set(FIELDS) <= set(source("federal_register").expectations.known)


def test_a_document_of_five_facts_carries_no_more_than_they() -> None:
    carried = parser.read_row(rows({"abstract": None, "html_url": "https://x/1"})[0], capture(), Shape()).carried
    assert carried == {
        "kind", "title", "title_from", "description", "dates.posted", "links", "numbers.document",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"<html>Sorry</html>", "HTML"),
        (b'{"count": 1, "results": [{"title": "x"}]}', "no document number"),
        (b'{"count": 1, "results": [3]}', "no object"),
        (b'{"count": 1, "results": [{"document_number": "1"', "cut off"),
        (b'{"count": 1, "results": 3}', "no list"),
    ],
)
def test_an_answer_that_is_not_what_was_due_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        list(parser.rows(io.BytesIO(payload), Shape()))


def test_words_in_the_place_of_an_address_are_refused() -> None:
    [row] = rows({"html_url": "javascript:alert(1)"})
    with pytest.raises(SourceDrift, match="html_url of document 2026-07755 is no address where one was due"):
        parser.read_row(row, capture(), Shape())
