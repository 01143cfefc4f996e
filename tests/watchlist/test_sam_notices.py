"""What is found in the recorded notices of SAM.gov: each that the source's sheet names, and not their false friends."""

from collections.abc import Mapping

import pytest

from tests.dictionary import matcher as own
from tests.watchlist import sam_rows
from watchlist.evidence import Tag


@pytest.fixture(scope="module")
def found() -> Mapping[str, tuple[dict[str, str], tuple[Tag, ...]]]:
    matcher = own()
    return {f"{row['NoticeId']}": (row, matcher.tags(sam_rows.notice(row))) for row in sam_rows.rows()}


def of(found: Mapping[str, tuple[dict[str, str], tuple[Tag, ...]]], **says: str) -> list[tuple[Tag, ...]]:
    fields = {"number": "Sol#", "title": "Title", "awardee": "Awardee"}
    return [
        tags
        for row, tags in found.values()
        if all(word.lower() in (row.get(fields[name]) or "").lower() for name, word in says.items())
    ]


@pytest.mark.parametrize(
    ("says", "ids"),
    [
        ({"number": "RFP-002132"}, {"osint"}),
        ({"number": "D-26-NE-0042"}, {"vigilant-solutions", "motorola-solutions", "lpr_data"}),
        ({"title": "Cellebrite Products and Services", "awardee": "FCN"}, {"cellebrite", "fcn", "device_forensics"}),
        ({"title": "Magnet Axiom"}, {"magnet-forensics", "panamerica-computers", "computer_forensics"}),
        ({"title": "Magnet Bundle"}, {"magnet-forensics", "advanced-computer-concepts"}),
        ({"awardee": "REKOR RECOGNITION"}, {"rekor", "lpr"}),
        ({"number": "36C26226Q0523"}, {"flock-safety", "lpr"}),
        ({"title": "LexisNexis ProMonitor"}, {"lexisnexis-risk", "data_broker"}),
        ({"title": "Palantir Foundry In-Person"}, {"palantir", "data_fusion"}),
        ({"number": "6973GH-26-J-data"}, {"palantir"}),
        ({"number": "D-26-ST-0124"}, {"covert_av", "sandoval-custom-creations"}),
    ],
)
def test_surveillance_notices_that_the_sheet_names_are_found(
    found: Mapping[str, tuple[dict[str, str], tuple[Tag, ...]]], says: dict[str, str], ids: set[str]
) -> None:
    notices = of(found, **says)
    assert notices
    for tags in notices:
        assert ids <= {tag.id for tag in tags}
        assert any(tag.tier == "alert" for tag in tags)


@pytest.mark.parametrize(
    "says",
    [{"title": "Causeway"}, {"awardee": "JAXON"}, {"title": "FAXON"}, {"title": "ELECTROMAGNETIC"},
     {"title": "GRAPHITE"}, {"title": "Stingray"}, {"awardee": "EVIGILANT"}],
)  # fmt: skip
def test_false_friends_are_not_alerts(
    found: Mapping[str, tuple[dict[str, str], tuple[Tag, ...]]], says: dict[str, str]
) -> None:
    assert all(tag.tier != "alert" for tags in of(found, **says) for tag in tags)


def test_few_of_many_general_notices_are_alerts(found: Mapping[str, tuple[dict[str, str], tuple[Tag, ...]]]) -> None:
    alerts = sum(any(tag.tier == "alert" for tag in tags) for _, tags in found.values())
    assert len(found) > 13_000
    assert 20 <= alerts <= 80
