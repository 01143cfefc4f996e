"""The dictionary is checked when it is read, and says where it is wrong."""

import re
import shutil
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.watchlist.explaining import explain
from watchlist.dictionary import DATA, RULES, DictionaryError, load_dictionary
from watchlist.matcher import Matcher
from watchlist.safety import why_unsafe

GUIDE = Path(__file__).parents[2] / "docs" / "contributing" / "watchlist.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in DATA.glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def blocks_of_guide() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_other_rules_make_another_version_so_that_what_is_held_is_tagged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_dictionary().version
    monkeypatch.setattr("watchlist.dictionary.RULES", RULES + 1)
    assert load_dictionary().version != before


def test_the_version_changes_with_the_data_and_not_with_their_place(folder: Path) -> None:
    assert load_dictionary(folder).version == load_dictionary().version
    replace(folder / "vendors.toml", '"Cellebrite", policy = "strong"', '"Cellebrite", policy = "needs_context"')
    assert load_dictionary(folder).version != load_dictionary().version


def test_what_says_the_same_as_before_is_not_read_twice(folder: Path) -> None:
    before = load_dictionary(folder)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes())
    assert load_dictionary(folder) is before
    replace(folder / "vendors.toml", '"Axon Flex"', '"Zyphertrace"')
    assert load_dictionary(folder) is not before


def test_resellers_and_integrators_never_stand_alone() -> None:
    names = [alias for vendor in load_dictionary().vendors.values() if vendor.sells_only for alias in vendor.names]
    assert {alias.policy for alias in names} == {"never_alone"}


def test_every_technology_but_the_root_has_terms() -> None:
    dictionary = load_dictionary()
    english = next(book for book in dictionary.books if book.language == "en")
    assert {terms.technology for terms in english.terms} == set(dictionary.technologies)


TIMES = 5


def least(work: Callable[[], object]) -> float:
    """Processor seconds of this thread that some work takes at least."""
    taken = []
    for _ in range(TIMES):
        begun = time.thread_time()
        work()
        taken.append(time.thread_time() - begun)
    return min(taken)


def test_it_loads_fast(tmp_path: Path) -> None:
    texts = [file.read_text(encoding="utf-8") for file in DATA.rglob("*.toml")]
    unread = iter([shutil.copytree(DATA, tmp_path / str(number)) for number in range(TIMES)])
    assert least(lambda: load_dictionary(next(unread))) < 4 * least(lambda: [tomllib.loads(text) for text in texts])


