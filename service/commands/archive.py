"""Commands that read the archive: ``show``, ``history``."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from api import words
from archive import queries
from archive.rows import CaptureRow, NoticeRow, VersionRow
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import Notice, Origin, notice_from
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.output import Json, say, say_json
from watchlist.evidence import Tag
from watchlist.queries import tags_of

_MOST_NAMED = 12

Identity = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a notice, or any number of it, with or without hyphens.")
]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(show)
    app.command()(history)


def show(
    identity: Identity,
    version: Annotated[int | None, typer.Option(help="A version of it; default the current one.")] = None,
    as_json: Json = False,
) -> None:
    """Show a notice: what it says, what it is tagged with and why, and which capture says so.

    Example: noticewatch show 70CMSD26P00000034
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        row = find_notice(connection, identity)
        shown = row.notice
        stated: VersionRow | None = None
        if version is not None:
            stated = _version(connection, row, version)
            shown = notice_from(stated.content)
        tags = tags_of(connection, [row.number]).get(row.number, [])
        captured = queries.capture(connection, stated.capture_id if stated else row.capture_id)
        held = queries.members(connection, [row.procurement])[row.procurement] if row.procurement else [row]
    if as_json:
        say_json(_form(row, shown, stated, tags, captured))
        return
    for line in notice_lines(row, shown, version or row.version, tags, captured, len(held)):
        say(line)


