"""Sync database work off the event loop, on a few threads that keep their connections.

Django would open a thread and a connection for every request and put the work of
all sockets on one single thread; this pool bounds both.
"""

import functools
import hashlib
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.models.functions import Now
from django.utils import timezone

from conversations import measures


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=threads, thread_name_prefix="database")


async def in_thread[**P, T](
    function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run sync `function` on a database thread and return its result.

    The setting DATABASE_THREADS is the size of the pool; with 0 the work goes to the
    one thread on which Django runs sync code, and sees its open transaction.
    """
    if not settings.DATABASE_THREADS:
        return await sync_to_async(function)(*args, **kwargs)
    executor = _pool(settings.DATABASE_THREADS)
    return await _on(executor, function)(*args, **kwargs)


async def aside[**P, T](
    function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same on a thread of its own, for reading so much that pages would wait."""
    if not settings.DATABASE_THREADS:
        return await sync_to_async(function)(*args, **kwargs)
    return await _on(_reader(), function)(*args, **kwargs)


@functools.cache
def _reader() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")


def _on[**P, T](
    executor: ThreadPoolExecutor, function: Callable[P, T]
) -> Callable[P, Coroutine[Any, Any, T]]:
    return sync_to_async(
        _returning_connections(function), thread_sensitive=False, executor=executor
    )


def waiting() -> int:
    """How many calls wait for a database thread at this moment."""
    if not settings.DATABASE_THREADS:
        return 0
    # There is no other way to ask an executor.
    return _pool(settings.DATABASE_THREADS)._work_queue.qsize()  # noqa: SLF001 - as said


def _returning_connections[**P, T](function: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except DatabaseError as error:
            measures.DATABASE_ERRORS.labels(type(error).__name__).inc()
            raise
        finally:
            for connection in connections.all(initialized_only=True):
                # A file is cheap to keep open; a server's connection goes back to
                # the pool of its driver.
                if connection.vendor != "sqlite" or connection.errors_occurred:
                    connection.close()

    return run


def shared_now() -> Any:
    """This moment by the clock that all processes of the site share.

    On a database server an expression: the clocks of two hosts may differ by more than
    a process may be silent.
    """
    return Now() if connection.vendor == "postgresql" else timezone.now()


def take_locks(names: Iterable[str]) -> None:
    """On PostgreSQL: hold the locks of these names to the end of the transaction.

    Other processes that want one of them wait. All are taken in one order, so that
    no two callers wait for each other.
    """
    keys = sorted({_lock_key(name) for name in names})
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _lock_key(name: str) -> int:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
