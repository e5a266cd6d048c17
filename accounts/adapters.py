"""Where allauth's flows meet Lyceum's people."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_frontend_url
from allauth.headless.base.response import UnauthorizedResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string
from rest_framework.exceptions import ValidationError as NotThisText

from accounts.mails import MAILS, Letter
from accounts.models import User
from accounts.seals import BrokenSeal, seal, unseal
from accounts.serializers import EmailField
from accounts.services import EmailTaken, credentials
from common.addresses import client_address
from common.fields import NameField

logger = logging.getLogger("lyceum.mail")


class AccountAdapter(DefaultAccountAdapter):
    """Accounts: one address each, present people only, mail in Lyceum's own words."""

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """A username is chosen by its person or there is none; allauth would make one up."""
        user.username = user.username or None

    def clean_username(self, username: Any, shallow: bool = False) -> Any:
        """None is as good a username as any; a provider's is not asked for."""
        return super().clean_username(username, shallow) if username else None

    def clean_email(self, email: str) -> str:
        """The same rules for an address as at Lyceum's own sign-up."""
        try:
            return EmailField().run_validation(email)
        except NotThisText:
            raise ValidationError("Enter a valid email address.", code="invalid") from None

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """An account has an address; only a change to another one can be called off."""
        return not email_address.primary

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Take the address as proved, and tell the one that it takes the place of."""
        old = email_address.user.email
        credentials.prove_address(address=email_address)
        if old != email_address.email:
            addresses = {"from_email": old, "to_email": email_address.email}
            self.send_notification_mail(
                "account/email/email_changed", email_address.user, addresses, email=old
            )
        return True

    def set_password(self, user: Any, password: str) -> None:
        """Change a password; the log-in that asks for it stays."""
        credentials.change_password(
            person=user, password=password, keeping=context.request.session.session_key
        )

    def pre_login(self, request: HttpRequest, user: Any, **hooks: Any) -> Any:
        """Nobody logs in who is not present, whatever they prove."""
        self._refuse_absent(request, user)
        return super().pre_login(request, user, **hooks)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Log in, and remember from where."""
        # Between the first factor and the second an account can end.
        self._refuse_absent(request, user)
        request.session.ip_address = client_address(request)  # type: ignore[attr-defined]
        request.session.user_agent = request.headers.get("User-Agent", "")  # type: ignore[attr-defined]
        super().login(request, user)

    def _refuse_absent(self, request: HttpRequest, user: Any) -> None:
        if not User.objects.present().filter(pk=user.pk).exists():
            request.session.flush()
            raise ImmediateHttpResponse(UnauthorizedResponse(request))

    def is_safe_url(self, url: str) -> bool:
        """Where a provider may send people back to: also the front end, wherever it is."""
        return f"{url}/".startswith(f"{settings.FRONTEND_URL}/") or super().is_safe_url(url)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that a notice names; behind a socket there is none."""
        return client_address(request) or "unknown"

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The link with its key as it is: a colon may stand in a path, and keys get copied by hand."""
        return super().get_email_confirmation_url(request, emailconfirmation).replace("%3A", ":")

    def render_mail(
        self, template_prefix: str, email: Any, context: dict[str, Any], headers: Any = None
    ) -> Letter:
        """A mail of `accounts.mails` as text and HTML."""
        mail = MAILS[template_prefix]
        provider = getattr(context.get("provider"), "name", "")
        values = {name: str(value) for name, value in context.items() if name != "provider"}
        values |= {"provider": provider, "email": str(email)}
        shown = context | {
            "mail": mail,
            "paragraphs": [paragraph.format_map(values) for paragraph in mail.paragraphs],
            "after": [paragraph.format_map(values) for paragraph in mail.after],
            "link": context.get(mail.link, ""),
            "button": mail.button,
            "user_agent": " ".join(str(context.get("user_agent", "")).split())[:200],
            "reset_url": get_frontend_url(self.request, "account_reset_password"),
            "home_url": settings.FRONTEND_URL,
        }
        message = Letter(
            self.format_email_subject(mail.subject),
            render_to_string("mails/mail.txt", shown).strip() + "\n",
            self.get_from_email(),
            [email] if isinstance(email, str) else email,
            headers=headers,
        )
        message.attach_alternative(render_to_string("mails/mail.html", shown), "text/html")
        return message

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send; where that fails, log it: what the mail tells of stands, and it can be asked for again."""
        try:
            self.render_mail(template_prefix, email, {"email": email, **context}).send()
        except OSError:
            logger.exception("a mail could not be sent: %s", template_prefix)


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: sealed in the database, and known to authenticators under Lyceum's name."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text)
        except BrokenSeal:
            # Sealed under a key that is gone: no code is right.
            raise self.validation_error("incorrect_code") from None

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whom a passkey is for: the front end's domain if it is set, else the host that was asked."""
        entity = super().get_public_key_credential_rp_entity()
        return {"id": settings.PASSKEY_DOMAIN or entity["id"], "name": "Lyceum"}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        entity = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": str(user)}


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Outside providers: those of the environment, whose word counts for a proved address only."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[Any]:
        """What the settings name; the table of applications stays empty."""
        apps = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for several in apps.values() for app in several]

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        """A person of one address, with the provider's name for them where it is one, without username."""
        person = sociallogin.user
        addresses = [one for one in sociallogin.email_addresses if self._is_sound(one)]
        # Proved ones first, among them the provider's primary one.
        addresses.sort(key=lambda one: (not one.verified, not one.primary))
        sociallogin.email_addresses = addresses[:1]
        person.email = addresses[0].email if addresses else ""
        person.name = self._name_of(data)
        return person

    def _is_sound(self, address: EmailAddress) -> bool:
        try:
            address.email = EmailField().run_validation(address.email)
        except NotThisText:
            return False
        return True

    def _name_of(self, data: dict[str, Any]) -> str:
        parts = (data.get("first_name"), data.get("last_name"))
        name = data.get("name") or " ".join(part for part in parts if part)
        try:
            return NameField(max_length=100).run_validation(name)
        except NotThisText:
            return ""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        for address in sociallogin.email_addresses:
            if address.verified:
                credentials.drop_claims(email=address.email)

    def authenticate_by_email(self, sociallogin: Any) -> tuple[Any, str] | None:
        """The account of an address that both have proved, it and the provider.

        An account whose own proof is missing may have been opened by anybody: the provider does not open it.
        """
        for address in sociallogin.email_addresses:
            own = EmailAddress.objects.filter(email=address.email, primary=True, verified=True)
            if address.verified and (proved := own.select_related("user").first()):
                return proved.user, proved.email
        return None

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        person = sociallogin.user
        chosen = form.cleaned_data["email"] if form else person.email
        is_proved = any(one.verified and one.email == chosen for one in sociallogin.email_addresses)
        person.email = chosen
        person.username = None
        person.set_unusable_password()
        try:
            credentials.sign_up_by_provider(person=person, account=sociallogin.account, is_proved=is_proved)
        except EmailTaken:
            raise self.validation_error("email_taken", sociallogin.provider.name) from None
        return person

    def serialize_instance(self, instance: Any) -> Any:
        """What a sign-up that waits for an address remembers of its person."""
        if isinstance(instance, User):
            return {"email": instance.email, "name": instance.name, "password": instance.password}
        return super().serialize_instance(instance)
