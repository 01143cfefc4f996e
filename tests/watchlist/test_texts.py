"""Any text is matched in linear time, and every quote is found at its place in the text as shown."""

import gc
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noticewatch.contacts import mask
from noticewatch.models import Kind, Notice, Text
from tests.dictionary import matcher
from tests.watchlist import sam_rows
from watchlist.evidence import Tag, field_texts

MATCHER = matcher()

CONTACT = "POC: Jane Roe, jane.roe@agency.example, 202-555-0123"
PIECES = [
    "Cellebrite UFED", "license plate reader", "LICSENSE PLATE RECOGINTION", "Axon", "body worn cameras", "52.204-25",
    "section 889", "covered telecommunications equipment", "QASP", "DBIDS biometric gate", "Motorola Solutions, Inc.",
    "TASER", "фото", "監視", "مراقبة", "é\u0301", "ﬁ", "Pen\u00adLink", "Pen\u200bLink", "\u200d", "\ufeff", "ß", "İ",
    "&amp;",
    "<b>", "</b>", "<br/>", "&#x41;", "\ud800", "\x00", "\n", "\t", " ", "-", ".", ",", "a", "z" * 40, CONTACT,
    "surveillance camera", "hospital", "open source intelligence of social media", "video", "Flock", "social", "media",
]  # fmt: skip


def tags(text: str, language: str = "en") -> tuple[tuple[Tag, ...], Notice]:
    stored = Notice(kind=Kind.OTHER, title=(Text(text=text, language=language),), description=(Text(text=text),))
    return MATCHER.tags(stored), stored


def assert_quoted(found: tuple[Tag, ...], stored: Notice) -> None:
    texts = field_texts(stored)
    for tag in found:
        assert tag.evidence
        for evidence in tag.evidence:
            assert evidence.quote
            assert texts[evidence.field][evidence.start : evidence.end] == evidence.quote


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40), st.sampled_from(["", " ", "\u200b"]))
def test_any_text_masked_or_not_is_matched_and_quoted_at_its_place(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    for shown in (text, mask(text)):
        if shown:
            assert_quoted(*tags(shown))


def test_every_quote_of_every_recorded_notice_is_found_in_its_masked_text() -> None:
    tagged = 0
    for row in sam_rows.rows():
        shown = {**row, "Title": mask(row["Title"]), "Description": mask(row.get("Description") or "")}
        stored = sam_rows.notice(shown)
        found = MATCHER.tags(stored)
        assert_quoted(found, stored)
        tagged += bool(found)
    assert tagged > 50


def test_a_quote_behind_a_masked_contact_counts_as_in_the_text_shown() -> None:
    shown = mask(f"{CONTACT} for license plate readers")
    assert "jane.roe" not in shown
    found, stored = tags(shown)
    assert_quoted(found, stored)
    assert {evidence.quote for tag in found for evidence in tag.evidence} == {"license plate readers"}


SHAPES: dict[str, Callable[[int], str]] = {
    "one word": lambda size: "a" * size,
    "one word of no letters": lambda size: "-" * size,
    "a name again and again": lambda size: "Cellebrite UFED " * (size // 16),
    "terms and clauses": lambda size: "license plate reader 52.204-25 section 889 QASP " * (size // 48),
    "terms and vetoes": lambda size: "speed camera high speed camera " * (size // 31),
    "doubtful names": lambda size: "Axon Motorola Solutions camera radio " * (size // 37),
    "starts of families": lambda size: "social media " * (size // 13),
    "mistakes": lambda size: "licsense plate recogintion survelliance " * (size // 40),
    "zero width": lambda size: "\u200bpen\u200blink" * (size // 9),
    "mixed scripts": lambda size: "Überwachung 監視 مراقبة камера license plate reader " * (size // 52),
    "markup": lambda size: "<b>license</b> plate&nbsp;reader <" * (size // 34),
    "unclosed markup": lambda size: "<" * size,
    "grey words": lambda size: "hospital warehouse video surveillance prohibiting " * (size // 50),
}


def seconds(text: str) -> float:
    """Processor time of this thread without the collector's, which grows with what other tests hold."""
    gc.disable()
    try:
        begun = time.thread_time()
        tags(text)
        return time.thread_time() - begun
    finally:
        gc.enable()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_cost_grows_with_the_text_and_with_nothing_else(shape: str) -> None:
    make = SHAPES[shape]
    small, large = 50_000, 800_000
    seconds(make(small))
    short = max(min(seconds(make(small)) for _ in range(3)), 0.01)
    long = min(seconds(make(large)) for _ in range(2))
    assert long < 4 * (large / small) * short


def test_the_cost_of_a_text_of_ten_megabytes_is_that_of_its_parts() -> None:
    words = ["notice", "the", "of", "supply", "pump", "valve", "license plate reader", "QASP", "camera", "Überprüfung"]
    dice = random.Random(7)
    text = " ".join(dice.choices(words, [20, 30, 30, 10, 5, 5, 0.01, 0.05, 0.5, 0.2], k=2_000_000))
    assert len(text) > 9_000_000
    part = text[: len(text) // 10]
    seconds(part)
    assert seconds(text) < 4 * 10 * min(seconds(part) for _ in range(2))
