"""Text of a PDF page by page, with what its form fields hold, and the files that it carries."""

import io
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, Final

import pypdfium2
from pypdfium2 import raw

from archive.documents.pages import Finding, FindingKind, Limits, Member, Page, PageCount, Told, Unreadable, counted

_XFA: Final = (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND)

_HYPHEN: Final = "\x02"
"""PDFium's sign for a hyphen at the end of a line, where the word goes on in the next."""


def read(stream: BinaryIO, limits: Limits) -> Iterator[Told]:
    """Pages of a PDF. Raises Unreadable for one that is encrypted or broken."""
    pdf = _opened(stream)
    pages = len(pdf)
    yield PageCount(pages)
    if pdf.get_formtype() in _XFA:
        yield Finding(FindingKind.FORM, "It is a form that is built when it is opened (XFA); of it only this is read.")
    images, empty, unread = list[int](), list[int](), list[int]()
    for number in range(1, min(pages, limits.pages) + 1):
        try:
            text, has_image = _page(pdf, number)
        except pypdfium2.PdfiumError:
            unread.append(number)
            continue
        if not text.strip():
            (images if has_image else empty).append(number)
        yield Page(number, text)
    yield from _without_text(images, empty, min(pages, limits.pages))
    if unread:
        yield Finding(FindingKind.BROKEN, f"{_numbered(unread)} of {pages:,} cannot be read.")
    yield from _attachments(pdf)


def _opened(stream: BinaryIO) -> Any:
    try:
        pdf = pypdfium2.PdfDocument(stream)
        pdf.init_forms()  # fields are flattened into the page below
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise Unreadable(FindingKind.ENCRYPTED, "It is encrypted and opens with a password only.") from error
        raise Unreadable(FindingKind.BROKEN, "It is a broken PDF and cannot be opened.") from error
    return pdf


def _page(pdf: Any, number: int) -> tuple[str, bool]:
    """Text of a page, and whether it shows an image where it has none."""
    page = pdf[number - 1]
    try:
        if page.formenv and page.flatten() == raw.FLATTEN_SUCCESS:
            page.close()
            page = pdf[number - 1]
        words = page.get_textpage()
        text = str(words.get_text_bounded()).replace(_HYPHEN, "")
        words.close()
        has_image = not text.strip() and any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4))
    finally:
        page.close()
    return text, has_image


def _without_text(images: Sequence[int], empty: Sequence[int], read_pages: int) -> Iterator[Finding]:
    if images and len(images) + len(empty) == read_pages:
        yield Finding(FindingKind.NO_TEXT, f"No text: {counted(len(images), 'page')} of images.")
    elif images:
        verb = "is an image" if len(images) == 1 else "are images"
        yield Finding(FindingKind.PARTLY_NO_TEXT, f"{_numbered(images)} {verb} without text.")
    elif len(empty) == read_pages:
        yield Finding(FindingKind.NO_TEXT, f"No text: {counted(read_pages, 'empty page', 'empty pages')}.")


def _attachments(pdf: Any) -> Iterator[Told]:
    for index in range(pdf.count_attachments()):
        try:
            attached = pdf.get_attachment(index)
            name, data = str(attached.get_name()), bytes(attached.get_data())
        except pypdfium2.PdfiumError:
            yield Finding(FindingKind.BROKEN, f"File {index + 1} that it carries cannot be taken out.")
            continue
        yield Member(name or f"file {index + 1}", len(data), partial(io.BytesIO, data))


def _numbered(numbers: Sequence[int]) -> str:
    """``Page 3``, ``Pages 1 to 4, 9``; of very many the first ten spans."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    said = [f"{first}" if first == last else f"{first} to {last}" for first, last in spans[:10]]
    more = " and more" if len(spans) > 10 else ""
    return f"{'Page' if len(numbers) == 1 else 'Pages'} {', '.join(said)}{more}"
