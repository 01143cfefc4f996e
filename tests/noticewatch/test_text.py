"""What the normal form of text promises."""

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noticewatch.text import folded, normalise, source_span, strip_html

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.text(
    "<>&;/!abp#x0 \u00ad\u00df\ufb01e\u0301"
)


@pytest.mark.parametrize(
    ("source", "normal"),
    [
        ("ACME", "acme"),
        ("Straße", "strasse"),
        ("Pen\u2011Link\u00a0“X’s”", 'pen-link "x\'s"'),
        ("Cell\u00adeb\u200brite", "cellebrite"),
        ("ﬁnger ＡＢＣ", "finger abc"),
        ("Citroën cafe\u0301", "citroen cafe"),
        ("Cœur Ærø Łódź", "coeur aero lodz"),
        ("한국", "한국"),
        ("½", "1/2"),
    ],
)
def test_spellings_of_one_word_have_one_normal_form(source: str, normal: str) -> None:
    assert normalise(source).text == normal


def test_every_character_folds_to_something_that_folds_no_further() -> None:
    for code in range(sys.maxunicode + 1):
        if code < 0x3000 or code % 37 == 0 or 0xF900 <= code <= 0xFFFF:
            once = normalise(chr(code)).text
            assert normalise(once).text == once, hex(code)


@given(ANY_TEXT)
def test_normal_text_stays_as_it_is_and_offsets_point_into_the_source(source: str) -> None:
    normal = normalise(source)
    assert normalise(normal.text).text == normal.text
    if normal.offsets is None:
        assert len(normal.text) == len(source)
    else:
        assert len(normal.offsets) == len(normal.text) + 1
        assert list(normal.offsets) == sorted(normal.offsets)
        assert normal.offsets[-1] == len(source)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_span_leads_back_to_a_text_with_the_same_normal_form(before: str, word: str, after: str) -> None:
    normal, head, body = normalise(before + word + after), normalise(before).text, normalise(word).text
    start, end = normal.source_span(len(head), len(head) + len(body))
    assert 0 <= start <= end <= len(before + word + after)
    assert normalise((before + word + after)[start:end]).text == body


@given(ANY_TEXT)
def test_markup_is_removed_with_a_map_back(source: str) -> None:
    stripped, offsets = strip_html(source)
    if offsets is None:
        assert stripped == source
    else:
        assert len(offsets) == len(stripped) + 1
        assert list(offsets) == sorted(offsets)
        assert 0 <= offsets[0] <= offsets[-1] == len(source)


def test_tags_that_part_words_leave_a_space_and_entities_are_written_out() -> None:
    source = "<p>Cell<b>ebrite</b>&nbsp;&amp; UFED</p><p>two</p>"
    stripped, offsets = strip_html(source)
    assert stripped == " Cellebrite\u00a0& UFED  two "
    start = stripped.index("Cellebrite")
    begin, end = source_span(offsets, start, start + len("Cellebrite"))
    assert source[begin:end].startswith("Cell<b>ebrite")


def test_text_without_markup_is_returned_as_it_is() -> None:
    assert strip_html("a < b and c > d & e") == ("a < b and c > d & e", None)


@pytest.mark.parametrize("piece", ["<a", "&", "<!--", "e\u0301", "\u200b", "<p x='"])
def test_repeated_pieces_take_linear_time(piece: str) -> None:
    started = time.thread_time()
    normalise(piece * 50_000)
    strip_html(piece * 50_000)
    assert time.thread_time() - started < 2


@given(st.text(max_size=300))
def test_the_normal_form_of_a_text_is_that_of_its_characters_one_by_one(source: str) -> None:
    assert folded(source) == "".join(normalise(character).text for character in source)
