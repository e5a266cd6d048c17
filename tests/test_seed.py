"""The demo world: complete, and added once."""

import io
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from accounts.seed import PASSWORD, PEOPLE
from config.management.commands.seed import may_be_seeded
from tests.factories import UserFactory

OURS = ("accounts", "materials", "media_summaries", "threads", "chatrooms")


def seed(**options):
    printed = io.StringIO()
    call_command("seed", stdout=printed, **options)
    return printed.getvalue()


def snapshot():
    models = [model for label in OURS for model in apps.get_app_config(label).get_models()]
    return {model: list(model.objects.order_by("pk").values()) for model in models}


def test_a_second_seed_changes_nothing(db):
    seed()
    first = snapshot()
    seed()

    assert snapshot() == first


def test_the_printed_log_ins_work_and_find_their_world(db, anyone):
    printed = seed()

    for person in PEOPLE:
        assert person.email in printed
    login = anyone.post(
        "/api/auth/app/v1/auth/login", {"email": PEOPLE[0].email, "password": PASSWORD}, format="json"
    )
    token = login.json()["meta"]["session_token"]
    anyone.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    for library in ("subjects", "materials", "video-summaries", "threads", "rooms"):
        assert anyone.get(f"/api/v1/{library}/").json()["total"] > 0


def test_a_demo_person_has_files_to_read(db, as_user):
    seed()
    ada = as_user(User.objects.get(username="ada"))

    files = ada.get("/api/v1/materials/?type=file&ordering=title").json()["items"]

    assert [file["file_type"] for file in files] == ["application/pdf", "text/markdown"]
    sheet = ada.get(f"/api/v1/materials/{files[0]['id']}/").json()
    assert "1. Is {(1, 2), (2, 4)} a basis of the plane?" in sheet["content"]
    sent = ada.get(f"/api/v1/materials/{files[0]['id']}/file/")
    assert b"".join(sent.streaming_content).startswith(b"%PDF-")


def test_what_a_person_has_deleted_stays_deleted(db, as_user):
    seed()
    from accounts.seed import person

    ada = as_user(person("ada"))
    thread = ada.get("/api/v1/threads/").json()["items"][0]["id"]
    ada.delete(f"/api/v1/threads/{thread}/")
    seed()

    assert ada.get(f"/api/v1/threads/{thread}/").status_code == 404


def test_volume_is_whole_says_its_speed_and_is_added_once(db, as_user):
    printed = seed(scale=0.001)
    before = snapshot()

    assert "rows/s" in printed
    assert "already" in seed(scale=0.001)
    assert snapshot() == before
    Message, Thread = apps.get_model("threads", "Message"), apps.get_model("threads", "Thread")
    assert Message.objects.count() >= 1000
    connection.check_constraints()
    busiest = Thread.objects.order_by("-last_seq").first()
    assert busiest.messages.count() == busiest.last_seq
    page = as_user(busiest.user).get(f"/api/v1/threads/{busiest.pk}/messages/").json()
    assert page["items"][-1]["seq"] == busiest.last_seq


def test_demo_passwords_do_not_reach_production(db, settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="demo passwords"):
        seed()


@pytest.mark.parametrize(
    ("hostaddr", "host", "is_local"),
    [
        ("203.0.113.7", "localhost", False),
        ("127.0.0.1", "db.example.com", True),
        ("", "db.example.com", False),
        ("", "/run/postgresql", True),
    ],
)
def test_demo_passwords_do_not_reach_another_machine(db, monkeypatch, hostaddr, host, is_local):
    reached = SimpleNamespace(info=SimpleNamespace(hostaddr=hostaddr, host=host))
    far = SimpleNamespace(vendor="postgresql", ensure_connection=lambda: None, connection=reached)
    monkeypatch.setattr("config.management.commands.seed.connection", far)

    assert may_be_seeded() == is_local


def test_somebody_in_the_demo_worlds_place_is_said_in_one_line(db):
    UserFactory(username="ada")

    with pytest.raises(CommandError, match="username is taken"):
        seed()


@pytest.mark.parametrize("scale", ["nan", "inf", "-1", "101"])
def test_a_scale_that_is_none_is_refused_in_a_line(db, scale):
    with pytest.raises(CommandError, match="--scale is a number from 0 to 100"):
        call_command("seed", "--scale", scale)


@pytest.mark.django_db(transaction=True)
def test_a_database_without_its_tables_is_not_seeded(transactional_db):
    call_command("migrate", "threads", "zero", verbosity=0)

    with pytest.raises(CommandError, match="Migrations are pending"):
        seed()

    call_command("migrate", verbosity=0)


@pytest.mark.parametrize("option", ["--port", "--workers", "--threads"])
def test_a_server_of_nothing_is_refused_in_a_line(option):
    with pytest.raises(CommandError, match="a whole number from 1"):
        call_command("serve", option, "0")
