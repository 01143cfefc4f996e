"""Files as publishers post them and as nobody should, made by code: none of them is worth a place in the repository."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import docx
import openpyxl
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement

_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


class Pdf:
    """Objects of a PDF, numbered from 1: the font, the list of pages, then whatever is added."""

    def __init__(self) -> None:
        self.objects: list[bytes] = [_FONT, b""]
        self.pages: list[int] = []

    def add(self, content: bytes) -> int:
        self.objects.append(content)
        return len(self.objects)

    def stream(self, body: bytes, entries: bytes = b"") -> int:
        return self.add(b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(body), entries, body))

    def page(self, content: bytes, resources: bytes = b"", entries: bytes = b"") -> int:
        stream = self.stream(content)
        resources = b"/Font << /F1 1 0 R >> " + resources
        self.pages.append(
            self.add(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources << %s >> %s >>"
                % (stream, resources, entries)
            )
        )
        return self.pages[-1]

    def text_page(self, *lines: str, entries: bytes = b"") -> int:
        shown = b" T* ".join(b"(%s) Tj" % _escaped(line) for line in lines)
        return self.page(b"BT /F1 12 Tf 14 TL 72 700 Td %s ET" % shown, entries=entries)

    def image_page(self) -> int:
        image = self.stream(
            b"\xff" * 64,
            b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8",
        )
        return self.page(b"q 600 0 0 780 0 0 cm /Im Do Q", b"/XObject << /Im %d 0 R >>" % image)

    def bytes(self, catalog: bytes = b"", trailer: bytes = b"") -> bytes:
        kids = b" ".join(b"%d 0 R" % page for page in self.pages)
        self.objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(self.pages))
        root = self.add(b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog)
        out, offsets = io.BytesIO(), []
        out.write(b"%PDF-1.7\n")
        for number, content in enumerate(self.objects, start=1):
            offsets.append(out.tell())
            out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        start = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
        out.write(b"trailer << /Size %d /Root %d 0 R %s >>\n" % (len(offsets) + 1, root, trailer))
        out.write(b"startxref\n%d\n%%%%EOF\n" % start)
        return out.getvalue()


def pdf(*pages: Sequence[str]) -> bytes:
    """A PDF with these lines on its pages."""
    made = Pdf()
    for lines in pages:
        made.text_page(*lines)
    return made.bytes()


def scanned_pdf(pages: int) -> bytes:
    made = Pdf()
    for _ in range(pages):
        made.image_page()
    return made.bytes()


def encrypted_pdf() -> bytes:
    """One whose password nobody knows: its check values belong to none."""
    made = Pdf()
    made.text_page("Secret")
    lock = made.add(b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (b"11" * 32, b"22" * 32))
    return made.bytes(trailer=b"/Encrypt %d 0 R /ID [<%s> <%s>]" % (lock, b"ab" * 16, b"ab" * 16))


def form_pdf(label: str, value: str) -> bytes:
    """A form with one field that somebody filled in; the value stands in the field alone."""
    made = Pdf()
    shown = made.stream(
        b"/Tx BMC BT /F1 12 Tf 2 4 Td (%s) Tj ET EMC" % _escaped(value),
        b"/Type /XObject /Subtype /Form /BBox [0 0 300 20] /Resources << /Font << /F1 1 0 R >> >>",
    )
    field = made.add(
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (field) /V (%s) /F 4 /Rect [72 600 372 620]"
        b" /DA (/F1 12 Tf 0 g) /AP << /N %d 0 R >> >>" % (_escaped(value), shown)
    )
    made.text_page(label, entries=b"/Annots [%d 0 R]" % field)
    return made.bytes(catalog=b"/AcroForm << /Fields [%d 0 R] /DR << /Font << /F1 1 0 R >> >> >>" % field)


def pdf_with_file(name: str, data: bytes) -> bytes:
    """A PDF that carries a file."""
    made = Pdf()
    made.text_page("Cover letter")
    held = made.stream(data, b"/Type /EmbeddedFile /Params << /Size %d >>" % len(data))
    spec = made.add(b"<< /Type /Filespec /F (%s) /UF (%s) /EF << /F %d 0 R >> >>" % (*[_escaped(name)] * 2, held))
    return made.bytes(catalog=b"/Names << /EmbeddedFiles << /Names [(%s) %d 0 R] >> >>" % (_escaped(name), spec))


def word(*pages: Sequence[str], header: str = "", shown: bool = False) -> bytes:
    """A Word document; ``shown``: with the marks of a program that has shown it, in place of its author's breaks."""
    made = docx.Document()
    for number, lines in enumerate(pages):
        for place, line in enumerate(lines):
            run = made.add_paragraph().add_run()
            if number and not place:
                if shown:
                    run._r.append(OxmlElement("w:lastRenderedPageBreak"))
                else:
                    run.add_break(WD_BREAK.PAGE)
            run.add_text(line)
    if header:
        made.sections[0].header.paragraphs[0].text = header
    return _saved(made)


def word_table(*rows: Sequence[str]) -> bytes:
    made = docx.Document()
    table = made.add_table(len(rows), len(rows[0]))
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            table.cell(number, place).text = cell
    return _saved(made)


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    return _saved(made)


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def zip_in_zip(depth: int, inmost: bytes) -> bytes:
    data = inmost
    for level in range(depth, 0, -1):
        data = zipped({f"level-{level}.{'txt' if level == depth else 'zip'}": data})
    return data


def replaced(package: bytes, part: str, content: bytes) -> bytes:
    """An Office file with another content in one of its parts."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert part in members
    return zipped({**members, part: content})


def zip_of_zeros(name: str, size: int) -> bytes:
    """A member of zeros that unpacks to ``size`` bytes, made without holding them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(name, "w") as member:
        block = bytes(1 << 20)
        for _ in range(size >> 20):
            member.write(block)
    return out.getvalue()


def lying_zip(name: str, size: int, declared: int) -> bytes:
    """An archive whose member says it is small and is not."""
    data = bytes(size)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    sizes = struct.pack("<III", zlib.crc32(data), len(packed), declared)
    told = name.encode()
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", len(told), 0) + told
    central = (
        b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33) + sizes
        + struct.pack("<HHHHHII", len(told), 0, 0, 0, 0, 0, 0) + told
    )  # fmt: skip
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    return local + packed + central + end


def encrypted_zip(name: str, data: bytes) -> bytes:
    """An archive whose member says that it is encrypted."""
    made = bytearray(zipped({name: data}))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def entity_bomb(root: str, inside: str) -> bytes:
    """XML with entities of entities, which would be a thousand million words if somebody wrote them out."""
    lines = ['<!ENTITY e0 "word ">', *(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))]
    return f'<?xml version="1.0"?><!DOCTYPE {root} [{"".join(lines)}]>{inside}'.encode()


def _escaped(text: str) -> bytes:
    return text.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _saved(made: object) -> bytes:
    out = io.BytesIO()
    made.save(out)  # type: ignore[attr-defined]
    return out.getvalue()
