"""Answers of SAM.gov's opportunities interface are read whole, in both shapes; its errors are taken at their word."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.warc import recorded
from crawlers.parsing import Shape, read
from crawlers.source import source
from crawlers.sources.sam_gov_opportunities import parser
from crawlers.sources.sam_gov_opportunities.mapping import CARRIES, UNREAD
from crawlers.sources.sam_gov_opportunities.spider import SamGovOpportunitiesSpider, day_window
from crawlers.spider import Answer, PlannedRequest, Refusal
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Origin, Status, to_paths

SOURCE = source("sam_gov_opportunities")
SPIDER = SamGovOpportunitiesSpider(SOURCE)
REPLAYS = Path(__file__).parents[1] / "replays" / SOURCE.name
DAY = day_window(date(2026, 2, 20))
CAPTURE = Capture(
    id="c", source=SOURCE.name, url=SPIDER.page_url(DAY, 1), status=200, fetched_at=datetime(2026, 2, 21, tzinfo=UTC),
    payload_sha256="", payload_length=0, origin=Origin.IMPORTED, recorder="a test",
)  # fmt: skip
ID = "fc6f24fd78e046b6849729e0b3cd89d4"
ITEM = {
    "noticeId": ID, "title": "Licences", "solicitationNumber": "70CMSD26Q0001", "postedDate": "2026-02-20",
    "fullParentPathName": "HOMELAND SECURITY, DEPARTMENT OF.US IMMIGRATION AND CUSTOMS ENFORCEMENT.ICE DALLAS",
    "fullParentPathCode": "070.7012.70CMSD", "organizationType": "OFFICE", "type": "Solicitation", "active": "Yes",
    "description": f"https://api.sam.gov/prod/opportunities/v1/noticedesc?noticeid={ID}",
}  # fmt: skip


def envelope(*items: Mapping[str, Any], total: Any = None, **more: Any) -> bytes:
    stated = len(items) if total is None else total
    whole = {"totalRecords": stated, "limit": 1000, "offset": 0, "opportunitiesData": list(items), **more}
    return json.dumps(whole).encode()


def notice(shape: Shape | None = None, **members: Any) -> Notice:
    payload = envelope({**ITEM, **members})
    return next(iter(read(parser, io.BytesIO(payload), CAPTURE, shape))).notice


def answer(payload: bytes, status: int = 200, page: int = 1) -> Answer:
    request = PlannedRequest(SPIDER.page_url(DAY, page), page=page)
    return Answer(request, CAPTURE.model_copy(update={"status": status}), lambda: io.BytesIO(payload))


def refusal(payload: bytes, status: int) -> Refusal:
    found = SPIDER.problem(answer(payload, status))
    assert found is not None
    return found


def test_all_members_of_the_source_are_read_or_declared_unread() -> None:
    documented = {"department", "subTier", "office", "setAside", "setAsideCode", "reponseDeadLine"}
    assert (
        set(SOURCE.expectations.known) == {*CARRIES, *UNREAD, "active", "description", "organizationType"} - documented
    )
    assert len(SOURCE.expectations.known) == 27


def test_every_recorded_notice_is_read_without_a_remark_and_states_only_what_it_can_carry() -> None:
    count, shape = 0, Shape()
    for found in recorded(REPLAYS):
        with found.open() as stream:
            for reading in read(parser, stream, found.capture, shape):
                count += 1
                assert to_paths(reading.notice.content()).keys() <= reading.carried
    assert count == 87 + 82 + 88 + 244
    assert shape.findings() == []


def test_a_row_has_the_range_of_its_bytes_in_an_answer_and_in_a_bare_list() -> None:
    for payload in (envelope(ITEM, {**ITEM, "title": "é"}), json.dumps([ITEM, ITEM], indent=2).encode()):
        rows = list(parser.rows(io.BytesIO(payload), Shape()))
        assert [json.loads(payload[row.start : row.end])["noticeId"] for row in rows] == [ID, ID]


def test_a_member_that_nobody_knows_is_a_finding() -> None:
    shape = Shape()
    notice(shape, colour="red", award={"number": "1", "awardee": {"name": "ACME", "size": 3}})
    assert shape.unread == {"colour", "award.awardee.size"}


@pytest.mark.parametrize("kept", ["pointOfContact", "data"])
def test_contacts_of_officials_are_dropped(kept: str) -> None:
    contact = [{"fullName": "Ann Official", "email": "ann@agency.gov", "phone": "2025550100", "title": None}]
    members = {"pointOfContact": contact} if kept == "pointOfContact" else {"data": {"pointOfContact": contact}}
    read_notice = notice(title="Mail ann@agency.gov", **members)
    assert "ann@agency" not in str(read_notice.content())
    assert "Official" not in str(read_notice.content())


def test_an_award_states_its_supplier_by_identifiers() -> None:
    awardee = {"name": "FCN, INC.", "ueiSAM": "KT4LXQLC2E15", "cageCode": "0T5C5", "location": {"zip": "20852"}}
    given = {"date": "2026-02-19", "number": "70CMSD26P00000034", "amount": "948620.64", "awardee": awardee}
    read_notice = notice(type="Award Notice", award=given)
    party, amount = read_notice.parties[0], read_notice.content()["amounts"][0]
    assert (party.name, party.uei, party.cage) == ("FCN, INC.", "KT4LXQLC2E15", "0T5C5")
    assert (amount["value"], amount["kind"], amount["basis"]) == ("948620.64", "announced", "limit")
    assert read_notice.date("signed") is not None


@pytest.mark.parametrize(
    "husk", [None, {}, {"awardee": {}}, {"awardee": {"manual": False, "location": {"zip": "23511-3392"}}}]
)
def test_a_husk_of_an_award_states_nothing(husk: Any) -> None:
    read_notice = notice(award=husk)
    assert (read_notice.parties, read_notice.amounts) == ((), ())
    assert {number.type for number in read_notice.numbers} == {"notice_id", "solicitation"}


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("5e+07", "50000000"),
        ("$897,877,785", "897877785"),
        ("0.00", "0"),
        ("57781.12", "57781.12"),
        ("1e+10", "10000000000"),
    ],
)
def test_amounts_are_exact_in_every_spelling_seen(printed: str, value: str) -> None:
    assert notice(award={"amount": printed}).content()["amounts"][0]["value"] == value


def test_the_shape_of_the_documents_is_read_too() -> None:
    shape = Shape()
    data = {
        "award": {"number": "X1", "amount": 12.5, "awardee": {"name": "Entity; Street;City;ST;1", "duns": "000000000"}},
        "placeOfPerformance": {"city": {"code": "21000"}, "state": {"code": "OH"}, "zip": "45402"},
        "pointOfContact": [],
        "officeAddress": {"zip": "1"},
    }
    documented = {
        "noticeId": ID, "title": "Lighting", "solicitationNumber": "EQ5P2SS2P1-18-0005", "type": "Award Notice",
        "department": "JUSTICE, DEPARTMENT OF", "subTier": "FEDERAL BUREAU OF INVESTIGATION", "office": "FBI-JEH",
        "postedDate": "2018-05-09 23:45:22+00", "reponseDeadLine": "2018-06-01", "setAsideCode": "SBA",
        "setAside": "Total Small Business", "description": " https://api-alpha.sam.gov/x", "active": "Yes",
        "data": data,
    }  # fmt: skip
    reading = next(iter(read(parser, io.BytesIO(envelope(documented)), CAPTURE, shape)))
    stated = reading.notice
    assert shape.findings() == []
    assert reading.revision == f"2018-05-09T23:45:22.000Z {ID}"
    assert stated.buyers[0].buyer_id == "usg-doj-fbi"
    assert (stated.parties[0].name, stated.parties[0].duns) == ("Entity", "000000000")
    assert stated.content()["amounts"][0]["value"] == "12.5"
    assert (stated.competition and stated.competition.set_aside_code, stated.places[0].city) == ("SBA", "21000")
    due = stated.date("due")
    assert due is not None
    assert due.value == "2018-06-01"
    assert to_paths(stated.content()).keys() <= reading.carried


def test_buyers_have_the_names_and_codes_that_the_daily_file_gives_them() -> None:
    buyer = notice().buyers[0]
    assert (buyer.name, buyer.codes) == (
        "US IMMIGRATION AND CUSTOMS ENFORCEMENT",
        {"cgac": "070", "fpds": "7012", "aac": "70CMSD"},
    )
    assert buyer.buyer_id == "usg-dhs-ice-dallas"


@pytest.mark.parametrize(
    ("names", "codes", "level", "name", "office"),
    [
        ("DEPT OF DEFENSE.DEPT OF THE AIR FORCE.U.S. AIR FORCES IN EUROPE.FA5613  700 CONS PK", "057.5700.USAFE.FA5613",
         "OFFICE", "DEPT OF THE AIR FORCE", "FA5613"),
        ("HEALTH AND HUMAN SERVICES, DEPARTMENT OF.NATIONAL INSTITUTES OF HEALTH", "075.7529", "AGENCY",
         "NATIONAL INSTITUTES OF HEALTH", None),
        ("DEPT OF DEFENSE.DEPT OF THE NAVY.NAVSEA.NAVSEA HQ", "017.1700.NAVSEA.NAVSEA HQ", "SUB COMMAND",
         "DEPT OF THE NAVY", None),
        ("HOMELAND SECURITY, DEPARTMENT OF.U.S. COAST GUARD.SFLC", "070.7008.70Z085", "OFFICE", "U.S. COAST GUARD",
         "70Z085"),
        ("VETERANS AFFAIRS, DEPARTMENT OF", "036", "DEPARTMENT", "VETERANS AFFAIRS, DEPARTMENT OF", None),
    ],
)  # fmt: skip
def test_full_stops_inside_names_do_not_break_the_path(
    names: str, codes: str, level: str, name: str, office: str | None
) -> None:
    buyer = notice(fullParentPathName=names, fullParentPathCode=codes, organizationType=level).buyers[0]
    assert (buyer.name, buyer.codes.get("aac")) == (name, office)


def test_attachments_are_documents_and_the_page_is_a_link() -> None:
    address = "https://sam.gov/api/prod/opps/v3/opportunities/resources/files/1/download"
    stated = notice(resourceLinks=[address, address], uiLink="https://sam.gov/workspace/contract/opp/1/view")
    assert [document.url for document in stated.documents] == [address]
    assert [link.url for link in stated.links] == ["https://sam.gov/workspace/contract/opp/1/view"]


def test_a_description_is_carried_only_where_it_is_the_text() -> None:
    rows = list(parser.rows(io.BytesIO(envelope(ITEM, {**ITEM, "description": "Mail a@b.gov"})), Shape()))
    address, text = (parser.read_row(row, CAPTURE, Shape()) for row in rows)
    assert "description" not in address.carried
    assert not address.notice.description
    assert "description" in text.carried
    assert text.notice.description[0].text == "Mail ███████"


@pytest.mark.parametrize(("active", "status"), [("Yes", Status.OPEN), ("No", Status.ARCHIVED), (None, Status.OPEN)])
def test_a_notice_that_is_no_longer_active_is_archived(active: str | None, status: Status) -> None:
    assert notice(active=active).status is status


def test_a_day_without_notices_has_no_rows() -> None:
    assert list(parser.rows(io.BytesIO(envelope()), Shape())) == []
    assert list(parser.rows(io.BytesIO(b'{"totalRecords":0,"limit":1000,"offset":0}'), Shape())) == []


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"<!doctype html><title>Sign in</title>", "HTML"),
        (b"", "empty"),
        (envelope(ITEM)[:-30], "cut off"),
        (b'{"totalRecords":3,"limit":1000,"offset":0}', "opportunitiesData"),
        (b'{"errorCode":"400","errorMessage":"PostedFrom and PostedTo are mandatory"}', "opportunitiesData"),
        (envelope({"title": "no id"}), "no noticeId"),
    ],
    ids=["html", "empty", "cut", "no-list", "error", "no-id"],
)
def test_an_answer_that_is_not_what_was_due_is_refused(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        list(parser.rows(io.BytesIO(payload), Shape()))


def test_a_text_alone_is_that_of_the_notice_whose_address_was_asked() -> None:
    payload = '  {"description": "<p>é \\"text\\", mail a@b.gov</p>"}\n'.encode()
    asked = CAPTURE.model_copy(update={"url": f"https://api.sam.gov/prod/opportunities/v1/noticedesc?noticeid={ID}"})
    (reading,) = read(parser, io.BytesIO(payload), asked)
    assert (reading.source_number, reading.carried) == (ID, {"description"})
    assert reading.notice.description[0].text == '<p>é "text", mail ███████</p>'
    assert payload[reading.start : reading.end].decode() == '{"description": "<p>é \\"text\\", mail a@b.gov</p>"}'


def test_a_text_whose_notice_is_not_known_is_refused_with_the_way_out() -> None:
    with pytest.raises(SourceDrift, match="--url"):
        list(read(parser, io.BytesIO(b'{"description":"<p>the text</p>"}'), CAPTURE))


@pytest.mark.parametrize("said", ["Description Not Found", "Description not found.", " "])
def test_a_notice_without_text_has_none(said: str) -> None:
    assert list(parser.rows(io.BytesIO(json.dumps({"description": said}).encode()), Shape())) == []


def test_a_notice_without_type_cannot_be_read() -> None:
    row = next(iter(parser.rows(io.BytesIO(envelope({**ITEM, "type": None})), Shape())))
    with pytest.raises(SourceDrift, match="no type"):
        parser.read_row(row, CAPTURE, Shape())


def test_regular_windows_are_today_and_the_days_before_it_each_one_day() -> None:
    found = list(SPIDER.windows(None, None, date(2026, 3, 2)))
    assert [window.key for window in found] == ["2026-02-28", "2026-03-01", "2026-03-02"]
    assert all(window.begins == window.ends == window.key for window in found)


def test_a_backfill_ends_today_whatever_was_asked() -> None:
    found = list(SPIDER.windows(date(2026, 2, 28), date(2026, 9, 1), date(2026, 3, 1)))
    assert [window.key for window in found] == ["2026-02-28", "2026-03-01"]


def test_pages_are_asked_by_index_from_0_and_the_key_never_stands_in_the_address() -> None:
    assert SPIDER.page_url(DAY, 3) == (
        "https://api.sam.gov/prod/opportunities/v2/search?postedFrom=02/20/2026&postedTo=02/20/2026&limit=1000&offset=2"
    )
    assert SOURCE.key is not None
    assert SOURCE.key.header == "X-Api-Key"


@pytest.mark.parametrize("window", [DAY, day_window(date(2026, 2, 20), "k")])
def test_a_recorded_request_belongs_to_the_window_that_asks_it(window: Any) -> None:
    url = SPIDER.page_url(window, 2)
    assert SPIDER.window_of(CAPTURE.model_copy(update={"url": url})) == window


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sam.gov/prod/opportunities/v2/search?limit=10&postedFrom=01/01/2026&postedTo=02/02/2026",
        "https://api.sam.gov/prod/opportunities/v2/search?postedFrom=02/20/2026&postedTo=02/20/2026&ncode=541519",
        "https://api.sam.gov/prod/opportunities/v1/noticedesc?noticeid=1",
        "https://api.sam.gov/prod/opportunities/v2/search?postedFrom=x&postedTo=x",
    ],
)
def test_other_recorded_requests_belong_to_no_window(url: str) -> None:
    assert SPIDER.window_of(CAPTURE.model_copy(update={"url": url})) is None


@pytest.mark.parametrize(
    ("total", "page", "more"), [(1000, 1, False), (1001, 1, True), (1001, 2, False), (0, 1, False)]
)
def test_the_last_page_is_known_from_the_count_alone(total: int, page: int, more: bool) -> None:
    given = answer(envelope(ITEM, total=total, offset=page - 1), page=page)
    assert SPIDER.has_next(given) is more
    assert SPIDER.total(DAY, given) == total


def test_a_smaller_page_than_was_asked_for_is_reckoned_with() -> None:
    assert SPIDER.has_next(answer(envelope(ITEM, total=250, limit=100, offset=1), page=2))


def test_another_page_than_was_asked_for_is_drift() -> None:
    with pytest.raises(SourceDrift, match="Page 1 was asked for"):
        SPIDER.has_next(answer(envelope(ITEM, total=1500, offset=0), page=2))


@pytest.mark.parametrize("total", ["many", None, -1, True])
def test_an_answer_without_a_count_is_drift(total: Any) -> None:
    with pytest.raises(SourceDrift, match="totalRecords"):
        SPIDER.total(DAY, answer(json.dumps({"totalRecords": total, "opportunitiesData": []}).encode()))


def test_an_error_in_an_answer_of_status_200_is_told_in_its_own_words() -> None:
    with pytest.raises(SourceDrift, match="but says: You have exceeded your rate limit"):
        SPIDER.total(DAY, answer(b'{"error":{"code":"OVER_RATE_LIMIT","message":"You have exceeded your rate limit"}}'))


def test_a_day_above_the_limit_is_walked_type_by_type_and_a_type_is_the_end() -> None:
    parts = SPIDER.split(DAY)
    assert [part.key for part in parts] == [f"2026-02-20/{code}" for code in "uparsogki"]
    assert "ptype=k" in SPIDER.page_url(parts[-2], 1)
    assert SPIDER.split(parts[0]) == ()


# Five error bodies as people quoted them in 2026: the four of the key and the quota, and a span of a year.
QUOTA = (
    b'{"code":"900804","message":"Message throttled out","description":"You have exceeded your quota .You can access '
    b'API after 2026-Sep-02 00:00:00+0000 UTC","nextAccessTime":"2026-Sep-02 00:00:00+0000 UTC"}'
)
KEY = (
    b'{"error":{"code":"API_KEY_INVALID","message":"An invalid API key was supplied. Please submit with a valid API '
    b'key."}}'
)


def test_a_used_up_quota_is_a_refusal_with_the_time_it_ends() -> None:
    found = refusal(QUOTA, 429)
    assert found.until == datetime(2026, 9, 2, tzinfo=UTC)
    assert found.blocked
    assert "exceeded your quota" in found.sentence


@pytest.mark.parametrize(
    ("payload", "status"), [(KEY, 403), (b'{"code":"900901","message":"Invalid Credentials"}', 401)]
)
def test_a_key_that_is_refused_is_named_with_the_way_to_another(payload: bytes, status: int) -> None:
    found = refusal(payload, status)
    assert found.blocked
    assert "refuses the key" in found.sentence
    assert SOURCE.key is not None
    assert SOURCE.key.obtain in found.sentence


@pytest.mark.parametrize("words", ["PostedFrom and PostedTo are mandatory", "Date range must be null year(s) apart"])
def test_a_request_that_is_refused_fails_with_the_words_of_the_source(words: str) -> None:
    found = refusal(json.dumps({"errorCode": "400", "errorMessage": words}).encode(), 400)
    assert words in found.sentence
    assert not found.nothing
    assert not found.blocked


@pytest.mark.parametrize("payload", [b"No Data found", b'{"errorCode":"404","errorMessage":"No Data found."}'])
def test_no_data_found_is_an_empty_day(payload: bytes) -> None:
    assert refusal(payload, 404).nothing


@pytest.mark.parametrize("payload", [b"", b"  ", b"<html>404 Not Found</html>", b'{"message":"no Route matched"}'])
def test_any_other_404_is_a_fault_and_never_an_empty_day(payload: bytes) -> None:
    found = refusal(payload, 404)
    assert not found.nothing
    assert "404" in found.sentence


def test_a_status_that_says_it_all_is_left_to_the_engine() -> None:
    assert SPIDER.problem(answer(b"", 500)) is None
    assert SPIDER.problem(answer(b"<html>Forbidden</html>", 403)) is None


def test_revisions_of_a_day_stand_before_every_time_of_that_day() -> None:
    reading = next(iter(read(parser, io.BytesIO(envelope(ITEM)), CAPTURE)))
    assert reading.revision == "2026-02-20T05:00:00.000Z"
    assert reading.key is None
    assert reading.source_number == ID


def test_an_address_never_holds_a_key() -> None:
    printed = "https://alpha.sam.gov/api/prodlike/opps/v3/opportunities/resources/files/1/download?api_key=SAM-1&token="
    stated = notice(resourceLinks=[printed], uiLink="https://sam.gov/opp/1/view?api_key=SAM-1")
    assert "SAM-1" not in str(stated.content())
    assert stated.documents[0].url.endswith("/files/1/download")
