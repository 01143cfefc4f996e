import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.meaning import meaning
from indexer.query import FIELDS, LONGEST_QUERY, parse
from indexer.requests import QueryError
from tests.indexer.making import meant, names


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('"abc', 1),
        ('plate "reader', 7),
        ("(plate reader", 14),
        ("plate)", 6),
        ("()", 2),
        ("AND plate", 1),
        ("plate OR", 9),
        ("plate AND", 10),
        ("NOT", 4),
        ("colour:red", 1),
        ("plate colour:red", 7),
        ("title:(body:plate)", 8),
        ("li*", 1),
        ("plate AND a*", 11),
        ("dated:yesterday", 7),
        ("dated:2024-13-01", 7),
        ("dated:2024-02-30", 7),
        ("dated:[2024-01-01 TO soon]", 7),
        ("amount:>much", 8),
        ("amount:>1e999", 8),
        ("amount:>1,5", 8),
        ("amount:[1.000,5 TO *]", 8),
        ("plate amount:[5k TO 100]", 14),
        ("dated:[2025 TO 2024-12]", 7),
        ("kind:nothing", 6),
        ("is:nothing", 4),
        ("has:nothing", 5),
        ("vendor:nobody-has-this-name", 8),
        ("technology:nothing-of-that-name", 12),
        ("drone jurisdiction:atlantis", 20),
        ("title:>3", 7),
        ('"a b c d"~3', 1),
        ('"plate reader"~11', 1),
        ('"plate"~3', 1),
        ("number:-", 8),
        ("camera - drone", 8),
        ("camera -", 8),
    ],
)
def test_a_mistake_is_reported_with_its_position_and_a_hint(text: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        meant(text)
    assert caught.value.position == position
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_an_unknown_field_names_the_known_ones() -> None:
    with pytest.raises(QueryError) as caught:
        parse("colour:red")
    assert all(field in caught.value.hint for field in FIELDS)


@pytest.mark.parametrize(("text", "position"), [("ICE:", 1), ("camera (re:", 9)])
def test_a_word_with_a_colon_at_the_end_is_named_as_no_field(text: str, position: int) -> None:
    with pytest.raises(QueryError, match=r"There is no field '(ICE|re)'") as caught:
        parse(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text", ["\u201clicense plate\u201d", "\u201elicense plate\u201c", "\u00ablicense plate\u00bb"]
)
def test_a_phrase_in_typographic_quotation_marks_is_a_phrase(text: str) -> None:
    assert meant(text).understood == '"license plate"'


@pytest.mark.parametrize("text", ["drone or camera", "drone not camera"])
def test_joining_words_in_small_letters_are_said_to_be_words(text: str) -> None:
    [warning] = meant(text).warnings
    assert f"write {text.split()[1].upper()} to join words" in warning


def test_the_name_of_a_public_body_marks_no_word_of_a_text() -> None:
    assert meant("buyer:ice ice").words == {"ice"}
    assert meant("buyer:ice camera").words == {"camera"}
    assert meant('buyer:"Immigration and Customs Enforcement"').words == set()
    assert meant("buyer:laredo").words == {"laredo"}


def test_an_empty_query_asks_nothing() -> None:
    assert parse("") is None
    assert parse("  \t ") is None


@pytest.mark.parametrize(
    "text",
    ["a " * 1_500, "a " * 201, "(" * 21 + "a" + ")" * 21, " ".join(f"abc{n}*" for n in range(21))],
)
def test_a_query_that_would_cost_too_much_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        meant(text)


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("plate reader", "plate AND reader"),
        ("plate AND reader", "plate AND reader"),
        ("(plate) (reader)", "plate AND reader"),
        ("plate plate", "plate"),
        ("Plate", "plate"),
        ('"License  Plate"', '"license plate"'),
        ("plate OR reader camera", "plate OR (reader AND camera)"),
        ("plate -reader", "plate AND NOT reader"),
        ("-(plate reader)", "NOT (plate AND reader)"),
        ("title:plate", "title:plate"),
        ("title:(plate OR reader)", "title:plate OR title:reader"),
        ("licen*", "licen*"),
        ("dated:2024", "dated:[2024-01-01 TO 2024-12-31]"),
        ("dated:2024-02", "dated:[2024-02-01 TO 2024-02-29]"),
        ("dated:[2024-01-01 TO 2024-12-31]", "dated:[2024-01-01 TO 2024-12-31]"),
        ("dated:>2024", "dated:[2025-01-01 TO *]"),
        ("dated:<2024", "dated:[* TO 2023-12-31]"),
        ("amount:>=100k", "amount:[100000.00 TO *]"),
        ("amount:>100,000", "amount:[100000.01 TO *]"),
        ("is:award", "kind:award"),
        ("is:open", "status:open"),
        ("is:unlisted", "listing:unlisted"),
        ("is:rebuilt", "is:rebuilt"),
        ("has:amount", "has:amount"),
        ("kind:sources-sought", "kind:sources_sought"),
        ("number:70-CMSD-23FR0000145", "number:70CMSD23FR0000145"),
        ("number:and", 'number:"AND"'),
        ('"b a"~3', '"a b"~3'),
        ("Pen-Link", "pen-link"),
        ("ShadowDragon", "ShadowDragon"),
        ("AT&T", "at/t"),
        ("camera's", "camera-s"),
        ("a/b", "a/b"),
        ("70CMSD-23", "70cmsd-23"),
    ],
)
def test_the_understood_query_says_what_was_searched(text: str, understood: str) -> None:
    assert meant(text).understood == understood


