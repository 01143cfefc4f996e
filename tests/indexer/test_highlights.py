from hypothesis import given
from hypothesis import strategies as st

from indexer.highlights import Marking
from indexer.tokens import stem, tokens

WORDS = st.sampled_from(
    ("camera", "Cameras", "licence", "license", "agency", "agencies", "caméra", "\ufb01re", "tying", "tie", "cam", "x")
)
TEXTS = st.lists(WORDS | st.sampled_from(("<b>", "&amp;", "-", "/", "\u200b", ", ", "\n")), max_size=30).map(" ".join)


@given(TEXTS, st.sets(WORDS.map(lambda word: stem(tokens(word)[0])), min_size=1, max_size=3))
def test_a_text_is_marked_where_a_plain_loop_finds_its_stems_and_quoted_as_published(
    text: str, words: set[str]
) -> None:
    parts = Marking(words).passage(text)
    marked = [part for part, matches in parts or () if matches]
    assert bool(marked) == any(stem(token) in words for token in tokens(text))
    assert all(part in text and stem(tokens(part)[0]) in words for part in marked)


def test_a_long_text_gives_the_passage_with_most_of_the_words() -> None:
    text = "A camera. " + "Nothing here. " * 100 + "The camera reads a licence plate \u2026 " + "and so on. " * 100
    parts = Marking({"camera", "licens", "plate"}).passage(text)
    assert parts is not None
    assert [part for part, matches in parts if matches] == ["camera", "licence", "plate"]


def test_the_beginning_of_a_word_marks_the_words_that_begin_so() -> None:
    assert Marking({"licen*"}).passage("Licences, sublicence, licensed") == (
        ("Licences", True), (", sublicence, ", False), ("licensed", True),
    )  # fmt: skip
