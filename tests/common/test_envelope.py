"""Refusals: one shape, one order, whoever refuses."""

import json
import re

import pytest
from django.db import OperationalError, connection
from rest_framework.test import APIClient

from config.ops.logs import RequestIdFilter
from materials import services
from tests.factories import PASSWORD, OrganizationFactory, SubjectFactory

URL = "/api/v1/subjects/"


def refused(answer):
    """Status and code of a refusal in the one envelope."""
    body = answer.json()
    assert set(body) == {"error"}
    assert (
        {"code", "message", "request_id"}
        <= set(body["error"])
        <= {
            "code",
            "message",
            "request_id",
            "fields",
        }
    )
    assert body["error"]["request_id"] == answer.headers["X-Request-ID"]
    return answer.status_code, body["error"]["code"]


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api/v1/nowhere/",
        "/api/v1/subjects",  # no redirect to the one with a slash
        "/api/v1/subjects/nonsense/",
        "/api/v1/subjects/%00/",
        "/api/v1/subjects/3fa85f64-5717-4562-b3fc-2c963f66afa6%0a/",
        "/api/v1/subjects/3FA85F64-5717-4562-B3FC-2C963F66AFA6/",
        "/api/v1/subjects/3fa85f6457174562b3fc2c963f66afa6/",
        "/api/auth/app/v1/nowhere",
    ],
)
def test_an_unknown_address_is_not_found_without_a_log_in_too(anyone, path):
    for method in ("GET", "POST", "PUT"):
        assert refused(anyone.generic(method, path)) == (404, "not_found")


@pytest.mark.parametrize(
    "path", [URL, f"{URL}01a1fd4e-372f-714a-8be1-ec799b471c47/", "/api/v1/me/", "/api/v1/users/"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \u00ff\u00fe"},
        {"Authorization": "Token abc"},
        {"Authorization": "Basic !!!"},
        {"X-Session-Token": "a\x00b"},
        {"Cookie": "sessionid=../../../etc/passwd"},
    ],
)
def test_without_a_valid_token_every_call_says_how_to_log_in(db, anyone, path, headers):
    for method in ("GET", "PUT", "PATCH"):
        answer = anyone.generic(method, path, b"{", content_type="text/plain", headers=headers)

        assert refused(answer) == (401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="lyceum"'


def test_a_method_that_is_not_taken_comes_with_those_that_are(as_user, alice):
    for method in ("PUT", "DELETE", "TRACE", "OPTIONS", "BREW"):
        answer = as_user(alice).generic(method, f"{URL}?x=1", b"{", content_type="text/plain")

        assert refused(answer) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == "GET, POST, HEAD"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_health_of_the_system_is_only_read(db, path):
    client = APIClient(enforce_csrf_checks=True)

    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    answer = client.post(path, {})
    assert refused(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_needs_neither_https_nor_a_name_of_the_host(db, settings, path):
    settings.SECURE_SSL_REDIRECT = True

    answer = APIClient().get(path, headers={"Host": "10.0.0.7:8000"})

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["X-Request-ID"]


def test_an_answer_that_is_not_json_cannot_be_had(as_user, alice):
    answer = as_user(alice).get(URL, headers={"Accept": "application/xml"})

    assert refused(answer) == (406, "not_acceptable")
    strange = {"Accept": "application/json;q=abc, */*;q=-1, ;;;,"}
    assert as_user(alice).get(URL, headers=strange).status_code in {200, 406}


@pytest.mark.parametrize("host", ["evil.example", "testserver:abc"])
def test_a_host_that_is_not_ours_is_refused(anyone, host):
    assert refused(anyone.get("/api/v1/me/", headers={"Host": host})) == (400, "validation_error")


def test_a_thousand_parameters_are_refused(as_user, alice):
    query = "&".join(f"a{number}=1" for number in range(1001))

    assert refused(as_user(alice).get(f"{URL}?{query}")) == (400, "validation_error")


@pytest.mark.parametrize(
    "query", [b"search=\xff", b"search=%FF", b"search=%ED%A0%80", b"search=a%00b", b"\x00=1"]
)
def test_a_query_is_utf_8(as_user, alice, query):
    answer = as_user(alice).get("/api/v1/materials/", QUERY_STRING=query.decode("latin-1"))

    assert refused(answer) == (400, "validation_error")
    assert list(answer.json()["error"]["fields"]) == ["_"]


def test_a_query_may_hold_any_text(as_user, alice):
    SubjectFactory(user=alice)

    answer = as_user(alice).get("/api/v1/materials/", QUERY_STRING="search=é".encode().decode("latin-1"))

    assert answer.status_code == 200


def test_a_request_keeps_the_name_that_its_client_gave(anyone):
    named = anyone.get("/nowhere", headers={"X-Request-ID": "a-b_c.1"})
    fine = anyone.get("/healthz", headers={"X-Request-ID": "mine"})

    assert named.json()["error"]["request_id"] == named.headers["X-Request-ID"] == "a-b_c.1"
    assert fine.headers["X-Request-ID"] == "mine"


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "é", "<script>"])
def test_a_request_gets_a_name_where_its_own_will_not_do(anyone, name):
    answer = anyone.get("/nowhere", headers={"X-Request-ID": name})

    given = answer.json()["error"]["request_id"]
    assert given == answer.headers["X-Request-ID"]
    assert given not in {"", name}


