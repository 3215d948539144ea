"""What became of a turn, in the words of the person who waits for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from django.utils import timezone

from conversations.catalogue import offered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.messages_api import RateLimit
    from conversations.models import Turn

SAFE = "What you wrote is safe."
KEPT = "What had arrived is kept."

# By error code: what failed, and what helps.
_FAILURES = {
    "connect_failed": "The model could not be reached.",
    "connection_lost": "The connection to the model broke.",
    "timeout": "The model took too long to answer.",
    "stalled": "The model fell silent in the middle of its answer.",
    "stream_cut": "The answer broke off before its end.",
    "malformed_stream": "The answer arrived damaged.",
    "unexpected_response": "Something other than the model answered at its address."
    " An administrator has to look at the configuration.",
    "overloaded": "The model is overloaded at the moment. Another one may be free.",
    "rate_limited": "The model has had too many requests.",
    "spend_limit": "The spending limit at the provider is reached."
    " An administrator can raise it there.",
    "authentication": "The provider does not accept this site's credential."
    " An administrator has to renew it.",
    "permission": "This site's credential may not use this model. Choose another one.",
    "billing": "The provider refuses the call because of billing."
    " An administrator has to look into it.",
    "not_found": "The provider does not know this model. Choose another one.",
    "invalid_request": "The provider did not accept the request.",
    "too_large": "The conversation has become too large to send."
    " Begin a new one, or attach fewer files.",
    "context_too_long": "The conversation no longer fits into the model's window."
    " Begin a new one, or choose a model with a larger window.",
    "conflict": "The provider was busy with the same request.",
    "api_error": "The provider had an error of its own.",
    "unknown_model": "This model is no longer offered here. Choose another one.",
    "storage": "The place where files are kept does not answer. Try again in a minute.",
    "internal": "Something went wrong on this site.",
}

# What kept the model that was asked for from answering.
_REASONS = {
    "connect_failed": "could not be reached",
    "connection_lost": "could not be reached",
    "overloaded": "was overloaded",
    "stalled": "took too long to answer",
    "timeout": "took too long to answer",
    "unavailable": "has not been answering for a while",
    "unexpected_response": "could not be reached",
}

_STOP_REASONS = {
    "max_tokens": "The answer reached its greatest length and was cut there."
    " Ask the model to go on.",
    "refusal": "The model declined to answer this. Putting the question differently"
    " may help; it is left out of what the model is sent next.",
    "model_context_window_exceeded": "The model's window is full, so the answer was"
    " cut. Begin a new conversation to go on.",
    "pause_turn": "The model paused. Ask it to go on.",
    "tool_use": "The model asked for a tool that is not available here.",
}


@dataclass(frozen=True, slots=True)
class Countdown:
    """Whole seconds that a page counts down, in a sentence, and what follows them."""

    seconds: int
    before: str
    after: str

    @property
    def shown(self) -> str:
        """The time that is left, as the page writes it too."""
        minutes, seconds = divmod(self.seconds, 60)
        if not minutes:
            return f"{seconds} s"
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence or two under an answer, and the provider's own words apart."""

    words: str
    role: Literal["alert", "status"] = "status"
    detail: str = ""
    countdown: Countdown | None = None


def notice_of(turn: Turn) -> Notice | None:
    """What is to be said of an ended turn; None if it simply finished."""
    notice = _ending_notice(turn)
    if not turn.asked_model or turn.is_running:
        return notice
    words = _fallback_words(turn, turn.asked_model)
    return replace(notice, words=f"{notice.words} {words}") if notice else Notice(words)


def _fallback_words(turn: Turn, asked_model: str) -> str:
    why = _REASONS.get(turn.fallback_reason or "", "had an error of its own")
    does = "answered" if turn.answer.text else "was asked instead"
    return f"{_name_of(asked_model)} {why}, so {_name_of(turn.model)} {does}."


def _name_of(model_id: str) -> str:
    model = offered.model_info(model_id)
    return model.name if model else model_id


def _ending_notice(turn: Turn) -> Notice | None:
    status = turn.Status
    match turn.status:
        case status.FAILED:
            countdown = _until_retry(turn)
            return Notice(_failure_words(turn), "alert", _detail(turn), countdown)
        case status.INTERRUPTED:
            return Notice(
                "This site was restarted while the answer was being written."
                f" {KEPT if turn.answer.content else SAFE}",
                "alert",
            )
        case status.STOPPED:
            return Notice("You stopped this answer.")
        case status.COMPLETE:
            return _completion_notice(turn)
    return None


def _completion_notice(turn: Turn) -> Notice | None:
    words = _STOP_REASONS.get(turn.stop_reason, "")
    if not words and not turn.answer.text.strip():
        words = "The model finished without saying anything. Ask it to go on."
    if turn.omitted_messages:
        words = f"{words} {_omission_words(turn.omitted_messages)}".strip()
    return Notice(words) if words else None


def _failure_words(turn: Turn) -> str:
    words = [_FAILURES.get(turn.error_code, "The model's provider reported an error.")]
    words.append(KEPT if turn.answer.content else SAFE)
    return " ".join(words)


def waiting_of(turn: Turn) -> Countdown | None:
    """The wait before the next attempt of a turn without a word; None without one."""
    seconds = _seconds_until_retry(turn)
    if turn.status != turn.Status.PENDING or not seconds:
        return None
    return attempt_countdown(seconds, turn.attempts)


def attempt_countdown(wait_s: float, attempt: int) -> Countdown:
    """The wait before an attempt, counted from 1."""
    after = f"Waiting for the model, attempt {attempt}"
    return Countdown(math.ceil(wait_s), "The model is asked again in", after)


def _until_retry(turn: Turn) -> Countdown | None:
    if not (seconds := _seconds_until_retry(turn)):
        return None
    before = "It may be asked again in"
    return Countdown(seconds, before, "It may be asked again now.")


def _seconds_until_retry(turn: Turn) -> int:
    if turn.retry_at is None:
        return 0
    left_s = (turn.retry_at - timezone.now()).total_seconds()
    return max(0, math.ceil(left_s))


def rate_limit_words(limits: Iterable[RateLimit]) -> str:
    """A line for each bucket that a provider told of, for those it has stopped."""
    return "\n".join(filter(None, map(_bucket_words, limits)))


def _bucket_words(bucket: RateLimit) -> str:
    if bucket.limit is None and bucket.remaining is None:
        return ""
    left = "?" if bucket.remaining is None else f"{bucket.remaining:,}"
    of = "" if bucket.limit is None else f" of {bucket.limit:,}"
    full = f", full again at {bucket.reset_at:%H:%M:%S} UTC" if bucket.reset_at else ""
    return f"{bucket.kind.replace('-', ' ').capitalize()}: {left}{of} left{full}"


def _omission_words(count: int) -> str:
    messages = "message was" if count == 1 else "messages were"
    return f"To fit the model's window, {count} older {messages} left out."


def _detail(turn: Turn) -> str:
    parts = [turn.error_detail]
    if turn.request_id:
        parts.append(f"Request id: {turn.request_id}")
    return "\n".join(part for part in parts if part)
