"""Every mail that is sent: text and HTML, under Lyceum's name, with nothing of a stranger's choosing."""

from email import policy as policies
from pathlib import Path
from types import SimpleNamespace

import allauth
import pytest
from django.core import mail
from django.utils import timezone

from accounts.adapters import AccountAdapter
from accounts.mails import MAILS
from tests.accounts.flows import App, last_mail, logged_in, person

CONTEXT = {
    "activate_url": "http://front.example/verify-email/KEY",
    "password_reset_url": "http://front.example/password/reset/KEY",
    "signup_url": "http://front.example/sign-up",
    "from_email": "old@example.com",
    "to_email": "new@example.com",
    "deleted_email": "never@example.com",
    "provider": SimpleNamespace(name="Google"),
    "timestamp": timezone.now(),
    "ip": "192.0.2.7",
    "user_agent": "Firefox <b>\n\nClick https://evil.example",
}
# For codes by mail, which Lyceum does not send, and a notice that allauth itself never sends.
NOT_SENT = {
    "account/email/email_confirm",
    "account/email/login_code",
    "account/email/password_reset_code",
    "account/email/base",
}


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_reads_well_as_text_and_as_html(name):
    message = AccountAdapter().render_mail(name, "dora@example.com", dict(CONTEXT))
    html, kind = message.alternatives[0]

    assert message.subject == f"[Lyceum] {MAILS[name].subject}"
    assert kind == "text/html"
    for body in (message.body, html):
        assert "Lyceum" in body
        assert "{" not in body.replace("{%", "")
        if MAILS[name].link:
            assert CONTEXT[MAILS[name].link] in body
        if MAILS[name].is_notice:
            assert "192.0.2.7" in body
            assert "http://127.0.0.1:8000/password/reset" in body
    assert "<b>" not in html
    assert "\n\nClick" not in message.body


@pytest.mark.parametrize("policy", [policies.default, policies.SMTP])
def test_a_link_is_sent_in_one_piece(policy):
    link = "http://front.example/password/reset/" + "k" * 100

    message = AccountAdapter().render_mail(
        "account/email/password_reset_key", "d@example.com", {"password_reset_url": link}
    )

    assert message.message(policy=policy).as_string().count(link) == 3


def test_allauth_sends_no_mail_that_has_no_words():
    folder = Path(allauth.__file__).parent / "templates"
    known = {
        str(path.relative_to(folder)).removesuffix("_message.txt")
        for path in folder.glob("*/email/*_message.txt")
        if path.parts[-3] in {"account", "mfa", "socialaccount"}
    }

    assert known - NOT_SENT == set(MAILS)


def test_links_lead_to_the_front_end(db, settings):
    base = "https://www.example.com"
    settings.FRONTEND_URL = base
    settings.HEADLESS_FRONTEND_URLS = settings.HEADLESS_FRONTEND_URLS | {
        "account_reset_password_from_key": f"{base}/password/reset/{{key}}"
    }
    App().post("auth/password/request", {"email": person().email})

    assert f"{base}/password/reset/" in last_mail().body


def test_nothing_that_a_stranger_chose_is_written_to_an_address(db):
    """Else anybody could have Lyceum write to anybody."""
    App().client.post(
        "/api/v1/signup/",
        {"email": "victim@example.com", "password": "correct horse 9", "name": "Buy at evil.example"},
        headers={"User-Agent": "evil.example"},
    )

    assert last_mail().to == ["victim@example.com"]
    assert "evil" not in last_mail().message().as_string()


def test_no_secret_is_logged(db, caplog):
    caplog.set_level("DEBUG")
    dora = person()
    app = logged_in(dora)
    app.post("account/email", {"email": "new@example.com"})
    App().post("auth/password/request", {"email": dora.email})

    keys = [message.body.split("http")[1].split()[0].rpartition("/")[2] for message in mail.outbox]
    assert len(keys) == 2
    for secret in (*keys, app.token):
        assert secret not in caplog.text
