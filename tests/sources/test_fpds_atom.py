"""FPDS feeds are read by namespace, record by record, and refused where they are cut off or something else."""

import gzip
import hashlib
import io
import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import queries
from archive.store import Archive
from archive.warc import recorded
from crawlers.engine import crawl
from crawlers.importing import import_files
from crawlers.parsing import Shape, read
from crawlers.source import source
from crawlers.sources.fpds_atom import parser
from crawlers.sources.fpds_atom.feed import entries
from crawlers.sources.fpds_atom.fields import CARRIES, UNREAD, is_known
from crawlers.sources.fpds_atom.spider import FpdsAtomSpider
from crawlers.spider import Answer, PlannedRequest, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Origin, Reading, Status, Verdict
from noticewatch.settings import Settings
from tests.sources.one_action import FPDS, fpds, record

SOURCE = source("fpds_atom")
SPIDER = FpdsAtomSpider(SOURCE)
REPLAYS = Path(__file__).parents[1] / "replays" / "fpds_atom"
CAPTURE = Capture(
    id="c", source="fpds_atom", url="https://www.fpds.gov/ezsearch/FEEDS/ATOM?FEEDNAME=PUBLIC", status=200,
    fetched_at=datetime(2026, 7, 1, tzinfo=UTC), payload_sha256="", payload_length=0, origin=Origin.IMPORTED,
    recorder="a test",
)  # fmt: skip


def readings(payload: bytes, url: str = CAPTURE.url, shape: Shape | None = None) -> list[Reading]:
    return list(read(parser, io.BytesIO(payload), CAPTURE.model_copy(update={"url": url}), shape))


def page(name: str) -> bytes:
    (answer,) = recorded(REPLAYS / name)
    with answer.open() as stream:
        return stream.read()


def file(name: str) -> bytes:
    return gzip.decompress((REPLAYS / "files" / name).read_bytes())


def with_prefixes(payload: bytes, atom: str, fpds: str) -> bytes:
    """A feed with other prefixes for its two namespaces."""
    text = payload.decode().replace('xmlns="', f'xmlns:{atom}="').replace("xmlns:ns1=", f"xmlns:{fpds}=")
    text = re.sub(r"<(/?)(?=feed|title|link|entry|modified>|content)", rf"<\1{atom}:", text)
    return re.sub(r"<(/?)ns1:", rf"<\1{fpds}:", text).encode()


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, payload: bytes, size: int) -> None:
        self._payload, self._size = io.BytesIO(payload), size

    def read(self, size: int = -1) -> bytes:
        return self._payload.read(self._size)


@pytest.mark.parametrize(("atom", "own"), [("ns0", "ns1"), ("a", "b"), ("ns1", "ns0")])
def test_prefixes_do_not_matter(atom: str, own: str) -> None:
    plain, other = readings(fpds()), readings(with_prefixes(fpds(), atom, own))
    assert [one.notice for one in plain] == [one.notice for one in other]
    assert [one.key for one in plain] == [one.key for one in other] == ["7012:70CMSD23FR0000145:0"]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_feed_that_drips_in_has_the_same_records_with_their_bytes(size: int) -> None:
    payload = fpds().replace(b"<entry>", b"<!-- <entry> --><entry  >").replace(b"</entry>", b"</entry \n>")
    (one,) = entries(b"", Dripping(payload, size))  # type: ignore[arg-type]  # all that is used of a stream
    held = payload[one.start : one.end]
    assert held.startswith(b"<entry  >")
    assert held.endswith(b"</entry \n>")
    assert one.sha256 == hashlib.sha256(held).hexdigest()


def test_a_closing_tag_inside_a_text_ends_no_record() -> None:
    payload = fpds(text="<![CDATA[</entry> <entry> OSINT]]>")
    (one,) = readings(payload)
    assert one.notice.description[0].text == "</entry> <entry> OSINT"
    assert payload[one.end - 8 : one.end] == b"</entry>"


