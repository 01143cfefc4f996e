"""Keys of US federal awards and actions: every source of one register gives the same key for the same thing.

Rules: docs/model.md; a contract number of 13 or more letters and digits names one award within its agency, a shorter
one (``0001`` under a vehicle) only together with the number of its parent.
"""

from typing import Final

from noticewatch.numbers import plain

NAMES_ITSELF: Final = 13
"""Letters and digits from which a contract number names one award within its agency."""


def award_key(agency: str, piid: str, parent: str = "") -> str:
    """``7012:70CMSD23FR0000145``; with the parent's number behind a short one: ``7012:0001:HSCETC08D00001``.

    agency: code of the contracting agency, four characters; piid, parent: as printed.
    """
    number = plain(piid)
    parts = [agency.strip().upper(), number]
    if len(number) < NAMES_ITSELF and plain(parent):
        parts.append(plain(parent))
    return ":".join(parts)


def action_key(agency: str, piid: str, modification: str, parent: str = "", transaction: str = "") -> str:
    """Key of one action (modification) of an award: agency, number, modification, then what else is needed to name it.

    modification: as printed, ``0`` for the first; transaction: number that tells actions with the same modification
    apart, left out where it is empty or 0.
    """
    number = plain(piid)
    parts = [agency.strip().upper(), number, modification.strip().upper()]
    if len(number) < NAMES_ITSELF and plain(parent):
        parts.append(plain(parent))
    if transaction.strip().strip("0"):
        parts.append(transaction.strip())
    return ":".join(parts)