def test_a_contributor_adds_a_vendor_with_one_block(folder: Path) -> None:
    vendor = blocks_of_guide()[0]
    assert vendor.count("\n") < 20
    with (folder / "vendors.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + vendor)
    matcher = Matcher(load_dictionary(folder))
    tags = {(tag.id, tag.role, tag.tier) for tag in explain(matcher, "PlateOwl maintenance", "Example Optics, Inc.")}
    assert {("example-optics", "maker", "alert"), ("example-optics", "product", "alert"), ("lpr", "", "alert")} <= tags
    assert explain(matcher, "An example of owls", "Example Ltd") == ()


def test_the_guides_terms_can_be_added_as_they_stand(folder: Path) -> None:
    with (folder / "terms.es.toml").open("a", encoding="utf-8") as file:
        file.write(blocks_of_guide()[1])
    matcher = Matcher(load_dictionary(folder))
    assert [book.language for book in matcher.dictionary.books].count("es") == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "vendors.toml",
            '{ name = "Aaronia",',
            '{ name = "Flock-Safety",',
            "is also read as 'flock safety', a name of",
        ),
        ("vendors.toml", '{ name = "Aaronia",', '{ name = "FlockSafety",', "is also read as 'flocksafety', a name of"),
        ("vendors.toml", '{ name = "Aaronia",', '{ name = "-",', "'-' has not even two letters or digits"),
        ("terms.en.toml", '"ALPR",', '"ALPR", "\u200b",', "has not even two letters or digits"),
        ("terms.en.toml", '"ALPR",', '"ALPR", "a",', "'a' has not even two letters or digits"),
        ("technologies.toml", 'id = "lpr"', 'id = "surveillance"', "'surveillance' stands twice"),
        ("technologies.toml", 'parent = "lpr"', 'parent = "nothing"', "no technology above it is called 'nothing'"),
        ("vendors.toml", '["counter_drone"]', '["kites"]', "aaronia names the unknown technology 'kites'"),
        ("vendors.toml", 'policy = "strong"', 'policy = "always"', "names.0.policy: input should be 'strong'"),
        ("vendors.toml", 'name = "Aaronia AG", policy', 'name = "Aaronia", policy', "'Aaronia' stands twice"),
        ("vendors.toml", '{ name = "Aaronia",', '{ name = "AccessData",', "'AccessData' stands twice"),
        (
            "vendors.toml",
            'learned_from = ["general", ',
            'learned_from = ["hearsay", ',
            "names 'hearsay', which origins",
        ),
        ("vendors.toml", 'id = "DUNS:963484485"', 'id = "DUNS:96348448"', "identifiers.0.id: string should match"),
        ("vendors.toml", 'kind = "vendor"', 'kind = "vendor"\ncolour = "red"', "colour: is no field of this record"),
        ("vendors.toml", 'vendor = "motorola-solutions"', 'vendor = "motorola"', "no vendor is called 'motorola'"),
        ("terms.en.toml", 'technology = "lpr"', 'technology = "plates"', "no technology is called 'plates'"),
        ("terms.en.toml", '"ALPR",', '"ALPR", "alpr",', "the term 'alpr' of lpr stands twice"),
        ("terms.en.toml", "[[family]]", "[[families]]", "'families' is no block of this file"),
        ("clauses.toml", "pattern = '", "pattern = '(a{1,9}){1,9}|", "the pattern holds a repeat inside a repeat"),
        ("clauses.toml", "pattern = '", "pattern = '.*", "which has no end"),
        ("clauses.toml", 'words = ["updates of publicly available information"]\n', "", "must have words or a pattern"),
        ("spellings.toml", 'word = "license"', 'word = "recognition"', "'recognition' stands twice"),
        ("greys.toml", '["video_surveillance"', '["television"', "no technology is called 'television'"),
        ("common.toml", '"access",', '"access", "access",', "'access' stands twice"),
        ("common.toml", '"access",', '"access control",', "must be one word of two letters or more, in small letters"),
        ("common.toml", '"rfp",', '"RFP",', "must be one word of two letters or more, in small letters"),
        ("common.toml", 'of = "procedure"', 'of = "buyers"', "of: input should be 'procedure' or 'subjects'"),
        ("common.toml", 'learned_from = ["general"]\n', "", "learned_from: is missing"),
        ("common.toml", 'learned_from = ["general"]', 'learned_from = ["hearsay"]', "names 'hearsay', which origins"),
        ("greys.toml", '"a local law"', '"\u200b\u200b"', "has not even two letters or digits"),
        (
            "vendors.toml",
            '{ name = "Aaronia", policy = "strong" }',
            '{ name = "Aaronia", policy = "strong", technologies = ["kites"] }',
            "aaronia names the unknown technology 'kites'",
        ),
        (
            "vendors.toml",
            '{ name = "Motorola Solutions", vendor = "motorola-solutions", since = "2018-03"',
            '{ name = "Motorola Solutions", vendor = "motorola-solutions", since = "2018-03", until = "2017"',
            "a parent since 2018-03 until 2017",
        ),
        (
            "vendors.toml",
            'since = "2020-12"',
            'since = "2020-99"',
            "since: must be a year, a month or a day that there is",
        ),
        ("vendors.toml", 'since = "2020-12"', 'since = "2020-02-30"', "such as 2019, 2019-01 or 2019-01-31"),
        (
            "vendors.toml",
            'kind = "vendor"',
            'kind = "reseller"',
            "is of the kind 'reseller'; this file holds 'vendor' only",
        ),
        ("origins.toml", 'id = "radar"', 'id = "general"', "the origin 'general' stands twice"),
        ("spellings.toml", '"camara"', '"licence"', "'licence' stands twice, here and at license"),
        ("terms.en.toml", '"ALPR",', f'"{"plate " * 40}reader",', "should have at most 200 characters"),
        ("clauses.toml", '"QASP"', '"\u200b"', "has not even two letters or digits"),
        ("clauses.toml", '"QASP"', '"the"', "'the' alone stands in many texts"),
        ("clauses.toml", '"QASP"', '"FAR"', "'FAR' alone stands in many texts"),
        ("clauses.toml", "pattern = '", "pattern = 'FAR |", "the pattern holds capitals"),
        ("clauses.toml", "pattern = '", "pattern = 'a{0,40}b{0,40}c|", "repeats that multiply to 1,600; at most 1,000"),
        ("clauses.toml", "[[clause]]", f"[[clause]]\ndeep = {'[' * 9_000}{']' * 9_000}", "values inside values"),
    ],
)
def test_data_that_do_not_fit_are_refused_with_file_line_and_reason(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    replace(folder / file, old, new)
    with pytest.raises(DictionaryError, match=rf"{re.escape(file)}, line \d+: .*{re.escape(message)}") as refused:
        load_dictionary(folder)
    line = int(re.search(r"line (\d+)", str(refused.value))[1])  # type: ignore[index]  # matched above
    text = (folder / file).read_text(encoding="utf-8").split("\n")
    assert (
        any(word in "\n".join(text[max(0, line - 14) : line + 14]) for word in new.split('"') if word.strip(" ,"))
        or not new
    )


def with_parents(path: Path, ties: dict[str, str]) -> None:
    """Give vendors that have no parents one each."""
    text = path.read_text(encoding="utf-8")
    for child, owner in ties.items():
        begin = text.index(f'id = "{child}"')
        end = text.find("\n[[vendor]]", begin)
        assert "parents" not in text[begin:end]
        tie = f'parents = [{{ name = "{owner}", vendor = "{owner}", source = "an example" }}]\n'
        text = f"{text[:end]}{tie}{text[end:]}"
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "ties",
    [
        {"flock-safety": "flock-safety"},
        {"flock-safety": "fivecast", "fivecast": "flock-safety"},
        {"flock-safety": "fivecast", "fivecast": "palantir", "palantir": "flock-safety"},
    ],
)
def test_a_vendor_that_would_be_its_own_parent_is_refused_at_a_line(folder: Path, ties: dict[str, str]) -> None:
    path = folder / "vendors.toml"
    with_parents(path, ties)
    with pytest.raises(
        DictionaryError, match=r"vendors\.toml, line \d+: [a-z0-9-]+ would be its own parent"
    ) as refused:
        load_dictionary(folder)
    line = int(re.search(r"line (\d+)", str(refused.value))[1])  # type: ignore[index]  # matched above
    assert path.read_text(encoding="utf-8").split("\n")[line - 1].startswith("parents = ")


