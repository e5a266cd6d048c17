"""What opens an account: the password, the proved address, a second factor, a provider."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Session, User
from accounts.querysets import token_digest
from accounts.services.people import EmailTaken
from common.constraints import refusing
from common.errors import DomainError, NotVisible


class TooLate(DomainError):
    """The password has changed meanwhile."""

    code = "too_late"


class AuthenticatorThere(DomainError):
    """The account has an authenticator of this kind already."""

    code = "authenticator_there"


ADDRESS_CONFLICTS: dict[str, type[DomainError]] = {
    "email_once": EmailTaken,
    "unique_verified_email": EmailTaken,
}
AUTHENTICATOR_CONFLICTS: dict[str, type[DomainError]] = {"unique_authenticator_type": AuthenticatorThere}


def change_password(*, person: User, password: str, keeping: str | None = None) -> None:
    """Another password; it ends every log-in but the one whose token is `keeping`, and all API tokens."""
    old = person.password
    person.set_password(password)  # slow on purpose, so before the transaction
    with transaction.atomic():
        _replace_password(person, old, keeping)


def reset_password(*, person: User, password: str) -> None:
    """A password chosen by whoever reads the person's mail, which proves the address.

    Where it was never proved before, somebody else may have opened the account in the person's name:
    then whatever else opens it goes too.
    """
    old = person.password
    person.set_password(password)
    with transaction.atomic():
        _replace_password(person, old, None)
        own = EmailAddress.objects.filter(user=person, email=person.email)
        if own.filter(verified=True).exists():
            return
        Authenticator.objects.filter(user=person).delete()
        SocialAccount.objects.filter(user=person).delete()
        EmailAddress.objects.update_or_create(
            user=person, email=person.email, defaults={"primary": True, "verified": True}
        )
        User.objects.filter(pk=person.pk).update(updated_at=Now())


def _replace_password(person: User, old: str, keeping: str | None) -> None:
    # Only the password: what else the row holds may have changed since it was read. And only the one that
    # was proved: of two who come with one key, one is too late.
    if not User.objects.present().filter(pk=person.pk, password=old).update(password=person.password):
        raise TooLate
    kept = token_digest(keeping) if keeping else ""
    Session.objects.filter(user=person).exclude(token_digest=kept).delete()
    # A change of address that was asked for under the old password is off.
    EmailAddress.objects.filter(user=person, primary=False).delete()


def note_address(*, person: User) -> None:
    """Let allauth know the address of a person who came here without it: by a command, an import, by SQL."""
    if not EmailAddress.objects.filter(user=person, primary=True).exists():
        EmailAddress.objects.get_or_create(user=person, email=person.email, defaults={"primary": True})


def claim_address(*, person: User, email: str) -> EmailAddress:
    """The address that a person wants to change to; the one before it is forgotten."""
    with transaction.atomic():
        if not User.objects.present().select_for_update().filter(pk=person.pk).exists():
            raise NotVisible
        EmailAddress.objects.filter(user=person, primary=False).delete()
        return EmailAddress.objects.create(user=person, email=email)


def prove_address(*, address: EmailAddress) -> None:
    """Take an address as proved; one that its person wanted to change to takes the place of the old one."""
    with refusing(ADDRESS_CONFLICTS), transaction.atomic():
        owner = User.objects.present().filter(pk=address.user_id)
        if not owner.update(email=address.email, updated_at=Now()):
            raise NotVisible
        EmailAddress.objects.filter(user=address.user_id).exclude(pk=address.pk).delete()
        if not EmailAddress.objects.filter(pk=address.pk).update(verified=True, primary=True):
            raise NotVisible


def drop_claims(*, email: str) -> None:
    """Forget who wanted to change to this address, because somebody has just proved it."""
    EmailAddress.objects.filter(email=email, primary=False, verified=False).delete()


def sign_up_by_provider(*, person: User, account: SocialAccount, is_proved: bool) -> None:
    """A new person without a password, known by an outside provider."""
    with refusing(ADDRESS_CONFLICTS), transaction.atomic():
        person.save(force_insert=True)
        EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=is_proved)
        account.user = person
        account.save()


def use_code_once(*, authenticator: Authenticator) -> bool:
    """Whether an authenticator app's code counts: each of its time steps lets in once."""
    now = timezone.now()
    step = now - timedelta(seconds=now.timestamp() % mfa_settings.TOTP_PERIOD)
    unused = Q(last_used_at=None) | Q(last_used_at__lt=step)
    return bool(Authenticator.objects.filter(unused, pk=authenticator.pk).update(last_used_at=now))
