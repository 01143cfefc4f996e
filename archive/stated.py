"""What a notice states about the procurement that it belongs to, by its numbers. Pure.

A number without its issuer is never a key: 8 of 47 vehicles of one sample would have joined strangers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Final, Self

from archive.chains import DEFENSE
from noticewatch.buyers import ancestors, buyers, find
from noticewatch.numbers import plain

LONG_ENOUGH: Final = 13
"""Letters and digits from which a contract number names one award by itself, within its agency."""

_WEAK_BELOW: Final = 7
"""Letters and digits below which a solicitation or docket number says nothing."""

_VEHICLE: Final = re.compile(r"[A-Z0-9]{6}\d\d[ADG][A-Z0-9]{4,8}")
"""A contract number as FAR 4.1603 forms it: office, fiscal year, type (A, D and G are vehicles), serial number."""

_DEFENSE: Final = "097"

_ISSUED_BY: Final = (
    ("GS", "047"), ("HHS", "075"), ("HS", "070"), ("NN", "080"), ("VA", "036"), ("DJ", "015"), ("FA", "057"),
    ("N0", "017"), ("W9", "021"), ("SP", "097"), ("HC", "097"), ("HT", "097"), ("HQ", "097"),
)  # fmt: skip
"""How contract numbers begin that do not begin with the department's own two digits, with its CGAC code."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a notice states.

    own: id of the procurement that it names for certain, None where it names none; award: letters and digits of an
    award number whose agency may not be sure, agency: that agency's code; solicitation: letters and digits of a strong
    solicitation number; department: who gave them, as CGAC code, else an id of the buyers table.
    """

    notice: int
    id: str
    own: str | None = None
    award: str | None = None
    agency: str | None = None
    solicitation: str | None = None
    department: str | None = None

    @classmethod
    def of(cls, notice: int, notice_id: str, content: Mapping[str, Any]) -> Self:
        """What a notice's content states."""
        numbers = _first_numbers(content)
        solicitation = numbers.get("solicitation")
        own = _from_piid(numbers) or _from_docket(content)
        if solicitation is None and (own is not None or "award" not in numbers):
            return cls(notice, notice_id, own)
        department = _department(content, numbers)
        award = None if own else _award(content, numbers, department)
        return cls(
            notice, notice_id, own, award["plain"] if award else None, award.get("issuer") if award else None,
            _strong_solicitation(content, solicitation), department,
        )  # fmt: skip

    @property
    def solicitation_id(self) -> str | None:
        """Id of the procurement of the notices before several awards; None without a strong number."""
        if self.solicitation is None or self.department is None:
            return None
        return f"solicitation:{self.department}:{self.solicitation}"


def award_id(content: Mapping[str, Any]) -> str | None:
    """``award:<agency>:<PIID>[:<parent PIID>]`` where a notice's content states an award by a strong number, else None.

    The parent stands only beside a PIID of under 13 letters and digits; the agency is the code of the number's issuer.
    """
    stated = Stated.of(0, "", content)
    if stated.own is not None:
        return stated.own if stated.own.startswith("award:") else None
    return f"award:{stated.agency}:{stated.award}" if stated.award and stated.agency else None


def agency_of(procurement_id: str) -> str:
    """The agency code in the id of an award."""
    return procurement_id.split(":", 2)[1]


def department_of_code(code: str) -> str:
    """The department of an agency by its code, ``7012`` (FPDS) or ``070`` (CGAC), as CGAC code; Defense is one.

    An FPDS code begins with the last two digits of the department's CGAC code.
    """
    cgac = code if len(code) == 3 else f"0{code[:2]}"
    return _DEFENSE if cgac in DEFENSE else cgac


