"""An explanation quotes every word that counted, and every one that did not with the rule that says so."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dictionary import matcher
from watchlist.evidence import field_texts
from watchlist.explain import Explanation, explained, notice_of

MATCHER = matcher()


def of(title: str, description: str = "", supplier: str = "") -> Explanation:
    return explained(MATCHER, notice_of(title, description, supplier))


def test_tags_are_those_of_the_matcher_with_offsets() -> None:
    found = of("12 license plate readers", supplier="Flock Group Inc")
    assert found.tags == MATCHER.tags(notice_of("12 license plate readers", supplier="Flock Group Inc"))
    assert {tag.id for tag in found.tags} >= {"lpr"}
    assert found.version == MATCHER.dictionary.version


def test_clause_text_that_was_cut_is_named_with_what_it_would_have_given() -> None:
    found = of("Paper", "FAR 52.204-25 prohibits video surveillance services of some makers.")
    assert found.tags == ()
    (cut,) = [cut for cut in found.cut if cut.evidence]
    assert ("52.204-25" in cut.clause, cut.quote) == (False, "52.204-25")
    assert {piece.quote for piece in cut.evidence} == {"video surveillance"}


def test_a_term_that_means_another_thing_is_named_with_the_words_that_say_so() -> None:
    technology, veto = next(
        (veto.technology, term)
        for book in MATCHER.dictionary.books
        for veto in book.vetoes
        for term in veto.terms
        if book.language == "en" and veto.technology == "lpr"
    )
    found = of(f"{veto}; plate reader LPR")
    assert technology not in {tag.id for tag in found.tags}
    assert [(one.technology, veto in one.by) for one in found.vetoed]
    assert all(veto in one.by for one in found.vetoed)


def test_a_name_that_suffices_for_nothing_is_named_with_its_rule() -> None:
    found = of("Radios", supplier="MOTOROLA SOLUTIONS, INC.")
    assert found.tags == ()
    (one,) = found.unused
    assert (one.quote, one.owner) == ("MOTOROLA SOLUTIONS", "Motorola Solutions")
    assert "only beside other evidence" in one.why


def test_a_plain_text_has_nothing_to_explain() -> None:
    found = of("Janitorial services")
    assert (found.tags, found.cut, found.vetoed, found.unused) == ((), (), (), ())


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(["LPR", "52.204-25", "license plates", "Axon", "\u200bdrone", "é", "video surveillance", "\n"])
    )
)
def test_everything_that_is_quoted_stands_where_it_is_said_to(words: list[str]) -> None:
    notice = notice_of("Notice", " ".join(words))
    texts, found = field_texts(notice), explained(MATCHER, notice)
    pieces = [piece for tag in found.tags for piece in tag.evidence]
    pieces += [piece for cut in found.cut for piece in cut.evidence] + [one.evidence for one in found.vetoed]
    for piece in (*pieces, *found.unused):
        assert texts[piece.field][piece.start : piece.end] == piece.quote
    for cut in found.cut:
        assert cut.quote in texts[cut.field][cut.start : cut.end]
