"""Looks into one file of an unknown sender, as a program of its own with little time and memory.

`python file_reader.py KIND CHARACTERS < FILE` answers in UTF-8. The first line is a verdict: `yes`, `no`
(not a file of this kind) or `large` (it unpacks to more than anybody should have to). Then comes the text, as
far as it can be read; what it has said counts, even if it is ended early. It knows nothing of the project.
"""

import io
import resource
import signal
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable
from typing import IO, BinaryIO, TextIO
from xml.parsers import expat

# Of the processor, however busy the machine is otherwise.
SECONDS = 1.0
MEMORY = 512 * 2**20

MAX_PIXELS = 100_000_000
MAX_UNPACKED = 256 * 2**20
MAX_ENTRIES = 5_000
MAX_LIST = 2**20  # bytes of the list of what is in a package

WORD_DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
PILLOW_NAMES = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


class Large(Exception):
    """The file unpacks to more than it should."""


class EnoughRead(Exception):
    """All the text that is wanted is there."""


class Wanted:
    """The text so far, up to a number of characters."""

    def __init__(self, out: TextIO, characters: int):
        self.out, self.left = out, characters

    def write(self, text: str) -> None:
        self.out.write(text[: self.left])
        self.left -= len(text)
        if self.left <= 0:
            raise EnoughRead

    def pause(self) -> None:
        """Let it be read what there is: a page that takes too long does not take the others along."""
        self.out.flush()


def look_at_image(file: BinaryIO, kind: str) -> Callable[[Wanted], None]:
    """Check an image's header, and its size by that; nothing is decoded, so pixels may be missing."""
    from PIL import Image

    if kind == "png":
        # Pillow reads further before it says how large a PNG is.
        head = file.read(24)
        file.seek(0)
        if head[12:16] != b"IHDR":
            raise ValueError
        width, height = struct.unpack(">II", head[16:24])
        if width * height > MAX_PIXELS:
            raise Large
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        Image.open(file, formats=[PILLOW_NAMES[kind]]).close()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Large from None
    return lambda wanted: None


def look_at_pdf(file: BinaryIO, kind: str) -> Callable[[Wanted], None]:
    """A PDF is one by how it begins; whether it can be read shows page by page."""

    def read(wanted: Wanted) -> None:
        from pypdfium2 import PdfDocument

        document = PdfDocument(file.read())
        for number in range(len(document)):
            page = document[number]
            text = page.get_textpage()
            wanted.write(text.get_text_bounded().replace("\r\n", "\n") + "\n")
            wanted.pause()
            text.close()
            page.close()

    return read


def look_at_docx(file: BinaryIO, kind: str) -> Callable[[Wanted], None]:
    """Check that a package is a Word document without macros, and of what size it is unpacked."""
    package = zipfile.ZipFile(file)
    entries = package.infolist()
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Large
    contents = package.getinfo("[Content_Types].xml")
    if contents.file_size > MAX_LIST:
        raise Large
    parts: list[str] = []

    def note(name: str, attributes: dict[str, str]) -> None:
        if attributes.get("ContentType") == WORD_DOCUMENT and "PartName" in attributes:
            parts.append(attributes["PartName"].removeprefix("/"))

    parse(io.BytesIO(package.read(contents)), start=note)
    (main,) = parts
    body = package.getinfo(main)

    def read(wanted: Wanted) -> None:
        with package.open(body) as xml:
            read_word(xml, wanted)

    return read


def read_word(xml: IO[bytes], wanted: Wanted) -> None:
    """The text of a document in its order, a line for each paragraph."""
    # What is written for programs that do not know a shape repeats what is written for those that do.
    inside = {"t": 0, "Fallback": 0}
    breaks = {"tab": "\t", "br": "\n", "cr": "\n"}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name in inside:
            inside[name] += 1
        elif name in breaks and not inside["Fallback"]:
            wanted.write(breaks[name])

    def end(name: str) -> None:
        if name in inside:
            inside[name] -= 1
        elif name == "p" and not inside["Fallback"]:
            wanted.write("\n")

    def text(characters: str) -> None:
        if inside["t"] and not inside["Fallback"]:
            wanted.write(characters)

    parse(xml, start=start, end=end, text=text)


def parse(
    xml: IO[bytes],
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda name: None,
    text: Callable[[str], None] = lambda characters: None,
) -> None:
    """Go through XML without building it; a document type, which is where entities come from, ends it."""

    def refuse(*declared: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(" ")[2], attributes)
    parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    parser.CharacterDataHandler = text
    parser.ParseFile(xml)


LOOK = dict.fromkeys(PILLOW_NAMES, look_at_image) | {"pdf": look_at_pdf, "docx": look_at_docx}


def main() -> None:
    kind, characters = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Nothing catches this signal, so the system itself ends the program, wherever it is.
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", errors="replace", newline="")
    try:
        read = LOOK[kind](sys.stdin.buffer, kind)
    except Large:
        out.write("large\n")
    except Exception:
        # Whatever such a file makes of its reader, it is none that can be kept.
        out.write("no\n")
    else:
        out.write("yes\n")
        out.flush()
        try:
            read(Wanted(out, characters))
        except EnoughRead:
            pass
        finally:
            out.flush()


if __name__ == "__main__":
    main()
