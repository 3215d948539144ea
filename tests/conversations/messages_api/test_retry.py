"""When another attempt is made, and after how long."""

import pytest

from conversations.messages_api import ProviderError
from conversations.messages_api.retry import RETRY_AFTER_LIMIT_S, delay_before_retry


def failed(*, retryable: bool = True, after_s: float | None = None) -> ProviderError:
    return ProviderError("overloaded", retryable=retryable, retry_after_s=after_s)


@pytest.mark.parametrize(
    ("retries_done", "jitter", "delay"),
    [(0, 0.0, 0.5), (0, 1.0, 0.375), (1, 0.0, 1.0), (1, 1.0, 0.75), (2, 0.0, None)],
)
def test_the_delay_doubles_with_up_to_a_quarter_off(
    retries_done: int, jitter: float, delay: float | None
) -> None:
    assert delay_before_retry(failed(), retries_done, lambda: jitter) == delay


@pytest.mark.parametrize(
    ("after_s", "delay"),
    [(0.2, 0.2), (7.0, 7.0), (RETRY_AFTER_LIMIT_S, 20.0), (20.1, None), (3600.0, None)],
)
def test_a_wish_is_followed_as_far_as_a_person_waits(
    after_s: float, delay: float | None
) -> None:
    assert delay_before_retry(failed(after_s=after_s), 0, lambda: 0.5) == delay


def test_what_cannot_succeed_is_not_tried_again() -> None:
    error = failed(retryable=False, after_s=1.0)

    assert delay_before_retry(error, 0, lambda: 0.5) is None
