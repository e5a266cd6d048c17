"""What Lyceum writes to people: each mail's words, once for its text and its HTML.

The names are allauth's. A mail goes to whoever reads an address, who need not have an account here, so
nothing in it is of somebody else's choosing but addresses and the device that was used.
"""

from dataclasses import dataclass
from email import policy as policies
from typing import Any

from django.core.mail import EmailMultiAlternatives


@dataclass(frozen=True)
class Mail:
    """One mail; `link` names the address that its button leads to."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    button: str = ""
    after: tuple[str, ...] = ()
    is_notice: bool = False


class Letter(EmailMultiAlternatives):
    """What is sent; its links stay in one piece, also where somebody reads it on the console."""

    def message(self, *, policy: Any = policies.default) -> Any:
        # The longest line that mail allows; from 78 on Python would break them and write the breaks as `=`.
        return super().message(policy=policy.clone(max_line_length=998))


def _notice(subject: str, *paragraphs: str) -> Mail:
    """A change to an account, with when and from where, so that its owner can object."""
    return Mail(subject, paragraphs, is_notice=True)


_IGNORE = "If this was not you, do nothing: without a click nothing happens."

MAILS = {
    "account/email/email_confirmation_signup": Mail(
        "Confirm your e-mail address",
        ("Welcome to Lyceum. An account was opened with this e-mail address, {email}.",),
        link="activate_url",
        button="Confirm this address",
        after=("The link works for three days.", _IGNORE),
    ),
    "account/email/email_confirmation": Mail(
        "Confirm your e-mail address",
        ("Somebody wants to use this e-mail address, {email}, for their account at Lyceum.",),
        link="activate_url",
        button="Confirm this address",
        after=("The link works for three days.", _IGNORE),
    ),
    "account/email/password_reset_key": Mail(
        "Reset your password",
        ("A new password was asked for, for the Lyceum account with the e-mail address {email}.",),
        link="password_reset_url",
        button="Choose a new password",
        after=("The link works once, for one hour, and until you next log in.", _IGNORE),
    ),
    "account/email/unknown_account": Mail(
        "No account with this address",
        (
            "A new password was asked for, for the e-mail address {email}. There is no Lyceum account "
            "with this address that could have one.",
            "Perhaps you signed up with another address. Otherwise you are welcome to sign up:",
        ),
        link="signup_url",
        button="Sign up",
        after=("If this was not you, there is nothing to do.",),
    ),
    "account/email/account_already_exists": Mail(
        "You have an account already",
        (
            "Somebody tried to sign up at Lyceum with your e-mail address, {email}, which has an account.",
            "If that was you and the password is forgotten, choose a new one:",
        ),
        link="password_reset_url",
        button="Reset the password",
        after=("If this was not you, there is nothing to do.",),
    ),
    "account/email/email_changed": _notice(
        "Your e-mail address has changed",
        "Your Lyceum account no longer uses {from_email}. Its e-mail address is now {to_email}.",
    ),
    "account/email/email_deleted": _notice(
        "An e-mail address was dropped",
        "Your Lyceum account will not change to the e-mail address {deleted_email}.",
    ),
    "account/email/password_changed": _notice(
        "Your password has changed",
        "The password of your Lyceum account was changed. Other log-ins and all API tokens have ended.",
    ),
    "account/email/password_set": _notice(
        "Your account has a password",
        "Your Lyceum account now has a password. Other log-ins and all API tokens have ended.",
    ),
    "account/email/password_reset": _notice(
        "Your password has been reset",
        "The password of your Lyceum account was reset. All log-ins and API tokens have ended.",
    ),
    "mfa/email/totp_activated": _notice(
        "An authenticator app was added",
        "Your Lyceum account now asks for a code of an authenticator app when you log in.",
    ),
    "mfa/email/totp_deactivated": _notice(
        "The authenticator app was removed",
        "Your Lyceum account no longer asks for a code of an authenticator app.",
    ),
    "mfa/email/recovery_codes_generated": _notice(
        "New recovery codes",
        "New recovery codes were made for your Lyceum account. The old ones no longer work.",
    ),
    "mfa/email/webauthn_added": _notice(
        "A passkey was added",
        "A new passkey or security key opens your Lyceum account.",
    ),
    "mfa/email/webauthn_removed": _notice(
        "A passkey was removed",
        "A passkey or security key no longer opens your Lyceum account.",
    ),
    "socialaccount/email/account_connected": _notice(
        "A log-in was connected",
        "An account at {provider} now opens your Lyceum account.",
    ),
    "socialaccount/email/account_disconnected": _notice(
        "A log-in was disconnected",
        "An account at {provider} no longer opens your Lyceum account.",
    ),
}
