"""Reads the dictionary's files and says where one is wrong: file, line and reason."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import ValidationError

from noticewatch.errors import NoticewatchError
from watchlist.records import Record

_R = TypeVar("_R", bound=Record)
_WHERE: Final = re.compile(r"line (\d+)")
_OPENED: Final = re.compile(r"^\[\[(\w+)\]\]", re.MULTILINE)


class DictionaryError(NoticewatchError):
    """A data file of the watchlist cannot be used; the message names file, line and reason."""


@dataclass(frozen=True)
class DataFile:
    """A file of the dictionary: its bytes, its parsed blocks by kind, and the way from a block to its line."""

    path: Path
    data: bytes
    blocks: Mapping[str, list[Any]] = field(repr=False)

    def records(self, kind: str, model: type[_R]) -> Iterator["Placed[_R]"]:
        """The checked records of one kind of block, in order. Raises DictionaryError."""
        for index, block in enumerate(self.blocks.get(kind, [])):
            try:
                record = model.model_validate(block)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                keys = [part for part in first["loc"] if isinstance(part, str)]
                named = [first["input"]] if isinstance(first["input"], str) else keys
                raise self.wrong(kind, index, f"{where}: {_plainly(first['msg'])}", *named) from error
            yield Placed(record, self, kind, index)

    def wrong(self, kind: str, index: int, reason: str, *named: str) -> DictionaryError:
        """The error of a block, at the line of the last of ``named`` that stands in it, else at its first line; blocks
        that are written as one array, at the line of that.
        """
        return DictionaryError(f"{self.path}, line {self._line(kind, index, named)}: {reason}.")

    def _line(self, kind: str, index: int, named: tuple[str, ...]) -> int:
        text = self.data.decode()
        opened = [match for match in _OPENED.finditer(text) if match[1] == kind]
        if index >= len(opened):
            return text.count("\n", 0, max(0, text.find(kind))) + 1
        begin = opened[index].start()
        following = _OPENED.search(text, opened[index].end())
        block = text[begin : following.start() if following else len(text)]
        places = [found for name in named if (found := block.find(name)) >= 0]
        return text.count("\n", 0, begin + (places[-1] if places else 0)) + 1


@dataclass(frozen=True, slots=True)
class Placed(Generic[_R]):
    """A record and where it stands."""

    record: _R
    file: DataFile
    kind: str
    index: int

    def wrong(self, reason: str, *named: str) -> DictionaryError:
        """The error of this record."""
        return self.file.wrong(self.kind, self.index, reason, *named)


def read_file(path: Path, kinds: Collection[str]) -> DataFile:
    """A parsed file with no blocks but those of some kinds. Raises DictionaryError."""
    return parsed(path, bytes_of(path), kinds)


def bytes_of(path: Path) -> bytes:
    """What a file holds. Raises DictionaryError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DictionaryError(f"{path} cannot be read ({error.strerror}); restore the file.") from error


def parsed(path: Path, data: bytes, kinds: Collection[str]) -> DataFile:
    """A file of some bytes with no blocks but those of some kinds. Raises DictionaryError."""
    try:
        text = data.decode()
        blocks = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DictionaryError(f"{path}, line {line}: not UTF-8; save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        line = int(found[1]) if (found := _WHERE.search(str(error))) else text.count("\n") + 1
        raise DictionaryError(f"{path}, line {line}: not TOML ({error}).") from error
    except RecursionError:
        raise DictionaryError(f"{path}, line {_deepest(text)}: values inside values, too many to read.") from None
    for kind, block in blocks.items():
        if kind not in kinds or not isinstance(block, list):
            line = text[: text.find(kind)].count("\n") + 1
            expected = ", ".join(f"[[{each}]]" for each in sorted(kinds))
            raise DictionaryError(f"{path}, line {line}: {kind!r} is no block of this file; it holds {expected}.")
    return DataFile(path, data, blocks)


def _deepest(text: str) -> int:
    """The line that opens the most arrays and tables."""
    opened = [line.count("[") + line.count("{") for line in text.split("\n")]
    return opened.index(max(opened)) + 1


def _plainly(message: str) -> str:
    """A message of the schema in a reader's words."""
    return {
        "Field required": "is missing",
        "Extra inputs are not permitted": "is no field of this record",
        "Tuple should have at least 1 item after validation, not 0": "must name at least one",
        "String should have at least 1 character": "must not be empty",
    }.get(message, message[:1].lower() + message[1:])
