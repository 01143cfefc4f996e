"""Tags that pass down to a notice from earlier ones of its contract, beside those that its own words give."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from watchlist.evidence import Tag
from watchlist.inheritance import own_tags
from watchlist.queries import held_tags


def passed_to(connection: Connection, notices: Collection[int]) -> dict[int, list[Tag]]:
    """What has passed down to notices by now; the tagger, which alerts follow, has seen to it."""
    found = {}
    for number, tags in held_tags(connection, notices).items():
        own = own_tags(tags)
        found[number] = [tag for tag in tags if tag not in own]
    return found


def together(own: Sequence[Tag], passed: Sequence[Tag]) -> tuple[Tag, ...]:
    """Own tags and those that passed down; what a notice says by itself as a strong match stands. Pure."""
    kept = {(tag.kind, tag.id, tag.role): tag for tag in own}
    for tag in passed:
        key = tag.kind, tag.id, tag.role
        if key not in kept or kept[key].tier != "alert":
            kept[key] = tag
    return tuple(tag for _, tag in sorted(kept.items()))
