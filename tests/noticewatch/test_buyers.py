"""The buyers table answers for names and codes as sources print them, and only where it is sure."""

import pytest

from noticewatch.buyers import ancestors, buyers, find


def test_the_table_holds_two_hundred_buyers_under_parents_that_exist() -> None:
    assert len(buyers()) == 200
    assert all(entry.parent in buyers() for entry in buyers().values() if entry.parent)


@pytest.mark.parametrize(
    ("system", "value", "buyer"),
    [
        ("subtier_code", "7012", "usg-dhs-ice"),
        ("sam.cgac", "070", "usg-dhs"),
        ("sam.subtier", "us immigration  and customs enforcement", "usg-dhs-ice"),
        ("office_code", "70CMSD", "usg-dhs-ice-dallas"),
        ("fr.slug", "homeland-security-department", "usg-dhs"),
    ],
)
def test_a_printed_name_or_code_leads_to_its_buyer(system: str, value: str, buyer: str) -> None:
    entry = find(system, value)
    assert entry is not None
    assert entry.id == buyer


def test_names_from_memory_state_no_buyer() -> None:
    assert find("sam.subtier", "TRANSPORTATION SECURITY ADMINISTRATION") is None


def test_a_code_means_nothing_in_another_system() -> None:
    assert find("sam.cgac", "7012") is None


def test_ancestors_begin_with_the_buyer_itself() -> None:
    assert ancestors("usg-dhs-ice-dallas") == ("usg-dhs-ice-dallas", "usg-dhs-ice", "usg-dhs", "usg", "us")
    assert ancestors("nobody") == ()
