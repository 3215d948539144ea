"""Background work: what is regular, what was lost, and what the worker does."""

import time
from datetime import timedelta

import pytest
from django.tasks import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from chatsite import background
from conversations.tasks import erase_unsent_uploads

READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
PATIENCE_S, INTERVAL_S = 30.0, 0.05


def statuses() -> dict[str, str]:
    return {each.task_name: each.status for each in DBTaskResult.objects.all()}


def until_done() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while set(statuses().values()) & {READY, RUNNING}:
        assert time.monotonic() < deadline
        time.sleep(INTERVAL_S)


@pytest.mark.django_db
def test_regular_work_is_put_on_the_list_once() -> None:
    background.schedule()
    background.schedule()

    assert statuses() == {"erase_unsent_uploads": READY, "prune_results": READY}
    assert DBTaskResult.objects.count() == 2


@pytest.mark.django_db
def test_regular_work_comes_again_when_its_time_has_come() -> None:
    background.schedule()
    DBTaskResult.objects.update(
        status=TaskResultStatus.SUCCESSFUL,
        enqueued_at=timezone.now() - timedelta(hours=2),
    )

    background.schedule()

    (again,) = DBTaskResult.objects.filter(status=READY)
    assert again.task_path == erase_unsent_uploads.module_path


@pytest.mark.django_db
def test_a_task_whose_process_died_begins_anew() -> None:
    lost, running = (erase_unsent_uploads.enqueue().id for _ in range(2))
    now = timezone.now()
    rows = DBTaskResult.objects.filter
    rows(pk=running).update(status=RUNNING, started_at=now)
    rows(pk=lost).update(
        status=RUNNING, started_at=now - background.TASK_IS_LOST_AFTER * 2
    )

    background.schedule()

    assert rows(pk=lost).get().status == READY
    assert rows(pk=running).get().status == RUNNING


@pytest.mark.django_db(transaction=True)
def test_the_worker_beside_the_server_does_what_was_put_off() -> None:
    background.schedule()
    worker = background.BackgroundWorker()

    worker.start()
    until_done()
    worker.end()
    worker.thread.join()

    assert set(statuses().values()) == {TaskResultStatus.SUCCESSFUL}


@pytest.mark.django_db
def test_results_of_long_ago_are_erased() -> None:
    for days in (1, 30):
        kept = erase_unsent_uploads.enqueue().id
        DBTaskResult.objects.filter(pk=kept).update(
            status=TaskResultStatus.SUCCESSFUL,
            finished_at=timezone.now() - timedelta(days=days),
        )

    background.prune_results.call()

    (left,) = DBTaskResult.objects.all()
    assert left.finished_at is not None
    assert left.finished_at > timezone.now() - timedelta(days=2)