@pytest.mark.parametrize("name", ["4-2017-one-contract.warc.gz", "5-2023-one-agency.warc.gz"])
def test_a_feed_cut_off_anywhere_is_a_failure(name: str) -> None:
    whole = page(name)
    for cut in range(60, len(whole.rstrip()) - 1, len(whole) // 40):
        with pytest.raises(SourceDrift, match="cut off"):
            list(parser.rows(io.BytesIO(whole[:cut]), Shape()))


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "empty"),
        (b"<html><body>Sorry</body></html>", "an HTML page"),
        (b"Service unavailable", "something else"),
        (b'<!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>', "document type"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>', "broken"),
        (b'<feed xmlns="http://other.example/"><entry/></feed>', "begins with 'feed'"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title></entry></feed>', "no agency"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><entry>' + b"<a>" * 70, "nests deeper"),
        (b'{"entry": [{"content": {"award": {}}}]}', "no agency"),
        (b'{"entry": [', "broken JSON"),
        (b"[3]", "no agency"),
    ],
)
def test_an_answer_that_is_no_feed_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        list(parser.rows(io.BytesIO(payload), Shape()))


def test_an_entry_without_end_is_refused_before_it_fills_the_memory() -> None:
    class Endless:
        given = 0

        def read(self, size: int) -> bytes:
            assert self.given < 40 << 20, "an entry was read on and on"
            self.given += size
            return b"x" * size

    start = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>'
    with pytest.raises(SourceDrift, match="longer than any record"):
        list(entries(start, Endless()))  # type: ignore[arg-type]  # all that is used of a stream


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(garbage: bytes) -> None:
    for payload in (garbage, b'<feed xmlns="http://www.w3.org/2005/Atom">' + garbage, b"{" + garbage):
        try:
            list(parser.rows(io.BytesIO(payload), Shape()))
        except SourceDrift as error:
            assert str(error).endswith((".", "again."))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("list-of-idvs-1.5.xml.gz", {Kind.MODIFICATION: 18}),
        ("list-of-awards-1.4.xml.gz", {Kind.ORDER: 10, Kind.MODIFICATION: 8, Kind.AWARD: 5}),
        ("feed-as-json.json.gz", {Kind.MODIFICATION: 10}),
        ("flattened-AWARD.json.gz", {Kind.MODIFICATION: 1}),
        ("flattened-OTHERTRANSACTIONAWARD.json.gz", {Kind.MODIFICATION: 1}),
        ("flattened-OTHERTRANSACTIONIDV.json.gz", {Kind.VEHICLE: 1}),
    ],
)
def test_the_forms_that_others_keep_are_read_whole(name: str, kinds: dict[Kind, int]) -> None:
    shape = Shape()
    found = readings(file(name), shape=shape)
    assert Counter(one.notice.kind for one in found) == kinds
    assert shape.findings() == []
    assert all(one.notice.parties and one.notice.buyers and one.notice.date("signed") for one in found)


def test_a_record_flattened_by_others_keeps_its_words() -> None:
    (one,) = readings(file("flattened-AWARD.json.gz"))
    assert one.key == "1205:12314422F0105:P00002"
    assert one.notice.kind_published == "DELIVERY ORDER"
    assert one.notice.buyers[0].codes == {"fpds": "1205", "aac": "123144"}


def test_rows_of_json_have_the_range_of_their_bytes() -> None:
    payload = file("feed-as-json.json.gz")
    for row in parser.rows(io.BytesIO(payload), Shape()):
        assert payload[row.start : row.start + 1] + payload[row.end - 1 : row.end] == b"{}"
        assert row.sha256 == hashlib.sha256(payload[row.start : row.end]).hexdigest()


def test_a_list_without_words_gets_the_words_of_its_codes() -> None:
    found = readings(file("list-of-awards-1.4.xml.gz"))
    assert found[0].notice.kind_published == "BPA CALL"
    assert found[0].notice.reason == "exercise of an option"


