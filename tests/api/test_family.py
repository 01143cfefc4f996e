"""A vendor's family by date, on its page and in its answer: four parts that add up to the whole, each notice once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.family import RULE, by_date
from api.profile import totals
from api.profiles import contract_of
from archive import takedowns
from archive.joins import Joiner
from archive.readers import drive
from archive.rows import NoticeRow
from archive.store import Archive
from indexer.sync import IndexReader
from noticewatch.models import Reading
from tests.api.serving import served
from tests.archive.making import WHOLE, append, reading
from tests.databases import settings_at
from tests.indexer.making import row
from watchlist.dictionary import Dictionary
from watchlist.family import Belonging
from watchlist.matcher import Matcher
from watchlist.records import Parent
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases

Figures = Mapping[tuple[str, str], Decimal]


def figures(*stated: Iterable[Mapping[str, Any]]) -> Figures:
    """Sums and numbers of notices, added over lists of totals, by kind of amount and sign of currency."""
    found: dict[tuple[str, str], Decimal] = {}
    for total in (total for of_one in stated for total in of_one):
        number = Decimal("".join(re.findall(r"[\d.]", total["value"])) or 0) * (-1 if "−" in total["value"] else 1)
        of = total["kind"], re.sub(r"[\d.,−]", "", total["value"])
        found[of] = found.get(of, Decimal(0)) + number
        found[of[0], f"notices, {of[1]}"] = found.get((of[0], f"notices, {of[1]}"), Decimal(0)) + total["count"]
    return found


MONEY = [
    {"kind": "obligated", "basis": "change", "value": "1000.25", "currency": "USD"},
    {"kind": "obligated", "basis": "change", "value": "-300", "currency": "EUR"},
    {"kind": "awarded", "basis": "state", "value": "5000", "currency": "USD"},
    {"kind": "ceiling", "basis": "limit", "value": "9", "currency": "USD"},
]
DAYS = ["2018-06-01", "2018-12-31", "2019-01-15", "2019-02-01", "2021-05-01", "2022-03-04", "2020-05", "2020", ""]
NOTICES = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["award", "modification", "subaward"]),
            "status": st.sampled_from(["awarded", "withdrawn"]),
            "day": st.sampled_from(DAYS),
            "amounts": st.lists(st.sampled_from(MONEY), max_size=2),
            "contract": st.integers(1, 3),
            "of": st.sets(st.sampled_from(["top", "low", "other"]), min_size=1),
        }
    ),
    max_size=12,
)
TIES = st.builds(
    lambda since, until: Parent(name="TOP", vendor="top", since=since, until=until, source="s", checked=True),
    st.sampled_from(["", "2018", "2018-12", "2019-01", "2019-02-01"]),
    st.sampled_from(["", "2021", "2021-05-01", "2022-03"]),
)


def rows_of(notices: list[dict[str, Any]]) -> dict[str, list[NoticeRow]]:
    """The notices of each vendor; one may be several vendors'."""
    matched: dict[str, list[NoticeRow]] = {"top": [], "low": [], "other": []}
    for number, each in enumerate(notices, 1):
        dates = [{"role": "signed", "value": each["day"], "precision": "day"}] if each["day"] else []
        stated = {key: each[key] for key in ("kind", "status", "amounts")}
        made = row(number, {**stated, "dates": dates}, each["contract"])
        for vendor in each["of"]:
            matched[vendor].append(made)
    return matched


@pytest.mark.sqlite_suffices
@settings(max_examples=200)
@given(NOTICES, TIES, TIES)
def test_the_four_parts_add_up_to_the_vendors_own_totals(
    notices: list[dict[str, Any]], tie: Parent, other: Parent
) -> None:
    matched = rows_of(notices)
    found = by_date("top", [Belonging("low", "top", ((tie,),)), Belonging("other", "top", ((other,),))], matched, {})
    for member in found.members:
        rows = matched[member.belonging.vendor]
        parts = member.parts.values()
        assert figures(*([asdict(t) for t in part.totals] for part in parts)) == figures(map(asdict, totals(rows)))
        assert sum(part.notices for part in parts) == len(rows)
        contracts = {contract_of(one) for one in rows}
        assert all(part.contracts <= len(contracts) for part in parts)
        assert sum(part.contracts for part in parts) >= len(contracts)


