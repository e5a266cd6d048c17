"""Transcripts, as owners upload them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now

from media_summaries.models import VideoSummary
from tests.factories import VideoSummaryFactory

VTT = """WEBVTT - Tides

STYLE
::cue { color: red }

NOTE not to be said

intro
00:01.000 --> 00:04.500 align:start
<v Ada>Ebb &amp; flow</v> are <i>two</i>
words<00:00:02.000><c> here</c>

00:04.500 --> 00:06.000
words here
and more

01:02:03.000 --> 01:02:05.000
The end.
"""
SRT = """1
00:00:01,000 --> 00:00:04,500
<b>Ebb</b> and
flow

2
00:00:05,000 --> 00:00:06,000
E\u0301tude
""".replace("\n", "\r\n")


@pytest.fixture
def video(alice):
    return VideoSummaryFactory(user=alice)


@pytest.fixture
def send(as_user, alice, video, uploads):
    """Alice sends a file of this name."""

    def post(content, name="talk.vtt", **more):
        content = content.encode() if isinstance(content, str) else content
        form = {"file": SimpleUploadedFile(name, content), **more}
        return as_user(alice).post(address(video), form, format="multipart")

    return post


def address(video):
    return f"/api/v1/video-summaries/{video.pk}/transcript/"


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        (
            "talk.vtt",
            VTT,
            "[00:00:01] Ebb & flow are two words here\n[00:00:04] and more\n[01:02:03] The end.",
        ),
        ("TALK.SRT", SRT, "[00:00:01] Ebb and flow\n[00:00:05] \u00c9tude"),
        ("talk.srt", "\ufeff" + SRT, "[00:00:01] Ebb and flow\n[00:00:05] \u00c9tude"),
        ("talk.txt", "Ebb\r\nand\x07 flow. ", "Ebb\nand  flow. "),
        ("a/b.vtt.txt", VTT, VTT),
    ],
)
def test_captions_become_lines_with_their_times_and_text_stays_text(send, name, content, kept, uploads):
    answer = send(content, name)

    assert answer.status_code == 200
    assert answer.json()["transcript"] == kept
    assert uploads() == []


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("talk.pdf", "%PDF-1.4", 415, "unsupported_media_type"),
        ("talk", VTT, 415, "unsupported_media_type"),
        ("talk.vtt", b"WEBVTT\n\n\xff\xfe", 415, "unsupported_media_type"),
        ("talk.txt", "a\0b", 415, "unsupported_media_type"),
        ("talk.vtt", SRT, 400, "not_captions"),
        ("talk.srt", "Ebb and flow.", 400, "not_captions"),
        ("talk.srt", "1\n00:00:01,000 -> 00:00:02,000\nBroken\n", 400, "not_captions"),
        ("talk.vtt", "", 400, "not_captions"),
        ("talk.vtt", "WEBVTT\n", 400, "blank"),
        ("talk.txt", " \n", 400, "blank"),
        ("talk.txt", "", 400, "blank"),
        ("talk.txt", "\u00e9" * 2_000_001, 400, "max_length"),
    ],
)
def test_what_is_no_transcript_is_refused(send, video, name, content, status, code, uploads):
    answer = send(content, name)

    error = answer.json()["error"]
    assert answer.status_code == status
    assert (error["fields"]["file"][0]["code"] if status == 400 else error["code"]) == code
    assert VideoSummary.objects.get(pk=video.pk).transcript == ""
    assert uploads() == []


def test_a_transcript_at_its_limit_is_taken_as_a_file_and_as_text(send, as_user, alice, video):
    text = "\N{GRINNING FACE}" * 2_000_000

    assert send(text, "talk.txt").json()["transcript"] == text
    assert as_user(alice).post(address(video), {"transcript": text}).json()["transcript"] == text


def test_text_is_taken_as_json_too(as_user, alice, video):
    def post(body):
        return as_user(alice).post(address(video), body)

    assert post({"transcript": "[00:00:05] Ebb.\n"}).json()["transcript"] == "[00:00:05] Ebb.\n"
    refused = {
        "required": {},
        "blank": {"transcript": " "},
        "max_length": {"transcript": "x" * 2_000_001},
        "characters": {"transcript": "a\x01"},
    }
    for code, body in refused.items():
        assert post(body).json()["error"]["fields"]["transcript"][0]["code"] == code
    assert (
        post({"transcript": "x", "file": "y"}).json()["error"]["fields"]["file"][0]["code"] == "unknown_field"
    )


def test_a_form_holds_one_file_and_nothing_else(send, as_user, alice, video):
    assert send(VTT, title="x").json()["error"]["fields"]["title"][0]["code"] == "unknown_field"
    text = as_user(alice).post(address(video), {"file": "no file"}, format="multipart")
    assert text.json()["error"]["fields"]["file"][0]["code"] == "invalid"
    assert as_user(alice).post(address(video), "x", content_type="text/vtt").status_code == 415


def test_a_transcript_moves_its_video_but_not_while_a_worker_reads_it(send, as_user, alice, bob, video):
    before = as_user(alice).get(address(video).replace("transcript/", "")).json()
    after = send(VTT).json()
    VideoSummary.objects.filter(pk=video.pk).update(
        processing_status="processing", claimed_by="one", lease_expires_at=Now()
    )
    refused = send("New", "new.txt")

    assert after == before | {"transcript": after["transcript"], "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "being_processed")
    assert as_user(bob).post(address(video), {"transcript": "Mine"}).status_code == 404
