"""The public log of corrections in the shapes of the API, the page and the command line."""

from dataclasses import dataclass
from typing import Any

from api import forms
from archive.corrections import Correction
from noticewatch import addresses, words

_CONTRACTS = ("award:", "docket:", "solicitation:")
"""How ids of contracts begin that are none of a notice."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a correction names, in words, and where it is shown; ``href`` is empty where nothing is."""

    words: str
    href: str


def correction_form(made: Correction) -> dict[str, Any]:
    """A correction in JSON."""
    return {
        "number": made.number,
        "kind": made.kind,
        "concerns": list(made.concerns),
        "reason": made.reason,
        "made_at": forms.stamp(made.made_at),
        "first_seq": made.first_seq,
        "last_seq": made.last_seq,
        "details": dict(made.details),
    }


def correction_words(made: Correction) -> str:
    """What was done, when, and to which entries of the log it led; without what it names and its reason."""
    done = words.first_upper(words.CORRECTIONS.get(made.kind, made.kind))
    return f"{done} {words.moment_words(made.made_at)} ({_entries(made)})"


def named(made: Correction) -> list[Named]:
    """What a correction names, each with its page."""
    return [_named(one) for one in made.concerns]


def correction_lines(made: Correction) -> list[str]:
    """A correction as lines for a person."""
    what = words.listed(one.words for one in named(made))
    return [f"{made.number}. {correction_words(made)}: {what}", f"   {made.reason}"]


def _entries(made: Correction) -> str:
    if made.first_seq == made.last_seq:
        return f"entry {made.first_seq} of the log"
    return f"entries {made.first_seq} to {made.last_seq} of the log"


def _named(concerned: str) -> Named:
    if concerned.startswith("sha256:"):
        return Named(f"the file with SHA-256 {concerned.removeprefix('sha256:')}", "")
    if concerned.startswith(_CONTRACTS):
        return Named(f"the contract {concerned}", "")
    notice_id, at, version = concerned.rpartition("@")
    if at and version.isdecimal():
        return Named(f"{notice_id}, version {version}", addresses.version(notice_id, int(version)))
    return Named(concerned, addresses.notice(concerned))
