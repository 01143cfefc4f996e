"""Cuts a company's name out of "name and address" strings. Pure, and careful: where unsure, the whole string stays."""

import re

_ADDRESS_END = re.compile(
    r"\s(?:[A-Z]{2}\s)?[A-Z]?\d[\w-]{3,9}(?:\s[A-Z]{3})?$|\s[A-Z]{2}(?:-\w{2,3})?\s[A-Z]{3}$|\sUSA$"
)
_SUFFIX = re.compile(
    r"(?<=[\s,])(?:L\.?\s?L\.?\s?C|INC(?:ORPORATED)?|CORP(?:ORATION)?|CO(?:MPANY)?|L\.?T\.?D|LIMITED|L\.?L\.?P|P\.?L\.?L\.?C|"
    r"L\.?P|P\.?C|GMBH|S\.?A\.?S?|S\.?R\.?L|B\.?V|N\.?V|A\.?G|PLC|JV)\.?(?=[\s,]|$)",
    re.IGNORECASE,
)
_STREET_NUMBER = re.compile(r"\s\d+\w{0,2}\s")
_TITLE_CASE = re.compile(r"\s[A-Z][a-z]")


def company(printed: str) -> str:
    """``FCN, INC. Rockville MD 20852 USA`` becomes ``FCN, INC.``; a string without an address stays as it is."""
    text = " ".join(printed.split())
    end = _ADDRESS_END.search(text)
    if end is None:
        return text
    before = text[: end.start()]
    name = _to_suffix(before) or _to_street(before) or _to_city(before)
    return name.rstrip(" ,") if name else text


def _to_suffix(text: str) -> str | None:
    """Up to the company form, and to a second one that follows at once (``CO., LTD.``)."""
    first = _SUFFIX.search(text)
    if first is None or first.end() == len(text):
        return text[: first.end()] if first else None
    end = first.end()
    while (further := _SUFFIX.match(text, end + _gap(text, end))) is not None and further.end() > end:
        end = further.end()
    return text[:end]


def _gap(text: str, place: int) -> int:
    return len(text[place:]) - len(text[place:].lstrip(" ,"))


def _to_street(text: str) -> str | None:
    """Up to a house number behind the first word."""
    match = _STREET_NUMBER.search(text)
    return text[: match.start()] if match and match.start() > 2 else None


def _to_city(text: str) -> str | None:
    """Where a name in capitals is followed by a city that is not."""
    match = _TITLE_CASE.search(text)
    if match and match.start() > 2 and text[: match.start()].isupper():
        return text[: match.start()]
    return None
