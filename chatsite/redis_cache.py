"""The cache of a site of several processes: Redis, and this process while it is away.

Attempts to sign in are counted here. Without Redis each process counts for itself:
people get in, and whoever guesses is held up as before, process by process.
"""

import logging
import time
from functools import partial
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

# So long nobody asks, and waits for, a server that did not answer.
AWAY_S = 5.0
MAX_ENTRIES = 100_000

logger = logging.getLogger(__name__)


class RedisOrMemory(RedisCache):
    """Django's cache in Redis, which goes on where that does not answer."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        """Connect to nothing yet."""
        super().__init__(server, params)
        self._class = _Client

    def ask_redis(self) -> None:
        """Raise redis.exceptions.RedisError or OSError if Redis does not answer."""
        client: Any = self._cache
        client.redis.get_client().ping()


class _Client:
    """What Django's cache asks: Redis, else the memory that all threads share."""

    # By server: when it is asked again. Django makes a client for each thread.
    _away_until_s: dict[str, float] = {}

    def __init__(
        self, servers: list[str], *, away_s: float = AWAY_S, **options: Any
    ) -> None:
        self._server, self._away_s = ",".join(servers), away_s
        # One more try serves a connection that was closed while it was idle.
        retry = Retry(NoBackoff(), 1)
        self.redis = RedisCacheClient(servers, **{"retry": retry, **options})
        limits = {"OPTIONS": {"MAX_ENTRIES": MAX_ENTRIES}}
        self._memory = LocMemCache(self._server, limits)

    def __getattr__(self, name: str) -> Any:
        """Each of the questions that Django has for Redis."""
        return partial(self._ask, name)

    def _ask(self, name: str, *args: Any) -> Any:
        if time.monotonic() >= self._away_until_s.get(self._server, 0.0):
            try:
                answer = getattr(self.redis, name)(*args)
            except (RedisError, OSError) as error:
                self._note_absence(error)
            else:
                self._note_presence()
                return answer
        return getattr(self._memory, name)(*args)

    def _note_absence(self, error: Exception) -> None:
        if self._server not in self._away_until_s:
            logger.warning(
                "Redis does not answer (%s): this process counts sign-in attempts"
                " by itself until it does.",
                type(error).__name__,
            )
        self._away_until_s[self._server] = time.monotonic() + self._away_s

    def _note_presence(self) -> None:
        if self._away_until_s.pop(self._server, None) is not None:
            logger.warning("Redis answers again, and counts for all processes.")