@pytest.mark.sqlite_suffices
@settings(max_examples=200)
@given(NOTICES, TIES, TIES)
def test_together_is_each_notice_once_and_nothing_from_before(
    notices: list[dict[str, Any]], tie: Parent, other: Parent
) -> None:
    matched = rows_of(notices)
    ties = [Belonging("low", "top", ((tie,),)), Belonging("other", "top", ((other,),))]
    found = by_date("top", ties, matched, {})
    own = {one.number for one in matched["top"]}
    joined = {
        one.number for each in ties for one in matched[each.vendor]
        if (signed := one.notice.date("signed")) and len(signed.value) == 10 and each.on(signed.value) == "while"
    }  # fmt: skip
    assert found.together.notices == len(own | joined)
    obligated = [total.value for total in found.together.totals if total.kind == "Obligated" and "$" in total.value]
    held = {one.number: one for rows in matched.values() for one in rows if one.number in own | joined}
    alone = [total.value for total in totals(list(held.values())) if total.kind == "Obligated" and "$" in total.value]
    assert obligated == alone


def bought(piid: str, signed: str, title: str, value: str, mod: str = "0", kind: str = "obligated") -> Reading:
    """What ICE bought in an action, or, of the kind ``awarded``, in an award without one; ``signed`` may be empty."""
    numbers: list[dict[str, Any]] = [{"type": "piid", "printed": piid, "plain": piid, "issuer": "7012"}]
    numbers.append({"type": "modification", "printed": mod, "plain": mod})
    basis = "change" if kind == "obligated" else "state"
    content = {
        "kind": "award", "title": [{"text": title}], "numbers": numbers,
        "amounts": [{"kind": kind, "basis": basis, "value": value, "currency": "USD"}],
        "buyers": [{"role": "contracting", "name": "ICE", "buyer_id": "usg-dhs-ice"}],
        "parties": [{"role": "supplier", "name": "ACME"}],
        "dates": [{"role": "signed", "value": signed}] if signed else [],
    }  # fmt: skip
    return reading(f"7012:{piid}:{mod}", content, carried=WHOLE | {"buyers"})


VIGILANT, MOTOROLA, CALLYO = "VIGILANT SOLUTIONS PLATE READERS", "MOTOROLA SOLUTIONS LICENSE PLATE READERS", "CALLYO"


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[TestClient]:
    """Orders of Vigilant before, in and after the month in which it was sold, and without a day; and others."""
    own = settings_at(tmp_path_factory.mktemp("sold"))
    readings = [
        bought("70CMSD18FR0000001", "2018-06-01", VIGILANT, "1000"),
        bought("70CMSD18FR0000001", "2019-06-01", VIGILANT, "200", mod="P1"),
        bought("70CMSD19FR0000002", "2019-01-15", VIGILANT, "30"),
        bought("70CMSD20FR0000003", "", VIGILANT, "4"),
        bought("70CMSD20FR0000004", "2020-01-01", f"{VIGILANT} AND {MOTOROLA}", "50000"),
        bought("70CMSD18FR0000005", "2018-01-01", MOTOROLA, "600000"),
        bought("70CMSD20FR0000006", "2020-08-27", CALLYO, "7000000"),
        bought("70CMSD20FR0000007", "2020-08-28", CALLYO, "80000000"),
        bought("70CMSD18FR0000008", "2018-06-01", VIGILANT, "5", kind="awarded"),
        bought("70CMSD18FR0000008", "2019-06-01", VIGILANT, "6", mod="P1", kind="awarded"),
    ]
    with closing(Archive.open(own)) as archive:
        append(archive, readings)
        with served(archive, own, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
            yield opened


def told(parts: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int, list[tuple[str, str]]]]:
    """Contracts, notices and sums by when."""
    return {
        part["when"]: (part["contracts"], part["notices"], [(t["kind"], t["value"]) for t in part["totals"]])
        for part in parts
    }


def test_what_was_bought_before_a_firm_was_sold_stands_apart_from_what_was_bought_after(sold: TestClient) -> None:
    family = sold.get("/api/v1/vendors/motorola-solutions").json()["family"]
    by_id = {member["id"]: member for member in family["members"]}
    assert told(by_id["vigilant-solutions"]["parts"]) == {
        "before": (2, 2, [("Obligated", "$1,000")]),
        "while": (3, 3, [("Obligated", "$50,200"), ("Awarded", "$6")]),
        "after": (0, 0, []),
        "not_known": (2, 2, [("Obligated", "$34")]),
    }
    assert told(by_id["callyo"]["parts"])["before"] == (1, 1, [("Obligated", "$7,000,000")])
    assert [member["id"] for member in family["members"]] == [
        "digital-recognition-network", "vigilant-solutions", "watchguard-video", "callyo",
    ]  # fmt: skip
    assert family["owners"] == []
    assert family["rule"] == RULE


