"""Text of a Word document (DOCX), parted where its pages end.

A document holds no pages: a program that showed it leaves marks where they ended then, which are taken. One that no
program has shown has only the breaks that its author put in.
"""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

import docx
from docx.oxml.ns import qn
from lxml import etree

from archive.documents.pages import Finding, FindingKind, Limits, Page, Told, Unreadable
from archive.documents.zipped import refuse_large

_TEXT: Final = qn("w:t")
_PARAGRAPH, _CELL, _ROW = qn("w:p"), qn("w:tc"), qn("w:tr")
_SPACES: Final = {qn("w:tab"): "\t", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_BREAK, _SHOWN_BREAK, _TYPE = qn("w:br"), qn("w:lastRenderedPageBreak"), qn("w:type")
_TWICE: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOTES: Final = ("header", "footer", "footnotes", "endnotes", "comments")
_PAGE_END: Final = "\f"


def read(stream: BinaryIO, limits: Limits) -> Iterator[Told]:
    """Pages of a document, then what stands in its headers, footers and notes. Raises Unreadable."""
    refuse_large(stream, limits)
    document = _opened(stream)
    body = document.element.body
    shown = next(body.iter(_SHOWN_BREAK), None) is not None
    text = "".join(_pieces(body, shown=shown))
    pages = text.split(_PAGE_END)
    for number, page in enumerate(pages, start=1):
        yield Page(number, page, "page" if len(pages) > 1 else "text")
    notes = "\n".join(dict.fromkeys(filter(None, _notes(document.part))))
    if notes:
        yield Page(len(pages) + 1, notes, "notes")
    if not (text + notes).strip():
        images = sum("image" in str(part.content_type) for part in document.part.package.iter_parts())
        yield Finding(FindingKind.NO_TEXT, f"No text: {images} images." if images else "No text: it is empty.")


def _opened(stream: BinaryIO) -> Any:
    try:
        return docx.Document(stream)
    except MemoryError:
        raise
    except Exception as error:  # the library lets through whatever its parts raise
        raise Unreadable(FindingKind.BROKEN, "It is a broken Word document and cannot be opened.") from error


def _notes(part: Any) -> Iterator[str]:
    """Texts of headers, footers, notes and comments."""
    for relation in part.rels.values():
        kind = str(relation.reltype).rpartition("/")[2]
        if kind not in _NOTES or relation.is_external:
            continue
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            root = etree.fromstring(relation.target_part.blob, parser)
        except etree.XMLSyntaxError:
            continue
        yield "".join(_pieces(root, shown=True)).replace(_PAGE_END, "").strip()


def _pieces(root: Any, *, shown: bool) -> Iterator[str]:
    """Pieces of text in the order of the document; paragraphs end lines, cells are parted by tabs."""
    skipped: Any = None
    for event, element in _walk(root):
        if skipped is not None:
            skipped = None if event == "end" and element is skipped else skipped
        elif event == "start" and element.tag == _TWICE:
            skipped = element
        elif event == "start":
            yield from _starting(element, shown=shown)
        elif element.tag == _PARAGRAPH:
            yield "\n"
        elif element.tag == _CELL:
            yield "\t"
        elif element.tag == _ROW:
            yield "\n"


def _starting(element: Any, *, shown: bool) -> Iterable[str]:
    tag = element.tag
    if tag == _TEXT:  # what was struck out is w:delText, which nobody is shown
        return (element.text or "",)
    if tag in _SPACES:
        return (_SPACES[tag],)
    if tag == _BREAK:
        is_page = element.get(_TYPE) == "page"
        return (("" if shown else _PAGE_END) if is_page else "\n",)
    return (_PAGE_END,) if tag == _SHOWN_BREAK and shown else ()


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    return iter(etree.iterwalk(root, events=("start", "end")))
