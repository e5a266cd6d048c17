"""The cast, and how they speak to the API.

alice owns things, bob is a member of hers, carol an admin, mallory a stranger, root is staff.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.test.client import ClientHandler
from django.test.utils import CaptureQueriesContext
from hypothesis import settings as hypothesis_settings
from rest_framework.test import APIClient

from accounts.sessions import log_in
from config.ops.reads import CompiledReads, response_of
from tests.factories import UserFactory

# A busy machine is no finding.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """On SQLite a file, as in use, instead of memory: only a file has writers that wait for each other."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        database["TEST"]["NAME"] = str(settings.DATA_DIR / f"test{worker}.sqlite3")


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.LOGIN_REFUSAL_SECONDS = 0
    # Otherwise every client lists the static files anew before its first request.
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def alice(db):
    return UserFactory(name="Alice", username="alice", email="alice@example.com")


@pytest.fixture
def bob(db):
    return UserFactory(name="Bob", username="bob", email="bob@example.com")


@pytest.fixture
def carol(db):
    return UserFactory(name="Carol", username="carol", email="carol@example.com")


@pytest.fixture
def mallory(db):
    return UserFactory(name="Mallory", username="mallory", email="mallory@example.com")


@pytest.fixture
def root(db):
    return UserFactory(
        name="Root", username="root", email="root@example.com", is_staff=True, is_superuser=True
    )


@pytest.fixture
def uploads(settings: Any, tmp_path: Path) -> Callable[[], list[Path]]:
    """The folder of the files, empty; `uploads()` are the files in it."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR = settings.MEDIA_ROOT / "materials" / "incoming"
    return lambda: [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture
def anyone() -> APIClient:
    """A client that is not logged in."""
    return APIClient(raise_request_exception=False)


@pytest.fixture
def somewhere() -> str:
    """An address that nobody has counted yet: the counters of requests outlive a test."""
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


@pytest.fixture
def as_user() -> Callable[[Any], APIClient]:
    """A client with a token of its own for each person."""
    clients: dict[Any, APIClient] = {}

    def client_of(user: Any) -> APIClient:
        if user.pk not in clients:
            token = log_in(user, ip_address="192.0.2.1", user_agent="tests").session_key
            client = APIClient(raise_request_exception=False)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
            clients[user.pk] = client
        return clients[user.pk]

    return client_of


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Calls that start together, each in a thread of its own; what they return, in the order of the calls."""

    def run(*calls: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(len(calls))

        def one(call: Callable[[], Any]) -> Any:
            try:
                start.wait()
                return call()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(one, calls))

    return run


@pytest.fixture
def queries() -> Callable[[], CaptureQueriesContext]:
    """How many statements a request sends: `with queries() as sent: …; assert len(sent) == 3`."""
    return lambda: CaptureQueriesContext(connection)


class InFront(CompiledReads):
    """What stands in front of Django in use, in front of Django's test client."""

    def leave(self) -> None:
        # A test keeps its connection, and the transaction that it is in.
        pass


def _asked_in_front(handler: Any, environ: dict[str, Any]) -> Any:
    of_django: list[Any] = []
    begun: list[Any] = []

    def django(environ: dict[str, Any], start_response: Any) -> tuple[()]:
        response = _asked(handler, environ)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        of_django.append(response)
        return ()

    front = InFront(django)
    front.learned = vars(handler).setdefault("learned", {})
    body = b"".join(front(environ, lambda *start: begun.extend(start)))
    if of_django:
        return of_django[0]
    status, headers = begun
    answer: Any = response_of(int(status[:3]), dict(headers), body)
    answer.wsgi_request = WSGIRequest(environ)
    return answer


_asked = ClientHandler.__call__


@pytest.fixture(autouse=True, scope="session")
def _in_front():
    """Every client of the tests asks as a client in use does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "__call__", _asked_in_front)
        yield
