"""Commands that read the archive: ``show``, ``history``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from api.diff import diff_lines
from api.related import SHOWN, Relations, related_form, related_lines, relations
from api.tombstones import form_of
from archive import queries
from archive.gone import Gone, gone
from archive.joins import Joiner
from archive.log import head
from archive.readers import cursor
from archive.related import MOST
from archive.rows import CaptureRow, NoticeRow, VersionRow
from archive.said import listing_words, stone_words
from archive.withheld import NOTHING, Tombstone
from noticewatch import words
from noticewatch.buyers import buyers
from noticewatch.changes import changes
from noticewatch.dates import dated
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import Buyer, Notice, Origin, notice_from
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.output import Json, say, say_json, say_lines
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
        rows = find_notices(connection, identity, named=version is not None)
        if version is not None and len(rows) > 1:
            raise UsageError(several(identity, rows))
        found = relations(connection, queries.members_of(connection, rows[0]), MOST if as_json else SHOWN)
        shown = [_stated(connection, row, version, found) for row in rows]
    if as_json:
        forms = [_form(one) for one in shown]
        say_json(forms[0] if len(forms) == 1 else {"notices": forms})
        return
    say_lines(led_lines(identity, rows))
    if len(shown) > 1:
        say(f"{identity} leads to {len(shown)} notices of one contract, {rows[0].procurement_id}.\n")
    for index, one in enumerate(shown):
        say_lines(([""] if index else []) + notice_lines(one))


def history(identity: Identity, as_json: Json = False) -> None:
    """Show all versions of a notice, oldest first, with what changed in each: [-what went-] and {+what came+}.

    Example: noticewatch history RFP-002132
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        rows = find_notices(connection, identity)
        histories = {row.id: queries.versions(connection, row.number) for row in rows}
    if as_json:
        forms = [{"id": held, "versions": [asdict(one) for one in history]} for held, history in histories.items()]
        say_json(forms[0] if len(forms) == 1 else {"notices": forms})
        return
    say_lines(led_lines(identity, rows))
    for held, history in histories.items():
        say(f"{held}: {words.count_words(len(history), 'version')}")
        for version in history:
            say_lines(version_lines(version))


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice in one of its versions, with its tags, its capture, how many notices its contract holds, and what the
    contract is linked to.
    """

    row: NoticeRow
    notice: Notice
    version: int
    content_sha256: str
    tags: list[Tag]
    captured: CaptureRow | None
    members: int
    related: Relations
    gone: Gone | None
    tombstone: Tombstone | None = None


def find_notices(connection: Connection, text: str, *, named: bool = False) -> list[NoticeRow]:
    """The notices of one contract that an id or number leads to, oldest first; mostly one. ``named``: one of its
    versions is asked for, so an id speaks for itself, also where it leads to another notice now.

    Raises NotFound for none, UsageError naming them for notices of several contracts.
    """
    if named and (row := queries.notice(connection, text.strip())) is not None:
        return [row]
    ids = queries.find(connection, text)
    if not ids:
        raise NotFound(f"No notice {text[:120]!r} is held; search for it with noticewatch search --all.")
    held = queries.notices(connection, queries.numbers_of(connection, ids).values()).values()
    rows = sorted(held, key=lambda row: (dated(row.notice, row.first_seen)[0], row.number))
    if len({row.procurement_id for row in rows}) > 1:
        raise UsageError(_of_contracts(text, rows, head(connection) - cursor(connection, Joiner.name)))
    return rows


def led_lines(text: str, rows: Sequence[NoticeRow]) -> list[str]:
    """Says so where an id leads to a notice with another one. Pure."""
    register, colon, _ = text.strip().partition(":")
    if len(rows) != 1 or not colon or rows[0].id == text.strip() or register != rows[0].register:
        return []
    return [f"{text.strip()} leads to {rows[0].id}, where its records are now."]


def several(text: str, rows: Sequence[NoticeRow]) -> str:
    """Asks to name one of the notices of a contract that a text leads to. Pure."""
    return f"{text[:120]!r} leads to {len(rows)} notices, name one: {_named([row.id for row in rows])}."


def _of_contracts(text: str, rows: Sequence[NoticeRow], unjoined: int) -> str:
    """Asks to name one of the notices of several contracts. ``unjoined``: events that are not joined yet. Pure."""
    named = _named([f"{row.id} ({words.kind_words(row.notice.kind).lower()} of "
                    f"{dated(row.notice, row.first_seen)[0]})" for row in rows])  # fmt: skip
    waits = words.count_words(unjoined, "event of the log is", "events of the log are")
    hint = f"; {waits} still to be joined, which noticewatch run goes on with" if unjoined > 0 else ""
    joined = f"{text[:120]!r} leads to {len(rows)} notices that are not joined to one contract"
    return f"{joined}, give the id of one: {named}{hint}."


def _named(those: Sequence[str]) -> str:
    more = f" and {len(those) - _MOST_NAMED} more" if len(those) > _MOST_NAMED else ""
    return f"{', '.join(those[:_MOST_NAMED])}{more}"


def _stated(connection: Connection, row: NoticeRow, version: int | None, found: Relations) -> Shown:
    stated = None if version is None else _version(connection, row, version)
    return Shown(
        row=row,
        notice=_notice(row, stated),
        version=stated.version if stated else row.version,
        content_sha256=stated.content_sha256 if stated else row.content_sha256,
        tags=tags_of(connection, [row.number]).get(row.number, []),
        captured=queries.capture(connection, stated.capture_id if stated else row.capture_id),
        members=len(queries.members_of(connection, row)),
        related=found,
        gone=gone(connection, row.number),
        tombstone=stated.tombstone if stated else row.tombstone,
    )


def _notice(row: NoticeRow, stated: VersionRow | None) -> Notice:
    if stated is None:
        return row.notice
    return NOTHING if stated.tombstone else notice_from(stated.content)


def _version(connection: Connection, row: NoticeRow, number: int) -> VersionRow:
    found = queries.version(connection, row.number, number)
    if found is None:
        raise NotFound(f"{row.id} has no version {number}; noticewatch history {row.id} lists those there are.")
    return found


def notice_lines(shown: Shown) -> list[str]:
    """A notice as lines for a person, or its tombstone. Pure."""
    if shown.tombstone is not None:
        return _tombstone(shown, shown.tombstone)
    row, notice = shown.row, shown.notice
    title = notice.title[0].text if notice.title else words.NOT_STATED
    made = " (made from the description)" if notice.title_from != "published" else ""
    published = f", published as “{notice.kind_published}”" if notice.kind_published else ""
    lines = [
        f"{title}{made}",
        _line("Id", _which_version(row, shown.version)),
        _line("Kind", f"{words.kind_words(notice.kind)}{published}"),
        _line("Status", words.STATUSES.get(notice.status, notice.status)),
        _line("Listing", listing_words(row.listing, shown.gone)),
        *_who(notice),
        *_figures(notice),
    ]
    if shown.members > 1:
        lines.append(_line("Contract", f"{row.procurement_id}, {words.count_words(shown.members, 'notice')}"))
    lines += [_line(name, said) for name, said in related_lines(shown.related)]
    lines += [_line("Tag", _tag_words(tag)) for tag in shown.tags]
    lines += [_line("Source", link.url) for link in notice.links]
    lines += _proof(shown.captured)
    if notice.description:
        lines += ["", *(text.text for text in notice.description)]
    return lines


def _which_version(row: NoticeRow, number: int) -> str:
    """A notice's id and the version shown. Numbers have holes where versions went to another notice. Pure."""
    whole = max(number, row.version) <= row.versions
    held = f" of {row.versions}" if whole else f"; {words.count_words(row.versions, 'version')} held"
    return f"{row.id}, version {number}{held}"


