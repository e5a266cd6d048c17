"""Files as people have them, made of a few bytes."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="{}"/></Types>'
)
DOCUMENT = (
    '<?xml version="1.0"?><w:document'
    ' xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
)


def paragraph(text):
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(body=None, *, document=None, kind=f"{WORD}.document.main+xml", says=None, empty_parts=0):
    """A Word document of these paragraphs, or of this XML, that `says` how large it is unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", CONTENT_TYPES.format(kind))
        package.writestr("word/document.xml", document or DOCUMENT.format(body or paragraph("Ebb and flow")))
        for number in range(empty_parts):
            package.writestr(f"word/{number}", "")
        if says:
            package.getinfo("word/document.xml").file_size = says
    return packed.getvalue()


def image(kind):
    drawn = io.BytesIO()
    Image.new("RGB", (3, 2), "teal").save(drawn, kind)
    return drawn.getvalue()


def as_file(content, name="tides.txt"):
    return SimpleUploadedFile(name, content)
