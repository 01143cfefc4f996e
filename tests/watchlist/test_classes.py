"""A few wordings of each class that nobody listed word for word, and near misses: words of the field said of others."""

import pytest

from tests.dictionary import matcher
from tests.watchlist.explaining import explain
from watchlist.dictionary import ROOT

MATCHER = matcher()

WORDINGS = {
    "lpr": ("Solar-powered LPR poles", "Plate reader trailers", "LPR for the bridge", "LPRs: police hot list"),
    "lpr_data": ("Nationwide plate scan database access", "LPR data sharing subscription"),
    "traffic_enforcement": ("Photo red light program", "Bus-mounted camera enforcement", "Photo speed enforcement"),
    "video_surveillance": ("Neighborhood security cameras", "Police observation devices"),
    "video_analytics": ("Object search across camera feeds", "AI weapons detection via existing cameras"),
    "covert_av": ("Key fob video recorders", "Recorders, concealed, for undercover agents"),
    "body_worn_camera": ("BWCs and tasers", "Body-worn / in-car cameras", "Officer-worn cameras"),
    "in_vehicle_camera": ("Patrol car video", "Police MVR system", "Dash cams for state troopers"),
    "facial_recognition": ("Facial and iris recognition", "Facial ID software for detectives"),
    "biometrics": ("ABIS upgrade", "Automated fingerprint identification system", "Biometric enrolment kiosks"),
    "fingerprint_livescan": ("Live scan", "Ten-print scanners", "Mobile fingerprint readers for patrol"),
    "iris_recognition": ("Iris scanners for jail", "Iris biometric enrolment"),
    "dna_identification": ("Rapid DNA at booking", "DNA testing of family units at border"),
    "voice_biometrics": ("Speaker identification", "Voice recognition of inmates"),
    "identity_vetting": ("Vetting of visa applicants", "Visa security program support", "Overstay lead generation"),
    "social_media_monitoring": ("Investigations: social media capture", "Threat alerts from social platforms"),
    "osint": ("Internet intelligence and investigations", "Managed attribution"),
    "dark_web_monitoring": ("Darknet intelligence", "Deep and dark web data subscription"),
    "location_data": ("Commercial mobile location data", "Ad-tech data", "Smartphone location intelligence"),
    "cell_site_simulator": ("Cell phone tracker vehicle", "CSS airborne kit, cellular", "Phone locating equipment"),
    "comint_rf": ("Wideband intercept receiver", "Radio direction finding vehicle, intelligence unit"),
    "device_forensics": ("Phone dump software", "Chip-off forensics", "Mobile phone examination and forensics"),
    "computer_forensics": ("Forensic towers", "Drive imager, forensic", "Password recovery for seized computers"),
    "vehicle_forensics": ("Vehicle infotainment forensics", "Car infotainment data extraction"),
    "lawful_intercept": ("Interception monitoring centre", "Pen registers", "Telephone intercept system"),
    "call_detail_analysis": ("Phone records mapping", "Cell tower dump analysis", "Telephone toll analysis"),
    "spyware": ("Remote infection of target handsets", "Network investigative technique"),
    "predictive_policing": ("Crime forecasting", "Place-based predictive policing"),
    "risk_scoring": ("Child welfare predictive risk model", "Pretrial risk assessment"),
    "data_broker": ("Arrest and incarceration data", "Skip tracing", "Address data for fugitives"),
    "data_fusion": ("Intelligence database, organised crime", "Law enforcement data fusion"),
    "investigative_case_mgmt": ("Gang tracking database", "Investigative case management"),
    "rtcc": ("RTIC: police camera wall", "Real time crime center"),
    "gunshot_detection": ("Gun shot location", "Gunfire detection"),
    "drones": ("Unmaned aircraft for SWAT", "Drones for the U.S. Border Patrol", "Indoor tactical drones, SWAT"),
    "drone_first_responder": ("Drones as first responders", "Drone first responder program"),
    "aerostat": ("Tethered surveillance balloons", "Wide-area motion imagery"),
    "aerial_surveillance": ("Surveillance aircraft", "Aircraft camera system for police helicopter"),
    "border_towers": ("RVSS tower maintenance", "Integrated fixed towers", "Mobile video surveillance system"),
    "ground_sensors": ("Footstep sensors against intruders", "Ground radar for border detection"),
    "gps_tracking": ("CDMA trackers", "Tracking devices for narcotics investigations"),
    "electronic_monitoring": ("Home detention monitoring", "GPS ankle tracking", "EM tagging services"),
    "prison_comms": ("Inmate telephone", "Jail phone recording"),
    "financial_surveillance": ("Cryptocurrency tracing", "Crypto wallet tracing"),
    "school_monitoring": ("Self-harm alerts from student accounts", "Student device monitoring"),
}  # fmt: skip
FOR_REVIEW = {"surveillance", "facility_cctv", "counter_drone", "tscm"}
"""The root, and classes at the edge of the watch that are never alerts by a term."""

NEAR_MISSES = (
    "Janitorial services, Falcon Heights", "CrowdStrike Falcon Endpoint licences", "Gotham book prize",
    "Palantir: readings from Tolkien", "Therapy CT scanner with face recognition of the patient",
    "Fire alarm and sprinkler design, Title III A/E services", "Source geographic location data of cotton",
    "GIS parcel location data", "Geofence lawn mower", "Removal of drone bees and hives", "Forest biometrics of pines",
    "CCTV drain survey", "UAS: unified access switches", "Board of workers compensation (BWC) actuary",
    "Thermal camera for firefighters", "Tap and die set, wire tap, NSN 5136", "Trail cameras for wildlife research",
    "Public address loudspeaker identification", "Film licence: Watchlist", "Residential reentry and home confinement",
)  # fmt: skip


@pytest.mark.parametrize(("technology", "title"), [(one, title) for one in WORDINGS for title in WORDINGS[one]])
def test_each_class_is_found_by_wordings_that_nobody_listed(technology: str, title: str) -> None:
    assert technology in {tag.id for tag in explain(MATCHER, title) if tag.tier == "alert"}


@pytest.mark.parametrize("title", NEAR_MISSES)
def test_a_near_miss_has_no_tag(title: str) -> None:
    assert not explain(MATCHER, title)


def test_no_class_is_forgotten() -> None:
    assert WORDINGS.keys() | FOR_REVIEW == MATCHER.dictionary.technologies.keys()
    assert ROOT in FOR_REVIEW


def test_a_polygraph_is_for_review() -> None:
    tags = explain(MATCHER, "Polygraph instruments", "LAFAYETTE INSTRUMENT COMPANY")
    assert {tag.tier for tag in tags} == {"review"}


def test_another_line_of_a_firm_is_read_in_a_clause_too() -> None:
    assert not explain(MATCHER, "Credit reporting for background investigations", "LEXISNEXIS SPECIAL SERVICES INC")
    assert explain(MATCHER, "Option year two", "LEXISNEXIS SPECIAL SERVICES INC")
