"""What a file is, by what is in it, and what it says."""

import codecs
import logging
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from common.errors import DomainError
from common.text import as_long_text
from common.uploads import Upload
from materials.models import MAX_CONTENT, MEDIA_TYPES

logger = logging.getLogger("lyceum.materials")

# Text has no marks of its own: the ending of its name says which of these it is.
TEXTS = {"txt", "md", "csv"}
MARKS = (
    ("pdf", re.compile(rb"%PDF-\d\.\d")),
    ("docx", re.compile(rb"PK\x03\x04")),
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpg", re.compile(rb"\xff\xd8\xff")),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
)
# A file is opened in a process of its own, which sees nothing but the file. It limits its own time on the
# processor; by the clock that is more where the machine is busy.
READER = Path(__file__).with_name("file_reader.py")
READER_SECONDS = 30
# In its composed form a text may be a third as long as it was written.
READ_AHEAD = 3 * MAX_CONTENT


class UnsupportedFile(DomainError):
    """Not a file of a kind that is kept: pdf, txt, md, csv, docx, png, jpg or webp."""

    code, status = "unsupported_media_type", 415


class LargeInside(DomainError):
    """This file unpacks to more than is kept: 100 megapixels of an image, 256 MB of a document."""

    code, status = "too_large", 413


@dataclass(frozen=True)
class SeenFile:
    """An upload that was looked into."""

    upload: Upload
    name: str
    kind: str
    content: str
    content_truncated: bool

    @property
    def columns(self) -> dict[str, str | int | bool]:
        """What a row says of the file, but where it lies."""
        return {
            "file_name": self.name,
            "file_size": self.upload.size or 0,
            "file_type": MEDIA_TYPES[self.kind],
            "content": self.content,
            "content_truncated": self.content_truncated,
        }


def look_into(upload: Upload, name: str) -> SeenFile:
    """Decide by its content what a file is, and read its text; raises UnsupportedFile and LargeInside."""
    ending = name.rpartition(".")[2].lower()
    if ending in TEXTS:
        return SeenFile(upload, name, ending, *_plain_text(upload))
    upload.seek(0)
    head = upload.read(16)
    kind = next((kind for kind, mark in MARKS if mark.match(head)), None)
    if kind is None:
        raise UnsupportedFile
    return SeenFile(upload, name, kind, *_read(upload, kind))


def _plain_text(upload: Upload) -> tuple[str, bool]:
    """A text file's text; it is UTF-8 from its first byte to the last, without NUL."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    upload.seek(0)
    begun: list[str] = []
    length = 0
    try:
        for chunk in upload.chunks():
            text = decoder.decode(chunk)
            if "\0" in text:
                raise UnsupportedFile
            if length <= READ_AHEAD:
                begun.append(text)
            length += len(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise UnsupportedFile from None
    return _cut("".join(begun)[:READ_AHEAD], more=length > READ_AHEAD)


def _read(upload: Upload, kind: str) -> tuple[str, bool]:
    """What a program of its own makes of a file; where that ends early, what it has said until then."""
    # The file's own place: that of the buffer before it says nothing to another process.
    os.lseek(upload.fileno(), 0, os.SEEK_SET)
    command = [sys.executable, "-I", str(READER), kind, str(MAX_CONTENT + 1)]
    # Without the environment: that has the keys to everything.
    with subprocess.Popen(  # noqa: S603
        command, stdin=upload.fileno(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/"
    ) as reader:
        try:
            said, _ = reader.communicate(timeout=READER_SECONDS)
        except subprocess.TimeoutExpired as late:
            said = late.output or b""
            reader.kill()
    verdict, _, text = said.partition(b"\n")
    if verdict == b"large":
        raise LargeInside
    if not verdict:
        logger.warning("the reader of a %s ended with %s and without a word", kind, reader.returncode)
    if verdict != b"yes":
        raise UnsupportedFile
    return _cut(text.decode(errors="ignore"), more=reader.returncode != 0)


def _cut(text: str, *, more: bool) -> tuple[str, bool]:
    """A text as `content` may hold it, and whether something is missing of it."""
    text = as_long_text(text)
    return text[:MAX_CONTENT], bool(text) and (more or len(text) > MAX_CONTENT)
