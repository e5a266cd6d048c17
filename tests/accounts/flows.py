"""A client of the auth calls, and the mails that they send."""

import re
from types import SimpleNamespace

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from rest_framework.test import APIClient

from accounts.sessions import log_in
from tests.authenticator import Passkey
from tests.factories import PASSWORD, UserFactory

API = "/api/auth/app/v1/"


class App:
    """An app with one token, which it takes from the answers as allauth gives them."""

    def __init__(self):
        self.client = APIClient(raise_request_exception=False, headers={"Host": "localhost"})
        self.token = ""

    def __call__(self, method, path, body=None, **headers):
        if self.token:
            headers.setdefault("X-Session-Token", self.token)
        answer = getattr(self.client, method)(API + path, body, headers=headers)
        if answer.content:
            self.token = (answer.json().get("meta") or {}).get("session_token", self.token)
        return answer

    def get(self, path, **headers):
        return self("get", path, **headers)

    def post(self, path, body=None, **headers):
        return self("post", path, body, **headers)

    def me(self):
        return self.client.get("/api/v1/me/", headers={"Authorization": f"Bearer {self.token}"})

    def log_in(self, person, password=PASSWORD):
        return self.post("auth/login", {"email": person.email, "password": password})

    def reauthenticate(self, password=PASSWORD):
        return self.post("auth/reauthenticate", {"password": password})

    def add_passkey(self, passkey, name="Phone"):
        options = self.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
        body = {"name": name, "credential": passkey.create(options)}
        return self.post("account/authenticators/webauthn", body)

    def challenge(self, path="auth/webauthn/login"):
        return self.get(path).json()["data"]["request_options"]

    def log_in_by(self, passkey):
        return self.post("auth/webauthn/login", {"credential": passkey.get(self.challenge())})

    def add_totp(self):
        """The secret of a new authenticator app."""
        secret = self.get("account/authenticators/totp").json()["meta"]["secret"]
        assert self.post("account/authenticators/totp", {"code": code_of(secret)}).status_code == 200
        # As if that had been a while ago: its code is used up.
        Authenticator.objects.filter(type=Authenticator.Type.TOTP).update(last_used_at=None)
        return secret

    def recovery_codes(self):
        return self.get("account/authenticators/recovery-codes").json()["data"]["unused_codes"]


def code_of(secret):
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def person(*, verified=True, **columns):
    """Somebody with an address that is proved or not."""
    made = UserFactory(**columns)
    EmailAddress.objects.create(user=made, email=made.email, primary=True, verified=verified)
    return made


def logged_in(somebody, *, recently=True):
    """An app where they are logged in, and have just given their password again.

    Not by HTTP: that hashes, which is slow on purpose, and has tests of its own.
    """
    app, session = App(), log_in(somebody, ip_address=None, user_agent="")
    if recently:
        record_authentication(
            SimpleNamespace(session=session), somebody, method="password", reauthenticated=True
        )
        session.save()
    app.token = session.session_key
    return app


def with_passkey(somebody):
    """The app and the passkey that was registered in it."""
    app, passkey = logged_in(somebody), Passkey()
    assert app.add_passkey(passkey).status_code == 200
    return app, passkey


def last_mail():
    return mail.outbox[-1]


def key_in(message):
    """What stands at the end of the link in a mail."""
    return re.search(r"http\S+/(?:verify-email|password/reset)/(\S+)", message.body)[1]


def codes(answer):
    """The codes of a refusal, in allauth's shape."""
    return [error["code"] for error in answer.json().get("errors", [])]


def flows(answer):
    """What an answer offers to go on with; what is under way is named alone."""
    offered = answer.json()["data"]["flows"]
    return [flow["id"] for flow in offered if flow.get("is_pending")] or [flow["id"] for flow in offered]
