"""Files as materials: what is taken and what is not, what is kept of it, and how it comes back."""

import http.client
import resource
import time
from contextlib import closing, suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.sessions import log_in
from materials.models import MAX_CONTENT, Material
from materials.seed import pdf
from tests.factories import FileMaterialFactory, MaterialFactory, SubjectFactory
from tests.materials.files import (
    DOCUMENT,
    WORD,
    as_file,
    docx,
    image,
    paragraph,
)
from tests.server import Server

URL = "/api/v1/materials/"
MB = 2**20


@pytest.fixture
def subject(alice):
    return SubjectFactory(user=alice)


@pytest.fixture
def send(as_user, alice, subject, uploads):
    """Alice sends a file: its content, and what else the form says."""

    def post(content, /, name="tides.txt", **more):
        form = {"subject": str(subject.pk), "title": "Tides", "type": "file", **more}
        if content is not None:
            form["file"] = as_file(content, name)
        return as_user(alice).post(URL, form, format="multipart")

    return post


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def codes(answer):
    assert code(answer) == (400, "validation_error")
    return {name: errors[0]["code"] for name, errors in answer.json()["error"]["fields"].items()}


def part(name, value, more=""):
    said = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n' % (name.encode(), more.encode())
    return said + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


def raw(client, *parts, end=b"--b--\r\n", content_type="multipart/form-data; boundary=b", **more):
    return client.generic("POST", URL, b"".join(parts) + end, content_type=content_type, **more)


def under_name(client, subject, disposition):
    """The answer to a file of one letter whose name is said as in `disposition`."""
    return raw(
        client,
        part("subject", str(subject.pk)),
        part("title", "Tides"),
        part("type", "file"),
        part("file", "x", disposition),
    )


# --- What is kept -----------------------------------------------------------------------------------


def test_a_text_file_becomes_a_material(send, as_user, alice, bob, subject, uploads):
    answer = send("Ebb\nand flöd".encode(), "tides.md", title=" Tides ")

    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "subject": str(subject.pk),
        "title": "Tides",
        "type": "file",
        "content": "Ebb\nand flöd",
        "content_truncated": False,
        "url": "",
        "file_name": "tides.md",
        "file_size": 13,
        "file_type": "text/markdown",
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert as_user(alice).get(f"{URL}{made['id']}/").json() == made
    assert as_user(bob).get(f"{URL}{made['id']}/").status_code == 404
    made.pop("content")
    assert as_user(alice).get(f"{URL}?type=file").json()["items"] == [made]
    # Nobody can guess where it lies, and no other account of the machine can read it.
    (kept,) = uploads()
    assert kept.stem != "tides"
    assert len(kept.stem) == 32
    assert kept.suffix == ".md"
    assert kept.stat().st_mode & 0o077 == kept.parent.stat().st_mode & 0o077 == 0
    assert kept.read_bytes() == "Ebb\nand flöd".encode()


