"""Which notice stands for a procurement, and in which order its members are told."""

import re
from collections.abc import Sequence
from typing import Final

from archive.queries import NoticeRow
from noticewatch.dates import dated

_PARTS: Final = re.compile(r"\d+|\D+")


def leading(rows: Sequence[NoticeRow]) -> NoticeRow:
    """The lowest modification held, else the newest notice before award."""
    actions = [row for row in rows if modification(row) is not None]
    if actions:
        return min(actions, key=lambda row: (_natural(modification(row) or ""), row.number))
    return max(rows, key=lambda row: (dated(row.notice, row.first_seen)[0], row.number))


def modification(row: NoticeRow) -> str | None:
    """The modification number of an action as printed (``0``, ``P00003``); None for any other notice."""
    return next((number.printed for number in row.notice.numbers if number.type == "modification"), None)


def order_in_award(row: NoticeRow) -> tuple[str, tuple[tuple[int, str], ...], int]:
    """Sorts members by day, then modification, then number."""
    return dated(row.notice, row.first_seen)[0], _natural(modification(row) or ""), row.number


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """``0`` before ``P00002`` before ``P00010``."""
    return tuple((int(part), "") if part.isdigit() else (10**9, part) for part in _PARTS.findall(text))
