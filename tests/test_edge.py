"""What reaches the project before a view of the API does: chunked bodies, log-ins, the document itself."""

import io
import json
import re

import pytest
from django.urls import resolve

from config.ops.bodies import MAX_STREAMED, with_known_length
from tests.factories import PASSWORD, SubjectFactory

LOGIN = "/api/auth/app/v1/auth/login"


def test_a_body_sent_in_chunks_is_read_with_its_length():
    seen = {}

    def app(environ, start_response):
        seen.update(length=environ["CONTENT_LENGTH"], body=environ["wsgi.input"].read())
        return []

    body = io.BytesIO(b'{"name": "chunked"}')
    with_known_length(app)({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body}, None)
    assert seen == {"length": "19", "body": b'{"name": "chunked"}'}

    endless = io.BytesIO(b"x" * (MAX_STREAMED + 5))
    with_known_length(app)({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": endless}, None)
    assert seen["length"] == str(MAX_STREAMED)


def test_a_form_sent_in_chunks_is_left_to_its_parser():
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        return []

    kind, body = "Multipart/Form-Data; boundary=b", io.BytesIO(b"--b--")
    sent = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": kind, "wsgi.input": body}
    with_known_length(app)(sent, None)

    assert seen["wsgi.input"].tell() == 0
    # The most that any form may have: its parser looks for no more.
    assert seen["CONTENT_LENGTH"] == str(25 * 2**20 + 64 * 2**10)


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"email":' + '[{"a":' * 5000 + "1" + "}]" * 5000 + "}",
        '{"email": "a@example.com", "email": "b@example.com", "password": "x"}',
        '{"email": "\\ud800"}',
        '{"email": ',
    ],
)
def test_a_log_in_that_is_no_sound_json_is_refused_in_words(anyone, db, body):
    answer = anyone.post(LOGIN, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "parse_error"


def test_a_log_in_of_megabytes_is_too_large(anyone, db):
    body = json.dumps({"email": "a@example.com", "password": "x" * 2**20})

    assert anyone.post(LOGIN, body, content_type="application/json").status_code == 413


def test_blanks_around_a_password_do_not_count_at_either_door(anyone, db):
    person = {"email": "spaced@example.com", "password": " correct horse 9\t", "name": "Spaced"}
    assert anyone.post("/api/v1/signup/", person).status_code == 201

    for password in (person["password"], person["password"].strip()):
        answer = anyone.post(LOGIN, {"email": person["email"], "password": password}, format="json")
        assert answer.status_code == 200


def test_a_sound_log_in_still_works(anyone, alice):
    answer = anyone.post(LOGIN, {"username": "alice", "password": PASSWORD}, format="json")

    assert answer.json()["meta"]["session_token"]


@pytest.mark.parametrize(
    ("query", "accept", "begins"),
    [("", "*/*", b"openapi:"), ("?format=json", "*/*", b"{"), ("", "application/json", b"{")],
)
def test_the_document_is_yaml_or_json_as_asked(anyone, db, query, accept, begins):
    answer = anyone.get(f"/api/schema/{query}", headers={"Accept": accept})

    assert answer.content.startswith(begins)


def test_the_document_covers_the_log_in_calls_for_one_generated_client(anyone):
    document = anyone.get("/api/schema/?format=json").json()
    operations = {
        operation["operationId"]: path
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if isinstance(operation, dict)
    }

    assert operations["auth_login_create"] == "/api/auth/{client}/v1/auth/login"
    assert {"auth_session_destroy", "auth_account_password_change_create", "signup_create"} < set(operations)
    # Ids are given once: as many as there are calls.
    assert len(operations) == sum(len(methods) for methods in document["paths"].values())
    # Every address that allauth answers at, but for telephones and what else is not offered.
    offered = {name for name in operations if name.startswith("auth_")}
    assert not [name for name in offered if "phone" in name or "tokens" in name]
    responses = {
        operation["operationId"]: operation["responses"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    # A log-out is over with 401.
    silent = {name for name, known in responses.items() if not any(code[0] in "23" for code in known)}
    assert silent <= {"auth_session_destroy"}
    for name in offered:
        resolve(operations[name].replace("{client}", "app"))


def test_references_of_the_document_lead_somewhere(anyone):
    text = anyone.get("/api/schema/?format=json").content.decode()
    document = json.loads(text)

    for kind, name in set(re.findall(r'"#/components/(\w+)/(\w+)"', text)):
        assert name in document["components"][kind]
    assert "nullable" not in text


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_the_document_and_its_page_refuse_as_the_api_does(anyone, db, path):
    answer = anyone.post(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "query", ["format=xml", "format=", "format=%00", "lang=de", "format=json&format=json"]
)
def test_the_document_is_asked_for_in_no_other_way(anyone, db, query):
    answer = anyone.get(f"/api/schema/?{query}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")


@pytest.mark.parametrize("address", ["/admin/login/", "/static/studio/icon.svg", "/favicon.ico"])
def test_what_is_only_read_or_sent_as_a_form_takes_no_other_method(client, db, address):
    for method in ("TRACE", "OPTIONS", "PUT", "DELETE", "BREW"):
        answer = client.generic(method, address)

        assert answer.status_code == 405
        assert answer.headers["Allow"].startswith("GET, HEAD")
        assert answer.headers["X-Request-ID"].encode() in answer.content


def test_what_is_wrong_with_the_body_comes_before_what_is_wrong_with_the_query(as_user, alice):
    client, url = as_user(alice), "/api/v1/subjects/?q=1"

    assert client.post(url, "x" * (2**20 + 1), content_type="application/json").status_code == 413
    assert client.post(url, "name=x", content_type="text/plain").status_code == 415
    assert client.post(url, {"name": "x"}).status_code == 400


def test_readyz_says_in_the_envelope_why_it_is_not_ready(anyone, db, monkeypatch):
    monkeypatch.setattr("config.ops.health.MigrationExecutor.migration_plan", lambda *_: ["one"])

    answer = anyone.get("/readyz")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_write_on_the_condition_of_a_version_changes_nothing(as_user, alice, mallory):
    subject = SubjectFactory(user=alice, name="Physics")
    url, version = f"/api/v1/subjects/{subject.pk}/", {"If-Match": '"1"'}

    for write in (
        lambda person, **headers: as_user(person).patch(url, {"name": "Chemistry"}, headers=headers),
        lambda person, **headers: as_user(person).delete(url, headers=headers),
    ):
        answer = write(alice, **version)
        assert (answer.status_code, answer.json()["error"]["code"]) == (412, "precondition_failed")
        assert write(mallory, **version).status_code == 404
    assert as_user(alice).patch(url, {"nonsense": 1}, headers=version).status_code == 400
    assert as_user(alice).get(url).json()["name"] == "Physics"
    assert as_user(alice).patch(url, {"name": "Chemistry"}, headers={"If-Match": "*"}).status_code == 200


def test_a_client_that_names_no_type_gets_json(as_user, alice):
    assert as_user(alice).get("/api/v1/me/", headers={"Accept": ""}).status_code == 200