@pytest.mark.parametrize(
    ("content", "name", "media_type", "text"),
    [
        (pdf("Ebb", "and flow"), "tides.pdf", "application/pdf", "Ebb\nand flow\n"),
        (pdf("Ebb"), "con.exe", "application/pdf", "Ebb\n"),
        (docx(), "tides.docx", f"{WORD}.document", "Ebb and flow\n"),
        (image("png"), "tides.png", "image/png", ""),
        (image("jpeg"), "tides.png", "image/jpeg", ""),
        (image("webp"), "tides", "image/webp", ""),
        (b"\xef\xbb\xbfwith,mark", "tides.CSV", "text/csv", "with,mark"),
        (b"", "empty.txt", "text/plain", ""),
        (b"<script>alert(1)</script>", "page.txt", "text/plain", "<script>alert(1)</script>"),
        ("e\u0301\x0c\x1bé\r\n".encode(), "accents.txt", "text/plain", "é  é\r\n"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_file_is_shows_in_its_content(send, content, name, media_type, text):
    made = send(content, name).json()

    assert (made["file_type"], made["content"], made["file_name"]) == (media_type, text, name)
    assert (made["file_size"], made["content_truncated"]) == (len(content), False)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "x.png"),
        (b"<html><script>alert(1)</script></html>", "x.png"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "x.svg"),
        (b"<script>alert(1)</script>", "x.html"),
        (b"AddType x", ".htaccess"),
        (b"plain text", "README"),
        (b"GIF89a/*<script>*/=1;alert(1)", "x.gif"),
        (image("png"), "x.txt"),
        (pdf("Ebb").replace(b"Ebb", b"E\xe9b"), "x.txt"),
        ("Flöd".encode("latin-1"), "x.csv"),
        ("Flöd".encode("utf-16"), "x.txt"),
        ("ö".encode()[:1], "x.md"),
        (b"nul\0", "x.txt"),
        (b"%PDF-", "x.pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "x.png"),
        (b"\xff\xd8\xff\xe0 no picture", "x.jpg"),
        (b"RIFF\x10\0\0\0WEBP no picture", "x.webp"),
        (b"PK\x03\x04 no archive", "x.docx"),
        (docx(kind=f"{WORD}.template.main+xml"), "x.docx"),
        (docx(kind="application/vnd.ms-word.document.macroEnabled.main+xml"), "x.docx"),
        (docx(kind=""), "x.docx"),
    ],
)
def test_what_is_of_no_kind_is_refused_whatever_its_name(send, uploads, content, name):
    assert code(send(content, name, title="")) == (415, "unsupported_media_type")
    assert not Material.objects.exists()
    assert not uploads()


@pytest.mark.parametrize(
    "content",
    [
        image("png")[:16] + b"\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0",
        image("png")[:16] + b"\0\0\x27\x11\0\0\x27\x10\x08\x02\0\0\0",
        docx(says=257 * MB),
        docx(empty_parts=5_000),
    ],
    ids=["65,535 by 65,535", "one line more than 100 megapixels", "257 MB unpacked", "5,002 entries"],
)
def test_what_unpacks_to_more_than_anybody_should_have_to_is_refused(send, uploads, content):
    assert code(send(content, "bomb")) == (413, "too_large")
    assert not uploads()


ENTITIES = '<!DOCTYPE w:document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\nbroken",
        pdf("Ebb").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]"),
        docx(document=DOCUMENT.format(paragraph("&b;")).replace("<w:document", f"{ENTITIES}<w:document", 1)),
        docx(document="<w:document"),
        docx().replace(b"word/document.xml", b"word/documenx.xml", 1),
    ],
    ids=["broken pdf", "pages in a circle", "entities", "broken xml", "another name inside"],
)
def test_a_file_that_cannot_be_read_is_kept_without_text(send, uploads, content):
    answer = send(content, "x")

    assert (answer.status_code, answer.json()["content"]) == (201, "")
    assert not answer.json()["content_truncated"]
    assert len(uploads()) == 1


def test_a_file_without_end_is_read_for_a_moment_only(send):
    answer = send(docx(paragraph("Ebb") + 5_000_000 * "<a/>"), "endless.docx")

    # The reader is ended before it gets there; what it had found may or may not have been said by then.
    assert answer.status_code == 201
    assert (answer.json()["content"], answer.json()["content_truncated"]) in {("", False), ("Ebb\n", True)}


def test_a_long_text_is_cut_at_the_limit(send):
    whole = send(("ö" * MAX_CONTENT).encode()).json()
    cut = send(("ö" * MAX_CONTENT + "x").encode()).json()
    apart = send(("o\u0308" * MAX_CONTENT).encode()).json()
    in_pages = send(docx(paragraph("ö" * MAX_CONTENT)), "long.docx").json()

    assert not whole["content_truncated"]
    assert not apart["content_truncated"]
    assert cut["content_truncated"]
    assert in_pages["content_truncated"]  # the end of the paragraph is missing
    assert {row["content"] for row in (whole, cut, apart, in_pages)} == {"ö" * MAX_CONTENT}


def test_a_word_document_is_read_in_its_order(send):
    body = (
        paragraph("One")
        + f"<w:tbl><w:tr><w:tc>{paragraph('left')}</w:tc><w:tc>{paragraph('right')}</w:tc></w:tr></w:tbl>"
        + "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:delText>no</w:delText><w:t>c</w:t></w:r></w:p>"
        + f'<m:Fallback xmlns:m="urn:x">{paragraph("again")}</m:Fallback>'
    )

    assert send(docx(body), "x.docx").json()["content"] == "One\nleft\nright\na\tb\nc\n"


