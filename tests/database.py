"""Chooses the database of a test run, before Django reads its settings; never the one of the environment.

`--db sqlite` (the default) uses a file in a private folder, `--db postgresql` a server of its own that is
started from a wheel, in a private folder too, and stopped and removed afterwards.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.postgresql import start_postgresql


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=["sqlite", "postgresql"], default="sqlite", help="database to test on")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # the environment is the one that the first process has set
    folder = Path(tempfile.mkdtemp(prefix="lyceum-test-"))
    # At exit, which is after the server's own farewell: that one is registered later.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["DATA_DIR"] = str(folder / "var")
    for name in (*DEFAULTS, *UNSET, *LIMITS):
        # Empty means unset and, unlike unset, is not filled in from an .env file.
        os.environ[name] = DEFAULTS.get(name, "")
    if early_config.known_args_namespace.db == "postgresql":
        os.environ["DATABASE_URL"] = url = start_postgresql(folder)
        with psycopg.connect(url, autocommit=True) as server:
            # What is thrown away at the end need not outlive a power cut.
            server.execute("ALTER SYSTEM SET fsync = off")
            server.execute("SELECT pg_reload_conf()")
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/lyceum.sqlite3"


DEFAULTS = {
    "ENVIRONMENT": "development",
    "DEBUG": "false",
    "EMAIL_URL": "memorymail://",
    "LOG_LEVEL": "WARNING",
}


UNSET = (
    "CORS_ALLOWED_ORIGINS",
    "DB_URL",
    "FRONTEND_URL",
    "GITHUB_CLIENT_ID",
    "GITHUB_CLIENT_SECRET",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "LLM_API_KEY",
    "LLM_BASE_URL",
    "LLM_MODEL",
    "PASSKEY_DOMAIN",
    "SECRET_KEY_FALLBACKS",
    "VIDEO_PROCESSOR",
)
# Tests send more than people do; those of the limits set their own.
LIMITS = ("THROTTLE_LOGIN", "THROTTLE_LOGIN_FAILURES", "THROTTLE_SIGNUP", "THROTTLE_USER", "THROTTLE_ANON")


def pytest_report_header() -> str:
    return f"database: {os.environ['DATABASE_URL'].partition(':')[0]}"
