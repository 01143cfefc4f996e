"""A document of the Federal Register as a notice. Pure. Fields: Federal Register API v1, ``DocumentField``."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from crawlers.members import Members
from noticewatch.buyers import BuyerEntry, find
from noticewatch.contacts import mask
from noticewatch.dates import Role, bare_date
from noticewatch.errors import SourceDrift
from noticewatch.models import Buyer, DateValue, Document, Kind, Link, Notice, Number, Status, Text
from noticewatch.numbers import plain

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "document_number": ("numbers.document",),
    "title": ("title", "title_from"),
    "type": ("kind_published",),
    "subtype": ("kind_published",),
    "abstract": ("description",),
    "action": ("reason",),
    "publication_date": ("dates.posted",),
    "effective_on": ("dates.effective",),
    "comments_close_on": ("dates.due",),
    "signing_date": ("dates.signed",),
    "agencies": ("buyers.issuing",),
    "docket_ids": ("numbers.docket",),
    "docket_id": ("numbers.docket",),
    "regulation_id_numbers": ("numbers.rin",),
    "citation": ("numbers.citation",),
    "html_url": ("links",),
    "pdf_url": ("documents",),
    "raw_text_url": ("documents",),
    "full_text_xml_url": ("documents",),
    "correction_of": ("numbers.corrects",),
    "corrections": ("numbers.corrected_by",),
}
"""Members that are read, with the paths that they carry; ``kind`` and ``status`` follow from the source."""

UNREAD: Final[Mapping[str, str]] = {
    "dates": "says in words what effective_on and comments_close_on say",
    "excerpts": "of the words searched for, different for each search",
    "page_views": "changes all the time",
    "public_inspection_pdf_url": "its address holds the time of the last filing",
    "regulation_id_number_info": "the Unified Agenda's record of the number",
    "volume": "the citation holds it",
    "start_page": "the citation holds it",
    "end_page": "follows from the citation and the length",
    "page_length": "how long it is in print",
    "body_html_url": "the same text once more",
    "mods_url": "library record of the same facts",
    "json_url": "the same record alone",
    "topics": "the publisher's index terms, for rules only",
    "cfr_references": "parts of the Code of Federal Regulations",
    "significant": "of rules under review",
    "regulations_dot_gov_info": "counts of comments, change all the time",
    "images": "drawings in the text",
}
"""Members that are known and not read, with the reason."""

NEEDED: Final = frozenset({"document_number", "title", "publication_date"})

_DATES: Final[tuple[tuple[Role, str], ...]] = (
    ("posted", "publication_date"),
    ("effective", "effective_on"),
    ("due", "comments_close_on"),
    ("signed", "signing_date"),
)
_DOCUMENTS: Final = (
    ("pdf_url", "as printed", "application/pdf"),
    ("raw_text_url", "text", "text/plain"),
    ("full_text_xml_url", "text with its structure", "application/xml"),
)


def to_notice(members: Members) -> Notice:
    """The notice that a document states. Raises SourceDrift where what should be an address is none."""
    members.ignore(*UNREAD)
    kinds = [kind for kind in (members.text("type"), members.text("subtype")) if kind]
    agencies = [agency for stated in members.objects("agencies") if (agency := _agency(stated)) is not None]
    return Notice(
        kind=Kind.REGISTER_DOCUMENT,
        kind_published=": ".join(kinds) or None,
        reason=mask(members.text("action")) or None,
        status=Status.UNKNOWN,
        title=_text(members.text("title")),
        description=_text(members.text("abstract")),
        buyers=tuple(agencies),
        numbers=tuple(_numbers(members, _issuer(agencies))),
        dates=tuple(_dates(members)),
        documents=tuple(_documents(members)),
        links=tuple(Link(url=address) for address in [_address(members, "html_url")] if address),
    )


@lru_cache(maxsize=256)
def carried(members: tuple[str, ...]) -> frozenset[str]:
    """The paths that a document with these members can carry."""
    return frozenset({"kind", *(path for member in members for path in CARRIES.get(member, ()))})


def _text(printed: str) -> tuple[Text, ...]:
    return (Text(text=mask(printed)),) if printed else ()


def _agency(stated: Members) -> Buyer | None:
    """An agency that the source did not recognise has only the name as the document prints it."""
    stated.ignore("id", "url", "json_url", "parent_id")
    printed, name, slug = stated.text("raw_name"), stated.text("name"), stated.text("slug")
    if not (printed or name):
        return None
    entry = _entry(name, slug)
    codes = {"fr": slug} if slug else {}
    return Buyer(role="issuing", name=name or printed, codes=codes, buyer_id=entry.id if entry else None)


@lru_cache(maxsize=1024)
def _entry(name: str, slug: str) -> BuyerEntry | None:
    return (find("fr.slug", slug) if slug else None) or (find("fr.name", name) if name else None)


def _issuer(agencies: list[Buyer]) -> str | None:
    """Who gives a document's docket numbers: the first agency, which is the department where one is named."""
    return next((agency.codes["fr"] for agency in agencies if "fr" in agency.codes), None)


def _numbers(members: Members, issuer: str | None) -> Iterator[Number]:
    for kind, number in (("document", members.text("document_number")), ("citation", members.text("citation"))):
        if number:
            yield Number(type=kind, printed=number, plain=plain(number))
    dockets = [*members.texts("docket_ids"), members.text("docket_id")]
    for docket in dict.fromkeys(filter(None, dockets)):
        yield Number(type="docket", printed=docket, plain=plain(docket), issuer=issuer)
    for number in members.texts("regulation_id_numbers"):
        yield Number(type="rin", printed=number, plain=plain(number))
    corrected = members.texts("corrections")
    named = [("corrects", members.text("correction_of")), *(("corrected_by", address) for address in corrected)]
    for kind, address in named:
        if number := _document_number(address):
            yield Number(type=kind, printed=number, plain=plain(number))


def _document_number(address: str) -> str:
    """The number at the end of a document's address in the API: ``…/api/v1/documents/2020-27990``."""
    return address.partition("?")[0].rstrip("/").rpartition("/")[2].removesuffix(".json")


def _dates(members: Members) -> Iterator[DateValue]:
    for role, member in _DATES:
        printed = members.text(member)
        date = bare_date(role, printed) if printed else None
        if date is not None:
            yield date
        elif printed:
            members.shape.remarks[f"{member} that is no date"] += 1


def _address(members: Members, member: str) -> str:
    """An address on the web; empty where there is none. Raises SourceDrift where something else stands in its place."""
    printed = members.text(member)
    if printed and not printed.startswith(("https://", "http://")):
        raise SourceDrift(f"{member} of document {members.text('document_number')} is no address where one was due.")
    return printed


def _documents(members: Members) -> Iterator[Document]:
    for member, title, media_type in _DOCUMENTS:
        if address := _address(members, member):
            yield Document(url=address, title=title, media_type=media_type)
