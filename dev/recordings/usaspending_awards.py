"""Small recordings of USAspending awards: ``python -m dev.recordings.usaspending_awards SAMPLES``, once.

SAMPLES holds ``usaspending`` with downloads and answers that others saved; what is kept of them is in
tests/replays/usaspending_awards/PROVENANCE.md.
"""

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.usaspending_awards.days import day
from crawlers.sources.usaspending_awards.spider import AWARDS, UsaspendingAwardsSpider
from crawlers.sources.usaspending_awards.tables import records
from crawlers.spider import PlannedRequest, Window
from dev.rebuild import Recorder, write_answer

NAME: Final = "usaspending_awards"
REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / NAME
DOWNLOADS: Final = "https://files.usaspending.gov/generated_downloads/"
PAGE: Final = 100
FIRST, LAST = date(2017, 7, 30), date(2017, 7, 31)
"""Days of last change that are rebuilt into answers of the search: one has several pages, one has vehicles."""

YEARLY: Final = {
    "ice-contract-awards-fy13-fy18-surveillance-subset.csv": lambda _: True,
    "ice-contract-awards-fy17-no-header.csv.gz": lambda line: b"GAO13SB0011" in line or line.startswith(b"HSCEDM12D0"),
}
SUMMARIES: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "Contracts_PrimeAwardSummaries_2025-03-21_ICE-Minnesota.csv.gz": lambda line: (
        line.startswith(b"CONT_IDV_")
        or any(word in line for word in (b"LICENSE PLATE", b"SOCIAL MEDIA", b"THOMSON REUTERS"))
    ),
    "PrimeAwardSummaries_ICE-to-local-governments_2023.csv.gz": lambda line: any(
        word in line for word in (b",2023-0", b"WESTCHESTER", b"EXECUTIVE OFFICE", b"KANE COUNTY")
    ),
    "PrimeAwardSummaries_ICE-to-state-regional-governments_2023.csv.gz": lambda line: (
        b",2023-0" in line or line.startswith(b"CONT_IDV_")
    ),
}
VERBATIM: Final = (
    "Contracts_PrimeAwardSummaries_2025-03-28_UMN.csv", "Assistance_PrimeAwardSummaries_empty-header-only.csv",
)  # fmt: skip
DETAILS: Final = ("awards-contract", "awards-idv", "awards-grant", "awards-loan")
SEARCHES: Final = ("awards-search_results_idvs", "awards-search_results_grants")
UNRECORDED: Final = "The request is not recorded; the one here is noticewatch's own."


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    files = samples / "usaspending"
    with WarcWriter(folder, "", name="1-yearly-files.warc.gz") as writer:
        recorder = Recorder(
            "xpmethod/torn-apart, commit 28e0bd96", datetime(2018, 7, 2, 12, tzinfo=UTC),
            "Saved by the recorder; the day is not recorded, the newest row is of 2018-07-01. Cut for tests.",
        )  # fmt: skip
        for name, wanted in YEARLY.items():
            _file(writer, files / name, wanted, recorder, headed="subset" in name)
    with WarcWriter(folder, "", name="2-downloads.warc.gz") as writer:
        _downloads(writer, files)
    with WarcWriter(folder, "", name="3-answers.warc.gz") as writer:
        _answers(writer, files)
    with WarcWriter(folder, "", name="4-changed-in-july-2017.warc.gz") as writer:
        _searches(writer, files)


def _file(
    writer: WarcWriter, file: Path, wanted: Callable[[bytes], bool], recorder: Recorder, *, headed: bool = True
) -> None:
    whole = _payload(file)
    lines = [line for _, line in records(io.BytesIO(whole))]
    kept = [line for number, line in enumerate(lines) if (headed and number == 0) or wanted(line)]
    request = PlannedRequest(f"{DOWNLOADS}{file.name.removesuffix('.gz')}", purpose="file")
    cut = [] if len(kept) == len(lines) else [f"cut: {len(kept)} of {len(lines)} rows"]
    write_answer(writer, NAME, request, b"".join(kept), "text/csv", recorder, cut)


def _downloads(writer: WarcWriter, files: Path) -> None:
    for name in (*SUMMARIES, *VERBATIM):
        wells = "2023" in name
        recorder = Recorder(
            "sierrawells/ice-contracts, commit bbef0809" if wells else "alyssc/mn_ice_contracts, commit 18ea01f5",
            datetime(2023, 5, 1, 12, tzinfo=UTC) if wells else datetime(2025, 3, 28, 12, tzinfo=UTC),
            "A custom download, saved by the recorder; its address and, for those of 2023, its day are not recorded.",
        )  # fmt: skip
        _file(writer, files / name, SUMMARIES.get(name, lambda _: True), recorder)


def _answers(writer: WarcWriter, files: Path) -> None:
    recorded = Recorder("planetary-society/usaspending-orm", datetime(2025, 10, 1, 12, tzinfo=UTC), UNRECORDED)
    for name in DETAILS:
        _detail(writer, _payload(files / "api-json" / f"{name}.json"), recorded)
    for name in SEARCHES:
        _search(writer, name, _payload(files / "api-json" / f"{name}.json"), recorded)
    orders = orjson.dumps({"award_id": "CONT_IDV_NNK14MA74C_8000", "type": "child_awards", "limit": 10}).decode()
    address = "https://api.usaspending.gov/api/v2/idvs/awards/"
    write_answer(
        writer, NAME, PlannedRequest(address, "POST", orders), _payload(files / "api-json" / "awards-idv_awards.json"),
        "application/json", recorded, (),
    )  # fmt: skip
    live = Recorder("layonez/bid-buster, commit 10c64952", datetime(2026, 2, 10, 12, tzinfo=UTC), UNRECORDED)
    folder = files / "api-json-live-2026-02"
    _search(writer, "01-award-search-dod-mit", _payload(folder / "01-award-search-dod-mit.json"), live)
    _detail(writer, _payload(folder / "03-award-detail-sample.json"), live)