def _first_numbers(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    numbers: dict[str, Mapping[str, Any]] = {}
    for number in content.get("numbers", ()):
        numbers.setdefault(number["type"], number)
    return numbers


def _from_piid(numbers: Mapping[str, Mapping[str, Any]]) -> str | None:
    piid, parent = numbers.get("piid"), numbers.get("parent_piid")
    if piid is None or not piid.get("issuer"):
        return None
    if len(piid["plain"]) >= LONG_ENOUGH or parent is None:
        return f"award:{piid['issuer']}:{piid['plain']}"
    return f"award:{piid['issuer']}:{piid['plain']}:{parent['plain']}"


def _from_docket(content: Mapping[str, Any]) -> str | None:
    """The docket of a document that stands in exactly one."""
    dockets = [number for number in content.get("numbers", ()) if number["type"] == "docket"]
    if len(dockets) != 1 or not dockets[0].get("issuer"):
        return None
    number = dockets[0]["plain"]
    return f"docket:{dockets[0]['issuer']}:{number}" if _is_strong(number, _WEAK_BELOW) else None


def _award(
    content: Mapping[str, Any], numbers: Mapping[str, Mapping[str, Any]], department: str | None
) -> Mapping[str, Any] | None:
    """The award number, unless it is weak or names a vehicle of another office, under which the award stands."""
    award = numbers.get("award")
    if award is None or not _is_strong(award["plain"], LONG_ENOUGH):
        return None
    office = plain(_buyer(content).get("codes", {}).get("aac", ""))
    issued_by = _issuer_department(award["plain"])
    strange = issued_by is not None and department is not None and issued_by != department
    lent = bool(office) and _VEHICLE.fullmatch(award["plain"]) is not None and not award["plain"].startswith(office)
    return None if strange or lent else award


def _strong_solicitation(content: Mapping[str, Any], solicitation: Mapping[str, Any] | None) -> str | None:
    if solicitation is None or not _is_strong(solicitation["plain"], _WEAK_BELOW):
        return None
    office = plain(_buyer(content).get("codes", {}).get("aac", ""))
    return None if solicitation["plain"] == office else str(solicitation["plain"])


def _is_strong(number: str, least: int) -> bool:
    return len(number) >= least and any(character.isdigit() for character in number)


def _buyer(content: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((buyer for buyer in content.get("buyers", ()) if buyer["role"] == "contracting"), {})


def _department(content: Mapping[str, Any], numbers: Mapping[str, Mapping[str, Any]]) -> str | None:
    """By the buyer's department code, its entry in the buyers table, its name, else by the issuer of a number."""
    buyer = _buyer(content)
    cgac = buyer.get("codes", {}).get("cgac")
    if cgac:
        return department_of_code(cgac)
    if buyer.get("buyer_id"):
        return _topmost(buyer["buyer_id"])
    entry = find("sam.department", buyer.get("name") or "")
    if entry is not None:
        return _topmost(entry.id)
    issuers = (numbers[kind].get("issuer") for kind in ("piid", "award", "solicitation") if kind in numbers)
    issuer = next((code for code in issuers if code), None)
    return department_of_code(issuer) if issuer else None


@lru_cache(maxsize=1024)
def _topmost(buyer_id: str) -> str:
    """The department of a body as CGAC code: of the one right below the federal government; else the body's own id."""
    line = ancestors(buyer_id)
    below = [body for body, above in pairwise(line) if above == "usg"]
    codes = [code for body in below for system, code in buyers()[body].aliases if system == "sam.cgac"]
    return department_of_code(codes[0]) if codes else buyer_id


@lru_cache(maxsize=4096)
def _issuer_department(number: str) -> str | None:
    """The department by which a contract number was given, as far as its first characters tell."""
    for begins, cgac in _ISSUED_BY:
        if number.startswith(begins):
            return department_of_code(cgac)
    return department_of_code(f"0{number[:2]}") if f"0{number[:2]}" in _departments() else None


@cache
def _departments() -> frozenset[str]:
    return frozenset(code for body in buyers().values() for system, code in body.aliases if system == "sam.cgac")
