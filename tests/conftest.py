"""Three people, and a browser for each: the owner, the administrator, a stranger."""

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client

from chatsite.accounts.models import User
from tests import order
from tests.browser.chromium import chromium
from tests.factories import person
from tests.hearing import Hear

PATIENCE_S = 10.0
# Each has a browser and a site of its own.
MOST_WORKERS = 4


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what is no matter of these parts; begin with what takes long."""
    marker = "team" if settings.SQLITE else "sqlite"
    left_out = [
        item
        for item in items
        if item.get_closest_marker(marker)
        or (not settings.SQLITE and order.is_alike(item))
    ]
    config.hook.pytest_deselected(items=left_out)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    kept = set(items).difference(left_out)
    items[:] = order.in_shares([item for item in items if item in kept], workers)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """End the browser before a test that needs none."""
    if not order.uses_browser(item):
        chromium.end()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Test on all cores, but what is named on the command line in this process."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    # One more than there are cores: much of a long test is waiting.
    return min((os.process_cpu_count() or 1) + 1, MOST_WORKERS)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed, a test that skips has failed."""
    chromium.end()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """End the connection of async code too before the database is dropped."""
    yield
    # Its event loop would let nothing be dropped.
    chromium.end()
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> Iterator[None]:
    """Forget the sign-in attempts of other tests."""
    yield
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    """The owner of whatever the test makes."""
    return person("alice")


@pytest.fixture
def bob(db: None) -> User:
    """An administrator."""
    bob = person("bob")
    bob.is_staff = bob.is_superuser = True
    bob.save()
    return bob


@pytest.fixture
def charlie(db: None) -> User:
    """Someone with an account and nothing to do with it."""
    return person("charlie")


def _client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def alice_client(alice: User) -> Client:
    """The owner, signed in."""
    return _client_of(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    """The administrator, signed in."""
    return _client_of(bob)


@pytest.fixture
def charlie_client(charlie: User) -> Client:
    """The stranger, signed in."""
    return _client_of(charlie)


@pytest.fixture
def heard() -> Iterator[Hear]:
    """Joins a person's group as a socket does; returns what reads its next message."""
    with asyncio.Runner() as runner:

        async def join(person: User) -> str:
            layer: Any = get_channel_layer()
            channel: str = await layer.new_channel()
            await layer.group_add(person.live_group, channel)
            return channel

        async def receive(channel: str) -> Any:
            layer: Any = get_channel_layer()
            async with asyncio.timeout(PATIENCE_S):
                return await layer.receive(channel)

        def hear(person: User) -> Callable[[], Any]:
            channel = runner.run(join(person))
            return lambda: runner.run(receive(channel))

        yield hear
