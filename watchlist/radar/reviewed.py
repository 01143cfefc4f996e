"""What a person has judged: an accepted suggestion becomes a block of the data files, a rejected one is written down.

A file is written beside the old one, checked with all others, and only then put in its place.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import orjson
from pydantic import Field

from noticewatch.errors import UsageError
from watchlist.dictionary import DictionaryError, load_dictionary
from watchlist.radar.suggest import Suggestion
from watchlist.reading import read_file
from watchlist.records import IDENTIFIER, VENDOR_FILES, Policy, Record

REJECTED: Final = "rejected.toml"
ORIGIN: Final = "radar"
"""What an accepted suggestion was learned from (``origins.toml``)."""

SellerKind: TypeAlias = Literal["vendor", "integrator", "reseller"]

_BLOCK: Final = re.compile(r'^\[\[vendor\]\]\nid = "([^"]+)"', re.MULTILINE)


class Rejected(Record):
    """A suggestion that a person has rejected, why and on which day."""

    what: Literal["phrase", "seller", "notice"]
    key: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]
    on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


@dataclass(frozen=True, slots=True)
class Addition:
    """A block for a data file; ``before``: id of the vendor before whose block it stands, empty for the file's end."""

    file: str
    block: str
    before: str = ""


def rejections(folder: Path) -> dict[tuple[str, str], Rejected]:
    """What was rejected, by what and key. Raises DictionaryError naming file, line and reason."""
    path = folder / REJECTED
    if not path.exists():
        return {}
    found: dict[tuple[str, str], Rejected] = {}
    for placed in read_file(path, ("rejected",)).records("rejected", Rejected):
        name = placed.record.what, placed.record.key
        if name in found:
            raise placed.wrong(f"{placed.record.what} {placed.record.key!r} stands twice", placed.record.key)
        found[name] = placed.record
    return found


def rejection(suggestion: str, reason: str, on: str) -> Addition:
    """The block that keeps a suggestion, named as it was listed, from coming again. Raises UsageError."""
    what, colon, key = suggestion.partition(":")
    if not colon or what not in {"phrase", "seller", "notice"} or not key.strip():
        raise UsageError(f"{suggestion!r} names no suggestion; write it as it was listed, such as phrase:skip tracing.")
    if not reason.strip():
        raise UsageError("A rejection needs a reason: --reason TEXT.")
    lines = [f"what = {_text(what)}", f"key = {_text(key.strip())}", f"reason = {_text(reason.strip())}"]
    return Addition(REJECTED, _block("rejected", [*lines, f"on = {_text(on)}"]))


def term(phrase: str, technology: str, policy: Policy = "needs_context", language: str = "en") -> Addition:
    """The block that makes a phrase a term of a technology."""
    lines = [f"technology = {_text(technology)}", f"policy = {_text(policy)}", _learned(), f"terms = [{_text(phrase)}]"]
    return Addition(f"terms.{language}.toml", _block("terms", lines))


def seller(
    suggested: Suggestion, kind: SellerKind, technologies: Sequence[str], policy: Policy, ids: Iterable[str]
) -> Addition:
    """The block that makes a seller a vendor of the dictionary; ``ids``: of the vendors there, in their order."""
    own = re.sub(r"[^a-z0-9]+", "-", suggested.key).strip("-")
    evidence = ", ".join(_text(one) for one in dict.fromkeys(quote.notice for quote in suggested.quotes))
    lines = [f"id = {_text(own)}", f"name = {_text(suggested.name)}", f"kind = {_text(kind)}"]
    if technologies:
        lines.append(f"technologies = [{', '.join(map(_text, technologies))}]")
    lines += [_learned(), f"evidence = [{evidence}]", "names = ["]
    lines += [f"  {{ name = {_text(suggested.name)}, policy = {_text(policy)} }},", "]"]
    source = suggested.quotes[0].notice if suggested.quotes else ""
    known = [one for one in suggested.identifiers if re.fullmatch(IDENTIFIER, one)]
    if known:
        rows = [f"  {{ id = {_text(one)}, source = {_text(source)}, {_learned()} }}," for one in known]
        lines += ["identifiers = [", *rows, "]"]
    before = next((one for one in ids if one > own), "")
    return Addition(VENDOR_FILES[kind], _block("vendor", lines), before)


def vendor_ids(folder: Path, kind: SellerKind) -> list[str]:
    """Ids of the vendors in the file of a kind, in its order."""
    return _BLOCK.findall((folder / VENDOR_FILES[kind]).read_text(encoding="utf-8"))


def write(folder: Path, addition: Addition) -> Path:
    """Put a block into its file, where the data are whole with it; gives the file.

    Raises DictionaryError where they would not be, UsageError where the file cannot be written: it stays as it was.
    """
    path = folder / addition.file
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = with_block(old, addition)
        _check(folder, addition.file, new)
        _replace(path, new)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}); make it writable, or set NOTICEWATCH_WATCHLIST to a copy of "
            f"{folder} that is."
        ) from error
    return path


def with_block(text: str, addition: Addition) -> str:
    """A file's text with a block in its place. Pure."""
    place = text.find(f'[[vendor]]\nid = "{addition.before}"') if addition.before else -1
    if place >= 0:
        return f"{text[:place]}{addition.block}\n{text[place:]}"
    gap = "\n" if text and not text.endswith("\n\n") else ""
    return f"{text}{gap}{addition.block}"


def _check(folder: Path, name: str, text: str) -> None:
    """Load all data with a file as it would be."""
    with tempfile.TemporaryDirectory(prefix="noticewatch-watchlist-") as temporary:
        trial = Path(temporary)
        for file in folder.glob("*.toml"):
            shutil.copy(file, trial)
        (trial / name).write_text(text, encoding="utf-8")
        try:
            load_dictionary(trial)
            rejections(trial)
        except DictionaryError as error:
            said = str(error).replace(str(trial), str(folder))
            raise DictionaryError(f"Nothing was written: with this block {said}") from error


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, file.name)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _block(kind: str, lines: Sequence[str]) -> str:
    return "\n".join([f"[[{kind}]]", *lines, ""])


def _learned() -> str:
    return f'learned_from = ["{ORIGIN}"]'


def _text(value: str) -> str:
    """A basic string of TOML, which JSON's strings are too."""
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")
