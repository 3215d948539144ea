"""The settings: what an operator chose, and whether it is safe together."""

import stat
import time
from collections.abc import Iterator

from django.conf import settings
from django.core import checks

from chatsite.doctor.findings import Finding, fail, ok, warn

DAY_S = 24 * 60 * 60
KEY_AGE_DAYS = 365
KEY_LENGTH = 50  # characters, as Django's own check has it
KEY_VARIETY = 5  # different characters
ROTATE = "Put the old key into SECRET_KEY_FALLBACKS and set a new SECRET_KEY."


def check_settings() -> Iterator[Finding]:
    """Django's checks; those for deployment too, once the site has https."""
    messages = [
        message
        for message in checks.run_checks(include_deployment_checks=settings.HTTPS)
        if not message.is_silenced()
    ]
    for message in messages:
        kind = fail if message.is_serious() else warn
        advice = message.hint or f"See Django's system checks, {message.id}."
        yield kind(f"{message.id}: {message.msg}", advice)
    if not messages:
        yield ok(f"Django's checks pass for {settings.SITE_URL}.")


def check_surroundings() -> Iterator[Finding]:
    """What the checks of Django cannot know."""
    if settings.DEBUG:
        yield warn("DEBUG is on.", "Unset DEBUG where others can reach the site.")
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield warn(
            "SITE_URL is https, so a proxy stands in front, yet TRUSTED_PROXIES is 0.",
            "Set TRUSTED_PROXIES to the number of proxies, or all people share one"
            " limit of failed sign-ins.",
        )
    if not settings.SQLITE and not settings.REDIS_URL:
        yield warn(
            "The database is shared, but events stay in the memory of one process.",
            "Set REDIS_URL before a second process serves.",
        )
    if not settings.DEBUG and not (settings.HTTPS and not settings.TRUSTED_PROXIES):
        yield ok(f"{settings.TRUSTED_PROXIES} proxies in front, DEBUG is off.")


def check_key() -> Iterator[Finding]:
    """The key that signs sessions and links: its strength, its age, who may read it."""
    key = settings.SECRET_KEY
    if len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY:
        yield fail("SECRET_KEY is short or monotonous.", f"{ROTATE} Make it random.")
    else:
        yield ok("SECRET_KEY is long and varied.")
    if settings.SECRET_KEY_FALLBACKS:
        yield warn(
            f"{len(settings.SECRET_KEY_FALLBACKS)} former keys still sign people in.",
            "Run `manage.py renewsecrets`; empty SECRET_KEY_FALLBACKS two weeks after"
            " the key was replaced.",
        )
    path = settings.DATA_DIR / "secret-key"
    if not path.exists() or path.read_text().strip() != key:
        return
    about = path.stat()
    if stat.S_IMODE(about.st_mode) & 0o077:
        yield fail(f"{path} can be read by others.", f"Run chmod 600 {path}.")
    age_days = (time.time() - about.st_mtime) / DAY_S
    if age_days > KEY_AGE_DAYS:
        yield warn(f"SECRET_KEY is {age_days:.0f} days old.", ROTATE)
