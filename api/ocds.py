"""Notices as releases of the Open Contracting Data Standard 1.1 (https://standard.open-contracting.org/1.1/). Pure.

A release states what one notice states. Its ``ocid`` is the procurement that noticewatch joined it to, which has no
registered prefix. Sums stand in ``value`` only where the source states a total; every amount, with kind and basis, and
what the standard has no place for is in the member ``noticewatch``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from archive.rows import NoticeRow
from indexer.items import Item
from noticewatch.dates import instant
from noticewatch.models import Amount, AmountKind, Buyer, Kind, Notice, Party, Status
from noticewatch.naming import body_name, title

VERSION: Final = "1.1"
_TAGS: Final = {
    Kind.SOLICITATION: "tender", Kind.JUSTIFICATION: "tender", Kind.AWARD: "award", Kind.GRANT: "award",
    Kind.ORDER: "contract", Kind.VEHICLE: "contract", Kind.SUBAWARD: "contract", Kind.MODIFICATION: "contractAmendment",
    Kind.PAYMENT: "implementation",
}  # fmt: skip
"""Release tags by kind; all other kinds are of the planning stage."""
_TENDER_STATUSES: Final = {
    Status.OPEN: "active", Status.CLOSED: "complete", Status.AWARDED: "complete", Status.CANCELLED: "cancelled",
    Status.WITHDRAWN: "withdrawn",
}  # fmt: skip
_ROLES: Final = {"supplier": "supplier", "reseller": "supplier", "bidder": "tenderer"}
_BODIES: Final = {"contracting": "buyer", "funding": "funder", "requesting": "procuringEntity", "issuing": "buyer"}
_AWARDED: Final = (AmountKind.AWARDED, AmountKind.ANNOUNCED)
_WHOLE: Final = (AmountKind.BASE_AND_ALL_OPTIONS, AmountKind.CEILING, AmountKind.BASE_AND_EXERCISED)
_PLANNED: Final = (AmountKind.ESTIMATE, AmountKind.CEILING, AmountKind.NOT_TO_EXCEED, AmountKind.BUDGET)
_SCHEMES: Final = ("uei", "cage", "duns", "company_number")


def releases(pairs: Iterable[tuple[Item, NoticeRow]], base: str) -> Iterator[dict[str, Any]]:
    """A release a notice. What was taken down has none. ``base``: address of the site."""
    return (release(item, row, base) for item, row in pairs if row.tombstone is None)


def release(item: Item, row: NoticeRow, base: str) -> dict[str, Any]:
    """The current version of a notice as a release."""
    notice, tag = row.notice, _TAGS.get(row.notice.kind, "planning")
    parties = _parties(notice)
    stated = {
        "ocid": f"noticewatch-{row.procurement_id}", "id": f"{row.id}-{row.version}", "date": _moment(item, row),
        "tag": [tag], "initiationType": "tender", "language": _language(notice), "parties": parties,
        "buyer": next((_reference(one) for one in parties if "buyer" in one["roles"]), None),
    }  # fmt: skip
    awarded = tag in {"award", "contract", "contractAmendment", "implementation"}
    stage = _awarded(row, parties, tag) if awarded else _asked(row, tag)
    return _present(stated | stage | {"noticewatch": _own(item, row, base)})


def _asked(row: NoticeRow, tag: str) -> dict[str, Any]:
    """The members of a notice before award."""
    notice, value = row.notice, _total(row.notice, _PLANNED)
    due = notice.date("due")
    ends = instant(due.value) if due else None
    competition = notice.competition
    status = "planned" if tag == "planning" and notice.status is Status.OPEN else _TENDER_STATUSES.get(notice.status)
    tender = {
        "id": row.procurement_id, "title": title(notice, row.id), "description": _description(notice), "status": status,
        "value": value if tag == "tender" else None,
        "procurementMethodDetails": competition.procedure if competition else None,
        "tenderPeriod": {"endDate": ends.isoformat()} if ends else None, "items": _items(notice),
        "documents": _documents(notice),
    }  # fmt: skip
    budget = {"budget": {"amount": value}} if value and tag == "planning" else None
    return {"planning": budget, "tender": _present(tender)}


def _awarded(row: NoticeRow, parties: Sequence[dict[str, Any]], tag: str) -> dict[str, Any]:
    """The members of an award, and of what was signed under it."""
    notice = row.notice
    signed = notice.date("signed", "posted")
    moment = instant(signed.value) if signed else None
    day = moment.isoformat() if moment else None
    named = {"title": title(notice, row.id), "description": _description(notice)}
    award = {
        "id": row.procurement_id, **named, "status": "cancelled" if notice.status is Status.CANCELLED else "active",
        "date": day, "value": _total(notice, _AWARDED if tag == "award" else _WHOLE), "items": _items(notice),
        "suppliers": [_reference(one) for one in parties if "supplier" in one["roles"]],
        "documents": _documents(notice),
    }  # fmt: skip
    if tag == "award":
        return {"awards": [_present(award)]}
    contract = {
        "id": row.procurement_id, "awardID": row.procurement_id, **named, "dateSigned": day,
        "value": _total(notice, _WHOLE), "period": _period(notice),
        "amendments": [_present({"id": row.id, "date": day, "description": notice.reason})]
        if tag == "contractAmendment"
        else None,
    }  # fmt: skip
    return {"awards": [_present(award)], "contracts": [_present(contract)]}


def _own(item: Item, row: NoticeRow, base: str) -> dict[str, Any]:
    """What the standard has no place for: where it comes from, its version and hash, amounts by kind, tags."""
    return {
        "id": row.id, "version": row.version, "content_sha256": row.content_sha256, "url": base + item.url,
        "source": row.source, "kind": row.notice.kind.value, "status": row.notice.status.value,
        "listing": row.listing.value, "rebuilt": item.rebuilt, "recorder": row.recorder,
        "numbers": [number.model_dump(mode="json", exclude_defaults=True) for number in row.notice.numbers],
        "amounts": [amount.model_dump(mode="json", exclude_defaults=True) for amount in row.notice.amounts],
        "tags": [tag.model_dump(mode="json", include={"kind", "id", "label", "role", "tier"}) for tag in item.tags],
    }  # fmt: skip


def _parties(notice: Notice) -> list[dict[str, Any]]:
    """Bodies and companies, each once with all its roles; persons are named, and nothing more is told of them."""
    found: dict[str, dict[str, Any]] = {}
    for body in notice.buyers:
        _add(found, _body(body), _BODIES[body.role])
    for party in notice.parties:
        if party.role in _ROLES:
            _add(found, _company(party), _ROLES[party.role])
    return list(found.values())


def _add(found: dict[str, dict[str, Any]], party: dict[str, Any], role: str) -> None:
    roles = found.setdefault(party["id"], party).setdefault("roles", [])
    if role not in roles:
        roles.append(role)


def _body(body: Buyer) -> dict[str, Any]:
    name = body_name(body)
    return {"id": body.buyer_id or name, "name": name}


def _company(party: Party) -> dict[str, Any]:
    stated = [(scheme, value) for scheme in _SCHEMES if (value := getattr(party, scheme))]
    identifiers = [{"scheme": scheme.upper(), "id": value, "legalName": party.name} for scheme, value in stated]
    named: dict[str, Any] = {
        "id": f"{stated[0][0].upper()}-{stated[0][1]}" if stated else party.name, "name": party.name,
    }  # fmt: skip
    more = {"identifier": identifiers[0], "additionalIdentifiers": identifiers[1:]} if identifiers else {}
    return named | _present(more)


def _reference(party: dict[str, Any]) -> dict[str, Any]:
    return {"id": party["id"], "name": party["name"]}


def _total(notice: Notice, kinds: Sequence[AmountKind]) -> dict[str, Any] | None:
    """The first total of some kinds; what is stated of an action alone is none."""
    for kind in kinds:
        for amount in notice.amounts:
            if amount.kind is kind and amount.basis != "change" and amount.value is not None:
                return _value(amount)
    return None


def _value(amount: Amount) -> dict[str, Any]:
    assert amount.value is not None
    return _present({"amount": float(amount.value), "currency": amount.currency})


def _period(notice: Notice) -> dict[str, Any] | None:
    start, end = notice.date("start", "effective"), notice.date("end")
    days = {name: instant(one.value) for name, one in (("startDate", start), ("endDate", end)) if one}
    return {name: moment.isoformat() for name, moment in days.items() if moment} or None


def _items(notice: Notice) -> list[dict[str, Any]]:
    """What is bought, as far as codes say it."""
    codes = [
        _present({"scheme": one.scheme.upper(), "id": one.code, "description": one.label})
        for one in notice.classifications
        if one.code
    ]
    return [{"id": str(place), "classification": code} for place, code in enumerate(codes, start=1)]


def _documents(notice: Notice) -> list[dict[str, Any]]:
    return [
        _present({"id": one.url, "url": one.url, "title": one.title, "format": one.media_type})
        for one in {document.url: document for document in notice.documents}.values()
    ]


def _description(notice: Notice) -> str | None:
    return "\n\n".join(text.text for text in notice.description) or None


def _language(notice: Notice) -> str:
    texts = (*notice.title, *notice.description)
    return texts[0].language if texts else "en"


def _moment(item: Item, row: NoticeRow) -> str:
    """When it was published, else the day that it is dated by."""
    moment = instant(item.posted_at or item.dated) or row.first_seen
    return moment.isoformat()


def _present(members: dict[str, Any]) -> dict[str, Any]:
    """The members that state something: an empty list or object is none by the standard."""
    return {name: value for name, value in members.items() if value not in (None, [], {}, "")}