def history(identity: Identity, as_json: Json = False) -> None:
    """Show all versions of a notice, oldest first, with what changed in each.

    Example: noticewatch history RFP-002132
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        row = find_notice(connection, identity)
        versions = queries.versions(connection, row.number)
    if as_json:
        say_json({"id": row.id, "versions": [asdict(version) for version in versions]})
        return
    say(f"{row.id}: {words.count_words(len(versions), 'version')}")
    for version in versions:
        for line in version_lines(version):
            say(line)


def find_notice(connection: Connection, text: str) -> NoticeRow:
    """The one notice an id or number leads to. Raises NotFound for none, UsageError naming them for several."""
    ids = queries.find(connection, text)
    if not ids:
        raise NotFound(f"No notice {text[:120]!r} is held; search for it with noticewatch search --all.")
    if len(ids) > 1:
        more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
        raise UsageError(f"{text[:120]!r} leads to {len(ids)} notices, name one: {', '.join(ids[:_MOST_NAMED])}{more}.")
    row = queries.notice(connection, ids[0])
    assert row is not None
    return row


def _version(connection: Connection, row: NoticeRow, number: int) -> VersionRow:
    found = queries.version(connection, row.number, number)
    if found is None:
        raise NotFound(f"{row.id} has no version {number}; noticewatch history {row.id} lists those there are.")
    return found


def notice_lines(
    row: NoticeRow, notice: Notice, version: int, tags: list[Tag], captured: CaptureRow | None, members: int
) -> list[str]:
    """A notice as lines for a person. Pure."""
    title = notice.title[0].text if notice.title else words.NOT_STATED
    made = " (made from the description)" if notice.title_from != "published" else ""
    published = f", published as “{notice.kind_published}”" if notice.kind_published else ""
    lines = [
        f"{title}{made}",
        _line("Id", f"{row.id}, version {version} of {row.versions}"),
        _line("Kind", f"{words.kind_words(notice.kind)}{published}"),
        _line("Status", words.STATUSES.get(notice.status, notice.status)),
        _line("Listing", words.LISTINGS.get(row.listing, row.listing)),
        *_who(notice),
        *_figures(notice),
    ]
    if members > 1:
        lines.append(_line("Contract", f"{row.procurement_id}, {words.count_words(members, 'notice')}"))
    lines += [_line("Tag", _tag_words(tag)) for tag in tags]
    lines += [_line("Source", link.url) for link in notice.links]
    lines += _proof(captured)
    if notice.description:
        lines += ["", *(text.text for text in notice.description)]
    return lines


def _who(notice: Notice) -> list[str]:
    lines = []
    for buyer in notice.buyers or ():
        guessed = " (inferred from the contract number)" if buyer.inferred else ""
        lines.append(_line(words.BUYER_ROLES.get(buyer.role, buyer.role), f"{buyer.name or buyer.buyer_id}{guessed}"))
    if not notice.buyers:
        lines.append(_line("Buyer", words.NOT_STATED))
    for party in notice.parties:
        lines.append(_line(words.PARTY_ROLES.get(party.role, party.role), party.name))
    return lines


def _figures(notice: Notice) -> list[str]:
    lines = []
    for amount in notice.amounts:
        lines.append(_line("Amount", f"{words.amount_value(amount)} {words.amount_kind(amount.kind, amount.basis)}"))
    if not notice.amounts:
        lines.append(_line("Amount", words.NOT_STATED))
    lines += [_line(words.DATE_ROLES.get(date.role, date.role), words.date_words(date)) for date in notice.dates]
    lines += [_line(words.NUMBER_TYPES.get(number.type, number.type), number.printed) for number in notice.numbers]
    return lines


def _tag_words(tag: Tag) -> str:
    tier = words.TIERS.get(tag.tier, tag.tier).lower()
    role = f", {tag.role}" if tag.role else ""
    quotes = "; ".join(f"“{one.quote}” in {words.field_words(one.field)}" for one in tag.evidence)
    return f"{tag.label}{role} ({tier}): {quotes}"


def _proof(captured: CaptureRow | None) -> list[str]:
    if captured is None:
        return []
    capture = captured.capture
    origin = words.ORIGINS.get(capture.origin, capture.origin)
    lines = [_line("Received", f"{words.moment_words(capture.fetched_at)}, {origin}")]
    if capture.origin is not Origin.LIVE:
        lines.append(_line("Recorded by", capture.recorder + (f" ({capture.note})" if capture.note else "")))
    return [*lines, _line("Capture", f"{capture.id}, SHA-256 {capture.payload_sha256}")]


def version_lines(version: VersionRow) -> list[str]:
    """A version of a history as lines for a person. Pure."""
    kinds = ", ".join(words.EVENTS.get(kind, kind) for kind in version.kinds) or words.NOT_STATED
    late = ", late" if version.late else ""
    said = f"{version.version}. {words.moment_words(version.observed_at)}: {kinds}{late}"
    lines = [f"{said} (capture {version.capture_id}, {words.ORIGINS.get(version.origin, version.origin)})"]
    if not version.changed or (version.changed[0][1] is None and len(version.changed) > _MOST_NAMED):
        return lines
    for path, old, new in version.changed:
        lines.append(f"   {words.field_words(path)}: {_value(old)} → {_value(new)}")
    return lines


def _value(value: Any) -> str:
    """A path's JSON value in short words."""
    if value is None:
        return words.NOT_STATED
    if isinstance(value, list):
        return "; ".join(_value(item) for item in value)
    if isinstance(value, dict):
        for name in ("text", "printed", "value", "name", "url", "label", "code"):
            if name in value:
                return _value(value[name])
        return ", ".join(f"{name} {_value(item)}" for name, item in value.items())
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else f"{text[:199]}…"


def _line(name: str, value: str) -> str:
    return f"{name}: {value}"


def _form(
    row: NoticeRow, notice: Notice, stated: VersionRow | None, tags: list[Tag], captured: CaptureRow | None
) -> dict[str, Any]:
    return {
        "id": row.id,
        "register": row.register,
        "source": row.source,
        "version": stated.version if stated else row.version,
        "versions": row.versions,
        "listing": row.listing,
        "first_seen": row.first_seen,
        "procurement": row.procurement_id,
        "content": notice.content(),
        "content_sha256": stated.content_sha256 if stated else row.content_sha256,
        "tags": [asdict(tag) for tag in tags],
        "rebuilt": bool(captured and captured.capture.origin is Origin.REBUILT),
        "capture": captured.capture if captured else None,
    }
