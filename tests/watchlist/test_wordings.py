"""Wordings of the field that the dictionary must find, and the same words of other things, by example."""

from dataclasses import replace

import pytest

from noticewatch.models import Kind, Notice, Text
from tests.dictionary import matcher
from tests.watchlist.explaining import explain
from watchlist.dictionary import load_dictionary
from watchlist.evidence import Tag
from watchlist.matcher import Matcher

MATCHER = matcher()


def alerted(title: str) -> set[str]:
    return {tag.id for tag in explain(MATCHER, title) if tag.tier == "alert"}


@pytest.mark.parametrize(
    ("title", "technology"),
    [
        ("Fixed and in-car automatic plate readers", "lpr"),
        ("Plate-reading cameras", "lpr"),
        ("Plate hotlist alerting cameras", "lpr"),
        ("Vehicle recognition cameras (make, model, plate)", "lpr"),
        ("Readers for licence plates", "lpr"),
        ("Cameras for the reading of vehicle number plates", "lpr"),
        ("Software that reviews public posts on Facebook, X and TikTok of visa applicants", "social_media_monitoring"),
        ("Digital risk protection: monitor VK, Telegram and X", "social_media_monitoring"),
        ("Monitoring of public posts on Instagram", "social_media_monitoring"),
        ("Lifecycle social vetting", "identity_vetting"),
        ("Extraction of data from smartphones seized at border", "device_forensics"),
        ("Extraction of data from mobile devices", "device_forensics"),
        ("Password breaking of mobile phones", "device_forensics"),
        ("Mobile phone password cracking", "device_forensics"),
        ("Photo comparison search engine against driver licence images", "facial_recognition"),
        ("Recognition of faces in crowds", "facial_recognition"),
        ("PimEyes subscription", "facial_recognition"),
        ("Cellular phone locator", "cell_site_simulator"),
        ("Active GSM interrogator", "cell_site_simulator"),
        ("Locators of mobile phones", "cell_site_simulator"),
        ("KingFish and Hailstorm upgrade", "cell_site_simulator"),
        ("Hailstorm / KingFish maintenance", "cell_site_simulator"),
        ("Real time bidding data", "location_data"),
        ("Real-time bidding data feed", "location_data"),
        ("Advertising-ID location data", "location_data"),
        ("Location data of mobile devices", "location_data"),
        ("Credit header lookup for deportation officers", "data_broker"),
        ("Search of credit headers", "data_broker"),
        ("Z Backscatter maintenance", "surveillance"),
        ("Offender smartphone monitoring app", "electronic_monitoring"),
        ("Aggression detection microphones in jail", "surveillance"),
        ("Hot list alerting for plates", "lpr"),
        ("Plate readers for patrol cars", "lpr"),
        ("Software searching X (Twitter) posts", "social_media_monitoring"),
        ("Data extraction from mobile telephones", "device_forensics"),
        ("Download of data from seized smartphones", "device_forensics"),
        ("Forensic analysis of handsets", "device_forensics"),
        ("Phone password breaker", "device_forensics"),
        ("Search engine for faces", "facial_recognition"),
        ("Comparison of photographs with driving licence images", "facial_recognition"),
        ("IMSI catching equipment", "cell_site_simulator"),
        ("Harris Hailstorm upgrade", "cell_site_simulator"),
        ("Credit header searches", "data_broker"),
        ("Microphones for detection of aggression", "surveillance"),
        ("AUTOMATIC LIC PLATE READER SYSTEM", "lpr"),
        ("Tag readers for the Sheriff's Office", "lpr"),
        ("Hailstorm upgrade", "cell_site_simulator"),
        ("Equipment to locate handsets over the air", "cell_site_simulator"),
        ("Equipment to determine the location of targeted mobile handsets", "cell_site_simulator"),
        ("Handheld directional finder for cell phones: cellphone direction finding kit", "cell_site_simulator"),
        ("Data on the location of mobile phones", "location_data"),
        ("Tool that watches Facebook groups", "social_media_monitoring"),
        ("Tool to monitor social media posts", "social_media_monitoring"),
        ("Internet-based threat monitoring and risk mitigation", "social_media_monitoring"),
        ("Image matching tool for identifying suspects", "facial_recognition"),
        ("AFIS replacement", "biometrics"),
        ("Police BWC program", "body_worn_camera"),
        ("Public space CCTV in the town centre", "video_surveillance"),
        ("Digital forensics examination of seized computers", "computer_forensics"),
        ("Remote device exploitation software for covert collection", "spyware"),
        ("Persistent surveillance balloon", "aerostat"),
        ("Student online activity monitoring", "school_monitoring"),
        ("Manned ISR aircraft", "aerial_surveillance"),
        ("Wescam camera turret for police helicopter", "aerial_surveillance"),
        ("Real-time incarceration and arrest records", "data_broker"),
    ],
)
def test_a_wording_of_the_field_is_an_alert_in_a_headline(title: str, technology: str) -> None:
    assert technology in alerted(title)


