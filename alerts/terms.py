"""What a saved search asks for, read again from the database, where another version of the program may have put it."""

from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from alerts.models import Terms

UNREAD: Final = "It was saved by another version of noticewatch, whose searches are not read any more; save it anew."
_MEMBERS: Final = TypeAdapter(dict[str, Any])


def read(written: str) -> tuple[Terms, str]:
    """The terms, and why the search cannot be run, a sentence; empty where all of it was understood.

    Else the terms are what is understood of it: enough to show, never to run, for what was left out may have
    narrowed it.
    """
    try:
        return Terms.model_validate_json(written), ""
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors() if each["loc"]}
    try:
        held = _MEMBERS.validate_json(written)
    except ValidationError:
        return Terms(), UNREAD
    return Terms.model_validate({name: value for name, value in held.items() if name not in wrong}), UNREAD
