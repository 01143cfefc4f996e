"""Links between procurements: vehicles and orders, solicitations and awards, forecasts and contracts, corrections."""

from typing import Any

import pytest

from archive import queries
from archive.joins import Joiner
from archive.readers import drive
from archive.related import related
from archive.store import Archive
from tests.archive.making import append, events, kinds, reading, title

pytestmark = pytest.mark.both_databases

DHS = {"role": "contracting", "codes": {"cgac": "070", "fpds": "7012", "aac": "70CMSD"}}
NAMED = {"role": "contracting", "name": "HOMELAND SECURITY, DEPARTMENT OF", "buyer_id": "usg-dhs"}


def number(kind: str, plain: str, issuer: str | None = None) -> dict[str, Any]:
    return {"type": kind, "printed": plain, "plain": plain} | ({"issuer": issuer} if issuer else {})


def action(archive: Archive, piid: str, modification: str = "0", parent: str = "", issuer: str = "7012") -> None:
    numbers = [number("piid", piid, "7012"), number("modification", modification)]
    if parent:
        numbers.append(number("parent_piid", parent, issuer))
    append(archive, [reading(f"{piid}:{modification}", title(piid, numbers=numbers))])


def sam(archive: Archive, key: str, day: float = 0, buyer: dict[str, Any] = DHS, **numbers: str) -> None:
    """A notice of SAM.gov with the numbers given by type; those of a buyer with a code have that code as issuer."""
    issuer = buyer.get("codes", {}).get("fpds")
    stated = [number(kind, plain, issuer) for kind, plain in numbers.items()]
    content = title(key, kind="solicitation", numbers=stated, buyers=[buyer])
    append(archive, [reading(key, content)], day=day, source="sam_gov_bulk", register="sam")


def joined(archive: Archive) -> dict[str, str]:
    """Procurement ids by notice id, once the joiner has taken everything."""
    drive(archive, [Joiner()])
    with archive.reading() as connection:
        return {row.id: row.procurement_id for row in queries.notices(connection, range(1, 60)).values()}


def links(archive: Archive, notice_id: str) -> set[tuple[str, str]]:
    """Kinds and ids of what the procurement of a notice is linked to."""
    drive(archive, [Joiner()])
    with archive.reading() as connection:
        row = queries.notice(connection, notice_id)
        assert row is not None
        members = queries.members(connection, [row.procurement])[row.procurement]
        return {(one.kind, one.id) for one in related(connection, members)}


def test_notices_before_join_the_one_award_that_their_solicitation_led_to(archive: Archive) -> None:
    sam(archive, "sought", solicitation="70CMSD26R0001")
    assert joined(archive) == {"sam:sought": "sam:sought"}
    sam(archive, "award", solicitation="70CMSD26R0001", award="70CMSD26P00000034")
    assert set(joined(archive).values()) == {"award:7012:70CMSD26P00000034"}
    assert kinds(archive)[-1] == ("joined",)
    assert events(archive)[-1].quiet


def test_notices_before_several_awards_stand_by_themselves_and_are_linked_to_each(archive: Archive) -> None:
    sam(archive, "sought", solicitation="70CMSD26R0001")
    sam(archive, "one", solicitation="70CMSD26R0001", award="70CMSD26P00000034")
    joined(archive)
    sam(archive, "two", solicitation="70CMSD26R0001", award="70CMSD26P00000035")
    assert joined(archive)["sam:sought"] == "solicitation:070:70CMSD26R0001"
    assert kinds(archive)[-1] == ("split",)
    awards = {("award", "award:7012:70CMSD26P00000034"), ("award", "award:7012:70CMSD26P00000035")}
    assert links(archive, "sam:sought") == awards
    assert ("solicitation", "solicitation:070:70CMSD26R0001") in links(archive, "sam:one")


def test_a_number_of_another_department_or_a_weak_one_joins_nothing(archive: Archive) -> None:
    sam(archive, "justice", buyer={"role": "contracting", "codes": {"cgac": "015"}}, solicitation="70CMSD26R0001")
    sam(archive, "weak", solicitation="26-1")
    sam(archive, "weak too", solicitation="26-1", award="70CMSD26P00000099")
    sam(archive, "award", solicitation="70CMSD26R0001", award="70CMSD26P00000034")
    found = joined(archive)
    assert (found["sam:justice"], found["sam:weak"]) == ("sam:justice", "sam:weak")


def test_a_justification_whose_number_is_the_contracts_joins_it_whichever_comes_first(archive: Archive) -> None:
    sam(archive, "before", buyer=NAMED, solicitation="70CMSD26P00000034")
    joined(archive)
    action(archive, "70CMSD26P00000034")
    joined(archive)
    sam(archive, "after", buyer=NAMED, solicitation="70-CMSD-26P00000034".replace("-", ""))
    assert set(joined(archive).values()) == {"award:7012:70CMSD26P00000034"}


def test_notices_before_leave_an_award_whose_solicitation_number_was_corrected(archive: Archive) -> None:
    sam(archive, "sought", solicitation="70CMSD26R0001")
    sam(archive, "award", solicitation="70CMSD26R0001", award="70CMSD26P00000034")
    joined(archive)
    sam(archive, "award", day=1, solicitation="70CMSD26R0002", award="70CMSD26P00000034")
    assert joined(archive) == {"sam:sought": "sam:sought", "sam:award": "award:7012:70CMSD26P00000034"}


