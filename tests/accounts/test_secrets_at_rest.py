"""What a thief finds in a dump of the database: nothing that opens anything."""

import base64
import json
import re
import zlib

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection

from accounts.seals import BrokenSeal, seal, unseal
from tests.accounts.flows import App, code_of, key_in, last_mail, logged_in, person
from tests.accounts.test_providers_api import _dummy, come  # noqa: F401  (a fixture)
from tests.authenticator import Passkey
from tests.factories import PASSWORD


def dump():
    """Every value of every table as text, and what base64 and compression hide in it."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            texts += [value if isinstance(value, str) else str(value) for row in cursor for value in row]
    return "\n".join(texts + [opened for text in texts for opened in _opened(text)])


def _opened(text):
    for part in re.findall(r"[A-Za-z0-9_-]{16,}", text):
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else b""
        yield raw.decode("latin-1")
        try:
            yield zlib.decompress(raw).decode("latin-1")
        except zlib.error:
            continue


@pytest.mark.django_db(transaction=True)
def test_a_dump_holds_nothing_that_was_handed_out():
    dora = person(email="dora@example.com", verified=False)
    secrets = {"password": PASSWORD}
    app = App()
    app.log_in(dora)
    app.reauthenticate()
    app("put", "account/email", {"email": dora.email})
    secrets["key of the address"] = key_in(last_mail())
    app.post("auth/email/verify", {"key": secrets["key of the address"]})
    begun = app.get("account/authenticators/totp").json()["meta"]["secret"]
    secrets["secret of an app that is not confirmed"] = begun
    assert begun not in dump()
    app.post("account/authenticators/totp", {"code": code_of(begun)})
    secrets["code of the app"] = code_of(begun)
    secrets |= {f"recovery code {code}": code for code in app.recovery_codes()}
    app.add_passkey(Passkey())
    waiting = App()
    waiting.log_in(dora)
    secrets["token of a log-in that waits for a code"] = waiting.token
    waiting.post("auth/2fa/authenticate", {"code": app.recovery_codes()[0]})
    secrets |= {"token of a log-in": app.token, "token of another": waiting.token}
    App().post("auth/password/request", {"email": dora.email})
    secrets["key of a reset"] = key_in(last_mail())
    stranger = App()
    stranger.challenge()
    secrets["token of nobody yet"] = stranger.token

    found = dump()

    assert "dora@example.com" in found  # the dump does hold what it should
    assert [name for name, secret in secrets.items() if secret in found] == []
    assert set(Authenticator.objects.values_list("type", flat=True)) == {
        "totp",
        "recovery_codes",
        "webauthn",
    }


def test_what_waits_for_an_address_after_a_provider_is_sealed_too(db):
    person(email="dora@example.com", verified=False)
    app = App()
    come(app, first_name="Unmistakable")

    assert "Unmistakable" not in dump()
    assert app.get("auth/provider/signup").status_code == 200


def test_a_seal_opens_under_the_key_and_under_those_before_it_only(settings):
    sealed = seal("a secret")
    assert "a secret" not in sealed
    assert sealed != seal("a secret")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"

    assert unseal(sealed) == "a secret"
    settings.SECRET_KEY_FALLBACKS = []
    for broken in (sealed, sealed[:-4], "", json.dumps({})):
        with pytest.raises(BrokenSeal):
            unseal(broken)


def test_a_new_key_with_the_old_one_behind_it_ends_no_log_in(db, settings):
    app = logged_in(person())
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"

    assert app.me().status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert app.me().status_code == 401
