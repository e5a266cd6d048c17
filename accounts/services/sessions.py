"""Log-ins and API tokens."""

from datetime import timedelta
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import (
    Session,
    SessionKind,
    User,
)
from accounts.querysets import SessionQuerySet, token_digest
from accounts.services.people import hold_person
from common.errors import NotVisible


def end_sessions(*, person: User) -> None:
    """End every log-in and API token of a person."""
    Session.objects.filter(user=person).delete()


def end_api_tokens(*, person: User) -> None:
    """End every API token of a person."""
    Session.objects.filter(user=person).api_tokens().delete()


def end_other_log_ins(*, person: User, current: Session) -> None:
    """End every log-in of a person but the one they are speaking by; API tokens stay."""
    Session.objects.filter(user=person).log_ins().exclude(pk=current.pk).delete()


def end_log_in(*, person: User, session_id: UUID) -> None:
    """End one of one's log-ins."""
    _end(Session.objects.visible_to(person).log_ins(), session_id)


def end_api_token(*, person: User, token_id: UUID) -> None:
    """End one of one's API tokens."""
    _end(Session.objects.visible_to(person).api_tokens(), token_id)


def _end(sessions: SessionQuerySet, key: UUID) -> None:
    ended, _ = sessions.filter(pk=key).delete()
    if not ended:
        raise NotVisible


@transaction.atomic
def create_api_token(*, person: User, name: str, expires_in_days: int) -> tuple[Session, str]:
    """A new API token of a person, as its row and the token, which is never to be seen again."""
    # A new password ends all tokens; one that was asked for under the old password must not come after that.
    if hold_person(person=person).password != person.password:
        raise NotVisible
    token = f"lyc_{token_urlsafe(32)}"
    session = Session.objects.create(
        kind=SessionKind.API,
        user=person,
        name=name,
        token_digest=token_digest(token),
        expires_at=Now() + timedelta(days=expires_in_days),
    )
    return session, token
