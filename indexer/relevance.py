"""The order by relevance: what an engine finds best, with what is recent before what is old. Pure."""

from collections.abc import Sequence
from typing import Final

from indexer.engine import Scored

HALVED_AFTER: Final = 4 * 365
"""Days after which what speaks for an older result weighs three quarters, and more and more nearly half."""


def ranked(best: Sequence[Scored]) -> list[int]:
    """Numbers of notices, best first. Age counts from the newest of them, so the order does not change with the day."""
    newest = max((one.dated for one in best), default=0)

    def weight(one: Scored) -> float:
        recent: float = 0.5 ** ((newest - one.dated) / HALVED_AFTER)
        return one.score * (0.5 + 0.5 * recent)

    return [one.number for one in sorted(best, key=lambda one: (-weight(one), -one.dated, one.number))]
