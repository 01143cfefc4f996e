"""An element of SAM.gov's opportunities search as a notice: Get Opportunities Public API, version 2. Pure.

Real answers differ from the documents: they have no level ``data``, and spell ``responseDeadLine``, ``typeOfSetAside``.
Both shapes are read. What the bulk file of the same register says too is said in the same words, by the same functions.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from crawlers.members import Members
from crawlers.parsing import Shape
from crawlers.sources.sam_gov_bulk.mapping import (
    ZONE,
    amounts,
    buyers,
    competition,
    kind_of,
    revision,
    standing,
    texts,
)
from noticewatch.contacts import mask
from noticewatch.dates import Role, instant, sam_time
from noticewatch.models import (
    Buyer,
    Classification,
    DateValue,
    Document,
    Kind,
    Link,
    Notice,
    Number,
    Party,
    Place,
)
from noticewatch.numbers import plain

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "noticeId": ("numbers.notice_id",),
    "title": ("title", "title_from"),
    "solicitationNumber": ("numbers.solicitation",),
    "fullParentPathName": ("buyers.contracting",),
    "fullParentPathCode": ("buyers.contracting",),
    "department": ("buyers.contracting",),
    "subTier": ("buyers.contracting",),
    "office": ("buyers.contracting",),
    "postedDate": ("dates.posted",),
    "type": ("kind", "kind_published", "status", "status_published"),
    "archiveDate": ("dates.archive",),
    "typeOfSetAside": ("competition",),
    "typeOfSetAsideDescription": ("competition",),
    "setAside": ("competition",),
    "setAsideCode": ("competition",),
    "responseDeadLine": ("dates.due",),
    "reponseDeadLine": ("dates.due",),
    "naicsCode": ("classifications.naics",),
    "naicsCodes": ("classifications.naics",),
    "classificationCode": ("classifications.psc",),
    "award": ("numbers.award", "dates.signed", "amounts.announced", "parties.supplier"),
    "placeOfPerformance": ("places",),
    "additionalInfoLink": ("links",),
    "uiLink": ("links",),
    "resourceLinks": ("documents",),
}
"""Members that are read, with the paths that they carry. ``description`` carries the text only where it is one."""

UNREAD: Final[Mapping[str, str]] = {
    "baseType": "mostly the type of the version before, which the chain holds",
    "archiveType": "how the archive date was set",
    "pointOfContact": "contacts of officials, dropped",
    "officeAddress": "address of the office",
    "links": "address of this very answer",
}
"""Members that are known and not read, with the reason."""

_DOTS: Final = re.compile(r"(?<!\b[A-Z])\.(?!\s|$)")
"""Full stops that part names of a path, not those inside ``U.S. AIR FORCES``."""
_OFFICE_CODE: Final = re.compile(r"[A-Z0-9]{6}")
_LEVELS_ABOVE: Final = 2


def revision_of(posted: Any, notice_id: str) -> str:
    """What sorts the revisions of a notice.

    The interface states the day only, so its revision is the beginning of that day, before any time of the bulk file;
    the archive lets both witnesses of a NoticeId speak of the later one. Revisions of one day are in order of sight.
    """
    printed = posted.strip() if isinstance(posted, str) else ""
    date = sam_time("posted", printed) if printed else None
    moment = instant(date.value, ZONE) if date else None
    if date is None or moment is None:
        return ""
    return revision(printed, notice_id) if date.precision == "time" else f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def carried(item: Mapping[str, Any]) -> frozenset[str]:
    """Paths that an element with these members can carry."""
    data = item.get("data")
    below = data.keys() if isinstance(data, Mapping) else ()
    paths = _carried(frozenset((*item, *below)))
    return paths | {"description"} if _is_text(item.get("description")) else paths


@lru_cache(maxsize=64)
def _carried(members: frozenset[str]) -> frozenset[str]:
    return frozenset(path for member in members for path in CARRIES.get(member, ()))


def to_notice(item: Mapping[str, Any], shape: Shape) -> Notice:
    """The notice that an element states. Members that nobody reads and values of a wrong type go to the shape."""
    members = Members(item, shape)
    data = members.object("data")
    both = (members, data)
    for one in both:
        one.ignore(*UNREAD)
    kind = kind_of(members.text("type"), shape)
    status, word = standing(kind, members.text("title"), members.text("active"))
    award = _object(both, "award")
    description = members.text("description")
    notice = Notice(
        kind=kind,
        kind_published=members.text("type"),
        status=status,
        status_published=word,
        title=texts(members.text("title")),
        description=texts(description) if _is_text(description) else (),
        buyers=_buyers(members),
        parties=tuple(_parties(award.object("awardee"))),
        amounts=amounts(award.text("amount"), shape),
        numbers=tuple(_numbers(members, award)),
        dates=tuple(_dates(members, award, shape)),
        classifications=tuple(_classifications(members)),
        competition=competition(*_set_aside(members)),
        places=_places(_object(both, "placeOfPerformance")),
        documents=tuple(Document(url=url) for url in dict.fromkeys(map(_keyless, members.texts("resourceLinks")))),
        links=tuple(_links(members)),
    )
    members.close()
    return notice


def text_alone(notice_id: str, description: str) -> Notice:
    """What an answer says that holds a notice's text and nothing else; its kind is not known."""
    number = Number(type="notice_id", printed=notice_id, plain=plain(notice_id))
    return Notice(kind=Kind.OTHER, description=texts(description.strip()), numbers=(number,))


