"""Contacts of officials are masked at their length; numbers of contracts, parts and clauses are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noticewatch.contacts import MASK, mask


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Write to robert.j.radke@dea.gov today", "robert.j.radke@dea.gov"),
        ("Call (415) 972-3673 or", "(415) 972-3673"),
        ("to the Contracting Officer, SSgt Ada Example at", "SSgt Ada Example"),
        ("Contract Specialist: TSgt Ada Example, Room", "TSgt Ada Example"),
        ("Unit POC: Chief Ada Example, Aids", "Chief Ada Example"),
        ("ALT. COTR. ADA EXAMPLE, PH. (x)", "ADA EXAMPLE"),
        ("WASHINGTON, DC 20536POC - ADA EXAMPLE", "ADA EXAMPLE"),
        ("Phone: 046-407-3398 Ms.", "046-407-3398"),
        ("JOHN, 651/793-2627; FAX", "651/793-2627"),
        ("FAX: 651/793-2401.DUNS: 804886729", "651/793-2401"),
        ("Call 812-381-7165, ext. 12 now", "812-381-7165, ext. 12"),
        ("Phone: 7262030109.", "7262030109"),
        ("COR at 703-235-3420/ALT COR", "703-235-3420"),
        ("by phone at 904-636-3806/3809. Failure", "904-636-3806/3809"),
        ("MI 48060 Cell-(808)721-1431", "(808)721-1431"),
        ("#31476 214)905-5201", "214)905-5201"),
        ("P: 912-585-8207prior to", "912-585-8207"),
        ("at stephanie.pfeiff @faa.gov.", "stephanie.pfeiff @faa.gov"),
        ("to nelia.shyshak.civ@army. mil and", "nelia.shyshak.civ@army. mil"),
        ("'Navy Sponsor POC': Chris Halterman '", "Chris Halterman"),
        ("ALT COTR: TERESA KIDWELL; and", "TERESA KIDWELL"),
        ("MICHAEL: 762.685.6802", "762.685.6802"),
        ("Contracting Officer: Joseph E. Horn, Building 4", "Joseph E. Horn"),
        ("Point of Contact: Marcos A. Example, Building 4", "Marcos A. Example"),
        ("COR: A. Example; option", "A. Example"),
        ("the Contracting Officer, Mr. Nathan Fry, by", "Mr. Nathan Fry"),
        ("the Contracting Officer Sheryle Wood at", "Sheryle Wood"),
        ("ACOR: JEFFREY HOWARD; option", "JEFFREY HOWARD"),
        ("UPDATE COR TO. TPOC - TERRY BOWIE.", "TERRY BOWIE"),
        ("CONTRACTING OFFICER'S REPRESENTATIVE (COR), MS. SANDRA WHITTEN", "MS. SANDRA WHITTEN"),
        ("the Contract Specialist, Ada Example, by", "Ada Example"),
        ("Contract Specialist: ADA EXAMPLE, Room 4", "ADA EXAMPLE"),
        ("Contract Officer Ada Example at", "Ada Example"),
        ("Point of Contact: Ada Example, Building 4", "Ada Example"),
        ("POC: José Núñez, Building 4", "José Núñez"),
        ("POC: JOSÉ NUÑEZ; option", "JOSÉ NUÑEZ"),
        ("the COR Maria de la Cruz at", "Maria de la Cruz"),
        ("TPOC=Ada Example.", "Ada Example"),
        ("to ada.example(at)cbp.dhs.gov by", "ada.example(at)cbp.dhs.gov"),
        ("to ada.example [at] cbp [dot] dhs [dot] gov by", "ada.example [at] cbp [dot] dhs [dot] gov"),
    ],
)
def test_a_contact_is_masked_and_nothing_beside_it(text: str, hidden: str) -> None:
    assert mask(text) == text.replace(hidden, MASK * len(hidden))


@pytest.mark.parametrize(
    "text",
    [
        "Order 70CMSD23FR0000145 under NNG15SD02B",
        "DFARS 252.204-7012 and FAR 52.212-4 and 252-204-7017",
        "NSN 5998-01-733-3507, part 5998017333507",
        "MODIFICATION TO CORRECT BANKING, COR RECTIVE",
        "EXERCISE CORRECTIVE MAINTENANCE OPTIONS",
        "The contracting officer will award the contract to the lowest offer",
        "THE COR SHALL INSPECT THE WORK",
        "UPDATE INVOICING POC. MOTOROLA TLK100 RADIOS",
        "THE CONTRACTING OFFICER'S REPRESENTATIVES TO PROCESS",
        "APPOINT NEW COR/IPP APPROVER",
        "the Contracting Officer. Major Contract Changes Follow",
        "UPDATE COR. SEE ATTACHED LETTER, PH",
        "the Contracting Officer, Chief Contracting Division",
        "Approved sources are 77896 137-317-9001; 042-526-1007-004",
        "page 212/300 2024 and 123/456 7890 rounds",
        "$415,972.36 on 2026-04-24",
        "Contract Specialist, Small Business Office",
        "the offer (at no cost) is good for 30 days",
        "The Contract Specialist will post amendments at SAM.gov",
        "POINT OF CONTACT FOR THIS ORDER",
    ],
)
def test_what_is_no_contact_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(st.sampled_from("aB@. -()0123456789:,KOCRP\n") | st.characters(), max_size=120))
def test_masking_keeps_the_length_and_masks_once(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert mask(masked) == masked


@given(
    st.lists(
        st.sampled_from(["COR", "POC:", "KO", "Jane", "DOE", "Contracting Officer", "a@b.gov", "415-972-3673", ","])
    )
)
def test_masking_once_is_enough_for_texts_full_of_contacts(words: list[str]) -> None:
    masked = mask(" ".join(words))
    assert mask(masked) == masked


def test_ten_digits_behind_a_masked_name_are_its_telephone() -> None:
    assert mask("ACOR: DEREK RIVAS, 2027327060, 5998017333507") == f"ACOR: {MASK * 11}, {MASK * 10}, 5998017333507"
