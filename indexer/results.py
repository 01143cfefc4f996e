"""Found numbers put into the form readers see: one bulk read a table, however many results."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from archive.documents.queries import characters, of_notices
from archive.queries import NoticeRow, members, notices, procurement_of
from archive.store import Archive
from archive.totals import running_total
from indexer.document_hits import page_hits
from indexer.highlights import Marking
from indexer.items import Highlight, Item, ItemAmount, ItemEvidence, ItemTag, Named, TakenDown
from indexer.leading import leading, order_in_award
from indexer.requests import SearchAnswer
from noticewatch.buyers import buyers
from noticewatch.dates import PLANNED, dated
from noticewatch.models import AmountKind, Notice, Origin
from watchlist.evidence import Tag
from watchlist.queries import tags_of

__all__ = ["Highlight", "Item", "ItemAmount", "ItemEvidence", "ItemTag", "Named", "TakenDown", "item", "items"]

_MOST_MEMBERS: Final = 200
_MOST_HIGHLIGHTS: Final = 3
_MOST_EVIDENCE: Final = 3


def items(archive: Archive, answer: SearchAnswer) -> list[Item]:
    """The results of an answer, in its order; those that left the log meanwhile are left out."""
    with archive.reading() as connection:
        if answer.scope == "notice":
            rows = notices(connection, answer.hits)
            groups = [[rows[number]] for number in answer.hits if number in rows]
        else:
            of_hit = procurement_of(connection, answer.hits)
            held = members(connection, of_hit.values())
            groups = [held[of_hit[number]] for number in answer.hits if number in of_hit]
        tags = _tags(connection, groups)
        marking = Marking(answer.words)
        quoted = document_highlights(connection, groups, marking)
    single = answer.scope == "notice"
    return [item(group, tags, marking, single=single, quoted=quoted.get(group[0].number, ())) for group in groups]


def item(
    group: Sequence[NoticeRow],
    tags: dict[int, list[Tag]],
    marking: Marking | None = None,
    *,
    single: bool = False,
    quoted: Sequence[Highlight] = (),
) -> Item:
    """One result from its member notices and their tags by notice number.

    marking: the words to mark; single: the one notice is meant by itself, not as what is held of its contract; quoted:
    passages of its documents.
    """
    rows = sorted([row for row in group if row.tombstone is None] or group, key=order_in_award)
    lead = leading(rows)
    notice = lead.notice
    newest = max(rows, key=lambda row: dated(row.notice, row.first_seen)[0])
    day, dated_by = dated(newest.notice, newest.first_seen)
    joined = _item_tags(rows, tags)
    posted, due, plan = notice.date("posted"), notice.date("due"), notice.date(*PLANNED)
    amounts = _own(lead.notice) if single else _amounts(rows)
    return Item(
        id=lead.id,
        procurement=lead.procurement_id,
        title=notice.title[0].text if notice.title else None,
        title_from=notice.title_from,
        kind=notice.kind,
        kind_published=notice.kind_published,
        status=notice.status,
        listing=lead.listing,
        buyer=_buyer(notice),
        suppliers=_suppliers(rows, joined),
        makers=tuple(
            Named(id=tag.id, name=tag.label)
            for tag in joined
            if tag.kind == "vendor" and tag.role == "maker" and tag.tier == "alert"
        ),
        amounts=amounts,
        headline=amounts[0] if amounts else None,
        dated=day,
        dated_by=dated_by,
        posted_at=posted.value if posted else None,
        due_at=due.value if due else None,
        planned_at=plan.value if plan else None,
        first_seen=min(row.first_seen for row in rows),
        numbers=_numbers(rows),
        tags=joined,
        highlights=_chosen(_highlights(rows, lead, marking), quoted),
        source=lead.source,
        rebuilt=any(row.origin is Origin.REBUILT for row in rows),
        recorders=tuple(dict.fromkeys(row.recorder for row in rows if row.origin is not Origin.LIVE)),
        members=len(group),
        url=f"/notices/{quote(lead.id, safe=':')}",
        taken_down=_taken_down(lead),
        members_taken_down=sum(row.tombstone is not None for row in group),
    )


def _taken_down(row: NoticeRow) -> TakenDown | None:
    stone = row.tombstone
    if stone is None:
        return None
    return TakenDown(
        correction=stone.correction, reason=stone.reason, since=stone.since, content_sha256=row.content_sha256
    )  # fmt: skip


def _tags(connection: Connection, groups: Sequence[Sequence[NoticeRow]]) -> dict[int, list[Tag]]:
    return tags_of(connection, [row.number for group in groups for row in group])


def _buyer(notice: Notice) -> Named | None:
    buyer = notice.buyer() or (notice.buyers[0] if notice.buyers else None)
    if buyer is None:
        return None
    entry = buyers().get(buyer.buyer_id or "")
    name = entry.short_name if entry else buyer.name
    return Named(id=buyer.buyer_id, name=name) if name else None


def _suppliers(rows: Sequence[NoticeRow], tags: Sequence[ItemTag]) -> tuple[Named, ...]:
    """Distinct suppliers as printed, with the vendor's page where a tag rests on that name."""
    found: dict[str, str | None] = {}
    for row in rows:
        for party in row.notice.parties:
            if party.role in {"supplier", "reseller"}:
                found.setdefault(party.name, _vendor_of(party.printed or party.name, tags))
    return tuple(Named(id=vendor, name=name) for name, vendor in found.items())


