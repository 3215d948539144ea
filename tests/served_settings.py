"""The site's settings for sites that tests serve: hashing takes them no time."""

from chatsite.settings import *  # noqa: F403 - the site's own

# No test is about the strength of a hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