def test_a_notice_of_two_members_is_counted_once_in_the_sum_of_the_family(sold: TestClient) -> None:
    family = sold.get("/api/v1/vendors/motorola-solutions").json()["family"]
    # 600,000 and 50,000 of its own; 200 of Vigilant's, of which 50,000 is there already; 80,000,000 of Callyo's
    assert told([{"when": "", **family["together"]}])[""] == (
        5, 5, [("Obligated", "$80,650,200"), ("Awarded", "$6")],
    )  # fmt: skip
    assert [total["shared"] for total in family["together"]["totals"]] == ["", ""], "both vendors are of the family"
    assert [total["value"] for total in family["itself"]["totals"]] == ["$650,000"]


def test_a_members_own_page_tells_it_by_its_owner_and_the_parts_add_up_to_its_totals(sold: TestClient) -> None:
    for vendor, owner in (("vigilant-solutions", "Motorola Solutions"), ("callyo", "Motorola Solutions")):
        answer = sold.get(f"/vendors/{vendor}.json").json()
        (line,) = answer["family"]["owners"]
        assert (line["id"], line["owner"], answer["family"]["members"]) == (vendor, owner, [])
        assert figures(*(part["totals"] for part in line["parts"])) == figures(answer["totals"])
        assert sum(part["notices"] for part in line["parts"]) == answer["matched"]


def test_every_tie_of_a_family_names_its_source_and_one_that_was_not_checked_is_none(sold: TestClient) -> None:
    family = sold.get("/vendors/motorola-solutions.json").json()["family"]
    ties = [tie for member in family["members"] for tie in member["ties"]]
    assert all(tie["checked"] and tie["source"].startswith("https://") for tie in ties)
    assert "avigilon" not in {tie["of"] for tie in ties}, "that tie is not checked"
    assert sold.get("/vendors/avigilon.json").json()["family"] is None
    assert "The family, by date" not in sold.get("/vendors/avigilon").text


def test_the_page_tells_the_family_in_words_with_the_rule_and_the_sources(sold: TestClient) -> None:
    page = sold.get("/vendors/motorola-solutions").text
    section = page.partition('id="family"')[2].partition("</section>")[0]
    for said in (
        RULE, "before it belonged to Motorola Solutions", "not known whether it belonged to Motorola Solutions",
        "Obligated $50,200", "Awarded $6", "nothing is held", "$80,650,200", 'href="https://www.sec.gov/',
        "Vigilant Solutions belongs to Motorola Solutions, since 2019-01",
    ):  # fmt: skip
        assert said in section, said
    assert "after it left" not in section, "nothing was bought then"
    assert "Obligated $1,000 (" not in section


def test_a_family_follows_what_is_taken_down(tmp_path: Path, dictionary: Dictionary) -> None:
    own, readers = settings_at(tmp_path / "home"), [Joiner(), Tagger(Matcher(dictionary))]
    with closing(Archive.open(own)) as archive:
        append(archive, [bought("70CMSD18FR0000001", "2018-06-01", VIGILANT, "1000")])
        with served(archive, own, dictionary, readers) as client:

            def before() -> tuple[int, int, list[tuple[str, str]]]:
                drive(archive, [*readers, IndexReader(client.app.state.context.search.engine)])  # type: ignore[attr-defined]  # FastAPI's
                (member,) = [
                    one for one in client.get("/vendors/motorola-solutions.json").json()["family"]["members"]
                    if one["id"] == "vigilant-solutions"
                ]  # fmt: skip
                return told(member["parts"])["before"]

            assert before() == (1, 1, [("Obligated", "$1,000")])
            append(archive, [bought("70CMSD18FR0000002", "2018-07-01", VIGILANT, "1")], day=1)
            assert before() == (2, 2, [("Obligated", "$1,001")])
            takedowns.take_down(archive, ["us-action:7012:70CMSD18FR0000001:0"], "A test.")
            assert before() == (1, 1, [("Obligated", "$1")])
