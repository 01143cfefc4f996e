"""Text that holds a NUL, which PostgreSQL refuses: written with a mark, read back as it was.

The mark is a code point that Unicode assigns to no character; where a text holds it by itself it is doubled.
"""

from typing import Final

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown, TextLoader

_MARK: Final = "\U0010fffe"
_NUL, _ITSELF = f"{_MARK}0", f"{_MARK}{_MARK}"


def marked(text: str) -> str:
    """A text without NUL that :func:`unmarked` turns back."""
    return text.replace(_MARK, _ITSELF).replace("\0", _NUL)


def unmarked(text: str) -> str:
    """The text that was marked."""
    return _MARK.join(part.replace(_NUL, "\0") for part in text.split(_ITSELF))


class _Dumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(marked(obj) if "\0" in obj or _MARK in obj else obj)


class _Loader(TextLoader):
    def load(self, data: Buffer) -> str | bytes:
        text = super().load(data)
        return unmarked(text) if isinstance(text, str) and _MARK in text else text


def install(connection: "Connection[object]") -> None:
    """Let a connection write and read such texts."""
    connection.adapters.register_dumper(str, _Dumper)
    for name in ("text", "varchar"):
        connection.adapters.register_loader(name, _Loader)
