"""Lyceum's settings: the environment in, SQLite by default; a bad value says so and stops.

Every variable is listed with its meaning in `.env.example`. The environment wins over `.env.local`,
which wins over `.env`.
"""

import os
import re
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
for env_file in (".env.local", ".env"):
    if (BASE_DIR / env_file).is_file():
        env.read_env(BASE_DIR / env_file, overwrite=False)


def flag(name: str) -> bool:
    """A variable that is on or off; off where it is missing."""
    value = env.str(name, default="").lower()
    if value not in {"", "0", "1", "false", "true", "no", "yes", "off", "on"}:
        raise ImproperlyConfigured(f"{name} must be true or false.")
    return value in {"1", "true", "yes", "on"}


def count(name: str, default: int, least: int = 0) -> int:
    """A variable that holds a whole number."""
    value = env.str(name, default="") or str(default)
    if not re.fullmatch("[0-9]{1,9}", value) or int(value) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least}.")
    return int(value)


UNITS = {"sec": 1, "min": 60, "hour": 3600, "day": 86_400}


def rate(name: str, default: str) -> tuple[int, int] | None:
    """A variable that says how many in how many seconds, as 10/min or 20/15min; None where it is empty."""
    value = env.str(name, default=default)
    if not value:
        return None
    form = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})?(sec|min|hour|day)", value)
    if form is None:
        raise ImproperlyConfigured(f"{name} must be a rate such as 10/min or 20/15min, or empty.")
    return int(form[1]), int(form[2] or 1) * UNITS[form[3]]


ENVIRONMENT = env.str("ENVIRONMENT", default="development")
if ENVIRONMENT not in {"development", "production"}:
    raise ImproperlyConfigured("ENVIRONMENT must be 'development' or 'production'.")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = flag("DEBUG")

# Database files, uploads and the generated secret key live under one root, so that one copy is whole.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"DATA_DIR cannot be used: {error.strerror}.") from None


def kept_secret_key() -> str:
    """The key of an installation that names none: made once, then read."""
    path = DATA_DIR / "secret_key"
    try:
        # O_EXCL: of two processes that start together one writes and both read the same key.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
if PRODUCTION:
    for name, value in {"SECRET_KEY": SECRET_KEY, "ALLOWED_HOSTS": ALLOWED_HOSTS}.items():
        if not value:
            raise ImproperlyConfigured(f"ENVIRONMENT=production needs {name}.")
SECRET_KEY = SECRET_KEY or kept_secret_key()
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]

SECURE_SSL_REDIRECT = PRODUCTION
if flag("BEHIND_TLS_PROXY"):
    # Only a proxy that sets or strips this header itself may be believed, hence the switch.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Pages bring all they need as files of this host; nothing stands in the page itself, and nobody frames it.
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

# Other sites' pages that may read answers of the API. They send tokens; cookies are for pages of this host.
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?")
if not all(ORIGIN.fullmatch(origin) for origin in CORS_ALLOWED_ORIGINS):
    raise ImproperlyConfigured("CORS_ALLOWED_ORIGINS must be origins as https://app.example.com, by commas.")
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "if-match", "if-none-match", "last-event-id", "range"),
    *("x-email-verification-key", "x-password-reset-key", "x-request-id", "x-session-token"),
]
CORS_EXPOSE_HEADERS = [
    *("Accept-Ranges", "Allow", "Content-Disposition", "Content-Range", "ETag", "Retry-After"),
    *("WWW-Authenticate", "X-Request-ID"),
]

# --- Applications -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.studio.apps.StudioConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.headless",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "materials",
    "media_summaries",
    "threads",
    "chatrooms",
    "config",
]