def test_action_values_are_changes_and_totals_are_states() -> None:
    found = readings(page("1-2016-changed-in-five-days.warc.gz"))
    taken_back = next(one for one in found if one.key == "9700:0001:1:SPE4AX15D9422")
    amounts = {(one.kind.value, one.basis): (one.value, one.of) for one in taken_back.notice.amounts}
    assert amounts["obligated", "change"] == (Decimal("-18543.50"), "action")
    assert amounts["obligated", "state"] == (Decimal(0), "award")


def test_a_time_of_midnight_is_a_day() -> None:
    for one in readings(page("5-2023-one-agency.warc.gz")):
        assert {(held.precision, len(held.value), held.zone) for held in one.notice.dates} == {("day", 10, None)}


@pytest.mark.parametrize("path", ["createdBy", "lastModifiedBy", "approvedBy", "closedBy"])
def test_user_names_of_officials_are_declared_unread_and_nowhere(path: str) -> None:
    assert "official" in UNREAD[f"transactionInformation/{path}"]
    for name in ("1-2016-changed-in-five-days.warc.gz", "5-2023-one-agency.warc.gz"):
        payload = page(name)
        named = set(re.findall(rf"{path}>([^<]+)<".encode(), payload))
        said = str([one.notice.content() for one in readings(payload)])
        assert not [user for user in named if user.decode() in said]


def test_an_element_that_nobody_knows_is_reported() -> None:
    shape = Shape()
    readings(fpds().replace(b"<ns1:vendorHeader>", b"<ns1:colour>red</ns1:colour><ns1:vendorHeader>"), shape=shape)
    readings(fpds().replace(b"<ns1:vendor>", b"<x:y xmlns:x='http://other.example/'>1</x:y><ns1:vendor>"), shape=shape)
    assert shape.unread == {"vendor.colour", "{http:..other.example.}y"}
    assert not is_known("vendor/colour")


def test_an_amount_that_is_no_number_is_reported_and_left_out() -> None:
    shape = Shape()
    (one,) = readings(fpds(amount="many"), shape=shape)
    assert one.notice.amounts == ()
    assert shape.types["dollarValues.obligatedAmount is no number"] == 1


def test_no_element_is_both_read_and_declared_unread() -> None:
    assert not CARRIES.keys() & UNREAD.keys()


DELETED_LINK = (
    b'<link rel="alternate" href="https://www.fpds.gov/ezsearch/FEEDS/ATOM?s=FPDS&amp;FEEDNAME=DELETED&amp;q="/>'
)


@pytest.mark.parametrize(
    ("payload", "url"),
    [
        (fpds().replace(b"<entry>", DELETED_LINK + b"<entry>"), CAPTURE.url),
        (fpds(), "https://www.fpds.gov/ezsearch/FEEDS/ATOM?FEEDNAME=DELETED&q="),
    ],
)
def test_the_feed_of_deleted_records_withdraws(payload: bytes, url: str) -> None:
    (one,) = readings(payload, url)
    assert (one.notice.status, one.notice.status_published) == (Status.WITHDRAWN, "deleted")
    assert [(held.role, held.value) for held in one.notice.dates] == [("modified", "2023-09-25")]
    assert "amounts.obligated" not in one.carried


def test_a_vehicle_is_named_without_the_one_it_is_under() -> None:
    found = [one for one in readings(file("list-of-idvs-1.5.xml.gz")) if len(one.key or "") > 0]
    under = [one for one in found if any(held.type == "parent_piid" for held in one.notice.numbers)]
    assert under
    assert all((one.key or "").count(":") == 2 for one in under)


def test_the_number_of_a_transaction_is_part_of_a_key_unless_it_is_0() -> None:
    second = fpds().replace(b"<ns1:transactionNumber>0<", b"<ns1:transactionNumber>2<")
    assert [one.key for one in readings(second)] == ["7012:70CMSD23FR0000145:0:2"]


def answered(payload: bytes, url: str) -> Answer:
    capture = CAPTURE.model_copy(update={"url": url})
    return Answer(PlannedRequest(url, page=1), capture, lambda: io.BytesIO(payload))


def head(**links: str) -> bytes:
    named = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in links.items())
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{named}</feed>'.encode()


WINDOW = Window("7012", "2023-09-22", "2023-09-22", "2023-09-22")
ADDRESS = next(iter(SPIDER.requests(WINDOW))).url


