"""Both passkey ceremonies in a real browser, with an authenticator that the browser simulates."""

from urllib.parse import urlsplit

import pytest

from tests.accounts.flows import person
from tests.browser import CHROMIUM, FLAGS, needs_browser
from tests.factories import PASSWORD

pytestmark = needs_browser

# What a front end does: allauth's calls with the cookie and its proof, and the browser's own passkeys.
PAGE = """
window.call = async (method, path, body) => {
  const proof = document.cookie.match(/csrftoken=([^;]+)/);
  const answer = await fetch("/api/auth/browser/v1/" + path, {
    method,
    headers: {"Content-Type": "application/json", "X-CSRFToken": proof ? proof[1] : ""},
    body: body && JSON.stringify(body),
  });
  return {status: answer.status, ...await answer.json()};
};
window.register = async (name) => {
  const offer = await call("GET", "account/authenticators/webauthn?passwordless");
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(offer.data.creation_options.publicKey);
  const credential = await navigator.credentials.create({publicKey: options});
  return call("POST", "account/authenticators/webauthn", {name, credential: credential.toJSON()});
};
window.assertion = async () => {
  const offer = await call("GET", "auth/webauthn/login");
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(offer.data.request_options.publicKey);
  return (await navigator.credentials.get({publicKey: options})).toJSON();
};
"""


@pytest.fixture
def dora(transactional_db):
    return person(email="dora@example.com", name="Dora")


@pytest.fixture
def page(live_server, dora):
    """A page on the server's own origin, in a browser that has a phone's passkeys."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.add_init_script(PAGE)
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        authenticator = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
        # Passkeys need https or this name; a page, because JSON that is shown as one may not call anything.
        page.goto(f"http://localhost:{urlsplit(live_server.url).port}/admin/login/")
        yield page
        browser.close()


@pytest.fixture
def call(page):
    return lambda method, path, body=None: page.evaluate(
        "([method, path, body]) => call(method, path, body)", [method, path, body]
    )


def test_a_passkey_is_registered_and_then_logs_in_without_a_password(page, call, dora):
    call("GET", "config")
    assert call("POST", "auth/login", {"email": dora.email, "password": PASSWORD})["status"] == 200
    assert call("POST", "auth/reauthenticate", {"password": PASSWORD})["status"] == 200

    registered = page.evaluate("register('Phone')")
    assert (registered["status"], registered["data"]["is_passwordless"]) == (200, True)
    assert call("DELETE", "auth/session")["status"] == 401
    assert page.evaluate("fetch('/api/v1/me/').then(answer => answer.status)") == 401

    credential = page.evaluate("assertion()")
    logged_in = call("POST", "auth/webauthn/login", {"credential": credential})
    assert (logged_in["status"], logged_in["meta"]["is_authenticated"]) == (200, True)
    assert page.evaluate("fetch('/api/v1/me/').then(answer => answer.json())")["email"] == dora.email

    call("DELETE", "auth/session")
    again = call("POST", "auth/webauthn/login", {"credential": credential})
    assert (again["status"], again["errors"][0]["code"]) == (400, "incorrect_code")


def test_a_page_elsewhere_cannot_use_the_passkey(page, call, dora, live_server):
    call("GET", "config")
    call("POST", "auth/login", {"email": dora.email, "password": PASSWORD})
    call("POST", "auth/reauthenticate", {"password": PASSWORD})
    assert page.evaluate("register('Phone')")["status"] == 200
    call("DELETE", "auth/session")

    # Another origin, to which somebody has carried the server's challenge.
    offer = call("GET", "auth/webauthn/login")["data"]["request_options"]["publicKey"]
    page.goto(f"http://elsewhere.localhost:{urlsplit(live_server.url).port}/healthz")
    refused = page.evaluate(
        """offer => navigator.credentials
            .get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(offer)})
            .then(() => "given", error => error.name)""",
        offer,
    )

    assert refused in {"SecurityError", "NotAllowedError"}
