"""What staff see when something is refused or breaks, and what the browser loads."""

import re
from contextlib import closing

import pytest
from django.contrib.admin import ModelAdmin
from django.test import Client

from tests.factories import SubjectFactory

PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nx\r\n'


def fetched(client, address):
    """A file that is served, whole."""
    with closing(client.get(address)) as answer:
        assert answer.status_code == 200
        return answer.getvalue()


def test_a_bug_in_the_studio_is_a_page_with_the_id_of_the_request(root, monkeypatch):
    client = Client(raise_request_exception=False)
    client.force_login(root)

    def broken(*args, **kwargs):
        raise ValueError("SELECT secret FROM table")

    monkeypatch.setattr(ModelAdmin, "changelist_view", broken)
    answer = client.get("/admin/materials/subject/", headers={"X-Request-ID": "help-me-1"})

    content = answer.content.decode()
    assert answer.status_code == 500
    assert answer["Content-Type"].startswith("text/html")
    assert "Something went wrong on our side." in content
    assert "help-me-1" in content
    assert "Lyceum studio" in content
    assert "secret" not in content


def test_the_page_of_a_bug_asks_the_database_nothing(root, monkeypatch, queries):
    client = Client(raise_request_exception=False)
    client.force_login(root)
    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", None)

    with queries() as sent:
        answer = client.get("/admin/")

    assert (answer.status_code, len(sent)) == (500, 0)


@pytest.mark.parametrize(
    ("address", "status"),
    [("/admin/nothing/here/", 404), ("/admin/threads/thread/?user__password__startswith=argon2", 400)],
)
def test_a_refusal_in_the_studio_is_a_page(studio, address, status):
    answer = studio.get(address)

    assert answer.status_code == status
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"name=" + b"x" * (10 * 2**20), "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(1001)), "application/x-www-form-urlencoded", 400),
        (b"name=x", "application/x-www-form-urlencoded; charset=zlib", 400),
        (b"x", "multipart/form-data", 400),
        (PART * 101, "multipart/form-data; boundary=b", 400),
    ],
)
def test_a_form_that_is_none_is_refused_with_a_page(studio, body, content_type, status):
    answer = studio.generic("POST", "/admin/materials/subject/add/", body, content_type=content_type)

    assert answer.status_code == status
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_part_of_a_form_with_an_unreadable_name_is_none(studio):
    body = PART.replace(b'name="f"', b"name*=nonsense'en'%41") + b"--b--"
    answer = studio.generic(
        "POST", "/admin/materials/subject/add/", body, content_type="multipart/form-data; boundary=b"
    )

    assert (answer.status_code, "This field is required." in answer.content.decode()) == (200, True)


def test_a_form_from_elsewhere_is_refused_with_a_page(root):
    client = Client(enforce_csrf_checks=True)
    client.force_login(root)

    answer = client.post("/admin/materials/subject/add/", {})

    assert answer.status_code == 403
    assert "Open it again" in answer.content.decode()


def test_programs_still_get_the_envelope(client, db):
    assert client.get("/nothing/").json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/api/docs/", "/demo/room/"])
def test_a_page_has_our_icon_and_loads_nothing_from_elsewhere(address, client, root):
    if address == "/admin/":
        client.force_login(root)
    content = client.get(address).content.decode()

    (icon,) = re.findall(r'<link rel="(?:shortcut )?icon" (?:type="\S+" )?href="([^"]+)"', content)
    assert fetched(client, icon).startswith(b"<svg")
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", content)


def test_a_browser_that_asks_for_the_icon_by_itself_is_led_to_it(client, db):
    assert fetched(client, client.get("/favicon.ico")["Location"]).startswith(b"<svg")


def test_lists_bring_the_style_that_fits_them_into_1200_pixels(studio):
    SubjectFactory()

    content = studio.get("/admin/materials/subject/").content.decode()

    own = content.index("/static/studio/studio.css")
    assert own > content.index("/static/admin/css/responsive.css") > content.index("changelists.css")
    assert b"max-width: 1500px" in fetched(studio, "/static/studio/studio.css")