@pytest.mark.parametrize(
    "title",
    [
        "Law library subscription: The Law of Electronic Surveillance, print updates",
        "Books: Wiretapping and Eavesdropping, 3rd edition",
        "United States Code Annotated, Wiretapping treatise, print",
        "Assistive listening devices",
        "Facial recognition attendance time clocks for employees",
        "Laptops with Windows Hello facial recognition webcams",
        "Fingerprint scanners for laptop login of staff",
        "Genetec access badges for office building",
        "Digital receiver technology for satellite ground station",
        "Lawful interception of stormwater",
        "Wire tap connectors and splice kits",
        "Automated plate reader for ELISA assays",
        "Kingfish and triggerfish fillets",
        "Backup camera and license plate mount",
        "Breaking ground for a cell phone tower",
        "Laundry and maid service data",
        "Fingerprint readers for staff laptops",
        "Wiretap connectors 22 AWG",
        "Review of Facebook advertising",
        "Examination of cell phone tower foundations",
        "Screening of VK-5 valves",
        "Fingerprint login readers",
        "Cell phone locator case",
        "Roof replacement after the hailstorm of May",
        "RFID tag readers for livestock",
        "Drone light show on July 4",
        "Aluminium license plates and registration stickers",
        "Mobile light towers",
        "GPS tracking of snow plows",
        "Orthopaedic ankle braces",
        "Social media content creation and posting on Facebook",
        "Mobile device management and location of lost or stolen phones",
    ],
)
def test_the_same_words_of_other_things_are_no_alert(title: str) -> None:
    assert alerted(title) == set()


@pytest.mark.parametrize("title", ["ROBOTICS PROCESS AUTOMATION SUPPORT (RPAs)", "Robotic process automation: RPAS"])
def test_software_robots_are_not_taken_for_remotely_piloted_aircraft(title: str) -> None:
    assert not explain(MATCHER, title)


@pytest.mark.parametrize(
    ("title", "supplier", "vendor"),
    [
        ("Genetec AutoVu licences", "", "genetec"),
        ("Licence plate reader maintenance", "GENETEC INC.", "genetec"),
        ("Option year one", "DIGITAL RECEIVER TECHNOLOGY, INC.", "digital-receiver-technology"),
    ],
)
def test_a_maker_with_an_ordinary_name_or_other_lines_is_still_named(title: str, supplier: str, vendor: str) -> None:
    assert vendor in {tag.id for tag in explain(MATCHER, title, supplier) if tag.tier == "alert"}


def test_an_access_control_licence_of_genetec_is_not_called_plate_reading() -> None:
    tags = {(tag.kind, tag.id) for tag in explain(MATCHER, "Genetec Security Center licenses")}
    assert ("vendor", "genetec") in tags
    assert ("technology", "lpr") not in tags


