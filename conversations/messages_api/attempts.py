"""Trying again: the loop around one call, told to whoever wants to know."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from conversations.messages_api.errors import ProviderError
from conversations.messages_api.retry import delay_before_retry


@dataclass(frozen=True, slots=True)
class Attempt:
    """News of a call: attempt `number` begins, or is waited for.

    `wait_s` is positive, and `error` set, while the attempt still has to wait.
    """

    number: int
    wait_s: float
    error: ProviderError | None


type OnAttempt = Callable[[Attempt], None]


async def with_retries[Result](
    attempt: Callable[[int], Awaitable[Result]],
    *,
    ends_at: float,
    secrets: Sequence[str],
    on_attempt: OnAttempt | None = None,
) -> Result:
    """What `attempt(number)` returns, or its last error with `secrets` blotted out.

    `ends_at` is a time of the event loop's clock; no wait reaches beyond it.
    """
    number = 1
    while True:
        if on_attempt is not None:
            on_attempt(Attempt(number, 0.0, None))
        try:
            return await attempt(number)
        except ProviderError as error:
            failure = error
        failure.redact(secrets)
        wait_s = delay_before_retry(failure, number - 1, random.random)
        if wait_s is None or asyncio.get_running_loop().time() + wait_s >= ends_at:
            raise failure
        number += 1
        if on_attempt is not None:
            on_attempt(Attempt(number, wait_s, failure))
        await asyncio.sleep(wait_s)
