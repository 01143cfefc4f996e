"""Text of web pages and of XML. Entities that a file declares itself are never expanded."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from bs4 import BeautifulSoup, Comment, Declaration, Doctype, ProcessingInstruction
from lxml import etree

from archive.documents.pages import Finding, FindingKind, Limits, Page, Told, Unreadable

_UNSEEN: Final = ("script", "style", "template", "noscript")
_NO_TEXT: Final = (Comment, Declaration, Doctype, ProcessingInstruction)


def read_html(stream: BinaryIO, limits: Limits) -> Iterator[Told]:  # noqa: ARG001 - one page, however long
    """Text of a web page, as one."""
    soup = BeautifulSoup(stream.read(), "lxml")
    if soup.find("input", attrs={"type": "password"}) is not None:
        yield Finding(FindingKind.LOG_IN, "It is a page on which one is to log in; noticewatch does not.")
    for unseen in soup.find_all(_UNSEEN):
        unseen.decompose()
    pieces = (str(text).strip() for text in soup.find_all(string=True) if not isinstance(text, _NO_TEXT))
    yield from _whole("\n".join(filter(None, pieces)))


def read_xml(stream: BinaryIO, limits: Limits) -> Iterator[Told]:  # noqa: ARG001 - as above
    """Text of all elements, as one. Raises Unreadable where it is no XML at all."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.parse(stream, parser).getroot()
    except etree.XMLSyntaxError as error:
        raise Unreadable(FindingKind.BROKEN, "It is broken XML and cannot be read.") from error
    if root is None:
        raise Unreadable(FindingKind.BROKEN, "It is broken XML and cannot be read.")
    pieces = (text.strip() for text in root.itertext(etree.Element))
    yield from _whole("\n".join(filter(None, pieces)))
    if parser.error_log:
        yield Finding(FindingKind.BROKEN, "It is not well-formed; what stands after the fault may be missing.")


def _whole(text: str) -> Iterator[Told]:
    yield Page(1, text, "text")
    if not text:
        yield Finding(FindingKind.NO_TEXT, "No text: it holds none.")
