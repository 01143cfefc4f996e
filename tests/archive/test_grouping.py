"""The rule by which postings are one notice: pure, and the same whether they are grouped at once or one by one."""

from hypothesis import given
from hypothesis import strategies as st

from archive.chains import Link, likeness
from archive.grouping import CROWDED, Decisions, Group, Posting, grouped, inserted

NAMES = ("radio sets", "radio sets base year", "road salt", "generator", "generator sets", "salt and sets")


def posting(number: int, name: str, key: str | None = "K") -> Posting:
    link = Link(title=name, posted=None, award=False, amount=None, awarded_on=None)
    return Posting(f"N{number:02}", key, "", frozenset({link}))


POSTINGS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=12).map(
    lambda names: [posting(number, name) for number, name in enumerate(names)]
)


def sets(groups: list[Group]) -> set[frozenset[str]]:
    return {group.numbers for group in groups}


@given(postings=POSTINGS, data=st.data(), crowded=st.integers(1, 13))
def test_postings_put_in_one_by_one_in_any_order_make_the_groups_of_all_at_once(
    postings: list[Posting], data: st.DataObject, crowded: int
) -> None:
    groups: list[Group] = []
    held: list[Posting] = []
    for new in data.draw(st.permutations(postings)):
        stands, own = inserted(groups, new, crowded=crowded)
        held.append(new)
        now = grouped(held, crowded=crowded)
        if stands:
            before = {group.numbers for group in groups if group is not own}
            assert sets(now) == before | {(own.numbers if own else frozenset()) | {new.number}}
        groups = now
    assert sets(groups) == sets(grouped(postings, crowded=crowded))


@given(postings=POSTINGS, shuffled=st.randoms())
def test_the_order_in_which_postings_are_given_says_nothing(postings: list[Posting], shuffled) -> None:  # type: ignore[no-untyped-def]  # a random.Random
    other = list(postings)
    shuffled.shuffle(other)
    assert sets(grouped(other)) == sets(grouped(postings))


def test_a_posting_goes_to_the_latest_group_that_it_follows() -> None:
    held = [posting(1, "radio sets"), posting(2, "generator"), posting(3, "radio sets, generator")]
    assert sets(grouped(held)) == {frozenset({"N01"}), frozenset({"N02", "N03"})}


def test_a_posting_between_others_parts_nothing_unless_a_later_one_would_follow_it_instead() -> None:
    groups = grouped([posting(1, "radio sets"), posting(5, "radio sets"), posting(7, "generator")])
    assert inserted(groups, posting(3, "radio sets, spare")) == (True, groups[0])
    assert inserted(groups, posting(3, "asphalt")) == (True, None)
    assert inserted(groups, posting(6, "radio sets, generator")) == (False, None)
    assert inserted(groups, posting(4, "radio asphalt")) == (True, groups[0])
    assert inserted(groups, posting(2, "sets of asphalt and cement, radio no")) == (True, groups[0])
    assert inserted(groups, posting(9, "generator")) == (True, groups[1])


def compared() -> int:
    """How often two titles were held against each other so far."""
    told = likeness.cache_info()
    return told.hits + told.misses


def test_thousands_of_unlike_titles_under_one_key_are_not_held_against_each_other() -> None:
    names = [f"{number:x} lot of {number * 7919:x}" for number in range(3_000)]
    held = [posting(number, name) for number, name in enumerate([*names, names[7], names[7]])]
    before = compared()
    groups = grouped(held)
    assert compared() == before
    assert len(groups) == 3_000
    assert groups[7].numbers == {"N07", "N3000", "N3001"}
    assert inserted(groups, posting(2_999_5, names[9])) == (True, groups[9])
    assert inserted(groups, posting(1_5, "a title of its own")) == (True, None)
    assert compared() == before


def test_postings_of_a_crowded_key_are_one_by_their_title_alone() -> None:
    names = ["radio sets", "radio sets base year", *[f"{number}" for number in range(CROWDED - 2)]]
    held = [posting(number, name) for number, name in enumerate(names)]
    pair = frozenset({"N00", "N01"})
    assert pair in sets(grouped(held))
    last = posting(999, "radio sets")
    assert inserted(grouped(held), last) == (False, None), "that it is crowded now concerns all of it"
    assert pair not in sets(grouped([*held, last]))
    assert frozenset({"N00", "N999"}) in sets(grouped([*held, last]))


def test_decisions_come_before_the_rule_whatever_the_keys() -> None:
    held = [posting(1, "radio sets"), posting(2, "radio sets"), posting(3, "road salt", "OTHER"), posting(4, "x", None)]
    decided = Decisions.of([("N01", "N02", False), ("N02", "N03", True), ("N03", "N04", True)])
    assert sets(grouped(held, decided)) == {frozenset({"N01"}), frozenset({"N02", "N03", "N04"})}
    assert sets(grouped(held)) == {frozenset({"N01", "N02"}), frozenset({"N03"}), frozenset({"N04"})}


def test_what_was_parted_from_one_is_parted_from_all_that_are_one_with_it_by_decision() -> None:
    held = [posting(1, "radio sets"), posting(2, "radio sets"), posting(3, "radio sets")]
    decided = Decisions.of([("N02", "N03", True), ("N01", "N03", False)])
    assert sets(grouped(held, decided)) == {frozenset({"N01"}), frozenset({"N02", "N03"})}
