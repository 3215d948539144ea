"""When to ask again, and after how long: a pure policy.

The numbers are those of the official clients, with one addition: a provider that asks
for more patience than a person at a page has is not waited for.
"""

from collections.abc import Callable

from conversations.messages_api.errors import ProviderError

MAX_RETRIES = 2
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
JITTER = 0.25
RETRY_AFTER_LIMIT_S = 20.0


def delay_before_retry(
    error: ProviderError, retries_done: int, random: Callable[[], float]
) -> float | None:
    """Seconds until the next attempt, or None if there is to be none.

    `random` gives numbers in [0, 1). The caller knows whether content has arrived:
    from then on nothing is retried, and this is not asked.
    """
    if not error.retryable or retries_done >= MAX_RETRIES:
        return None
    if error.retry_after_s is not None:
        wish = error.retry_after_s
        return wish if wish <= RETRY_AFTER_LIMIT_S else None
    delay: float = min(FIRST_DELAY_S * 2**retries_done, LONGEST_DELAY_S)
    return delay * (1 - JITTER * random())
