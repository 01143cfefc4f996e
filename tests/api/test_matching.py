"""Numbers of what a search finds, as they are remembered."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from api.searching import Numbers


@given(st.lists(st.integers(0, 70_000)), st.integers(-10, 80_000))
def test_a_set_of_numbers_is_that_set(numbers: list[int], other: int) -> None:
    held = Numbers.of(numbers)
    assert list(held) == sorted(set(numbers))
    assert len(held) == len(set(numbers))
    assert all(number in held for number in numbers)
    assert (other in held) == (other in set(numbers))
    assert held == Numbers.of(reversed(numbers))


def test_broad_questions_that_are_remembered_do_not_fill_the_memory() -> None:
    """A reader can ask 256 of them, each of nearly everything."""
    held = Numbers.of(range(64_322))
    assert len(held) == 64_322
    assert sys.getsizeof(held) + sys.getsizeof(held.bits) < 10_000