def test_the_first_of_several_refusals_wins(as_user, anyone, alice, bob, mallory):
    organization = OrganizationFactory(members={alice: "owner", bob: "member"})
    one = f"/api/v1/organizations/{organization.pk}/"
    wrong = {"data": b"{", "content_type": "text/plain"}

    def patch(client, path=one, **request):
        return refused(client.generic("PATCH", path, **request))

    assert patch(anyone, f"{one}?x=1", **wrong)[0] == 401
    assert patch(as_user(mallory), f"{one}?x=1", **wrong)[0] == 404
    assert refused(as_user(bob).generic("PUT", f"{one}?x=1", **wrong))[0] == 405
    assert patch(as_user(bob), f"{one}?x=1", **wrong)[0] == 403
    assert patch(as_user(alice), **wrong)[0] == 415
    assert patch(as_user(alice), data=b"x" * 2**21, content_type="application/json")[0] == 413
    assert patch(as_user(alice), data=b"{", content_type="application/json")[0] == 400


def test_fields_are_named_as_they_were_sent_and_nothing_is_echoed(anyone, db):
    body = {
        "email": "not an address",
        "password": "s3cret",
        "name": 5,
        "é" * 60: "surprise",
        "non_field_errors": 1,
        "organization": {"slug": "NOT A SLUG", "foo": {"bar": "surprise"}},
    }

    answer = anyone.post("/api/v1/signup/", body)

    assert refused(answer) == (400, "validation_error")
    codes = {name: errors[0]["code"] for name, errors in answer.json()["error"]["fields"].items()}
    assert codes == {
        "email": "invalid_email",
        "name": "invalid",
        "é" * 50: "unknown_field",
        "non_field_errors": "unknown_field",
        "organization.name": "required",
        "organization.slug": "invalid_form",
        "organization.foo": "unknown_field",
    }
    for value in ("not an address", "s3cret", "surprise", "NOT A SLUG"):
        assert value not in json.dumps(answer.json())


def test_what_is_wrong_with_a_part_as_a_whole_stands_under_its_name(anyone, db):
    whole = anyone.post("/api/v1/signup/", [])
    part = anyone.post("/api/v1/signup/", {"organization": "Acme"})

    assert list(whole.json()["error"]["fields"]) == ["_"]
    assert part.json()["error"]["fields"]["organization"][0]["code"] == "invalid"