# --- Names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('; filename="../../etc/cron.d/x.txt"', "x.txt"),
        ('; filename="C:\\\\papers\\\\x.txt"', "x.txt"),
        ('; filename=" e\u0301.txt "', "é.txt"),
        ("; filename*=UTF-8''%C3%A9%20x.txt", "é x.txt"),
        ('; filename="say %22hi%22.txt"', 'say "hi".txt'),
        (f'; filename="{"😀" * 251}.txt"', "😀" * 251 + ".txt"),
    ],
)
def test_the_name_is_kept_without_its_folders(as_user, alice, subject, uploads, sent, kept):
    answer = under_name(as_user(alice), subject, sent)

    assert answer.json()["file_name"] == kept
    (lying,) = uploads()
    assert lying.name != kept


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ('; filename=""', {"file": "blank"}),
        ('; filename="folder/"', {"file": "blank"}),
        ('; filename="\u202etxt.exe.txt"', {"file": "characters"}),
        ('; filename="a%0D%0Ab.txt"', {"file": "characters"}),
        (f'; filename="{"x" * 252}.txt"', {"file": "max_length"}),
    ],
)
def test_a_name_that_is_none_is_refused(as_user, alice, subject, uploads, sent, expected):
    answer = under_name(as_user(alice), subject, sent)

    assert codes(answer) == expected
    assert not Material.objects.exists()
    assert not uploads()


# --- The form ---------------------------------------------------------------------------------------


def test_a_form_is_held_to_the_same_rules_as_json(send, uploads, mallory):
    foreign = str(SubjectFactory(user=mallory).pk)
    for more, expected in [
        ({"title": ""}, {"title": "blank"}),
        ({"title": "a\u202eb"}, {"title": "characters"}),
        ({"type": "File"}, {"type": "invalid_choice"}),
        ({"type": "text"}, {"file": "not_allowed"}),
        ({"subject": "nonsense"}, {"subject": "invalid"}),
        ({"subject": foreign}, {"subject": "does_not_exist"}),
        ({"id": "1"}, {"id": "invalid"}),
        ({"content": "Ebb"}, {"content": "not_allowed"}),
        ({"url": "https://example.com/"}, {"url": "not_allowed"}),
        ({"file_size": "5"}, {"file_size": "unknown_field"}),
        ({"x" * 60: "5"}, {"x" * 50: "unknown_field"}),
        ({"title": as_file(b"Tides")}, {"title": "invalid"}),
        ({"other": as_file(b"Tides")}, {"other": "unknown_field"}),
    ]:
        assert codes(send(b"Ebb", **more)) == expected
    assert codes(send(None)) == {"file": "required"}
    assert codes(send(None, file="Ebb")) == {"file": "invalid"}
    assert not Material.objects.exists()
    assert not uploads()


def test_empty_fields_of_a_form_say_nothing(send):
    body = {"content": "", "url": "", "id": str(uuid7())}

    assert [send(b"Ebb", **body).status_code for _ in range(2)] == [201, 200]


def test_a_form_without_a_file_is_a_material_as_well(send):
    answer = send(None, type="text", content="Ebb")

    assert (answer.status_code, answer.json()["content"]) == (201, "Ebb")


