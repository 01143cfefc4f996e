"""A NUL in a text survives a database that has none."""

from hypothesis import example, given
from hypothesis import strategies as st

from noticewatch.postgresql_text import marked, unmarked

TEXTS = st.text(st.sampled_from(["\0", "0", "\U0010fffe", "a"]))


@given(TEXTS)
@example("\U0010fffe0")
@example("\U0010fffe\0")
def test_a_marked_text_holds_no_nul_and_is_read_back_as_it_was(text: str) -> None:
    assert "\0" not in marked(text)
    assert unmarked(marked(text)) == text


@given(TEXTS, TEXTS)
def test_two_texts_are_never_marked_alike(one: str, other: str) -> None:
    assert (marked(one) == marked(other)) == (one == other)