def test_blocks_written_as_one_array_are_refused_at_a_line_too(folder: Path) -> None:
    (folder / "greys.toml").write_text("# none\ngrey = [{ name = 'a' }]\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"greys\.toml, line 2: "):
        load_dictionary(folder)


def test_a_vendor_without_evidence_is_refused_at_its_line(folder: Path) -> None:
    path = folder / "vendors.toml"
    text = path.read_text(encoding="utf-8")
    begin = text.index("evidence = ", text.index('id = "cellebrite"'))
    closed = text.index("]\n", begin) + 2
    path.write_text(text[:begin] + "evidence = []\n" + text[closed:], encoding="utf-8")
    line = text.count("\n", 0, begin) + 1
    with pytest.raises(DictionaryError, match=rf"vendors\.toml, line {line}: evidence: must name at least one"):
        load_dictionary(folder)
    path.write_text(text[:begin] + text[closed:], encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"vendors\.toml, line \d+: evidence: is missing"):
        load_dictionary(folder)


def test_a_missing_foreign_or_broken_file_gives_one_sentence(folder: Path) -> None:
    (folder / "vendors.toml").write_bytes(b"[[vendor]]\nid = \xff\xfe")
    with pytest.raises(DictionaryError, match=r"vendors\.toml, line 2: not UTF-8"):
        load_dictionary(folder)
    (folder / "vendors.toml").write_text("[[vendor]]\nid = 'a'\nname = \n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"vendors\.toml, line 3: not TOML"):
        load_dictionary(folder)
    (folder / "vendors.toml").unlink()
    with pytest.raises(DictionaryError, match=r"vendors\.toml cannot be read"):
        load_dictionary(folder)


@pytest.mark.parametrize(
    "pattern",
    ["a*", "a+b", "(a{1,3}){2}", "(?:ab{0,5}c){0,5}", "a{3,}", "a{1,200}", r"(a)\1", "(?=a)", "a{1,2}b{1,2}c{1,2}", "(",
     "(a?b){1,9}", "a?a?a?a?a?a?a?a?a?b", "(?P<n>a)", "(?:a|a){40}b", "(?:x(?:a|aa)){0,40}b", "(a|b{2}){3}", "a?",
     "(a|)", "^", r"\b", "a{0,3}",
     "xa{0,40}b{0,40}c", "x{32}y{32}", "FAR", "[A-Z]x"],
)  # fmt: skip
def test_a_pattern_that_could_run_away_is_refused(pattern: str) -> None:
    assert why_unsafe(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"52\.204-2[3-6]", "a{0,40}b", "a{0,30}b{0,30}c", r"\D\W\S", r"(?:the )?plan\*", "[*+]", r"\bqasp\b", "(a|b{2})c"],
)
def test_a_pattern_of_bounded_cost_is_allowed(pattern: str) -> None:
    assert why_unsafe(pattern) == ""


def test_what_one_source_taught_is_left_out_and_the_rest_stays() -> None:
    dictionary = load_dictionary()
    without = dictionary.without({"usaspending-ice-fy13-18"})
    assert without.version != dictionary.version
    assert dictionary.vendors["cowboy-streetlight"].names
    assert without.vendors["cowboy-streetlight"].names == ()
    assert without.vendors["cellebrite"].names == dictionary.vendors["cellebrite"].names
    matcher = Matcher(without)
    assert explain(matcher, "STREET LIGHT", "COWBOY STREETLIGHT CONCEALMENTS LLC") == ()
    assert explain(Matcher(dictionary), "STREET LIGHT", "COWBOY STREETLIGHT CONCEALMENTS LLC") != ()


def test_what_several_sources_taught_stays_until_all_are_left_out() -> None:
    dictionary = load_dictionary()
    learned = dictionary.vendors["kraus-hamdani"].names[0].learned_from
    assert "general" not in learned
    assert dictionary.without(learned).vendors["kraus-hamdani"].names == ()
    assert dictionary.without({"legistar"}).vendors["kraus-hamdani"].names
