"""What is said in a video: captions and plain text as one kind of text, and back again."""

import codecs
import html
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import webvtt

from common.errors import DomainError
from common.text import as_long_text, is_visible
from common.uploads import Upload
from media_summaries.models import MAX_TRANSCRIPT

CAPTIONS = {"vtt", "srt"}
# A line that a caption has become begins with the time at which it is shown.
_TIMED = re.compile(r"\[(\d{1,4}):([0-5]\d):([0-5]\d)\] (.*)")


class UnsupportedTranscript(DomainError):
    """Not a transcript of a kind that is kept: vtt, srt or txt, in UTF-8."""

    code, status = "unsupported_media_type", 415


class UnreadableTranscript(ValueError):
    """A file that cannot be taken; `code` says why, as the fields of the API do."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Line:
    """A line of a transcript; `second` is when it is said, None where nobody knows."""

    text: str
    second: int | None


def transcript_in(upload: Upload) -> str:
    """The transcript in a file: of captions one line each, `[00:01:05] What is said.`"""
    ending = upload.sent_name.rpartition(".")[2].lower()
    if ending not in CAPTIONS | {"txt"}:
        raise UnsupportedTranscript
    text = _decoded(upload)
    if ending in CAPTIONS:
        text = "\n".join(_timed(_captions(text, ending)))
    transcript = as_long_text(text)
    if len(transcript) > MAX_TRANSCRIPT:
        raise UnreadableTranscript("max_length", f"A transcript has at most {MAX_TRANSCRIPT:,} characters.")
    if not is_visible(transcript):
        raise UnreadableTranscript("blank", "Nothing is said in this file.")
    return transcript


def _decoded(upload: Upload) -> str:
    upload.seek(0)
    try:
        text = codecs.decode(upload.read(), "utf-8-sig")
    except UnicodeDecodeError:
        raise UnsupportedTranscript from None
    if "\0" in text:
        raise UnsupportedTranscript
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _captions(text: str, ending: str) -> Iterator[Line]:
    try:
        for caption in webvtt.from_buffer(io.StringIO(text), format=ending).captions:
            yield Line(html.unescape(caption.text), caption.start_in_seconds)
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError):
        raise UnreadableTranscript("not_captions", f"This is no {ending} file.") from None


def _timed(captions: Iterable[Line]) -> Iterator[str]:
    """A line for each caption; what one repeats of the one before it, as live captions do, is left out."""
    shown: list[str] = []
    for caption in captions:
        lines = [" ".join(line.split()) for line in caption.text.split("\n")]
        fresh = [line for line in lines if line and line not in shown]
        shown = lines
        if fresh:
            minutes, second = divmod(caption.second or 0, 60)
            yield f"[{minutes // 60:02}:{minutes % 60:02}:{second:02}] {' '.join(fresh)}"


def lines_of(transcript: str) -> list[Line]:
    """The lines of a transcript that say something, with their times where they have them."""
    lines = []
    for raw in transcript.splitlines():
        text, second = raw.strip(), None
        if timed := _TIMED.fullmatch(text):
            hours, minutes, seconds, text = timed.groups()
            second = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        if text.strip():
            lines.append(Line(text.strip(), second))
    return lines
