"""Any text is cleaned and wrapped without a trace of what it could do."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.brief import harmless
from alerts.cleaning import cleaned, columns, one_line, wrapped


@given(st.text())
def test_cleaned_text_is_one_line_and_cleaning_it_again_changes_nothing(text):
    once = one_line(text)
    assert one_line(once) == once
    assert once.splitlines() in ([], [once])
    once.encode()
    assert "<" not in harmless(text)
    assert cleaned(cleaned(text)) == cleaned(text)


@given(st.text(max_size=300), st.integers(20, 80))
def test_wrapped_text_keeps_its_letters_and_its_width(text, width):
    said = one_line(text)
    lines = wrapped(said, width, "- ", "  ")
    assert "".join(line[2:] for line in lines).replace(" ", "") == said.replace(" ", "")
    assert all(columns(line) <= width for line in lines)
