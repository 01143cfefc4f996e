"""Names of notices: ids by register, and the other numbers that lead to them. Pure."""

from collections.abc import Iterator
from typing import Final

from noticewatch.models import Notice
from noticewatch.numbers import plain

UNSPOKEN: Final = frozenset({"modification"})
"""Types of numbers that say nothing without another: ``P00001`` leads nowhere."""

OF_OTHERS: Final = frozenset({"incumbent_contract", "corrects", "corrected_by", "prime_award", "prime_parent"})
"""Types of numbers of other things: they lead to that thing, not to the notice that names it."""


def notice_id(register: str, key: str) -> str:
    """Id of a notice: ``<register>:<key>``."""
    return f"{register}:{key}"


def alias_numbers(notice: Notice, source_number: str) -> Iterator[tuple[str, str]]:
    """Numbers that lead to the notice, in plain form, each with its type; the first type of a number counts."""
    seen = {""}
    for number in notice.numbers:
        if number.type not in UNSPOKEN and number.plain not in seen:
            seen.add(number.plain)
            yield number.plain, number.type
    own = plain(source_number)
    if own not in seen:
        yield own, "source_number"
