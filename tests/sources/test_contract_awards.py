"""Answers of Contract Awards are read in every shape documented or reported, or refused in the source's words."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.store import Archive
from archive.warc import recorded
from crawlers.engine import crawl
from crawlers.importing import import_files
from crawlers.parsing import Shape, read
from crawlers.source import source
from crawlers.sources.sam_gov_contract_awards import parser
from crawlers.sources.sam_gov_contract_awards.answers import results
from crawlers.sources.sam_gov_contract_awards.spider import SamGovContractAwardsSpider
from crawlers.spider import Answer, PlannedRequest, Refusal, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Origin, Reading, Status, Verdict
from noticewatch.settings import Settings
from tests.sources.one_action import AWARDS, EMPTY, awards, deletion, names, record

SOURCE = source("sam_gov_contract_awards")
SPIDER = SamGovContractAwardsSpider(SOURCE)
REPLAYS = Path(__file__).parents[1] / "replays" / "sam_gov_contract_awards"
ADDRESS = "https://api.sam.gov/contract-awards/v1/search"
CAPTURE = Capture(
    id="c", source=SOURCE.name, url=ADDRESS, status=200, fetched_at=datetime(2026, 1, 7, 15, tzinfo=UTC),
    payload_sha256="", payload_length=0, origin=Origin.IMPORTED, recorder="a test",
)  # fmt: skip
CHANGED = Window("changed", "2026-01-05", "2026-01-05", "2026-01-05")


def readings(payload: bytes, url: str = ADDRESS, shape: Shape | None = None) -> list[Reading]:
    return list(read(parser, io.BytesIO(payload), CAPTURE.model_copy(update={"url": url}), shape))


def changed(**sections: Any) -> bytes:
    """The made action with other sections in its record."""
    one = orjson.loads(awards())
    one["awardSummary"][0] |= sections
    return orjson.dumps({"awardSummary": one["awardSummary"], "totalRecords": 1})


def answered(payload: bytes, status: int = 200, page: int = 1, url: str = ADDRESS) -> Answer:
    capture = CAPTURE.model_copy(update={"status": status, "url": url})
    return Answer(PlannedRequest(url, page=page), capture, lambda: io.BytesIO(payload))


def documented() -> Iterator[bytes]:
    for answer in recorded(REPLAYS / "2-two-days.warc.gz"):
        with answer.open() as stream:
            yield stream.read()


@pytest.mark.parametrize(
    "payload",
    [
        EMPTY[AWARDS],
        b'{"awardSummary": [], "totalRecords": "0", "limit": "10", "offset": "0"}',
        b'{"totalRecords": 0, "limit": 10, "offset": 0, "awardSummary": null}',
        b'{"message": "No Data found for the search criteria"}',
        b'{"awardResponse": {"totalRecords": 0, "message": "No Data found"}}',
        b'"No Data found"',
    ],
)
def test_an_answer_that_finds_nothing_has_no_rows_in_any_of_its_shapes(payload: bytes) -> None:
    assert readings(payload) == []
    assert not SPIDER.has_next(answered(payload))


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "the key is missing"),
        (b"  \n", "the key is missing"),
        (b"<h1>API_KEY_INVALID</h1>", "HTML or XML page where JSON was due: API_KEY_INVALID"),
        (b'"You may only page through the first 400,000 records"', "but says: You may only page"),
        (b'{"message": "The search parameter(s),[vendorName]does not exist."}', "vendorName"),
        (b'{"error": {"code": "API_KEY_MISSING"}}', "API_KEY_MISSING"),
        (b'{"presignedUrl": "https://x", "exportToken": "y", "message": "In progress."}', "presignedUrl"),
        (b'{"awardSummary": [{"contractId": {"piid": "X"}}]}', "Record 1 of the answer has no agency"),
        (b'{"awardSummary": [3]}', "Record 1 of the answer has no agency"),
        (b'{"awardSummary": "7"}', "holds no awardSummary"),
        (b'{"awardSummary": [{"contractId"', "cut off"),
        (b"[" * 100_000, "cut off or broken"),
        (orjson.dumps({"awardSummary": [{"contractId": names(), "coreData": {"dates": 1}}]}), "coreData than was due"),
        (b"{}", "holds no awardSummary"),
        (b"null", "holds no awardSummary"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_what_was_due_is_refused_in_the_sources_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift) as refused:
        readings(payload)
    assert said in str(refused.value)


MEMBERS = st.sampled_from(["awardSummary", "awardResponse", "contractId", "message"])
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_read_or_refused(payload: bytes) -> None:
    try:
        readings(payload)
    except SourceDrift as error:
        assert str(error).endswith((".", "again."))


@pytest.mark.parametrize("total", [4, "4", " 4 "])
def test_counts_are_read_from_numbers_and_from_text(total: object) -> None:
    payload = orjson.dumps({"awardSummary": [], "totalRecords": total})
    assert SPIDER.total(CHANGED, answered(payload)) == 4
    assert SPIDER.total(CHANGED, answered(orjson.dumps({"awardResponse": {"totalRecords": total}}))) == 4


@pytest.mark.parametrize(
    ("total", "page", "more"), [("100", 1, False), (101, 1, True), ("201", 2, True), (200, 2, False)]
)
def test_pages_are_asked_up_to_the_count(total: object, page: int, more: bool) -> None:
    payload = orjson.dumps({"awardSummary": [{}], "totalRecords": total})
    answer = answered(payload, page=page)
    assert SPIDER.has_next(answer) is more
    assert [f"&offset={page}" in one.url for one in SPIDER.follow(CHANGED, answer)] == [True] * more


def test_results_without_a_count_are_not_taken_for_all() -> None:
    with pytest.raises(SourceDrift, match="does not say how many records match"):
        SPIDER.has_next(answered(b'{"awardSummary": [{}], "totalRecords": "null"}'))


def test_rows_have_the_range_of_their_bytes_whatever_stands_around_them() -> None:
    values = [{"a": "é\u2028{}[]"}, {"b": [1, {"awardSummary": []}]}]
    whole = {"before": {"awardSummary": [9]}, "awardResponse": {"x": "ü", "awardSummary": values}, "behind": "é"}
    for plain in (True, False):
        payload = json.dumps(whole, ensure_ascii=plain, indent=2).encode()
        found = list(results(payload))
        assert [json.loads(payload[start:end]) for start, end, _ in found] == values == [value for *_, value in found]


def test_the_documented_records_are_read_whole() -> None:
    shape = Shape()
    found = {one.key: one for payload in documented() for one in readings(payload, shape=shape)}
    assert found["8000:NNG15SD19B:0"].notice.kind is Kind.VEHICLE
    assert found["9700:SPE3SU25F97V0:0"].notice.kind is Kind.ORDER
    assert found["1540:15B61524P00000105:P00003"].notice.reason == "funding only"
    assert not shape.unread
    assert not shape.types


def test_eastern_times_labelled_z_are_days_and_never_shifted() -> None:
    (one,) = readings(awards())
    assert {date.role: date.value for date in one.notice.dates} == {"signed": "2023-09-22", "modified": "2023-09-25"}
    assert {date.precision for date in one.notice.dates} == {"day"}


def test_money_is_exact_in_text_and_numbers() -> None:
    for amount in ("1060000.10", 1060000.1):
        details = {"dates": {"dateSigned": "2023-09-22T00:00:00Z"}, "dollars": {"actionObligation": amount}}
        (one,) = readings(changed(awardDetails=details))
        assert [held.value for held in one.notice.amounts] == [Decimal("1060000.1")]


@pytest.mark.parametrize("url", [f"{ADDRESS}?deletedStatus=yes&limit=100", f"{ADDRESS}?limit=1&deletedStatus=YES"])
def test_what_the_source_deleted_is_withdrawn_by_its_word(url: str) -> None:
    (one,) = readings(deletion(), url)
    assert (one.notice.status, one.notice.status_published) == (Status.WITHDRAWN, "deleted")
    assert "amounts" not in one.carried


def test_numbers_alone_say_nothing_about_deletion_or_status() -> None:
    shape = Shape()
    (one,) = readings(deletion(), shape=shape)
    assert one.notice.status is Status.UNKNOWN
    assert not one.carried & {"status", "buyers.contracting", "title"}
    assert shape.remarks["a record that holds numbers alone"] == 1


@pytest.mark.parametrize(("section", "carried"), [("coreData", "kind_published"), ("awardDetails", "amounts")])
def test_an_answer_carries_only_the_sections_that_it_has(section: str, carried: str) -> None:
    both, without = readings(awards())[0], readings(changed(**{section: None}))[0]
    assert carried in both.carried - without.carried


def test_an_awardee_is_read_wherever_it_stands() -> None:
    inside = orjson.loads(awards())["awardSummary"][0]["awardDetails"]["awardeeData"]
    (one,) = readings(changed(awardDetails=None, awardeeData=inside))
    assert one.notice.parties[0].uei == "AAAAAAAAAAA1"


def test_user_names_and_addresses_of_officials_are_nowhere() -> None:
    core = {"awardOrIDV": "AWARD", "acquisitionMarketingData": {"emailAddress": "somebody@agency.example"}}
    said = str([one.notice.content() for one in readings(changed(coreData=core))])
    assert "SOMEBODY" not in said
    assert "agency.example" not in said


def test_fields_that_nobody_knows_and_other_types_are_reported() -> None:
    shape = Shape()
    readings(changed(colour="red", awardDetails={"dates": {"dateSigned": ["x"]}, "dollars": {"tip": "1"}}), shape=shape)
    assert shape.unread == {"colour", "awardDetails.dollars.tip"}
    assert shape.types["awardDetails.dates.dateSigned is a list where text was due"] == 1


def test_the_key_of_a_vehicle_leaves_out_its_parent_and_that_of_a_short_order_does_not() -> None:
    ids = names() | {"piid": "0148", "modificationNumber": "9"}
    order = readings(changed(contractId=ids))[0]
    vehicle = readings(changed(contractId=ids, coreData={"awardOrIDV": "IDV"}))[0]
    assert (order.key, vehicle.key) == ("7012:0148:9:NNG15SD02B", "7012:0148:9")


def test_a_day_is_asked_for_changes_and_for_deletions_of_all_agencies_together() -> None:
    found = list(SPIDER.windows(date(2026, 1, 5), date(2026, 1, 5), date(2026, 2, 1)))
    assert [window.scope for window in found] == ["changed", "deleted"]
    urls = [next(iter(SPIDER.requests(window))).url for window in found]
    assert urls[0] == f"{ADDRESS}?lastModifiedDate=01/05/2026&contractingSubtierCode=7012~7014&limit=100&offset=0"
    assert "deletedStatus=yes" in urls[1]
    assert [SPIDER.window_of(CAPTURE.model_copy(update={"url": url})) for url in urls] == found


def test_a_regular_crawl_fits_the_calls_of_a_key_without_a_role() -> None:
    assert SOURCE.quota is not None
    assert len(list(SPIDER.windows(None, None, date(2026, 1, 7)))) <= SOURCE.quota.calls - 2


def test_a_window_over_the_limit_is_split_by_agency_and_no_further() -> None:
    parts = SPIDER.split(CHANGED)
    assert [part.key for part in parts] == ["2026-01-05 7012", "2026-01-05 7014"]
    assert [SPIDER.split(part) for part in parts] == [(), ()]
    for part in parts:
        url = next(iter(SPIDER.requests(part))).url
        assert SPIDER.window_of(CAPTURE.model_copy(update={"url": url})) == part


@pytest.mark.parametrize(
    ("status", "payload", "refusal"),
    [
        (204, b"", Refusal("no record matches", nothing=True)),
        (400, b'{"message": "No Data found"}', Refusal("no record matches", nothing=True)),
        (400, b"The search parameter(s),[x]does not exist.",
         Refusal("status 400: The search parameter(s),[x]does not exist.")),
        (403, b"<h1>API_KEY_INVALID</h1>",
         Refusal("status 403: API_KEY_INVALID; a key is obtained at https://sam.gov/profile/details", blocked=True)),
        (401, b"", Refusal("status 401 and says nothing; a key is obtained at https://sam.gov/profile/details",
                           blocked=True)),
        (404, b"", Refusal("status 404 and says nothing")),
        (429, b'{"message": "Too many", "nextAccessTime": "2026-Jan-09 00:00:00+0000 UTC"}',
         Refusal("the day's calls are used up: Too many", blocked=True, until=datetime(2026, 1, 9, tzinfo=UTC))),
        (429, b"", None),
        (500, b'"400,000 records"', Refusal("status 500: 400,000 records")),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_the_sources_words(status: int, payload: bytes, refusal: Refusal | None) -> None:
    assert SPIDER.problem(answered(payload, status)) == refusal


def test_the_made_days_replay_whole(archive: Archive) -> None:
    settings = Settings(home=archive.folder)
    result = crawl(archive, settings, SOURCE, kind="replay", recordings=REPLAYS / "2-two-days.warc.gz")
    assert (result.verdict, result.counts.records) == (Verdict.COMPLETE, 7)


def test_a_file_of_deletions_is_known_by_the_address_that_is_given_for_it(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "deleted.json"
    file.write_bytes(deletion())
    settings = Settings(home=archive.folder)
    result = import_files(archive, settings, SOURCE, [file], url=f"{ADDRESS}?deletedStatus=yes")
    assert result.verdict is Verdict.COMPLETE
    assert result.findings == []


def test_more_pages_than_the_count_admits_are_drift_not_news(archive: Archive, tmp_path: Path) -> None:
    payload = awards().replace(b'"totalRecords":"1"', b'"totalRecords":"3"')
    settings = Settings(home=archive.folder)
    recordings = record(tmp_path, AWARDS, payload, 1)
    result = crawl(archive, settings, SOURCE, kind="replay", recordings=recordings)
    assert result.verdict is Verdict.PARTIAL
    assert "the source counts 3 rows, 1 came" in result.reasons[0]
