"""Identifiers of notices in comparable form."""

import re

_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")


def plain(number: str) -> str:
    """Letters and digits of a number in upper case: ``70-CMSD-23FR0000145`` and ``70CMSD23FR0000145`` are one."""
    return _NOT_ALNUM.sub("", number.upper())
