"""Who is asking: passwords at log-in, tokens and cookies on every call after it."""

import time
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db.models import CharField
from django.db.models.functions import JSONArray
from django.http import HttpRequest, HttpResponse, QueryDict, parse_cookie
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.datastructures import MultiValueDict
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import services
from accounts.models import AttemptKind, Session, SessionKind, User
from accounts.querysets import token_digest
from accounts.sessions import holds, opens, see
from common.addresses import counted_address
from common.functions import JSONText
from common.statements import CompiledRows, Given, compiled_once


class PasswordBackend(AuthenticationBackend):
    """Log-in by e-mail or username and password, for people who are present.

    Tries are counted here, where every door passes: both clients of the log-in, its confirmation, the studio.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        try:
            "".join(map(str, credentials.values())).encode()
        except UnicodeEncodeError:
            # JSON can write half a character; no hash and no database takes it.
            return None
        account = self._account(credentials)
        if request is None or not credentials.get("password"):
            return super().authenticate(request, account=account, **credentials)
        address = counted_address(request)
        services.count_attempt(
            kind=AttemptKind.LOGIN,
            key=f"{address} {account.pk if account else _login(credentials).lower()}",
            rate=settings.THROTTLE_LOGIN,
        )
        counted = services.count_failure(address=address)
        began = time.monotonic()
        person = super().authenticate(request, account=account, **credentials)
        settle = services.keep_failure if person is None else services.take_back_failure
        settle(address=address, counted=counted)
        if person is None:
            # The hashes of older systems take longer; a refusal must not tell whose password is one.
            time.sleep(max(0, settings.LOGIN_REFUSAL_SECONDS - (time.monotonic() - began)))
        return person

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        return self._check_password(credentials["account"], credentials["password"])

    def _account(self, credentials: dict[str, Any]) -> User | None:
        # A look-alike in other letters is another address.
        login = _login(credentials)
        return User.objects.called(login).first() if login.isascii() else None

    def user_can_authenticate(self, user: Any) -> bool:
        return user.is_active and user.deleted_at is None

    @classmethod
    def _stash_user(cls, user: Any) -> Any:
        # allauth would remember a deactivated person here to tell them so. That would also tell a
        # stranger that the password was right, so the answer is that of a wrong password.
        return None


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip()


class ResetKeys(PasswordResetTokenGenerator):
    """The keys in reset links: for one address and one password, and for people who are present."""

    def check_token(self, user: Any, token: str | None) -> bool:
        return user.is_active and user.deleted_at is None and super().check_token(user, token)


class SessionTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`, `X-Session-Token: TOKEN`, or the cookie of a browser with CSRF.

    One query: the session with its person; and a write at most once in five minutes, to remember that it is
    in use. A token that opens nothing is a 401.
    """

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        token, is_cookie = self.presented(request.META)
        session = None if token is None else self._session(token)
        if not is_cookie:
            if session is None:
                raise AuthenticationFailed
            return session.user, session
        if session is None or session.kind != SessionKind.LOGIN:
            return None
        self._enforce_csrf(request)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="lyceum"'

    @staticmethod
    def presented(environ: dict[str, Any]) -> tuple[str | None, bool]:
        """What a request is logged in by, and whether it is the cookie of a browser."""
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip(), False
        token = environ.get("HTTP_X_SESSION_TOKEN")
        if token is not None:
            return token, False
        return parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME) or None, True

    # For reads that open the session in a statement of their own.

    @staticmethod
    def open_sessions() -> Any:
        """The session that is `given` by a token: whose it is, and JSON of that and what `admits` wants."""
        facts = JSONArray("user_id", "kind", "session_data", "user__password", "is_unseen_lately")
        return _open_sessions().order_by().values_list("user_id", JSONText(facts))

    @staticmethod
    def given(token: str) -> dict[str, str]:
        return {"digest": token_digest(token)}

    @staticmethod
    def admits(kind: str, data: str, password: str, is_unseen_lately: Any, *, is_cookie: bool) -> bool:
        """Whether there is nothing more to ask, and nothing to note, of a session that was found."""
        if is_unseen_lately or (is_cookie and kind != SessionKind.LOGIN):
            return False
        return holds(kind, data, password)

    def _session(self, token: str) -> Any:
        (session,) = _open_session()(digest=token_digest(token)) or (None,)
        if session is None or not opens(session, session.user):
            return None
        see(session)
        return session

    def _enforce_csrf(self, request: Request) -> None:
        check: Any = CsrfViewMiddleware(lambda _: HttpResponse())
        # The proof is in a header. Looked for in a form, that would be read here, by Django's rules.
        http: Any = request._request
        http._post, http._files = QueryDict(), MultiValueDict()
        check.process_request(request._request)
        if check.process_view(request._request, None, (), {}):
            raise PermissionDenied


def _open_sessions() -> Any:
    sessions: Any = Session.objects.of_digest(Given("digest", CharField()))
    return sessions.unexpired().of_present_user().with_lapse()


@compiled_once
def _open_session() -> CompiledRows:
    # Where it began is nothing that a request asks of it.
    return CompiledRows(_open_sessions().defer("ip_address"))


class SessionTokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes the above."""

    target_class = "accounts.authentication.SessionTokenAuthentication"
    name = ("bearer", "sessionToken")  # type: ignore[assignment]

    def get_security_requirement(self, auto_schema: Any) -> Any:
        # Either will do; one entry with both would ask for both.
        return [{"bearer": []}, {"sessionToken": []}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer"},
            {"type": "apiKey", "in": "header", "name": "X-Session-Token"},
        ]