MIDDLEWARE = [
    "config.ops.middleware.RequestIdMiddleware",
    # Not there at all where no origin is named: a preflight is then a method like any other.
    *(["corsheaders.middleware.CorsMiddleware"] if CORS_ALLOWED_ORIGINS else []),
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "config.ops.headers.HeadersMiddleware",
    "config.ops.edge.EdgeMiddleware",
    "config.ops.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.ops.limits.RequestLimitMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    # What is asked for most needs nothing of what follows.
    "config.ops.reads.AnsweredMiddleware",
    "accounts.middleware.StrictAuthBodyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.ops.middleware.UnavailableMiddleware",
    # The last, so that it meets the view's own exceptions, after the check of CSRF.
    "accounts.throttling.AttemptLimitMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the apps' own, so that the studio's pages stand over the admin's.
        "DIRS": [BASE_DIR / "config" / "studio" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------------

# Seconds that a request waits for another's lock, and that one of its statements may run (PostgreSQL).
DB_LOCK_TIMEOUT = count("DB_LOCK_TIMEOUT", 20, least=1)
DB_STATEMENT_TIMEOUT = count("DB_STATEMENT_TIMEOUT", 30, least=1)
DATABASE_URL = env.str("DATABASE_URL", default="") or env.str("DB_URL", default="")


# WAL lets readers read while one writes. With NORMAL a commit outlives the process, and a power failure costs
# the last ones at most. 64 MiB of pages stay in memory.
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"


def database(url: str) -> dict[str, Any]:
    """Django's database settings of a URL; SQLite in the data directory where there is none."""
    url = url or f"sqlite:///{DATA_DIR / 'lyceum.sqlite3'}"
    pool_size = count("DB_POOL_SIZE", 10)
    if url.partition(":")[0] not in {"postgres", "postgresql", "sqlite"}:
        raise ImproperlyConfigured("DATABASE_URL must be a postgres:// or a sqlite:/// address.")
    try:
        config = dict(environ.Env.db_url_config(url))
    except (ValueError, KeyError, TypeError):
        # The URL may hold a password, so it is not repeated.
        raise ImproperlyConfigured("DATABASE_URL is not a database address.") from None
    if not config.get("NAME"):
        raise ImproperlyConfigured("DATABASE_URL names no database.")
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        options.setdefault("timeout", DB_LOCK_TIMEOUT)  # that a writer waits for the one before it
        # IMMEDIATE: a transaction that will write waits at its start instead of failing in its middle.
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault("init_command", SQLITE_PRAGMAS)
        # Each thread keeps its connection: the last one to close folds the log into the file, which is too
        # much work for the end of every request.
        config["CONN_MAX_AGE"] = None
        return config
    from config.ops.postgresql import refuse_broken  # whoever is on SQLite does without the driver

    options.setdefault("connect_timeout", 10)
    options.setdefault("prepare_threshold", count("DB_PREPARE_AFTER", 1) or None)
    if options["prepare_threshold"]:
        # Else a statement whose length of page is only known at each call is planned anew each time.
        own = options.get("options", "")
        options["options"] = f"-c plan_cache_mode=force_generic_plan {own}".strip()
    if pool_size:
        # Threads share connections: at most this many, closed after 20 idle seconds. After an outage the next
        # request tries for a new one, instead of the pool by itself in pauses of up to minutes.
        pool = {"min_size": 1, "max_size": pool_size, "timeout": 10, "max_idle": 20, "reconnect_timeout": 10}
        options.setdefault("pool", pool | {"check": refuse_broken})
    else:
        # One kept connection for each thread of a worker, which looks at it before each request.
        config["CONN_MAX_AGE"] = None
    return config


DATABASES = {"default": database(DATABASE_URL)}

# --- People -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.authentication.PasswordBackend"]
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "accounts.hashers.OldBCryptHasher",  # hashes of the older systems, rehashed at log-in
]
# A wrong password is refused no sooner: longer than any of these hashes takes.
LOGIN_REFUSAL_SECONDS = 0.5
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.EndsAPITokens"},  # asks nothing, hears of every new password
]
LOGIN_URL = "admin:login"
CSRF_FAILURE_VIEW = "config.urls.csrf_failure"

PASSWORD_RESET_TIMEOUT = 60 * 60

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_CONFIRMATION_HMAC = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Lyceum] "
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.authentication.ResetKeys"  # noqa: S105
# A token that was stolen must not be enough to take the account along.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = False

MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Lyceum"
MFA_RATE_LIMITS = False
# The domain that passkeys are for, where pages and API have different hosts under it; else the API's host.
PASSKEY_DOMAIN = env.str("PASSKEY_DOMAIN", default="")

SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True


def provider(name: str, id_variable: str, key_variable: str, **options: Any) -> dict[str, Any]:
    """allauth's settings of a provider that has its pair of variables; empty where it has neither."""
    client_id, secret = (env.str(variable, default="") for variable in (id_variable, key_variable))
    if bool(client_id) != bool(secret):
        raise ImproperlyConfigured(f"{id_variable} and {key_variable} come together or not at all.")
    app = {"client_id": client_id, "secret": secret, "key": ""}
    return {name: {"APPS": [app], "OAUTH_PKCE_ENABLED": True, **options}} if client_id else {}


