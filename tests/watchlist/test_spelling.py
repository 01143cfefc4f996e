"""However a word is written, spaced or mistyped, it is the same word; what only looks like one is not."""

import pytest

from tests.dictionary import matcher
from tests.watchlist.explaining import explain
from watchlist.spelling import single_spaced, slips, spaced_places

MATCHER = matcher()


def alerted(title: str) -> set[str]:
    return {tag.id for tag in explain(MATCHER, title) if tag.tier == "alert"}


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Number  plate   recognition", "lpr"),
        ("Automated number\r\n    plate\trecognition", "lpr"),
        ("NUMBER_PLATE_RECOGNITION_2031", "lpr"),
        ("Cell-Site-Simulator", "cell_site_simulator"),
        ("body-worn-cameras", "body_worn_camera"),
        ("Facial-\nrecognition software", "facial_recognition"),
        ("Facial RECOGNIITON", "facial_recognition"),
        ("Number plate reocgnition", "lpr"),
        ("Biommetric enrolment stations for border control", "biometrics"),
        ("Searches of social media", "social_media_monitoring"),
        ("Social media searches", "social_media_monitoring"),
        ("Analysts Notebook", "i2-group"),
        ("Analyst’s Notebook", "i2-group"),
        ("Axon Body3", "axon"),
        ("Axon Body-3", "axon"),
        ("UFED4PC", "cellebrite"),
        ("Oxygen Forensic Inc.", "oxygen-forensics"),
        ("Thomson-Reuters CLEAR", "thomson-reuters"),
        ("TransUnion TLO", "transunion"),
    ],
)
def test_a_word_is_the_same_however_it_is_spaced_or_mistyped(title: str, named: str) -> None:
    assert named in alerted(title)


def test_a_quote_of_words_far_apart_holds_what_stands_between_them() -> None:
    title = "Phase  2:  number\n   plate    recognition  "
    [tag] = explain(MATCHER, title)
    evidence = tag.evidence[0]
    assert evidence.quote == title[evidence.start : evidence.end] == "number\n   plate    recognition"


def test_slips_keep_the_first_letter_and_are_read_of_long_words_only() -> None:
    assert {"recongition", "recogition", "recognnition"} <= slips("recognition")
    assert "ecognition" not in slips("recognition")
    assert "recognition" not in slips("recognition")
    assert not slips("tracking")


def test_places_lead_back_from_single_blanks() -> None:
    text = "a   b  c"
    assert single_spaced(text) == "a b c"
    assert [text[place] for place in spaced_places(text)[:5]] == list("a b c")
