"""Django's session engine over the Session table: the cookie or token outside, its digest inside."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Session, SessionKind, User
from accounts.querysets import token_digest
from accounts.seals import BrokenSeal, seal, unseal

# What is begun without being logged in: a second factor asked for, a passkey's challenge, a provider's page.
UNFINISHED = timedelta(hours=1)

logger = logging.getLogger("lyceum.sessions")


class SessionStore(SessionBase):
    """One log-in; `session_key` is the token, which only the client keeps.

    `ip_address` and `user_agent` describe the client, once the log-in has told them. The data is sealed:
    it holds a new authenticator's secret until that is confirmed, and what a provider has sent.
    """

    ip_address: str | None = None
    user_agent = ""
    # The data as this request has read it.
    _read = ""

    def encode(self, session_dict: dict[str, Any]) -> str:
        return seal(json.dumps(session_dict, separators=(",", ":")))

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            return json.loads(unseal(str(session_data)))
        except BrokenSeal:
            return {}

    def get_expiry_age(self, **kwargs: Any) -> int:
        age = super().get_expiry_age(**kwargs)
        return age if SESSION_KEY in self else min(age, int(UNFINISHED.total_seconds()))

    def _rows(self, session_key: str) -> Any:
        return Session.objects.of_token(session_key).filter(kind=SessionKind.LOGIN)

    def exists(self, session_key: str) -> bool:
        return self._rows(session_key).unexpired().exists()

    def load(self) -> dict[str, Any]:
        row = self._rows(self.session_key).unexpired().with_lapse().first() if self.session_key else None
        if row is None:
            self._session_key = None
            return {}
        see(row)
        self.ip_address, self.user_agent = row.ip_address, row.user_agent
        self._read = row.session_data
        return self.decode(row.session_data)

    def cycle_key(self) -> None:
        """A new token where a log-in begins. One that goes on keeps its own: its password has changed."""
        if SESSION_KEY not in self:
            super().cycle_key()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        user_id = data.get(SESSION_KEY)
        columns = {
            "session_data": self.encode(data),
            "user_id": User._meta.pk.to_python(user_id) if user_id else None,
            "ip_address": self.ip_address,
            "user_agent": self.user_agent[:512],
            "expires_at": timezone.now() + timedelta(seconds=self.get_expiry_age()),
        }
        if must_create:
            try:
                with transaction.atomic():
                    Session.objects.create(token_digest=token_digest(self.session_key), **columns)
            except IntegrityError:
                raise CreateError from None
        elif not self._rows(self.session_key).update(updated_at=Now(), **columns):
            # Ended while this request was under way: a refusal, not a bug, with allauth's calls as well.
            raise SessionInterrupted("The log-in has ended meanwhile.")

    def claim(self, name: str) -> bool:
        """Take a value out of the stored session: of requests that come at once, one gets it.

        This request goes on seeing it.
        """
        if name not in self:
            return False
        rest = {key: value for key, value in self.items() if key != name}
        # Every sealing differs, so who has written in between is noticed.
        unchanged = self._rows(str(self.session_key)).filter(session_data=self._read)
        return bool(unchanged.update(session_data=self.encode(rest), updated_at=Now()))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            self._rows(key).delete()

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expires_at__lt=timezone.now()).delete()


def log_in(user: User, *, ip_address: str | None, user_agent: str) -> SessionStore:
    """A new log-in of a person who has just proved who they are; its `session_key` is the token."""
    store = SessionStore()
    store.ip_address, store.user_agent = ip_address, user_agent
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return store


def opens(session: Session, user: User) -> bool:
    """Whether a session still lets its person in: another password ends the log-ins of the old one."""
    return holds(session.kind, session.session_data, user.password)


def holds(kind: str, session_data: str, password: str) -> bool:
    """The same by what is asked of a session and its person, the hash of the password among it."""
    if kind == SessionKind.API:
        return True  # these are removed with the old password
    return _holds(session_data, password, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=1_000)
def _holds(session_data: str, password: str, *keys: str) -> bool:
    # It depends on nothing else, so that it can be remembered.
    user = User(password=password)
    known = SessionStore().decode(session_data).get(HASH_SESSION_KEY, "")
    valid = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(known, hash) for hash in valid)


def still_open(sessions: set[Session]) -> set[Session]:
    """Which of these sessions, each found open with its person before, still let them in."""
    found = Session.objects.unexpired().of_present_user().filter(pk__in={session.pk for session in sessions})
    now = {key: rest for key, *rest in found.values_list("pk", "session_data", "user__password")}
    return {session for session in sessions if session.pk in now and _is_open(session, *now[session.pk])}


def _is_open(session: Session, data: str, password: str) -> bool:
    user: Any = session.user
    if (session.session_data, user.password) == (data, password):
        return True
    # Kept, so that the next question costs nothing; whoever is refused here is not asked about again.
    session.session_data, user.password = data, password
    return opens(session, user)


def see(session: Any) -> None:
    """Remember that a session read `with_lapse` is in use, to within five minutes.

    The request that it comes with may be a read, so it neither waits for another writer nor fails.
    """
    if not session.is_unseen_lately:
        return
    try:
        with _without_waiting():
            Session.objects.filter(pk=session.pk).unseen_lately().update(last_seen_at=Now())
    except DatabaseError as error:
        logger.info("not noted that a session is in use: %s", type(error).__name__)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """On SQLite, where one writer holds up all others, give up at once."""
    if connection.vendor != "sqlite":
        yield
        return
    patience = int(connection.settings_dict["OPTIONS"]["timeout"] * 1000)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