def _vendor_of(printed: str, tags: Sequence[ItemTag]) -> str | None:
    for tag in tags:
        if tag.kind == "vendor" and any(e.field.startswith("parties") and e.quote in printed for e in tag.evidence):
            return tag.id
    return None


def _amounts(rows: Sequence[NoticeRow]) -> tuple[ItemAmount, ...]:
    """Amounts with the headline first. The held actions of a contract give one sum, and what it may be called."""
    if totals := running_total(rows, lambda _: False):
        sums = tuple(
            ItemAmount(
                kind=AmountKind.OBLIGATED,
                basis="change",
                value=total.value,
                currency=total.currency,
                called=total.label,
            )
            for total in totals
        )
        others = [amount for row in rows for amount in _own(row.notice, but=AmountKind.OBLIGATED)]
        return sums + tuple(dict.fromkeys(others))
    newest = max(rows, key=lambda row: (dated(row.notice, row.first_seen)[0], row.number))
    return _own(newest.notice)


def _own(notice: Notice, but: AmountKind | None = None) -> tuple[ItemAmount, ...]:
    headline = notice.stated_amount()
    ordered = sorted((a for a in notice.amounts if a.kind is not but), key=lambda amount: amount is not headline)
    return tuple(
        ItemAmount(kind=a.kind, basis=a.basis, value=a.value, minimum=a.minimum, maximum=a.maximum, currency=a.currency)
        for a in ordered
    )


def _numbers(rows: Sequence[NoticeRow]) -> tuple[str, ...]:
    kinds = {"piid", "award", "solicitation", "parent_piid"}
    printed = [number.printed for row in rows for number in row.notice.numbers if number.type in kinds]
    return tuple(dict.fromkeys(printed))[:_MOST_MEMBERS]


def _item_tags(rows: Sequence[NoticeRow], tags: dict[int, list[Tag]]) -> tuple[ItemTag, ...]:
    """Tags of all members, alert before review, each with evidence from the members that carry it."""
    merged: dict[tuple[str, str, str], list[tuple[NoticeRow, Tag]]] = {}
    for row in rows:
        for tag in tags.get(row.number, ()):
            merged.setdefault((tag.kind, tag.id, tag.role), []).append((row, tag))
    found = [
        ItemTag(
            kind=holders[0][1].kind,
            id=identifier,
            label=holders[0][1].label,
            role=role,
            tier="alert" if any(tag.tier == "alert" for _, tag in holders) else "review",
            evidence=_evidence(holders),
        )
        for (_, identifier, role), holders in merged.items()
    ]
    return tuple(sorted(found, key=lambda tag: (tag.tier != "alert", tag.kind != "vendor", tag.label)))


def _evidence(holders: Sequence[tuple[NoticeRow, Tag]]) -> tuple[ItemEvidence, ...]:
    found: dict[tuple[str, str], ItemEvidence] = {}
    for row, tag in holders:
        for e in tag.evidence:
            found.setdefault(
                (e.field, e.quote),
                ItemEvidence(
                    notice=e.notice or row.id,
                    field=e.field,
                    quote=e.quote,
                    start=e.start,
                    end=e.end,
                    by=e.by,
                    why=e.why,
                ),
            )
    return tuple(found.values())[:_MOST_EVIDENCE]


def document_highlights(
    connection: Connection, groups: Sequence[Sequence[NoticeRow]], marking: Marking
) -> dict[int, list[Highlight]]:
    """Passages of documents by the number of each group's first notice."""
    ids = {row.number: row.id for group in groups for row in group}
    listed = of_notices(connection, characters(connection, ids)) if marking.words else {}
    found: dict[int, list[Highlight]] = {}
    for group in groups if listed else ():
        documents = [document for row in group for document in listed.get(row.number, ())]
        notices = {document.number: ids[document.notice] for document in documents}
        for placed in page_hits(connection, documents, marking, _MOST_HIGHLIGHTS):
            found.setdefault(group[0].number, []).append(
                Highlight(
                    notice=notices[placed.document], field="documents", parts=placed.parts, document=placed.url,
                    place=placed.place,
                )
            )  # fmt: skip
    return found


def _chosen(own: Sequence[Highlight], quoted: Sequence[Highlight]) -> tuple[Highlight, ...]:
    """The first passages of a result; one of its documents has a place among them where there is any."""
    kept = own[: _MOST_HIGHLIGHTS - min(1, len(quoted))]
    return (*kept, *quoted[: _MOST_HIGHLIGHTS - len(kept)])


def _highlights(rows: Sequence[NoticeRow], lead: NoticeRow, marking: Marking | None) -> tuple[Highlight, ...]:
    if marking is None or not marking.words:
        return ()
    found: dict[str, Highlight] = {}
    for row in (lead, *(row for row in rows if row is not lead)):
        for field, text in _texts(row.notice):
            parts = marking.passage(text)
            quoted = "".join(part for part, _ in parts) if parts else ""
            if parts and quoted not in found:
                found[quoted] = Highlight(notice=row.id, field=field, parts=parts)
        if len(found) >= _MOST_HIGHLIGHTS:
            break
    return tuple(found.values())[:_MOST_HIGHLIGHTS]


def _texts(notice: Notice) -> list[tuple[str, str]]:
    texts = [("title", text.text) for text in notice.title] if notice.title_from == "published" else []
    texts += [("description", text.text) for text in notice.description]
    texts += [(f"parties.{party.role}", party.printed or party.name) for party in notice.parties]
    return texts + [(f"buyers.{buyer.role}", buyer.name) for buyer in notice.buyers if buyer.name]