@pytest.mark.parametrize("text", ["LPR", "ALPR", "ANPR"])
def test_an_abbreviation_says_what_else_it_finds(text: str) -> None:
    found = meant(text)
    assert "OR" in found.understood
    assert found.warnings


def test_an_abbreviation_in_quotation_marks_stands_for_itself() -> None:
    found = meant('"LPR"')
    assert found.understood == '"lpr"'
    assert not found.warnings


def test_words_without_letters_or_digits_are_named_not_dropped_in_silence() -> None:
    assert "left out" in meant("plate &").warnings[0]


_PIECES = st.sampled_from(
    [*"()[]\":*-<>~.\\^$|{}+?#& ", "AND", "OR", "NOT", " TO ", "title:", "dated:", "amount:", "kind:", "is:", "has:",
     "number:", "buyer:", "source:", "naics:", "vendor:", "technology:",
     "plate", "ice", "'", "/", "_", "aB", "Pen-Link", "2024", "2024-01-01", "lpr", "é", "\u0000", "~3", "100k", "*"]
)  # fmt: skip


@settings(max_examples=400)
@given(
    st.one_of(
        st.text(max_size=80), st.lists(_PIECES, max_size=14).map("".join), st.lists(_PIECES, max_size=10).map(" ".join)
    )
)
@example("NUMBER:AN\x1bD")
@example("\u00bc\u00de")
@example("AT&T's")
@example("0\x08A'A")
@example('source:")"')
@example('"70-CMSD-23FR0000145"')
def test_no_text_breaks_the_parser_and_what_is_understood_means_itself(text: str) -> None:
    try:
        question = parse(text)
        if question is None:
            return
        first = meaning(question, names())
    except QueryError as error:
        assert 1 <= error.position <= len(text) + 1
        return
    if first.understood:
        again = meant(first.understood)
        same = again.understood == first.understood and again.node == first.node
        assert same or first.warnings, "only abbreviations grow when asked again"


def test_the_longest_queries_of_each_shape_are_answered_or_refused_but_never_break() -> None:
    for piece in ("NOT ", "-", "(", "a ", "a OR ", "abc* ", '"', '"a b"~9 ', "title:", "title:(", "[", "NOT (", "-("):
        text = (piece * LONGEST_QUERY)[: LONGEST_QUERY - 1] + "a"
        try:
            meant(text)
        except QueryError:
            continue