def _is_text(value: Any) -> bool:
    """Whether a description is the text itself; real answers hold only its address."""
    return isinstance(value, str) and bool(value.strip()) and not value.strip().startswith(("http://", "https://"))


def _object(levels: tuple[Members, Members], name: str) -> Members:
    """An object of the element, or of its level ``data`` as the documents have it."""
    own, below = (level.object(name) for level in levels)
    return own or below


def _first(members: Members, *names: str) -> str:
    """The first text given under these names. All of them count as read."""
    given = [members.text(name) for name in names]
    return next((text for text in given if text), "")


def _buyers(members: Members) -> tuple[Buyer, ...]:
    """Department, agency and office by the path of names and codes; the documents' single names where it is absent."""
    codes = [code.strip() for code in members.text("fullParentPathCode").split(".") if code.strip()]
    names = _path(members.text("fullParentPathName"), len(codes))
    level = members.text("organizationType").upper()
    department = (names[0] if names else "") or _first(members, "department")
    subtier = (names[1] if len(names) > 1 else "") or _first(members, "subTier", "subtier")
    deep = len(names) > _LEVELS_ABOVE
    office = (names[-1] if deep else "") or _first(members, "office")
    is_office = level in {"", "OFFICE"} and len(codes) > _LEVELS_ABOVE and _OFFICE_CODE.fullmatch(codes[-1])
    return buyers(
        subtier, department, office, codes[0] if codes else "", codes[1] if len(codes) > 1 else "",
        codes[-1] if is_office else "",
    )  # fmt: skip


def _path(printed: str, levels: int) -> list[str]:
    """The names of a path. Names hold full stops themselves: where there are more names than codes, some do."""
    names = [name.strip() for name in printed.split(".") if name.strip()]
    if len(names) > levels:
        names = [name.strip() for name in _DOTS.split(printed) if name.strip()]
    return names


def _parties(awardee: Members) -> Iterator[Party]:
    awardee.ignore("location", "manual")
    printed = " ".join(awardee.text("name").split())
    name = printed.partition(";")[0].strip()  # the documents show "Name of Entity; Street Address;City;State;Zip Code"
    uei, cage, duns = awardee.text("ueiSAM"), awardee.text("cageCode"), awardee.text("duns")
    if name and name.casefold() != "null":
        yield Party(
            role="supplier", name=name, printed=printed if printed != name else None,
            uei=uei or None, cage=cage or None, duns=duns or None,
        )  # fmt: skip


def _numbers(members: Members, award: Members) -> Iterator[Number]:
    notice_id = members.text("noticeId")
    yield Number(type="notice_id", printed=notice_id, plain=plain(notice_id))
    codes = members.text("fullParentPathCode").split(".")
    issuer = codes[1].strip() if len(codes) > 1 else None
    for kind, printed in (("solicitation", members.text("solicitationNumber")), ("award", award.text("number"))):
        if printed:
            yield Number(type=kind, printed=printed, plain=plain(printed), issuer=issuer or None)


def _dates(members: Members, award: Members, shape: Shape) -> Iterator[DateValue]:
    printed: tuple[tuple[Role, str, str], ...] = (
        ("posted", "postedDate", members.text("postedDate")),
        ("due", "responseDeadLine", _first(members, "responseDeadLine", "reponseDeadLine")),
        ("signed", "award.date", award.text("date")),
        ("archive", "archiveDate", members.text("archiveDate")),
    )
    for role, name, text in printed:
        date = sam_time(role, text) if text else None
        if date is not None:
            yield date
        elif text:
            shape.remarks[f"{name} that is no date"] += 1


def _classifications(members: Members) -> Iterator[Classification]:
    naics = dict.fromkeys(code for code in (members.text("naicsCode"), *members.texts("naicsCodes")) if code)
    for code in naics:
        yield Classification(scheme="naics", code=code)
    if psc := members.text("classificationCode"):
        yield Classification(scheme="psc", code=psc)


def _set_aside(members: Members) -> tuple[str, str]:
    code = _first(members, "typeOfSetAside", "setAsideCode")
    return code, _first(members, "typeOfSetAsideDescription", "setAside")


def _places(place: Members) -> tuple[Place, ...]:
    streets = (place.text("streetAddress"), place.text("streetAddress2"))
    city, state, country = place.object("city"), place.object("state"), place.object("country")
    parts = {
        "street": mask(" ".join(street for street in streets if street)),
        "city": _named(city, "name", "code"),
        "region": _named(state, "code", "name"),
        "postcode": _first(place, "zip", "zipcode"),
        "country": _named(country, "code", "name"),
    }
    given = {name: value for name, value in parts.items() if value}
    return (Place(**given),) if given else ()


def _named(level: Members, *names: str) -> str:
    return _first(level, *names)


def _links(members: Members) -> Iterator[Link]:
    if address := members.text("uiLink"):
        yield Link(url=_keyless(address))
    if address := members.text("additionalInfoLink"):
        yield Link(url=_keyless(address), rel="more")


def _keyless(address: str) -> str:
    """An address without a key: the test system has been seen to print ``?api_key=null&token=``."""
    return address.partition("?")[0] if "api_key=" in address else address
