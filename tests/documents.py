"""Documents for tests, made in memory."""

import zipfile
from io import BytesIO

from pypdf import PdfReader, PdfWriter

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
COMPATIBLE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def pdf(*pages: str) -> bytes:
    """A PDF of one line of text to a page; an empty one is a blank page."""
    first = 4
    numbers = range(first, first + 2 * len(pages), 2)
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, text in zip(numbers, pages, strict=True):
        stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET" if text else ""
        fonts = "<</Font<</F1 3 0 R>>>>"
        page = f"/MediaBox[0 0 612 792]/Resources{fonts}/Contents {number + 1} 0 R"
        objects += [
            f"<</Type/Page/Parent 2 0 R{page}>>",
            f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
        ]
    return _file(objects)


def _file(objects: list[str]) -> bytes:
    data, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj{each}endobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    tail = f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(data)}\n"
    return data + (head + tail + "%%EOF\n").encode()


def encrypted_pdf() -> bytes:
    """A PDF that opens with a password alone."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf("Secret"))))
    writer.encrypt("open sesame", algorithm="RC4-128")
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def paragraph(text: str) -> str:
    """One paragraph of a DOCX."""
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def docx(body: str, *, head: str = "", name: str = "word/document.xml") -> bytes:
    """A DOCX with `body` in it, and `head` before its first element."""
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<w:document xmlns:w="{WORD}"'
        f' xmlns:mc="{COMPATIBLE}"><w:body>{body}</w:body></w:document>'
    )
    return archive({"[Content_Types].xml": TYPES, name: document})


def archive(members: dict[str, str | bytes]) -> bytes:
    """A zip of these."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()