def _detail(writer: WarcWriter, payload: bytes, recorder: Recorder) -> None:
    request = PlannedRequest(f"{AWARDS}{orjson.loads(payload)['generated_unique_award_id']}/", purpose="file")
    write_answer(writer, NAME, request, payload, "application/json", recorder, ())


def _search(writer: WarcWriter, name: str, payload: bytes, recorder: Recorder) -> None:
    body = orjson.dumps({"filters": {"description": name}}).decode()
    request = PlannedRequest(UsaspendingAwardsSpider.address, "POST", body)
    write_answer(writer, NAME, request, payload, "application/json", recorder, ())


def _searches(writer: WarcWriter, files: Path) -> None:
    """Awards of the downloads as answers to the search for the days on which they changed last."""
    spider = UsaspendingAwardsSpider(source(NAME))
    moment = datetime(2025, 3, 28, 12, tzinfo=UTC)
    recorder = Recorder("alyssc/mn_ice_contracts, sierrawells/ice-contracts", moment, "Rebuilt from rows of downloads.")
    own = Recorder("noticewatch", moment, "Made for tests from the number of rows: nobody recorded a count.")
    held = list({row["contract_award_unique_key"]: row for name in SUMMARIES for row in _rows(files / name)}.values())
    for window in spider.windows(FIRST, LAST, LAST):
        rows = [row for row in held if _belongs(row, window)]
        for page, results in _pages(rows):
            more = page * PAGE < len(rows)
            answer = {
                "spending_level": "awards", "limit": PAGE, "results": results,
                "page_metadata": {"page": page, "hasNext": more}, "messages": [],
            }  # fmt: skip
            payload = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
            write_answer(writer, NAME, spider.page_request(window, page), payload, "application/json", recorder, ())
        if len(rows) > PAGE:
            payload = orjson.dumps({"results": {"contracts": len(rows), "idvs": 0}, "spending_level": "awards"})
            write_answer(writer, NAME, spider.count_request(window), payload, "application/json", own, ())


def _pages(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    ordered = sorted(rows, key=lambda row: row["award_id_piid"])
    for page, start in enumerate(range(0, max(len(ordered), 1), PAGE), start=1):
        yield page, [_result(row) for row in ordered[start : start + PAGE]]


def _belongs(row: Mapping[str, str], window: Window) -> bool:
    scope = row["awarding_sub_agency_code"] + ("-idv" if row["award_or_idv_flag"] == "IDV" else "")
    return scope == window.scope and day(row["last_modified_date"]) == window.key


def _result(row: Mapping[str, str]) -> dict[str, Any]:
    end = "Last Date to Order" if row["award_or_idv_flag"] == "IDV" else "End Date"
    last = row["ordering_period_end_date" if end != "End Date" else "period_of_performance_current_end_date"]
    where = "primary_place_of_performance"
    place = {
        "location_country_code": row[f"{where}_country_code"] or None, "state_code": row[f"{where}_state_code"] or None,
        "city_name": row[f"{where}_city_name"] or None, "zip4": row[f"{where}_zip_4"] or None,
        "zip5": row[f"{where}_zip_4"][:5] or None,
    }  # fmt: skip
    return {
        "Award ID": row["award_id_piid"],
        "Recipient Name": row["recipient_name"],
        "Recipient UEI": row["recipient_uei"] or None,
        "Description": row["prime_award_base_transaction_description"] or None,
        "Award Amount": float(row["total_obligated_amount"] or 0),
        "Total Outlays": float(row["total_outlayed_amount"]) if row.get("total_outlayed_amount") else None,
        "Contract Award Type": row["award_type"] or row["idv_type"],
        "Awarding Agency": row["awarding_agency_name"],
        "Awarding Sub Agency": row["awarding_sub_agency_name"],
        "Awarding Sub Agency Code": row["awarding_sub_agency_code"],
        "Funding Agency": row["funding_agency_name"] or None,
        "Funding Sub Agency": row["funding_sub_agency_name"] or None,
        "Funding Sub Agency Code": row["funding_sub_agency_code"] or None,
        "Start Date": day(row["period_of_performance_start_date"]),
        end: day(last),
        "Base Obligation Date": day(row["award_base_action_date"]),
        "Last Modified Date": day(row["last_modified_date"]),
        "NAICS": {"code": row["naics_code"] or None, "description": row["naics_description"] or None},
        "PSC": {
            "code": row["product_or_service_code"] or None,
            "description": row["product_or_service_code_description"] or None,
        },
        "Primary Place of Performance": place,
        "generated_internal_id": row["contract_award_unique_key"],
    }


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_payload(file).decode("utf-8"), newline="")))


def _payload(file: Path) -> bytes:
    payload = file.read_bytes()
    return gzip.decompress(payload) if file.suffix == ".gz" else payload


if __name__ == "__main__":
    build(Path(sys.argv[1]))