def test_an_action_that_states_its_solicitation_takes_the_notices_before_it(archive: Archive) -> None:
    sam(archive, "sought", solicitation="70CMSD26R0001")
    joined(archive)
    numbers = [number("piid", "70CMSD26P00000034", "7012"), number("solicitation", "70CMSD26R0001", "7012")]
    append(archive, [reading("P:0", title("P", numbers=numbers))])
    assert set(joined(archive).values()) == {"award:7012:70CMSD26P00000034"}


def test_notices_of_one_solicitation_that_led_nowhere_yet_are_linked_and_not_joined(archive: Archive) -> None:
    sam(archive, "sought", solicitation="70CMSD26R0001")
    sam(archive, "asked", solicitation="70CMSD26R0001")
    assert set(joined(archive).values()) == {"sam:sought", "sam:asked"}
    assert links(archive, "sam:sought") == {("same_solicitation", "sam:asked")}


def test_an_award_posted_by_another_office_of_the_department_joins_the_actions_of_its_number(archive: Archive) -> None:
    office = {"role": "contracting", "codes": {"cgac": "070", "fpds": "7001"}}
    sam(archive, "award", buyer=office, award="70CMSD26P00000034")
    assert joined(archive)["sam:award"] == "award:7001:70CMSD26P00000034"
    action(archive, "70CMSD26P00000034")
    assert set(joined(archive).values()) == {"award:7012:70CMSD26P00000034"}


def test_the_number_of_somebody_elses_vehicle_is_not_taken_for_the_award(archive: Archive) -> None:
    parks = {"role": "contracting", "codes": {"cgac": "014", "fpds": "1443", "aac": "140PS1"}}
    sam(archive, "olin", buyer=parks, award="70LGLY21DGLB00002")
    sam(archive, "kinetic", buyer=parks, award="70LGLY21DGLB00002")
    sam(archive, "call", award="70RTAC21A00000001")
    assert joined(archive) == {name: name for name in ("sam:olin", "sam:kinetic", "sam:call")}


def test_a_vehicle_and_its_orders_are_linked_and_not_one(archive: Archive) -> None:
    action(archive, "70CMSD26FR0000001", parent="70CMSD23D00000005")
    action(archive, "70CMSD26FR0000002", parent="70CMSD23D00000005")
    action(archive, "70CMSD26FR0000003", parent="70CMSD23D00000005", issuer="7014")
    sam(archive, "vehicle", award="70CMSD23D00000005")
    assert len(set(joined(archive).values())) == 4
    assert links(archive, "sam:vehicle") == {
        ("order", "award:7012:70CMSD26FR0000001"), ("order", "award:7012:70CMSD26FR0000002"),
    }  # fmt: skip
    assert links(archive, "us-action:70CMSD26FR0000001:0") == {("vehicle", "award:7012:70CMSD23D00000005")}


def forecast(archive: Archive, key: str, contract: str) -> None:
    content = title(key, kind="forecast", numbers=[number("incumbent_contract", contract)])
    append(archive, [reading(key, content)], source="dhs_apfs", register="apfs")


def test_a_forecast_is_linked_to_the_present_contract_and_never_its_member(archive: Archive) -> None:
    action(archive, "70CMSD26P00000034")
    forecast(archive, "1", "70CMSD26P00000034")
    forecast(archive, "2", "70CMSD26P00000099")
    assert joined(archive)["apfs:1"] == "apfs:1"
    assert links(archive, "apfs:1") == {("present_contract", "award:7012:70CMSD26P00000034")}
    assert links(archive, "apfs:2") == set()
    assert links(archive, "us-action:70CMSD26P00000034:0") == {("forecast", "apfs:1")}


def test_the_number_of_a_present_contract_leads_to_the_contract_alone(archive: Archive) -> None:
    action(archive, "70CMSD26P00000034")
    forecast(archive, "1", "70CMSD26P00000034")
    with archive.reading() as connection:
        assert queries.find(connection, "70CMSD26P00000034") == ["us-action:70CMSD26P00000034:0"]


def document(archive: Archive, key: str, *numbers: dict[str, Any]) -> None:
    own = [number("document", key.replace("-", "")), *numbers]
    append(
        archive,
        [reading(key, title(key, kind="register_document", numbers=own))],
        source="federal_register",
        register="fr",
    )


def test_documents_of_one_docket_are_one_procurement_and_corrections_are_linked(archive: Archive) -> None:
    docket = number("docket", "DHS20250012", "homeland-security-department")
    document(archive, "2025-00001", docket)
    document(archive, "2025-00002", docket)
    document(archive, "2025-00003", docket, number("docket", "USCBP20250001", "homeland-security-department"))
    document(archive, "C1-2025-00003", {"type": "corrects", "printed": "2025-00003", "plain": "202500003"})
    found = joined(archive)
    assert found["fr:2025-00001"] == found["fr:2025-00002"] == "docket:homeland-security-department:DHS20250012"
    assert found["fr:2025-00003"] == "fr:2025-00003"
    assert links(archive, "fr:C1-2025-00003") == {("corrects", "fr:2025-00003")}
    assert links(archive, "fr:2025-00003") == {("corrected_by", "fr:C1-2025-00003")}