def told(title: str, text: str, matcher: Matcher = MATCHER) -> tuple[Tag, ...]:
    notice = Notice(kind=Kind.OTHER, title=(Text(text=title),), description=(Text(text=text),))
    return matcher.tags(notice)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Resolution No. 24-113", "Purchase of twelve license plate readers for the police department."),
        ("MVSS", "Mobile video surveillance system trucks with telescoping mast."),
    ],
)
def test_a_title_that_says_nothing_leaves_the_word_to_a_short_text(title: str, text: str) -> None:
    assert {tag.tier for tag in told(title, text)} == {"alert"}


def test_a_technology_in_the_text_is_an_alert_under_a_headline_of_the_one_above_it() -> None:
    tags = told("Biometrics", "Mobile fingerprint scanners for booking.")
    assert ("fingerprint_livescan", "alert") in {(tag.id, tag.tier) for tag in tags}


@pytest.mark.parametrize(
    ("title", "text", "tier"),
    [
        ("UC recording devices", "Undercover recording devices, quantity 12.", "alert"),
        ("Buried sensors for trails", "Unattended ground sensors detect footsteps.", "alert"),
        ("Various supplies", "Unattended ground sensors detect footsteps.", "review"),
        ("Camera for the lobby", "Video surveillance cameras.", "review"),
    ],
)
def test_a_headline_that_shares_a_word_with_a_term_in_the_text_speaks_of_it(title: str, text: str, tier: str) -> None:
    assert {tag.tier for tag in told(title, text)} == {tier}


def test_a_maker_of_several_lines_that_sells_its_watched_one_is_an_alert() -> None:
    tags = explain(MATCHER, "Fingerprinting hardware", "CROSS MATCH TECHNOLOGIES, INC.")
    assert {tag.tier for tag in tags} == {"alert"}


@pytest.mark.parametrize("seller", ["HARRIS CORP", "Harris Corporation", "HARRIS CORP."])
def test_a_legal_form_is_the_same_in_full_and_short(seller: str) -> None:
    tags = explain(MATCHER, "Stingray II with amberjack antenna", seller)
    assert "l3harris" in {tag.id for tag in tags}


@pytest.mark.parametrize(
    ("title", "text", "tier", "without"),
    [
        (
            "Resolution No. 24-113",
            "Purchase of twelve license plate readers for the police department.",
            "alert",
            "review",
        ),
        ("New technology for the lobby", "Facial recognition technology for visitors.", "review", "alert"),
    ],
)
def test_words_that_say_nothing_are_data_with_the_source_that_taught_them(
    title: str, text: str, tier: str, without: str
) -> None:
    whole = load_dictionary()
    bare = whole.without(["general"])
    assert not bare.words_of_procedure and not bare.words_of_many_subjects
    assert {tag.tier for tag in told(title, text)} == {tier}
    assert {tag.tier for tag in told(title, text, Matcher(replace(whole, common=())))} == {without}


@pytest.mark.parametrize(
    ("title", "technologies"),
    [
        ("BWC and in-car video, five-year lease", {"body_worn_camera", "in_vehicle_camera"}),
        ("Live scan and AFIS replacement", {"biometrics", "fingerprint_livescan"}),
        ("Biometric fingerprint scanners", {"biometrics", "fingerprint_livescan"}),
    ],
)
def test_what_a_headline_says_beside_its_kin_is_meant_too(title: str, technologies: set[str]) -> None:
    assert technologies <= alerted(title)


def test_a_wider_term_leaves_no_part_of_it_to_another_technology() -> None:
    assert alerted("Access to a license plate reader database") == {"lpr_data"}
    assert alerted("Electronic video surveillance equipment") == {"surveillance"}


@pytest.mark.parametrize(
    "title",
    [
        "ADS-B automatic dependent surveillance receivers",
        "Disease surveillance recording forms",
        "Wildlife surveillance aircraft services",
    ],
)
def test_another_kind_of_surveillance_is_none_of_any_technology(title: str) -> None:
    assert alerted(title) == set()
