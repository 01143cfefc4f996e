"""Tells the encoding of a SAM.gov file by its first bytes. Pure.

The daily file is Windows-1252 (byte 0x96 breaks UTF-8); files of archived years have been read as UTF-8, with single
bytes that are none.
"""

import codecs
import re
from typing import Final, Literal

_BOM: Final = b"\xef\xbb\xbf"
_LOST: Final = "�"
_CONTROLS: Final = re.compile("[\u0080-\u009f]")
"""No text holds these; they appear where two bytes of Windows-1252 (such as those of ``Â–``) happen to be valid."""
_OTHER: Final = re.compile("[^\u0000-\u009f\ufffd]")


def encoding_of(start: bytes) -> Literal["utf-8", "cp1252"]:
    """The encoding of a file that begins so: UTF-8 where most of what is not ASCII makes sense in it.

    In 13,210 rows of the daily file 4,243 places make none and 34, litter of double encoding, do. Plain ASCII counts
    as Windows-1252, which the daily file is.
    """
    if start.startswith(_BOM):
        return "utf-8"
    if start.isascii():
        return "cp1252"
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(start)  # a character cut in two is left out
    senseless = text.count(_LOST) + len(_CONTROLS.findall(text))
    return "utf-8" if len(_OTHER.findall(text)) > senseless else "cp1252"