def test_the_next_page_is_the_one_that_the_feed_links_to() -> None:
    (further,) = SPIDER.follow(WINDOW, answered(page("3-2017-one-vendor.warc.gz"), ADDRESS))
    assert further.url.endswith("&q=VENDOR_NAME%3A%22nuaxis%22&start=10")
    assert further.page == 2
    assert list(SPIDER.follow(WINDOW, answered(page("4-2017-one-contract.warc.gz"), ADDRESS))) == []


def test_a_feed_that_ends_before_its_own_last_page_is_not_whole() -> None:
    with pytest.raises(SourceDrift, match="ends at 10, its last page begins at 40"):
        list(SPIDER.follow(WINDOW, answered(head(last=f"{FEED}?start=40"), f"{FEED}?start=10")))
    assert list(SPIDER.follow(WINDOW, answered(head(last=f"{FEED}?start=40"), f"{FEED}?start=40"))) == []


def test_a_feed_that_leads_back_is_refused() -> None:
    with pytest.raises(SourceDrift, match="leads back"):
        list(SPIDER.follow(WINDOW, answered(head(next=f"{FEED}?start=10"), f"{FEED}?start=10")))


FEED = "https://www.fpds.gov/ezsearch/FEEDS/ATOM"


def test_a_recorded_request_leads_back_to_its_window() -> None:
    assert SPIDER.window_of(CAPTURE.model_copy(update={"url": ADDRESS})) == WINDOW
    other = f"{FEED}?q=LAST_MOD_DATE:[2016/05/09,%202016/05/13]&start=0"
    found = SPIDER.window_of(CAPTURE.model_copy(update={"url": other}))
    assert found == Window("recorded query", other, "2016-05-09", "2016-05-13")
    assert [one.url for one in SPIDER.requests(found)] == [other]
    for url, status in ((f"{other[:-1]}10", 200), (other, 302), ("https://www.fpds.gov/", 200)):
        assert SPIDER.window_of(CAPTURE.model_copy(update={"url": url, "status": status})) is None


def test_windows_are_days_of_agencies_oldest_first() -> None:
    found = SPIDER.windows(date(2023, 9, 22), date(2023, 9, 23), date(2026, 1, 1))
    assert [(one.key, one.scope) for one in found] == [
        ("2023-09-22", "7012"), ("2023-09-22", "7014"), ("2023-09-23", "7012"), ("2023-09-23", "7014"),
    ]  # fmt: skip


def test_a_recorded_feed_replays_and_says_that_its_other_pages_are_missing(archive: Archive) -> None:
    settings = Settings(home=archive.folder)
    result = crawl(archive, settings, SOURCE, kind="replay", recordings=REPLAYS / "3-2017-one-vendor.warc.gz")
    assert result.verdict is Verdict.PARTIAL
    assert any("page 2 is missing" in reason for reason in result.reasons)
    assert result.counts.records == 10


def test_files_of_any_form_are_imported_quietly(archive: Archive) -> None:
    settings = Settings(home=archive.folder)
    result = import_files(archive, settings, SOURCE, [REPLAYS / "files"])
    assert result.verdict is Verdict.COMPLETE
    assert result.counts.records == 18 + 23 + 10 + 3
    with archive.reading() as connection:
        assert all(event.quiet for event in queries.events(connection, 0, 1_000))


def test_a_deletion_after_a_record_withdraws_it(archive: Archive, tmp_path: Path) -> None:
    settings = Settings(home=archive.folder)
    deleted = fpds().replace(b"<entry>", DELETED_LINK + b"<entry>")
    for day, payload in enumerate((fpds(), deleted), start=1):
        import_files(archive, settings, SOURCE, [record(tmp_path, FPDS, payload, day)])
    with archive.reading() as connection:
        held = queries.notice(connection, "us-action:7012:70CMSD23FR0000145:0")
    assert held is not None
    assert held.notice.status is Status.WITHDRAWN
    assert held.notice.amounts[0].value == Decimal("1060000.1")
