"""Signing in while Redis is away: people get in, and guessing is held up."""

import logging
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings
from redis.exceptions import RedisError

from chatsite.accounts.models import User
from chatsite.redis_cache import RedisOrMemory
from tests import parts

SIGN_IN = "/accounts/login/"


@pytest.fixture
def away(settings: Settings) -> Any:
    """A site whose Redis has gone."""
    backend = f"{RedisOrMemory.__module__}.{RedisOrMemory.__qualname__}"
    url = f"redis://127.0.0.1:{parts.free_port()}/0"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": url}}
    return caches["default"]


def tried(name: str, password: str) -> bool:
    """Whether that password signs in."""
    client = Client()
    client.post(SIGN_IN, {"login": name, "password": password})
    return "_auth_user_id" in client.session


def test_people_sign_in(away: Any, alice: User) -> None:
    assert tried("alice", "correct horse")


def test_an_account_is_guessed_at_no_more_than_five_times(
    away: Any, alice: User, bob: User
) -> None:
    assert not any(tried("alice", f"guess {number}") for number in range(5))
    assert not tried("alice", "correct horse")
    assert tried("bob", "correct horse")


def test_what_is_kept_meanwhile_comes_out_again(away: Any) -> None:
    assert away.add("a", 1, 60)
    assert not away.add("a", 2, 60)
    away.set_many({"b": [2], "c": "3"})
    assert away.incr("a") == 2
    assert away.get_many(["a", "b", "c", "d"]) == {"a": 2, "b": [2], "c": "3"}
    away.delete("a")
    assert away.get("a", "gone") == "gone"


def test_its_absence_is_said_once(away: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            away.set(str(number), number)
    assert len(caplog.records) == 1
    assert "Redis does not answer" in caplog.text


def test_the_doctor_is_not_deceived(away: Any) -> None:
    with pytest.raises(RedisError, match="refused"):
        away.ask_redis()