FORMS = {
    "no boundary": {"content_type": "multipart/form-data"},
    "an empty boundary": {"content_type": 'multipart/form-data; boundary=""'},
    "a long boundary": {"content_type": f"multipart/form-data; boundary={'b' * 71}"},
    "another boundary": {"content_type": "multipart/form-data; boundary=c"},
    "no end": {"end": b""},
    "half an end": {"end": b"--b-"},
    "nothing": {"parts": [], "end": b"x"},
    "a part without a name": {"parts": [b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n"]},
    "a part without a disposition": {"parts": [b"--b\r\nX: y\r\n\r\nx\r\n"]},
    "an empty name": {"parts": [part("", "x")]},
    "a part that breaks off": {
        "parts": [b'--b\r\nContent-Disposition: form-data; name="file"; fil'],
        "end": b"",
    },
    "a header that is none": {"parts": [b"--b\r\nnonsense\r\n\r\nx\r\n"]},
    "a long header": {"parts": [part("title", "x", f'; filename="{"x" * 5000}"')]},
    "many headers": {"parts": [part("title", "x", "".join(f"\r\nX-{n}: y" for n in range(9)))]},
    "a header twice": {"parts": [part("title", "x", "\r\nContent-Disposition: form-data; name=type")]},
    "a part twice": {"parts": [part("title", "x"), part("title", "x")]},
    "two files": {
        "parts": [part("file", "x", '; filename="a.txt"'), part("file", "x", '; filename="b.txt"')]
    },
    "a file and a text": {"parts": [part("file", "x", '; filename="a.txt"'), part("file", "x")]},
    "many parts": {"parts": [part(f"part{n}", "x") for n in range(21)]},
    "latin": {"parts": [part("title", "Flöd".encode("latin-1"))]},
    "latin by its own word": {"parts": [part("title", "x", "\r\nContent-Type: text/plain; charset=latin-1")]},
    "half a character": {"parts": [part("title", b"\xed\xa0\x80")]},
    "nul": {"parts": [part("title", "a\0b")]},
    "nul in a name": {"parts": [part("a\0b", "x")]},
    "nul in a file's name": {"parts": [part("file", image("png"), '; filename="a\0.png"')]},
    "an unknown alphabet": {"parts": [part("file", "x", "; filename*=klingon''%F6.txt")]},
    "broken utf-8 in a file's name": {"parts": [part("file", "x", "; filename*=utf-8''%F6.txt")]},
    "base64": {"parts": [part("file", "eA==", '; filename="a.txt"\r\nContent-Transfer-Encoding: base64')]},
    "compressed": {"headers": {"Content-Encoding": "gzip"}},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_that_is_none_is_refused(as_user, alice, uploads, form):
    form = {"parts": [part("title", "x")], **form}

    answer = raw(as_user(alice), *form.pop("parts"), **form)

    assert code(answer) == (400, "parse_error")
    assert not uploads()


def test_only_where_files_go_is_a_form_taken(as_user, alice):
    material = MaterialFactory(user=alice)
    as_user(alice).delete(f"{URL}{material.pk}/")

    for path in ("/api/v1/subjects/", f"{URL}{material.pk}/restore/", "/api/v1/rooms/"):
        answer = as_user(alice).post(path, {"name": "Tides"}, format="multipart")
        assert code(answer) == (415, "unsupported_media_type")


def test_a_file_has_25_megabytes_and_the_form_around_it_64_kilobytes(send, as_user, alice, uploads):
    largest = b"0123456789abcde\n" * (25 * 2**16)

    assert send(largest).json()["file_size"] == 25 * MB
    assert code(send(largest + b"x")) == (413, "too_large")
    assert code(send(b"x", note="x" * 64 * 2**10)) == (413, "too_large")
    two = {"file": as_file(largest), "other": as_file(b"x")}
    assert code(as_user(alice).post(URL, two, format="multipart")) == (413, "too_large")
    assert len(uploads()) == 1


def test_a_form_that_says_it_is_too_long_is_not_waited_for(as_user, alice):
    answer = raw(as_user(alice), CONTENT_LENGTH=str(26 * MB))

    assert code(answer) == (413, "too_large")


def test_a_browser_sends_its_proof_in_a_header(alice, subject, uploads, settings):
    browser = APIClient(enforce_csrf_checks=True)
    browser.cookies[settings.SESSION_COOKIE_NAME] = log_in(
        alice, ip_address="192.0.2.1", user_agent="tests"
    ).session_key
    browser.cookies[settings.CSRF_COOKIE_NAME] = "x" * 32
    form = {"subject": str(subject.pk), "title": "Tides", "type": "file"}

    def post(**headers):
        return browser.post(URL, {**form, "file": as_file(b"Ebb")}, format="multipart", headers=headers)

    assert post(**{"X-CSRFToken": "x" * 32}).status_code == 201
    assert post().status_code == 403
    form["csrfmiddlewaretoken"] = "x" * 32
    assert post().status_code == 403


# --- Again, and at once -----------------------------------------------------------------------------


def test_the_same_file_again_is_the_same_material(send, as_user, alice, subject, uploads):
    key = str(uuid7())
    first = send(b"Ebb", id=key)

    again = send(b"Ebb", id=key, name="other.txt")
    different = [
        send(b"Eb", id=key),
        send(b"Eba", id=key),
        send(b"Ebbs", id=key),
        send(b"Ebb", id=key, title="Flow"),
        send(None, id=key, type="text"),
        as_user(alice).post(URL, {"id": key, "subject": str(subject.pk), "title": "Tides", "type": "text"}),
    ]
    as_user(alice).delete(f"/api/v1/subjects/{subject.pk}/")
    hidden = send(b"Ebb", id=key)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    for answer in (*different, hidden):
        assert code(answer) == (409, "id_conflict")
    assert len(uploads()) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_file_at_once_is_one_row_and_one_file(send, at_once, uploads):
    key = str(uuid7())

    answers = at_once(*[lambda: send(b"Ebb", id=key)] * 4)
    rivals = at_once(*[lambda text=text: send(text, id=str(key)[:-4] + "beef") for text in (b"Ebb", b"Flow")])

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert sorted(answer.status_code for answer in rivals) == [201, 409]
    assert Material.objects.count() == len(uploads()) == 2


def test_nothing_is_left_behind_where_the_database_fails(send, uploads, monkeypatch):
    def fail(*_, **__):
        raise OperationalError("the server has gone away")

    monkeypatch.setattr(type(Material.objects), "create", fail)

    answer = send(b"Ebb")

    assert code(answer) == (503, "unavailable")
    assert not uploads()


@pytest.mark.parametrize("size", [3 * MB, 5_000])
def test_a_full_disk_is_a_moment_s_trouble_and_leaves_nothing(send, uploads, size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As long as no file may grow any further than this.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, hard))
    try:
        answer = send(b"x" * size)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert code(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    assert not uploads()


# --- Another file -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_another_file_takes_the_place_of_the_first(send, as_user, alice, uploads):
    made = send(b"Ebb").json()
    url, (old,) = f"{URL}{made['id']}/", uploads()

    renamed = as_user(alice).patch(url, {"title": "Moon"})
    refused = as_user(alice).patch(url, {"file": as_file(b"\0")}, format="multipart")
    assert uploads() == [old]
    answer = as_user(alice).patch(url, {"file": as_file(b"Flow, flow", "flow.csv")}, format="multipart")

    assert renamed.json()["file_name"] == "tides.txt"
    assert refused.status_code == 415
    assert answer.json() == {
        **made,
        "title": "Moon",
        "content": "Flow, flow",
        "file_name": "flow.csv",
        "file_size": 10,
        "file_type": "text/csv",
        "updated_at": answer.json()["updated_at"],
    }
    assert answer.json()["updated_at"] > renamed.json()["updated_at"]
    (new,) = uploads()
    assert (new != old, new.read_bytes()) == (True, b"Flow, flow")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_replace_at_once_one_file_remains(send, as_user, alice, at_once, uploads):
    url = f"{URL}{send(b'Ebb').json()['id']}/"
    texts = [b"one", b"two", b"three", b"four"]

    answers = at_once(
        *[
            lambda text=text: as_user(alice).patch(url, {"file": as_file(text)}, format="multipart")
            for text in texts
        ]
    )

    assert {answer.status_code for answer in answers} == {200}
    (kept,) = uploads()
    assert kept.read_text() == as_user(alice).get(url).json()["content"]


def test_a_text_has_no_file_to_be_replaced_and_no_way_to_become_one(as_user, alice, uploads):
    material = MaterialFactory(user=alice)
    form = {"file": as_file(b"Ebb")}

    answer = as_user(alice).patch(f"{URL}{material.pk}/", form, format="multipart")

    assert codes(answer) == {"file": "not_allowed"}
    assert not uploads()


def test_a_form_changes_the_words_alone_as_well(send, as_user, alice, uploads):
    url = f"{URL}{send(b'Ebb').json()['id']}/"

    answer = as_user(alice).patch(url, {"title": "Moon"}, format="multipart")
    corrected = as_user(alice).patch(url, {"content": "Ebb, read anew"})

    assert (answer.json()["title"], answer.json()["content"]) == ("Moon", "Ebb")
    assert (corrected.json()["content"], corrected.json()["file_size"]) == ("Ebb, read anew", 3)
    assert len(uploads()) == 1


def test_nothing_of_a_replacement_remains_where_the_material_is_gone(send, as_user, alice, mallory, uploads):
    url = f"{URL}{send(b'Ebb').json()['id']}/"
    as_user(alice).delete(url)

    for person in (alice, mallory):
        answer = as_user(person).patch(url, {"file": as_file(b"Flow")}, format="multipart")
        assert code(answer) == (404, "not_found")
    assert len(uploads()) == 1


# --- Coming back ------------------------------------------------------------------------------------


def body(answer):
    return b"".join(answer.streaming_content)


@pytest.fixture
def file(alice, uploads):
    """Alice's file of 26 letters."""
    return FileMaterialFactory(user=alice, content="abcdefghijklmnopqrstuvwxyz", file_size=26)


@pytest.fixture
def fetch(as_user, alice, file):
    def get(method="get", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(as_user(alice), method)(f"{URL}{file.pk}/file/", headers=headers)

    return get


def test_a_file_comes_back_as_it_was_and_as_nothing_to_open_in_a_browser(fetch):
    answer = fetch(Accept="image/png")

    assert (answer.status_code, body(answer)) == (200, b"abcdefghijklmnopqrstuvwxyz")
    said = {name: answer.headers[name] for name in ("Content-Type", "Content-Length", "Content-Disposition")}
    assert said == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "26",
        "Content-Disposition": 'attachment; filename="tides.txt"',
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "private" in answer.headers["Cache-Control"]
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_whatever_is_sent_comes_back_byte_by_byte(send, as_user, alice):
    content = image("png") * 5000
    made = send(content, "Ünï.png").json()

    answer = as_user(alice).get(f"{URL}{made['id']}/file/")

    assert body(answer) == content
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''%C3%9Cn%C3%AF.png"


@pytest.mark.parametrize(
    ("asked", "sent", "got"),
    [
        ("bytes=0-3", "0-3", b"abcd"),
        ("bytes=24-", "24-25", b"yz"),
        ("bytes=24-99", "24-25", b"yz"),
        ("bytes=-2", "24-25", b"yz"),
        ("bytes=-99", "0-25", b"abcdefghijklmnopqrstuvwxyz"),
        ("bytes=25-25", "25-25", b"z"),
    ],
)
def test_a_part_of_a_file_comes_alone(fetch, asked, sent, got):
    answer = fetch(Range=asked)

    assert (answer.status_code, body(answer)) == (206, got)
    assert answer.headers["Content-Range"] == f"bytes {sent}/26"
    assert answer.headers["Content-Length"] == str(len(got))


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,3-4", "bytes=4-3", "letters=0-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=٣-٤", ""]
)
def test_what_is_no_single_range_is_the_whole(fetch, asked):
    answer = fetch(Range=asked)

    assert (answer.status_code, body(answer)) == (200, b"abcdefghijklmnopqrstuvwxyz")
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize("asked", ["bytes=26-", "bytes=99-100", "bytes=-0"])
def test_a_part_behind_the_end_is_refused_with_the_length(fetch, asked):
    answer = fetch(Range=asked)

    assert code(answer) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */26"


def test_a_range_is_of_the_file_that_it_was_asked_of(fetch):
    first = fetch("head")
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    for condition, status in [
        (etag, 206),
        (modified, 206),
        ('"another"', 200),
        (f"W/{etag}", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ]:
        answer = fetch(Range="bytes=0-3", If_Range=condition)
        assert answer.status_code == status
        assert body(answer).startswith(b"abcd")


def test_a_file_that_the_client_has_is_not_sent_again(fetch):
    etag = fetch("head").headers["ETag"]

    for known in (etag, f'"x", W/{etag}', "*"):
        answer = fetch(If_None_Match=known)
        assert (answer.status_code, answer.headers["ETag"], answer.content) == (304, etag, b"")


def test_a_head_describes_the_whole(fetch):
    for answer in (fetch("head"), fetch("head", Range="bytes=0-3")):
        assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "26", b"")


@pytest.mark.parametrize(
    ("columns", "name", "media_type"),
    [
        ({"file_name": "page.html"}, "page.html.txt", "text/plain; charset=utf-8"),
        ({"file_name": "Tides.TXT"}, "Tides.TXT", "text/plain; charset=utf-8"),
        ({"file_type": "text/html"}, "tides.txt", "application/octet-stream"),
        (
            {"file": f"materials/00/{uuid7().hex}.jpg", "file_name": "a.jpeg", "file_type": "image/jpeg"},
            "a.jpeg",
            "image/jpeg",
        ),
    ],
)
def test_what_is_sent_promises_no_more_than_it_is(as_user, alice, uploads, columns, name, media_type):
    material = FileMaterialFactory(user=alice, **columns)

    answer = as_user(alice).head(f"{URL}{material.pk}/file/")

    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Content-Type"] == media_type


def test_a_file_is_there_for_its_owner_for_as_long_as_the_material_is(fetch, as_user, alice, root, file):
    url = f"{URL}{file.pk}/"

    assert as_user(root).get(f"{url}file/").status_code == 404
    as_user(alice).delete(url)
    assert code(fetch()) == (404, "not_found")
    as_user(alice).post(f"{url}restore/")
    answer = fetch()
    assert body(answer) == b"abcdefghijklmnopqrstuvwxyz"
    assert as_user(alice).get(f"{URL}{MaterialFactory(user=alice).pk}/file/").status_code == 404


def test_a_file_that_is_lost_is_said_to_be(fetch, file, uploads, caplog):
    (kept,) = uploads()
    kept.unlink()

    answer = fetch()

    assert code(answer) == (404, "not_found")
    assert "missing" in answer.json()["error"]["message"]
    assert [(record.levelname, str(file.pk) in record.message) for record in caplog.records] == [
        ("ERROR", True)
    ]


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_replaced_while_it_is_asked_for_is_the_new_one(
    fetch,
    as_user,
    alice,
    file,
    uploads,
    monkeypatch,
):
    from materials import store

    opened = store.opened

    def replaced_meanwhile(material):
        monkeypatch.setattr(store, "opened", opened)
        form = {"file": SimpleUploadedFile("new.txt", b"new")}
        assert as_user(alice).patch(f"{URL}{file.pk}/", form, format="multipart").status_code == 200
        return opened(material)

    monkeypatch.setattr(store, "opened", replaced_meanwhile)

    assert body(fetch()) == b"new"


@pytest.mark.django_db(transaction=True)
def test_over_the_wire_a_form_may_come_in_chunks_and_breaks_off_without_a_trace(
    alice, subject, settings, tmp_path
):
    token = log_in(alice, ip_address="192.0.2.1", user_agent="tests").session_key
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=b"}
    words = part("subject", str(subject.pk)) + part("title", "Tides") + part("type", "file")
    begun = words + part("file", "x" * 200_000, '; filename="tides.txt"')[:-2]
    folder = tmp_path / "uploads" / "materials"
    server = Server(LOG_LEVEL="ERROR", DATA_DIR=str(tmp_path), SECRET_KEY=settings.SECRET_KEY)
    server.start()

    def files():
        return [path for path in folder.rglob("*") if path.is_file()]

    def in_chunks(*chunks):
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            with suppress(BrokenPipeError):  # an answer may come before all has been sent
                connection.request("POST", URL, iter(chunks), headers, encode_chunked=True)
            return connection.getresponse().status

    try:
        server.connect().close()
        assert in_chunks(begun, b"\r\n--b--", b"\r\n") == 201
        assert in_chunks(begun) == 400
        assert in_chunks(*[begun, *[b"x" * MB] * 26]) == 413
        assert len(files()) == 1
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        client = server.connect()
        client.sendall(
            f"POST {URL} HTTP/1.1\r\nHost: localhost\r\n{said}Content-Length: 999999\r\n\r\n".encode() + begun
        )
        eventually(lambda: len(files()) == 2)
        client.close()
        eventually(lambda: len(files()) == 1)
    finally:
        server.kill()


def eventually(comes_true):
    deadline = time.monotonic() + 30
    while not comes_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
