"""Encodings in which no source answers, told by the first bytes of an answer. Pure."""

import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"),
)  # fmt: skip
"""Byte order marks, the longer ones first: that of UTF-32 LE begins with that of UTF-16 LE."""


def foreign_encoding(start: bytes) -> str:
    """``UTF-16`` or ``UTF-32`` where an answer begins with its mark; empty where it does not."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), "")