def _tombstone(shown: Shown, stone: Tombstone) -> list[str]:
    return [
        stone_words(stone),
        _line("Id", _which_version(shown.row, shown.version)),
        _line("Correction", f"{stone.correction}; noticewatch correct list shows it"),
        _line("Content", f"withheld, SHA-256 {shown.content_sha256}"),
        *_proof(shown.captured),
    ]


def _who(notice: Notice) -> list[str]:
    lines = []
    for buyer in notice.buyers or ():
        guessed = " (inferred from the contract number)" if buyer.inferred else ""
        lines.append(_line(words.BUYER_ROLES.get(buyer.role, buyer.role), f"{_buyer_name(buyer)}{guessed}"))
    if not notice.buyers:
        lines.append(_line("Buyer", words.NOT_STATED))
    for party in notice.parties:
        lines.append(_line(words.PARTY_ROLES.get(party.role, party.role), party.name))
    return lines


def _buyer_name(buyer: Buyer) -> str:
    """The name as printed, else the name in the buyers table."""
    known = buyers().get(buyer.buyer_id or "")
    return buyer.name or (known.name if known else buyer.buyer_id or words.NOT_STATED)


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
    said = dict.fromkeys(f"“{one.quote}” in {words.field_words(one.field)}" for one in tag.evidence)
    quotes = "; ".join(said)
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
    late = f", {words.LATE}" if version.late else ""
    said = f"{version.version}. {words.moment_words(version.observed_at)}: {kinds}{late}"
    if version.tombstone is not None:
        said = f"{version.version}. {stone_words(version.tombstone)} Content: SHA-256 {version.content_sha256}"
    read = version.record
    place = f"capture {read.capture_id}, row {read.row}, bytes {read.start} to {read.end}"
    lines = [f"{said} ({place}, {words.ORIGINS.get(version.origin, version.origin)})"]
    if not version.changed or (version.changed[0][1] is None and len(version.changed) > _MOST_NAMED):
        return lines
    return [*lines, *(f"   {line}" for line in diff_lines(changes(version.changed)))]


def _line(name: str, value: str) -> str:
    return f"{name}: {value}"


def _form(shown: Shown) -> dict[str, Any]:
    row, captured = shown.row, shown.captured
    return {
        "id": row.id,
        "register": row.register,
        "source": row.source,
        "version": shown.version,
        "versions": row.versions,
        "listing": row.listing,
        "gone": shown.gone,
        "first_seen": row.first_seen,
        "procurement": row.procurement_id,
        "related": related_form(row, shown.related),
        "content": None if shown.tombstone else shown.notice.content(),
        **form_of(shown.tombstone),
        "content_sha256": shown.content_sha256,
        "tags": [asdict(tag) for tag in shown.tags],
        "rebuilt": bool(captured and captured.capture.origin is Origin.REBUILT),
        "capture": captured.capture if captured else None,
    }
