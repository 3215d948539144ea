"""What a person is told of a turn that waits, or has to be asked again later."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from conversations.articles import waiting
from conversations.messages_api import RateLimit
from conversations.models import Message, Turn
from conversations.notices import (
    Countdown,
    attempt_countdown,
    notice_of,
    rate_limit_words,
    waiting_of,
)


def turn(status: Turn.Status, *, wait_s: float, **fields: int | str) -> Turn:
    retry_at = timezone.now() + timedelta(seconds=wait_s)
    answer = Message(role=Message.Role.ASSISTANT)
    return Turn(status=status, answer=answer, retry_at=retry_at, **fields)


def test_a_rate_limit_is_counted_down_until_it_may_be_tried_again() -> None:
    limited = turn(Turn.Status.FAILED, wait_s=29.5, error_code="rate_limited")

    notice = notice_of(limited)

    assert notice is not None
    assert notice.words == (
        "The model has had too many requests. What you wrote is safe."
    )
    assert notice.countdown == Countdown(
        30, "It may be asked again in", "It may be asked again now."
    )


def test_nothing_is_counted_down_once_the_time_has_come() -> None:
    notice = notice_of(turn(Turn.Status.FAILED, wait_s=-1))

    assert notice is not None
    assert notice.countdown is None


def test_a_turn_that_waits_for_its_next_attempt_says_for_how_long() -> None:
    countdown = waiting_of(turn(Turn.Status.PENDING, wait_s=4.5, attempts=2))

    assert countdown == attempt_countdown(5, 2)
    assert countdown is not None
    assert countdown.after == "Waiting for the model, attempt 2"


def test_a_turn_whose_attempt_is_made_does_not_count() -> None:
    assert waiting_of(turn(Turn.Status.PENDING, wait_s=-1, attempts=2)) is None
    assert waiting_of(turn(Turn.Status.STREAMING, wait_s=9, attempts=2)) is None


def test_long_waits_are_said_in_minutes_and_hours() -> None:
    shown = [Countdown(seconds, "", "").shown for seconds in (59, 61, 7260)]

    assert shown == ["59 s", "1 min 1 s", "2 h 1 min"]


def test_a_wait_reaches_open_pages_as_a_timer_that_is_no_live_region() -> None:
    html = waiting("m", 7.2, 2)

    assert 'data-countdown="8"' in html
    assert '<span role="timer">8 s</span>' in html
    assert 'hx-swap-oob="waiting:#message-m"' in html


def test_a_limit_is_told_with_what_is_left_and_when_it_is_full_again() -> None:
    reset_at = datetime(2026, 11, 27, 20, 15, tzinfo=UTC)

    words = rate_limit_words(
        [
            RateLimit("requests", 50, 0, reset_at),
            RateLimit("input-tokens", None, 12_000),
            RateLimit("tokens"),
        ]
    )

    assert words.splitlines() == [
        "Requests: 0 of 50 left, full again at 20:15:00 UTC",
        "Input tokens: 12,000 left",
    ]