def test_a_busy_database_asks_to_come_again(as_user, alice, monkeypatch):
    def locked(**_):
        raise OperationalError("database is locked at /var/secret")

    monkeypatch.setattr(services, "create_subject", locked)
    answer = as_user(alice).post(URL, {"name": "Physics"})

    assert refused(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert "secret" not in answer.content.decode()


def test_a_busy_database_asks_to_come_again_at_a_log_in_too(anyone, alice, monkeypatch):
    def locked(*_, **__):
        raise OperationalError("database is locked at /var/secret")

    monkeypatch.setattr("accounts.sessions.SessionStore.save", locked)
    answer = anyone.post("/api/auth/app/v1/auth/login", {"email": alice.email, "password": PASSWORD})

    assert refused(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


def test_a_statement_that_cannot_work_is_a_bug_on_either_database(as_user, alice, monkeypatch):
    def misspelt(**_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    monkeypatch.setattr(services, "create_subject", misspelt)

    assert refused(as_user(alice).post(URL, {"name": "Physics"})) == (500, "server_error")


def test_a_bug_stays_a_bug_but_tells_nothing(as_user, alice, monkeypatch, caplog):
    def broken(**_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(services, "create_subject", broken)
    answer = as_user(alice).post(URL, {"name": "Physics"})

    assert refused(answer) == (500, "server_error")
    assert "secret" not in answer.content.decode()
    # What operators look for in the log when somebody names the id.
    RequestIdFilter().filter(caplog.records[-1])
    assert caplog.records[-1].request_id == answer.headers["X-Request-ID"]
    assert caplog.records[-1].exc_info


MARKER = "zq7marker"


def calls_of(document):
    """Each call of the document with a path that has no row, and every field that its body knows."""

    def names(node):
        if isinstance(node, list):
            return set().union(*map(names, node))
        if not isinstance(node, dict):
            return set()
        if reference := node.get("$ref"):
            return names(document["components"]["schemas"].get(reference.rpartition("/")[2]))
        return set(node.get("properties", ())).union(*map(names, node.values()))

    for path, methods in document["paths"].items():
        for method in methods:
            address = re.sub(r"\{client\}", "app", path)
            address = re.sub(r"\{\w+\}", "01a1fd4e-372f-714a-8be1-ec799b471c47", address)
            yield method.upper(), address, names(methods[method].get("requestBody", {}))


def test_no_refusal_of_any_call_repeats_what_was_sent(as_user, anyone, alice):
    headers = {
        **dict.fromkeys(("X-Session-Token", "Cookie", "User-Agent", "If-Match", "Origin", "X-A"), MARKER),
        "X-Request-ID": f"<{MARKER}>",
        "Accept": f"*/*, text/{MARKER}",
        "Authorization": f"Bearer {MARKER}",
    }
    calls = list(calls_of(anyone.get("/api/schema/?format=json").json()))
    repeated = []

    def send(client, method, address, body, content_type="application/json", **more):
        answer = client.generic(method, address, body, content_type=content_type, headers=more)
        if answer.status_code < 400:
            return
        said = answer.content.decode()
        # The names of unknown fields and parameters are.
        for name in answer.json().get("error", {}).get("fields", ()):
            said = said.replace(json.dumps(name, ensure_ascii=False), "")
        if MARKER in said or MARKER in str(answer.headers) or answer.status_code >= 500:
            repeated.append((method, address, answer.status_code, said))

    assert len(calls) > 100
    for method, address, fields in calls:
        body = json.dumps(dict.fromkeys(fields | {MARKER}, MARKER))
        send(anyone, method, f"{address}?{MARKER}={MARKER}", body, **headers)
        if address.startswith("/api/v1/"):
            send(as_user(alice), method, f"{address}?{MARKER}={MARKER}&page={MARKER}", body)
            if method in {"POST", "PATCH", "PUT"}:
                send(as_user(alice), method, address, body)
        send(anyone, method, f"{address}{MARKER}", body)

    assert repeated == []


def test_a_head_is_a_get_without_its_body(as_user, alice):
    whole, head = as_user(alice).get(URL), as_user(alice).head(URL)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.content))


def test_no_method_is_smuggled_in(as_user, alice):
    subject = SubjectFactory(user=alice)

    answer = as_user(alice).get(f"{URL}{subject.pk}/", headers={"X-HTTP-Method-Override": "DELETE"})

    assert answer.status_code == 200
    assert as_user(alice).get(f"{URL}{subject.pk}/").status_code == 200


def test_other_sites_are_told_nothing(as_user, alice):
    for origin in ("null", "https://evil.example"):
        answer = as_user(alice).get(URL, headers={"Origin": origin})

        assert "Access-Control-Allow-Origin" not in answer.headers
