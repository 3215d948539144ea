"""The site's settings as the tests run them: every part real, in a fresh folder."""

import atexit
import os
import shutil
import tempfile

from tests import parts

# A team's parts, which `python -m tests.parts` starts, or those of one machine.
TEAM = os.environ.get("TEST_PARTS") == "team"
_PREFIXES = ("ANTHROPIC_FOUNDRY_", "ANTHROPIC_VERTEX_", "AZURE_", "OIDC_")
# What the machine says about a site of its own is no business of the tests.
for _name in (
    "ALLOWED_EMAIL_DOMAINS",
    "ALLOWED_HOSTS",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_STYLE",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_CONNECTIONS",
    "DEBUG",
    "DEFAULT_MODEL",
    "DRAIN_SECONDS",
    "EMAIL_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "REQUIRE_MFA",
    "SCIM_TOKEN",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "METRICS_TOKEN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_SERVICE_NAME",
    "SECRET_KEY_FALLBACKS",
    "SIGNUP",
    "SITE_NAME",
    "SITE_URL",
    "TIME_ZONE",
    "TRUSTED_PROXIES",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "AWS_REGION",
    "BEDROCK_MODELS",
    "CLOUD_ML_REGION",
    "FOUNDRY_MODELS",
    "GOOGLE_CLOUD_PROJECT",
    "VERTEX_MODELS",
    *(name for name in os.environ if name.startswith(_PREFIXES)),
    *(() if TEAM else parts.NAMES),
):
    os.environ.pop(_name, None)
# Processes that test at once meet nowhere.
if TEAM and (worker := os.environ.get("PYTEST_XDIST_WORKER")):
    os.environ.update(parts.of_worker(worker))
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="chatsite-tests-")
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)

from chatsite.settings import *  # noqa: E402, F403 - the site's own, read just now
from chatsite.settings import (  # noqa: E402 - after the environment
    ATTACHMENTS_STORAGE,
    DATA_DIR,
    DATABASES,
)

# A fast hasher: no test is about the strength of a hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if not TEAM:
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
# The one thread that holds the test's transaction.
DATABASE_THREADS = 0
# Nothing is collected: the names of the files are those of the sources.
STORAGES = {
    "default": ATTACHMENTS_STORAGE,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
