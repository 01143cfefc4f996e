"""What a check finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["good", "note", "unset", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. ``bad``: something does not work; ``unset``: it works once it is set up, and nothing is
    broken; ``note``: something to know; ``cure``: what to do.
    """

    name: str
    state: State
    said: str
    cure: str = ""


def guarded(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings of a check; a check that fails is a finding, never the end of the examination."""
    try:
        return list(check())
    except Exception as error:
        said = " ".join(f"could not be looked at ({type(error).__name__}: {error})".split())
        return [Finding(name, "bad", said, "repeat it with --debug and report it, if the sentence does not help")]


def size(count: float) -> str:
    """Bytes in words: ``12.5 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
