"""What an award is called: by the source's own generated id, or by the columns of a download that holds none. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from crawlers.award_numbers import award_key
from noticewatch.models import Kind

_CONTRACT: Final = re.compile(r"CONT_AWD_(.+?)_([0-9A-Z]{4}|-NONE-)_(.+)_([0-9A-Z]{4}|-NONE-)")
_VEHICLE: Final = re.compile(r"CONT_IDV_(.+)_([0-9A-Z]{4}|-NONE-)")
_ASSISTANCE: Final = re.compile(r"ASST_(?:NON|AGG)_(.+)_([0-9A-Z]{3,4}|-NONE-)")
_NONE: Final = frozenset({"", "-NONE-", "-none-"})

_DEFENSE: Final = "9700"
_DEFENSE_BRANCHES: Final = ("17", "21", "57", "97")
"""First digits of the agencies of the Department of Defense. The register numbers all their contracts under 9700, as
the generated ids show (2026-02, CONT_AWD_0007_9700_FA870215D0001_9700, awarded by 5700)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Numbers and codes as printed, empty where there is none.

    agency: code under which the register numbers the award, four characters, for assistance three; number: PIID, FAIN
    or URI; parent, parent_agency: of the vehicle that an order is under; generated: the source's own id.
    """

    agency: str
    number: str
    parent: str = ""
    parent_agency: str = ""
    vehicle: bool = False
    assistance: bool = False
    generated: str = ""

    @classmethod
    def of(cls, generated: str) -> Self | None:
        """From the source's own id (``CONT_AWD_<piid>_<agency>_<parent>_<agency>`` …); None for any other text."""
        text = generated.strip()
        if match := _CONTRACT.fullmatch(text):
            number, agency, parent, parent_agency = (_stated(part) for part in match.groups())
            found = cls(agency, number, parent, parent_agency if parent else "", generated=text)
        elif match := _VEHICLE.fullmatch(text):
            found = cls(_stated(match[2]), _stated(match[1]), vehicle=True, generated=text)
        elif match := _ASSISTANCE.fullmatch(text):
            found = cls(_stated(match[2]), _stated(match[1]), assistance=True, generated=text)
        else:
            return None
        return found if found.agency and found.number else None

    @classmethod
    def printed(cls, agency: str, number: str, parent: str, parent_agency: str, *, vehicle: bool) -> Self | None:
        """From the columns of an older download; None where agency or number is missing."""
        if _stated(agency) == "" or _stated(number) == "":
            return None
        code = _code(agency)
        above = _stated(parent)
        named = _DEFENSE if code.startswith(_DEFENSE_BRANCHES) else code
        return cls(named, number, above, _code(parent_agency) if above else "", vehicle=vehicle)

    def under(self, parent: str, agency: str) -> Self:
        """The same with what a vehicle stands under, which the source's own id of a vehicle does not say."""
        if not self.vehicle or not _stated(parent):
            return self
        return replace(self, parent=_stated(parent), parent_agency=_code(agency))

    @property
    def key(self) -> str:
        """Key of the notice in the register ``us-award``; a vehicle is never named by the one it stands under."""
        return award_key(self.agency, self.number, "" if self.vehicle else self.parent)

    @property
    def kind(self) -> Kind:
        """The kind of notice that a contract is."""
        if self.vehicle:
            return Kind.VEHICLE
        return Kind.ORDER if self.parent else Kind.AWARD


def _stated(part: str) -> str:
    return "" if part.strip() in _NONE else part.strip()


def _code(printed: str) -> str:
    """A code of an agency; spreadsheets have taken its zeros at the start (``559`` for 0559)."""
    code = _stated(printed)
    return code.zfill(4) if code.isascii() and code.isdigit() else code
