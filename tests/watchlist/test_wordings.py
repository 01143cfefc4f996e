"""Wordings of the field that the dictionary must find, and the same words of other things, by example."""

import pytest

from tests.watchlist.explaining import explain
from watchlist.dictionary import load_dictionary
from watchlist.matcher import Matcher

MATCHER = Matcher(load_dictionary())


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
    ],
)
def test_the_same_words_of_other_things_are_no_alert(title: str) -> None:
    assert alerted(title) == set()


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
