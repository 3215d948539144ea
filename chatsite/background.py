"""Background work: a worker of the tasks' backend beside the server, and its clock.

A task is given ids and never text, and may be run again: one whose process died in
the middle begins anew.
"""

import asyncio
import logging
import threading
import uuid
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.db import connections
from django.db.models import Q
from django.tasks import Task, TaskResultStatus, task
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from conversations.database import in_thread
from conversations.tasks import erase_unsent_uploads

logger = logging.getLogger(__name__)

# How long new work may lie before the worker looks.
WORKER_INTERVAL_S = 5.0
CLOCK_INTERVAL_S = 300.0
# Longer than any task takes.
TASK_IS_LOST_AFTER = timedelta(hours=1)
RESULTS_ARE_KEPT_DAYS = 14


@task
def prune_results() -> None:
    """Erase what is known of tasks that ended long ago."""
    call_command(
        "prune_db_task_results", min_age_days=RESULTS_ARE_KEPT_DAYS, verbosity=0
    )


def _regular() -> dict[Task[[], Any], timedelta]:
    return {
        erase_unsent_uploads: timedelta(hours=1),
        prune_results: timedelta(days=1),
    }


def schedule() -> None:
    """Take up lost tasks again, and enqueue each regular one whose time has come.

    Two processes may do so at once: a regular task that runs twice does no harm.
    """
    now = timezone.now()
    lost = Q(status=TaskResultStatus.RUNNING, started_at__lt=now - TASK_IS_LOST_AFTER)
    DBTaskResult.objects.filter(lost).update(status=TaskResultStatus.READY)
    unfinished = Q(status__in=(TaskResultStatus.READY, TaskResultStatus.RUNNING))
    for regular, interval in _regular().items():
        enqueued = DBTaskResult.objects.filter(task_path=regular.module_path)
        if not enqueued.filter(unfinished | Q(enqueued_at__gt=now - interval)).exists():
            regular.enqueue()


class BackgroundWorker:
    """The backend's own worker in a thread of this process: it costs no memory.

    `manage.py db_worker` is the same as a process, for as many as one wants.
    """

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.ended = threading.Event()
        self.worker = Worker(
            queue_names=["*"],
            interval=WORKER_INTERVAL_S,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=f"serve-{uuid.uuid4()}",
            excluded_queue_names=[],
        )
        # Nothing is lost with a thread that the process's end cuts off.
        self.thread = threading.Thread(target=self._run, name="tasks", daemon=True)

    def start(self) -> None:
        """Begin to look for work."""
        self.thread.start()

    def end(self) -> None:
        """Begin nothing new."""
        self.worker.running = False
        self.ended.set()

    def _run(self) -> None:
        while not self.ended.is_set():
            try:
                self.worker.run()
            except Exception:  # the thread's edge: a database that may come back
                logger.warning("Background work waits for the database", exc_info=True)
            finally:
                connections.close_all()
            self.ended.wait(WORKER_INTERVAL_S)


_current: list[BackgroundWorker] = []


async def keep_working() -> None:
    """For as long as the process serves: do what was put off, and what is regular."""
    worker = BackgroundWorker()
    _current[:] = [worker]
    worker.start()
    try:
        while True:
            try:
                await in_thread(schedule)
            except Exception:  # noqa: BLE001 - a busy database gets the next round
                logger.warning("Regular work is not put on the list")
            await asyncio.sleep(CLOCK_INTERVAL_S)
    finally:
        worker.end()


async def drain(seconds: float) -> None:
    """Let the task at hand end for `seconds`; what is left begins anew later."""
    for worker in _current:
        worker.end()
        await asyncio.to_thread(worker.thread.join, seconds)
