"""Phrases are words that stand together, found again where they stand."""

from hypothesis import example, given
from hypothesis import strategies as st

from noticewatch.models import Notice, notice_from
from noticewatch.text import normalise
from watchlist.evidence import field_texts
from watchlist.radar.phrases import BODY_WORDS, MOST_WORDS, key, phrases, spans


def notice(title: str = "", description: str = "") -> Notice:
    texts = {"title": title, "description": description}
    return notice_from({"kind": "award", **{name: [{"text": text}] for name, text in texts.items() if text}})


def test_phrases_have_one_to_four_words_and_end_with_the_sentence() -> None:
    found = phrases(notice("Contactless fingerprint readers for border patrol. Ten vans"))
    assert {"fingerprint", "contactless fingerprint", "contactless fingerprint readers"} <= found
    assert {"border patrol", "ten vans"} <= found
    assert not {"patrol ten", "readers for", "for border", "contactless fingerprint readers for"} & found


def test_codes_and_function_words_are_no_phrases_but_an_internet_of_things_is() -> None:
    found = phrases(notice("The internet of things, order 70CMSD23FR0000145 dated 2024 of the P25 radio"))
    assert {"internet of things", "p25 radio"} <= found
    assert not [phrase for phrase in found if "70cmsd" in phrase or "2024" in phrase]
    assert not {"the", "of", "the internet", "of the p25"} & found


def test_spelling_case_accents_and_markup_make_no_other_phrase() -> None:
    plain = phrases(notice("Cámara corporal"))
    assert plain == phrases(notice("<b>CAMARA</b>&nbsp;corporal"))


def test_of_a_description_below_a_title_only_the_beginning_counts() -> None:
    words = " ".join(f"w{chr(97 + number // 26)}{chr(97 + number % 26)}x" for number in range(BODY_WORDS + 50))
    last = words.split()[-1]
    assert last not in phrases(notice("A title", words))
    assert last in phrases(notice("", words))


def test_a_key_is_the_same_on_every_machine() -> None:
    assert key("contactless fingerprint") == -356800970775879767


@example("", "0A.0A")
@given(st.text(max_size=300), st.text(max_size=300))
def test_every_phrase_is_found_where_it_stands(title: str, description: str) -> None:
    stated = notice(title, description)
    found, texts = spans(stated), field_texts(stated)
    assert set(found) == phrases(stated)
    for phrase, span in found.items():
        assert 1 <= len(phrase.split(" ")) <= MOST_WORDS
        said = normalise(texts[span.field][span.start : span.end]).text
        assert "".join(filter(str.isalnum, phrase)) in "".join(filter(str.isalnum, said))