SOCIALACCOUNT_PROVIDERS = {
    **provider("google", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", SCOPE=["profile", "email"]),
    **provider("github", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", SCOPE=["read:user", "user:email"]),
}

HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app", "browser")
# /api/schema/ merges its document; its own page would load scripts from elsewhere.
HEADLESS_SERVE_SPECIFICATION = True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None
FRONTEND_URL = (env.str("FRONTEND_URL", default="") or "http://127.0.0.1:8000").rstrip("/")
HEADLESS_FRONTEND_URLS = {
    name: f"{FRONTEND_URL}{path}"
    for name, path in {
        "account_confirm_email": "/verify-email/{key}",
        "account_reset_password": "/password/reset",
        "account_reset_password_from_key": "/password/reset/{key}",
        "account_signup": "/sign-up",
        "socialaccount_login_error": "/log-in/provider",
    }.items()
}


def mailer(url: str) -> dict[str, Any]:
    """Where mail goes: the console unless EMAIL_URL names a server, as smtp+tls://user:password@host:587."""
    parts = environ.Env.email_url_config(url)
    if not parts["EMAIL_HOST"]:
        return {"BACKEND": parts["EMAIL_BACKEND"]}
    options = {
        "host": parts["EMAIL_HOST"],
        "port": parts["EMAIL_PORT"],
        "username": parts["EMAIL_HOST_USER"],
        "password": parts["EMAIL_HOST_PASSWORD"],
        "use_tls": parts.get("EMAIL_USE_TLS", False),
        "use_ssl": parts.get("EMAIL_USE_SSL", False),
        "timeout": 10,
    }
    return {"BACKEND": parts["EMAIL_BACKEND"], "OPTIONS": options}


MAILERS = {"default": mailer(env.str("EMAIL_URL", default="") or "consolemail://")}
# Without a server mails go to the console, in production too: `serve` says so.
SILENCED_SYSTEM_CHECKS = ["mail.E001"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Lyceum <lyceum@localhost>")

# --- Serving -----------------------------------------------------------------------------------------

SERVER_THREADS = count("SERVER_THREADS", 4, least=1)  # of a process of `manage.py serve`

# --- Limits -----------------------------------------------------------------------------------------

THROTTLE_LOGIN = rate("THROTTLE_LOGIN", "10/min")  # of one address to one account
THROTTLE_LOGIN_FAILURES = rate("THROTTLE_LOGIN_FAILURES", "20/15min")  # of one address
THROTTLE_SIGNUP = rate("THROTTLE_SIGNUP", "20/hour")  # of one address
THROTTLE_USER = rate("THROTTLE_USER", "600/min")
THROTTLE_ANON = rate("THROTTLE_ANON", "120/min")  # of one address, without a log-in
try:
    TRUSTED_PROXIES = [ip_network(address) for address in env.list("TRUSTED_PROXIES", default=[])]
except ValueError:
    raise ImproperlyConfigured("TRUSTED_PROXIES must be addresses or networks, by commas.") from None

# --- Video jobs --------------------------------------------------------------------------------------

# What `manage.py process_videos` calls for each video.
VIDEO_PROCESSOR = env.str("VIDEO_PROCESSOR", default="") or "media_summaries.processors.summarise"
VIDEO_POLL_SECONDS = count("VIDEO_POLL_SECONDS", 5, least=1)
# A service with the interface of OpenAI's chat completions.
LLM_BASE_URL = env.str("LLM_BASE_URL", default="")
LLM_API_KEY = env.str("LLM_API_KEY", default="")
LLM_MODEL = env.str("LLM_MODEL", default="")
LLM_TIMEOUT = count("LLM_TIMEOUT", 120, least=1)
LLM_PAUSE = 1.0  # seconds before the second try, twice as many before the third
if len({bool(value) for value in (LLM_BASE_URL, LLM_API_KEY, LLM_MODEL)}) > 1:
    raise ImproperlyConfigured("LLM_BASE_URL, LLM_API_KEY and LLM_MODEL belong together: all or none.")
if LLM_BASE_URL and not LLM_BASE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("LLM_BASE_URL must begin with http:// or https://.")

# --- The API ----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["common.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.parsers.StrictNegotiation",
    "DEFAULT_THROTTLE_CLASSES": ["common.throttling.PerPerson"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "common.openapi.Schema",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "EXCEPTION_HANDLER": "common.exception_handler.envelope",
    "NON_FIELD_ERRORS_KEY": "_",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# The parsers hold each address to its own limits; these are for the studio's forms, which take no files.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
DATA_UPLOAD_MAX_NUMBER_FILES = 0

SPECTACULAR_SETTINGS = {
    "TITLE": "Lyceum",
    "DESCRIPTION": (
        "Materials, threads, video summaries and rooms of a study platform. Log in with "
        "`POST /api/auth/app/v1/auth/login` and an e-mail or username with a password; send the answer's "
        "`meta.session_token` as `Authorization: Bearer TOKEN`."
    ),
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/static/studio/icon.svg",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "OrganizationRole": "accounts.models.Role",
        "LearningStyle": "accounts.models.LearningStyle",
        "MaterialType": "materials.models.MaterialType",
        "MessageRole": "threads.models.MessageRole",
        "ProcessingStatus": "media_summaries.models.ProcessingStatus",
        "RoomRole": "chatrooms.models.RoomRole",
        "RoomType": "chatrooms.models.RoomType",
        "RoomMessageType": "chatrooms.models.RoomMessageType",
    },
    "PREPROCESSING_HOOKS": ["common.openapi.only_versioned"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.schema.with_auth_calls",
        "common.openapi.with_errors",
    ],
}

# --- Language, files, logs --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "config.studio.formats"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
# Served straight from the packages: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = DATA_DIR / "uploads"
# On the same disk, so that a file that is whole is in its place at once.
FILE_UPLOAD_TEMP_DIR = MEDIA_ROOT / "materials" / "incoming"
for folder in (MEDIA_ROOT, FILE_UPLOAD_TEMP_DIR.parent, FILE_UPLOAD_TEMP_DIR):
    folder.mkdir(mode=0o700, exist_ok=True)

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "filters": {"request_id": {"()": "config.ops.logs.RequestIdFilter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # A refused request is the client's business and stands in the answer.
        "django.request": {"level": "ERROR"},
    },
}
