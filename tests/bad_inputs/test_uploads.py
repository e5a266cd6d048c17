"""Nasty files, as a new material and in the place of another one's file."""

from pathlib import Path
from typing import Any

import pytest

from materials.models import Material
from tests.bad_inputs.cases import cases_of, expected, value_of

BOUNDARY = "a-line-that-no-file-holds"
ACTIVE = ("html", "svg", "xml", "script", "pdf")


def form(case: dict[str, Any], **fields: str) -> bytes:
    """The file of the case with other fields, byte by byte as a client would send it."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}' for name, text in fields.items()]
    begin = f'Content-Disposition: form-data; name="file"; filename="{case["filename"]}"'
    body = "".join(f"--{BOUNDARY}\r\n{part}\r\n" for part in parts)
    body += f"--{BOUNDARY}\r\n{begin}\r\nContent-Type: {case['content_type']}\r\n\r\n"
    return body.encode() + value_of(case) + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("case", cases_of("upload"))
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_files(case, method, uploads, world, settings):
    new = {"type": "file", "title": "New", "subject": world.keys["subjects"]} if method == "POST" else {}
    path = "materials/" if method == "POST" else "materials/<file>/"
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    before = uploads()

    answer = world.ask(method, path, form(case, **new), content_type=kind)

    assert answer.status_code in expected(case), answer.content
    world.still_lists("materials/?type=file")
    if answer.status_code >= 400:
        assert uploads() == before
        return
    row = Material.objects.get(pk=answer.json()["id"])
    stored = Path(row.file.path)
    assert stored.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve())
    assert not stored.is_symlink()
    # Only the row remembers what the sender called it.
    assert Path(case["filename"].replace("\\", "/")).stem[:20] not in stored.name
    assert stored.read_bytes() == value_of(case)
    download = world.ask("GET", f"materials/{row.pk}/file/")
    assert download.status_code == 200
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert not any(word in download.headers["Content-Type"] for word in ACTIVE)
    assert b"".join(download.streaming_content) == value_of(case)
