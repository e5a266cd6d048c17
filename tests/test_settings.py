"""Settings: the environment in, a clear word where it is wrong."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def settings_of(tmp_path):
    """The settings that a fresh copy of the project reads from these variables and files."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("__pycache__"))

    def read(what, files=None, **variables):
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), **variables}
        return subprocess.run(  # noqa: S603
            [sys.executable, "-c", f"from config import settings; print(settings.{what})"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    return read


def test_the_default_is_sqlite_in_var(settings_of, tmp_path):
    done = settings_of("DATABASES['default']['NAME']")

    assert done.stdout.strip() == str(tmp_path / "var" / "lyceum.sqlite3")


def test_the_environment_wins_over_env_local_over_env(settings_of):
    files = {
        ".env": "DB_URL=postgres://h/one\nLOG_LEVEL=ERROR\n",
        ".env.local": "DATABASE_URL=postgres://h/two\n",
    }
    name = "DATABASES['default']['NAME'], settings.LOGGING['root']['level']"

    assert settings_of(name, files).stdout.strip() == "two ERROR"
    assert settings_of(name, files, DATABASE_URL="postgres://h/three").stdout.strip() == "three ERROR"
    assert settings_of(name, {".env.local": ""}).stdout.strip() == "one ERROR"


def test_options_of_the_url_reach_the_driver(settings_of):
    done = settings_of("DATABASES['default']['OPTIONS']", DATABASE_URL="postgres://u:p@h/db?sslmode=require")

    assert "'sslmode': 'require'" in done.stdout
    assert "'max_size': 10" in done.stdout


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"DATABASE_URL": "postgres://u:secret@h/"}, "names no database"),
        ({"DATABASE_URL": "mysql://u:secret@h/db"}, "postgres:// or a sqlite:///"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT"),
        ({"ENVIRONMENT": "production", "ALLOWED_HOSTS": "x.org"}, "SECRET_KEY"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": "x" * 50}, "ALLOWED_HOSTS"),
        ({"DB_POOL_SIZE": "many"}, "DB_POOL_SIZE"),
        ({"DB_LOCK_TIMEOUT": "0"}, "DB_LOCK_TIMEOUT"),
        ({"DB_STATEMENT_TIMEOUT": "1.5"}, "DB_STATEMENT_TIMEOUT"),
        ({"DEBUG": "perhaps"}, "DEBUG"),
        ({"THROTTLE_LOGIN": "many"}, "THROTTLE_LOGIN"),
        ({"THROTTLE_ANON": "0/min"}, "THROTTLE_ANON"),
        ({"TRUSTED_PROXIES": "proxy.example"}, "TRUSTED_PROXIES"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "null"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.com/"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://a.org,app.example.com"}, "CORS_ALLOWED_ORIGINS"),
        ({"GOOGLE_CLIENT_ID": "x"}, "GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET"),
        ({"GITHUB_CLIENT_SECRET": "secret"}, "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET"),
    ],
)
def test_a_bad_value_says_so_and_stops(settings_of, variables, complaint):
    done = settings_of("DEBUG", **({"DATABASE_URL": "postgres://h/db"} | variables))

    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured")
    assert complaint in last
    assert "secret" not in done.stderr


def test_a_provider_is_there_with_its_pair_of_variables(settings_of):
    names = "SOCIALACCOUNT_PROVIDERS.keys()"
    google = {"GOOGLE_CLIENT_ID": "x", "GOOGLE_CLIENT_SECRET": "y"}
    github = {"GITHUB_CLIENT_ID": "x", "GITHUB_CLIENT_SECRET": "y"}

    assert settings_of(names).stdout.strip() == "dict_keys([])"
    assert settings_of(names, **google).stdout.strip() == "dict_keys(['google'])"
    assert settings_of(names, **google, **github).stdout.strip() == "dict_keys(['google', 'github'])"


def test_a_missing_secret_key_is_made_once(settings_of, tmp_path):
    first, second = settings_of("SECRET_KEY"), settings_of("SECRET_KEY")

    assert first.stdout == second.stdout
    assert len(first.stdout.strip()) >= 50
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("5/sec", "(5, 1)"),
        ("7/hour", "(7, 3600)"),
        ("1/day", "(1, 86400)"),
        ("20/15min", "(20, 900)"),
        ("", "None"),
    ],
)
def test_a_limit_is_so_many_in_a_time_or_none(settings_of, value, read):
    assert settings_of("THROTTLE_USER", THROTTLE_USER=value).stdout.strip() == read


def test_the_limits_are_on_unless_told_otherwise(settings_of):
    names = "THROTTLE_LOGIN, settings.THROTTLE_LOGIN_FAILURES, settings.THROTTLE_SIGNUP"
    assert settings_of(names).stdout.strip() == "(10, 60) (20, 900) (20, 3600)"
    assert settings_of("THROTTLE_USER, settings.THROTTLE_ANON").stdout.strip() == "(600, 60) (120, 60)"


def test_other_sites_are_let_in_by_name_and_before_anything_refuses(settings_of):
    names = "MIDDLEWARE[1], settings.CORS_ALLOWED_ORIGINS"
    sites = "https://app.example.com,http://localhost:5173"

    assert "cors" not in settings_of("MIDDLEWARE").stdout
    assert settings_of(names, CORS_ALLOWED_ORIGINS=sites).stdout.split() == [
        "corsheaders.middleware.CorsMiddleware",
        "['https://app.example.com',",
        "'http://localhost:5173']",
    ]


def test_production_speaks_https_only(settings_of):
    names = "SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE"
    production = {"ENVIRONMENT": "production", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "x.org"}

    assert settings_of(names, **production).stdout.strip() == "True True True"
    assert settings_of(names).stdout.strip() == "False False False"


def test_a_proxy_that_ends_tls_is_believed_only_if_told_so(settings_of):
    header = "__dict__.get('SECURE_PROXY_SSL_HEADER')"

    assert settings_of(header).stdout.strip() == "None"
    assert "X_FORWARDED_PROTO" in settings_of(header, BEHIND_TLS_PROXY="true").stdout


def test_tests_never_touch_the_database_of_the_environment(tmp_path):
    precious = tmp_path / "precious.sqlite3"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/chatrooms/test_tables.py"],
        cwd=ROOT,
        env={**environment, "DATABASE_URL": f"sqlite:///{precious}"},
        capture_output=True,
        text=True,
    )

    assert "passed" in done.stdout
    assert not precious.exists()


def test_a_server_in_production_says_that_mail_goes_to_its_log(settings, monkeypatch, capsys):
    monkeypatch.setattr(os, "execv", lambda *_: None)
    monkeypatch.chdir(ROOT)
    settings.PRODUCTION = True

    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}
    call_command("serve", port=59_731)
    assert "EMAIL_URL" not in capsys.readouterr().out
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
    call_command("serve", port=59_731)
    assert "No EMAIL_URL" in capsys.readouterr().out
