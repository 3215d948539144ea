"""Django's settings, read from the environment; README lists every variable."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from environs import Env, validate

from chatsite import logs
from chatsite.parts import bucket, caches, channel_layers, postgresql
from chatsite.secret_key import kept_key

# Generic Django classes are subscripted in annotations and class statements.
django_stubs_ext.monkeypatch()

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR: Path = env.path("DATA_DIR", default=BASE_DIR / "data").resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
DEBUG = env.bool("DEBUG", default=False)

# Where the site is -----------------------------------------------------------

SITE_NAME = env.str("SITE_NAME", default="Chatsite")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
HTTPS = SITE_URL.startswith("https://")
# How many proxies stand in front: each adds one address to X-Forwarded-For.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ALLOWED_HOSTS = [
    urlsplit(SITE_URL).hostname or "",
    "127.0.0.1",
    "localhost",
    "[::1]",
    *env.list("ALLOWED_HOSTS", default=[]),
]
CSRF_TRUSTED_ORIGINS = [SITE_URL, *env.list("CSRF_TRUSTED_ORIGINS", default=[])]

# What is kept, and where -----------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.dj_db_url(
        "DATABASE_URL",
        default=f"sqlite:///{quote(str(DATA_DIR / 'chatsite.sqlite3'))}",
    )
}
SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
POSTGRESQL = DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"
# Connections that one process may hold to a database server; who needs one more waits.
DATABASE_CONNECTIONS = env.int("DATABASE_CONNECTIONS", default=10)
# Threads that answer the database calls of async code; 0: the caller's own. SQLite
# takes one writer at a time: more threads would only wait for each other, and hold up
# the event loop meanwhile. Of a server's connections some are left to other pages.
DATABASE_THREADS = 1 if SQLITE else max(1, DATABASE_CONNECTIONS - 2)
if SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        " PRAGMA journal_size_limit=67108864",
    }
elif POSTGRESQL:
    DATABASES["default"] = postgresql(
        DATABASES["default"], connections=DATABASE_CONNECTIONS
    )
else:
    raise ImproperlyConfigured("DATABASE_URL has to name SQLite or PostgreSQL.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
# Processes that share a database share their events; others may use the same Redis.
REDIS_PREFIX = f"chatsite:{DATABASES['default']['NAME']}"
CHANNEL_LAYERS = channel_layers(REDIS_URL, prefix=REDIS_PREFIX)
CACHES = caches(REDIS_URL, prefix=REDIS_PREFIX)

# Attachments are kept here, or in a bucket; uploads are read here in either case.
ATTACHMENTS_DIR = DATA_DIR / "attachments"
AWS_STORAGE_BUCKET_NAME = env.str("AWS_STORAGE_BUCKET_NAME", default="")
AWS_S3_ENDPOINT_URL = env.str("AWS_S3_ENDPOINT_URL", default="")
AWS_S3_REGION_NAME = env.str("AWS_S3_REGION_NAME", default="")
# Without a key the machine's own role is asked for one.
AWS_ACCESS_KEY_ID = env.str("AWS_ACCESS_KEY_ID", default="")
AWS_SECRET_ACCESS_KEY = env.str("AWS_SECRET_ACCESS_KEY", default="")
if AWS_STORAGE_BUCKET_NAME:
    ATTACHMENTS_STORAGE = bucket(
        AWS_STORAGE_BUCKET_NAME,
        endpoint_url=AWS_S3_ENDPOINT_URL,
        region_name=AWS_S3_REGION_NAME,
        access_key=AWS_ACCESS_KEY_ID,
        secret_key=AWS_SECRET_ACCESS_KEY,
    )
else:
    ATTACHMENTS_STORAGE = {
        "BACKEND": "chatsite.files.DurableFiles",
        "OPTIONS": {"location": ATTACHMENTS_DIR},
    }

SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
if not SECRET_KEY:
    if not SQLITE:
        raise ImproperlyConfigured(
            "Set SECRET_KEY: with a shared database every process needs the same one."
        )
    SECRET_KEY = kept_key(DATA_DIR / "secret-key")

# The application -------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks_db",
    "chatsite",
    "chatsite.accounts",
    "conversations",
    "conversations.audit",
    "conversations.catalogue",
    "conversations.ledger",
]

MIDDLEWARE = [
    "chatsite.health.answer_probes",
    "chatsite.metrics.answer_scrapes",
    "chatsite.requests.follow",
    "django.middleware.security.SecurityMiddleware",
    "chatsite.headers.add_headers",
    "chatsite.middleware.ContentSecurityPolicyMiddleware",
    "chatsite.middleware.GZipMiddleware",
    "chatsite.middleware.SessionMiddleware",
    "chatsite.middleware.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "chatsite.middleware.AuthenticationMiddleware",
    "chatsite.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "chatsite.headers.drop_unreadable",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "chatsite.accounts.middleware.require_factor",
    "chatsite.accounts.middleware.note_activity",
]

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chatsite.context.site",
            ],
        },
    },
]

# What may wait is kept in the database and done by `serve` or by `db_worker`.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": ATTACHMENTS_STORAGE,
    "staticfiles": {"BACKEND": "chatsite.static.HashedFiles"},
}

# People and sign-in ----------------------------------------------------------

SIGNUP = env.bool("SIGNUP", default=False)
DJANGO_SUPERUSER_USERNAME = env.str("DJANGO_SUPERUSER_USERNAME", default="")
DJANGO_SUPERUSER_EMAIL = env.str("DJANGO_SUPERUSER_EMAIL", default="")
DJANGO_SUPERUSER_PASSWORD = env.str("DJANGO_SUPERUSER_PASSWORD", default="")

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "chatsite.accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    # A failed attempt counts for its address and for the name that was tried.
    "login_failed": "10/m/ip,5/5m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# Single sign-on by OpenID Connect; the provider is first asked when someone signs in.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="").strip().rstrip("/")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="").strip()
OIDC_NAME = env.str("OIDC_NAME", default="single sign-on")
OIDC_SCOPES = env.str("OIDC_SCOPES", default="openid profile email").split()
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
OIDC_ALLOWED_GROUPS: list[str] = env.list("OIDC_ALLOWED_GROUPS", default=[])
OIDC_STAFF_GROUPS: list[str] = env.list("OIDC_STAFF_GROUPS", default=[])
OIDC_ADMIN_GROUPS: list[str] = env.list("OIDC_ADMIN_GROUPS", default=[])
OIDC_TRUST_EMAIL = env.bool("OIDC_TRUST_EMAIL", default=False)
OIDC_LINK_BY_EMAIL = env.bool("OIDC_LINK_BY_EMAIL", default=False)
OIDC_ONLY = env.bool("OIDC_ONLY", default=False)
ALLOWED_EMAIL_DOMAINS: list[str] = env.list("ALLOWED_EMAIL_DOMAINS", default=[])
SOCIALACCOUNT_ADAPTER = "chatsite.accounts.joining.JoiningAdapter"
# Whoever finds a page open may not tie their own sign-on to its account.
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5

# With it the identity provider makes, changes and switches off people over SCIM.
SCIM_TOKEN = env.str("SCIM_TOKEN", default="").strip()

# Whom the site sends to set a second factor up.
REQUIRE_MFA = env.str(
    "REQUIRE_MFA", default="off", validate=validate.OneOf(("off", "staff", "all"))
)
MFA_ADAPTER = "chatsite.accounts.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Addresses are not verified here: they open nothing.
MFA_ALLOW_UNVERIFIED_EMAIL = True

EMAIL_URL = env.str("EMAIL_URL", default="")
# Without mail there is no mailer: nothing pretends to send.
MAILERS: dict[str, dict[str, Any]] = {}
if EMAIL_URL:
    mail = env.dj_email_url("EMAIL_URL")
    MAILERS["default"] = {"BACKEND": mail["EMAIL_BACKEND"], "OPTIONS": {}}
    if "smtp" in mail["EMAIL_BACKEND"]:
        MAILERS["default"]["OPTIONS"] = {
            "host": mail["EMAIL_HOST"],
            "port": mail["EMAIL_PORT"],
            "username": mail["EMAIL_HOST_USER"] or "",
            "password": mail["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": mail["EMAIL_USE_TLS"],
            "use_ssl": mail["EMAIL_USE_SSL"],
            "timeout": mail["EMAIL_TIMEOUT"] or 20,
        }
    elif "filebased" in mail["EMAIL_BACKEND"]:
        MAILERS["default"]["OPTIONS"] = {"file_path": f"/{mail['EMAIL_FILE_PATH']}"}
    DEFAULT_FROM_EMAIL = mail.get(
        "DEFAULT_FROM_EMAIL", f"chat@{urlsplit(SITE_URL).hostname}"
    )

# What the browser is told ----------------------------------------------------

SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_AGE = 14 * 24 * 60 * 60
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
# Pages carry the token; no script reads the cookie.
CSRF_COOKIE_HTTPONLY = True

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Preloading binds a whole domain for years: its owner's decision, not a program's.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if not EMAIL_URL:
    # Administrators hand links over themselves: the missing mailer is meant.
    SILENCED_SYSTEM_CHECKS.append("mail.W001")
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "blob:", "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# Serving ---------------------------------------------------------------------

# How long running answers may go on after the process was asked to end.
DRAIN_SECONDS = env.float("DRAIN_SECONDS", default=10.0)

# Watching --------------------------------------------------------------------

# Without a token only this very machine may read the metrics.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()

# OpenTelemetry's own names; its packages read the others of theirs by themselves.
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
OTEL_SERVICE_NAME = env.str("OTEL_SERVICE_NAME", default="chatsite")

LOG_FORMAT = env.str(
    "LOG_FORMAT", default="lines", validate=validate.OneOf(["lines", "json"])
)
# Where it is not named, the log holds what happens and not what is asked for.
LOG_LEVEL = env.str("LOG_LEVEL", default="").upper()

LOGGING = logs.configuration(log_format=LOG_FORMAT, level=LOG_LEVEL)

# The back ends ---------------------------------------------------------------

# The Messages API. Without any back end the local model answers.
ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", default="").strip()
ANTHROPIC_AUTH_TOKEN = env.str("ANTHROPIC_AUTH_TOKEN", default="").strip()
ANTHROPIC_AUTH_STYLE = env.str("ANTHROPIC_AUTH_STYLE", default="")
ANTHROPIC_CUSTOM_HEADERS = env.str("ANTHROPIC_CUSTOM_HEADERS", default="")
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", default="").strip()
# A back end of Chat Completions, beside that or alone.
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="").strip()
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="").strip()
DEFAULT_MODEL = env.str("DEFAULT_MODEL", default="")

# The clouds ------------------------------------------------------------------

# Each is switched on by the models named of it, never by a key alone: those names are
# of other programs, too. Amazon's and Google's own credentials are found by their own
# packages.
BEDROCK_MODELS: list[str] = list(map(str.strip, env.list("BEDROCK_MODELS", default=[])))
AWS_REGION = env.str("AWS_REGION", default=env.str("AWS_DEFAULT_REGION", default=""))
AWS_BEARER_TOKEN_BEDROCK = env.str("AWS_BEARER_TOKEN_BEDROCK", default="").strip()
AWS_ENDPOINT_URL_BEDROCK_RUNTIME = env.str(
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", default=""
)
VERTEX_MODELS: list[str] = list(map(str.strip, env.list("VERTEX_MODELS", default=[])))
ANTHROPIC_VERTEX_PROJECT_ID = env.str(
    "ANTHROPIC_VERTEX_PROJECT_ID", default=env.str("GOOGLE_CLOUD_PROJECT", default="")
)
CLOUD_ML_REGION = env.str("CLOUD_ML_REGION", default="global")
ANTHROPIC_VERTEX_BASE_URL = env.str("ANTHROPIC_VERTEX_BASE_URL", default="")
FOUNDRY_MODELS: list[str] = list(map(str.strip, env.list("FOUNDRY_MODELS", default=[])))
ANTHROPIC_FOUNDRY_API_KEY = env.str("ANTHROPIC_FOUNDRY_API_KEY", default="").strip()
ANTHROPIC_FOUNDRY_RESOURCE = env.str("ANTHROPIC_FOUNDRY_RESOURCE", default="")
ANTHROPIC_FOUNDRY_BASE_URL = env.str("ANTHROPIC_FOUNDRY_BASE_URL", default="")
AZURE_TENANT_ID = env.str("AZURE_TENANT_ID", default="")
AZURE_CLIENT_ID = env.str("AZURE_CLIENT_ID", default="")
AZURE_CLIENT_SECRET = env.str("AZURE_CLIENT_SECRET", default="")
AZURE_AUTHORITY_HOST = env.str("AZURE_AUTHORITY_HOST", default="")
