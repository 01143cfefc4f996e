import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.tokens import (
    FILLER,
    LONGEST,
    beginnings,
    exact_stream,
    other_spellings,
    stem,
    stemmed_stream,
    tokens,
    tokens_with_spans,
)


def test_tokens_hold_letters_and_digits_only() -> None:
    assert tokens("License-plate READER (2.0), v_3: café & Straße") == [
        "license", "plate", "reader", "2", "0", "v", "3", "cafe", "strasse",
    ]  # fmt: skip


def test_inflections_and_both_spellings_meet_in_the_stemmed_stream() -> None:
    assert [stem(word) for word in ("readers", "licences", "catalogue", "colours")] == [
        stem(word) for word in ("reader", "license", "catalog", "color")
    ]


def test_words_that_hold_digits_keep_their_form() -> None:
    assert stem("70cmsd23fr0000145") == "70cmsd23fr0000145"
    assert stem("100s") == "100s"


def test_values_of_a_field_are_parted_by_fillers_that_no_text_can_contain() -> None:
    stream = exact_stream(["license", "plate", "--"])
    assert stream.split(" ") == ["license", *[FILLER] * 12, "plate"]
    assert tokens(FILLER) == []


def test_both_streams_of_a_field_have_the_same_places() -> None:
    stream = exact_stream(["licence plate readers", "cameras"])
    assert len(stemmed_stream(stream).split(" ")) == len(stream.split(" "))


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("ShadowDragon and PenLink", ["shadow dragon", "pen link"]),
        ("L3Harris", ["l3 harris"]),
        ("Pen-Link, e\u2011mail", ["penlink", "email"]),
        ("the camera\u2019s mount of O'Brien", ["cameras", "obrien"]),
        ("eVigilant, iPhone, McD", []),
        ("SHADOWDRAGON shadowdragon 70-CMSD-23 2024-06-30 a/b", []),
        ("state-of-the-art and x-ray-based", ["xraybased"]),
        ("ShadowDragon ShadowDragon", ["shadow dragon"]),
    ],
)
def test_compound_words_are_also_found_as_others_write_them(text: str, others: list[str]) -> None:
    assert other_spellings(text) == others


@given(st.text(max_size=300))
def test_other_spellings_of_any_text_are_tokens(text: str) -> None:
    for other in other_spellings(text):
        assert tokens(other) == other.split()


@given(st.text(max_size=400))
def test_any_text_gives_short_tokens_without_white_space_whose_spans_read_the_same(text: str) -> None:
    spanned = tokens_with_spans(text, set(tokens(text)))
    assert tokens(text) == [token for token, _, _ in spanned]
    for token, start, end in spanned:
        assert token == "".join(token.split())
        assert len(token.encode("utf-16-le")) // 2 <= LONGEST
        assert 0 <= start < end <= len(text)
        assert FILLER not in token


@given(st.text(alphabet="ab \U00010400\u0130é", min_size=300, max_size=700))
def test_long_words_are_cut_at_whole_characters(text: str) -> None:
    assert all(len(token.encode("utf-16-le")) // 2 <= LONGEST for token in tokens(text))


ENDS = (
    "", "s", "es", "ed", "ing", "ly", "y", "ies", "ied", "ation", "ational", "ator", "ability", "ibility", "ably",
    "ization", "iveness", "fulness", "ousness", "alism", "ality", "ency", "ance", "ments", "ness", "less", "ical",
    "icity", "ogy", "eed",
)  # fmt: skip


@given(st.text("abcdegilnosty", min_size=1, max_size=8), st.sampled_from(ENDS), st.sampled_from(ENDS))
def test_every_word_begins_as_its_stem_is_said_to(word: str, first: str, second: str) -> None:
    written = word + first + second
    assert written.startswith(beginnings(stem(written)))


def test_words_of_other_spelling_and_irregular_ones_begin_as_their_stems_are_said_to() -> None:
    for word in ("licence", "license", "grey", "aluminium", "colours", "tying", "agency", "sensibility"):
        assert word.startswith(beginnings(stem(word))), word
