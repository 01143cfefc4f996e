"""What a person decides of a suggestion: ``watchlist suggest --accept`` and ``--reject``."""

from dataclasses import dataclass
from pathlib import Path

from noticewatch.errors import UsageError
from service.output import note, say, say_json
from watchlist.radar.reviewed import REJECTED, Addition, SellerKind, seller, term, vendor_ids, write
from watchlist.radar.suggest import Look, Suggestion
from watchlist.records import Policy


@dataclass(frozen=True, slots=True)
class Choice:
    """As what a suggestion is accepted: ``policy`` None is the careful one; ``technologies`` empty those it was found
    beside.
    """

    kind: SellerKind = "reseller"
    policy: Policy | None = None
    technologies: tuple[str, ...] = ()
    language: str = "en"


def usual(one: Suggestion) -> Choice:
    """As what a suggestion would be accepted, where nobody says otherwise."""
    return Choice("reseller" if one.resells else "vendor")


def accepted(folder: Path, found: Look, name: str, choice: Choice) -> Addition:
    """The block that adds the suggestion of this name. Raises UsageError where it is none that can be added."""
    one = next((one for one in found.suggestions if one.id == name), None)
    if one is None:
        raise UsageError(
            f"{name!r} is no suggestion of these notices; write it as it was listed, with its --agency and --since."
        )
    addition = block_of(one, folder, choice)
    if addition is None:
        raise UsageError(f"{name} is a notice: accept the phrase or seller in it that is missing, or reject it.")
    return addition


def block_of(one: Suggestion, folder: Path, choice: Choice) -> Addition | None:
    """The block that would add a suggestion; None for a notice, which shows what to look for and is nothing to add."""
    if one.what == "phrase":
        if not choice.language.isalpha() or not (folder / f"terms.{choice.language}.toml").exists():
            raise UsageError(f"There are no terms in the language {choice.language!r}; write en, es or fr.")
        of = (*choice.technologies, *one.leads_to, "surveillance")[0]
        return term(one.key, of, choice.policy or "needs_context", choice.language)
    if one.what == "seller":
        careful: Policy = "never_alone" if choice.kind != "vendor" else "needs_context"
        sold = choice.technologies or (one.leads_to if choice.kind == "vendor" else ())
        return seller(one, choice.kind, sold, choice.policy or careful, vendor_ids(folder, choice.kind))
    return None


def put(folder: Path, addition: Addition, *, as_json: bool) -> None:
    """Write a block into the data files, and say so."""
    path = write(folder, addition)
    if as_json:
        say_json({"file": str(path), "block": addition.block})
        return
    say(f"Written to {path}:\n")
    say(addition.block.rstrip())
    if addition.file != REJECTED:
        note(
            "Look at it, and commit it. A running server takes it up by itself; noticewatch watchlist retag says what "
            "it changes."
        )
