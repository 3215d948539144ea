"""What is erased of attachments, when, and what stays."""

import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from chatsite.accounts.models import User
from conversations import attachment_files
from conversations.models import Attachment
from conversations.uploads import discard, erase_unsent
from tests import factories
from tests import pictures as made
from tests.conversations.uploads.conftest import Attach


def is_kept(attachment: Attachment) -> bool:
    """Whether both files of `attachment` are there."""
    digests = (attachment.digest, attachment.thumbnail_digest)
    return all(map(attachment_files.exists, digests))


def send(attachment: Attachment) -> None:
    """Put `attachment` into a question of its owner."""
    question = factories.started(attachment.owner).question
    Attachment.objects.filter(pk=attachment.pk).update(message=question)


def aged(attachment: Attachment, hours: int) -> None:
    """Let `attachment` have been uploaded `hours` ago."""
    then = timezone.now() - timedelta(hours=hours)
    Attachment.objects.filter(pk=attachment.pk).update(created_at=then)


def test_a_discarded_picture_is_gone_with_its_files(
    attach: Attach,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    attachment = attach(made.png())

    with django_capture_on_commit_callbacks(execute=True):
        assert discard(attachment)

    assert not Attachment.objects.exists()
    assert not is_kept(attachment)


def test_files_stay_until_the_deletion_is_committed(attach: Attach) -> None:
    attachment = attach(made.png())

    discard(attachment)

    assert is_kept(attachment)


def test_a_file_stays_while_another_attachment_shows_it(
    attach: Attach,
    charlie: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    mine, theirs = attach(made.png()), attach(made.png(), "theirs.png", charlie)

    with django_capture_on_commit_callbacks(execute=True):
        discard(mine)

    assert is_kept(theirs)


def test_a_sent_picture_is_not_discarded(attach: Attach) -> None:
    attachment = attach(made.png())
    send(attachment)

    assert not discard(attachment)
    assert Attachment.objects.exists()


def test_what_was_not_sent_for_a_day_is_erased(
    attach: Attach,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    old, fresh, sent = attach(made.png(9, 9)), attach(made.png()), attach(made.jpeg())
    send(sent)
    for attachment, hours in ((old, 25), (fresh, 23), (sent, 25)):
        aged(attachment, hours)

    with django_capture_on_commit_callbacks(execute=True):
        assert erase_unsent() == 1

    assert set(Attachment.objects.all()) == {fresh, sent}
    assert [is_kept(attachment) for attachment in (old, fresh, sent)] == [
        False,
        True,
        True,
    ]


def test_the_command_says_how_many_were_erased(attach: Attach) -> None:
    aged(attach(made.png()), hours=3)
    said = io.StringIO()

    call_command("eraseunsent", hours=2, stdout=said)

    assert said.getvalue() == "Erased 1 unsent attachments.\n"
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_what_a_killed_process_left_behind_is_swept(attachments_dir: Path) -> None:
    with attachment_files.scratch() as young:
        left = young.parent / "left"
        left.mkdir()
        (left / "original").write_bytes(b"half")
        two_days_ago = time.time() - 2 * 24 * 3600
        os.utime(left, (two_days_ago, two_days_ago))

        erase_unsent()

        assert (left.exists(), young.exists()) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_a_picture_attached_while_its_twin_is_erased_keeps_its_files(
    attach: Attach,
) -> None:
    def attach_and_discard(_: int) -> None:
        try:
            discard(attach(made.png()))
        finally:
            connection.close()

    def attach_and_keep(_: int) -> Attachment:
        try:
            return attach(made.png())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        gone = [threads.submit(attach_and_discard, n) for n in range(12)]
        kept = [threads.submit(attach_and_keep, n) for n in range(12)]

    assert not [call.exception() for call in gone if call.exception()]
    assert all(is_kept(call.result()) for call in kept)
    assert Attachment.objects.count() == 12


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["attach", "discard"])
def test_files_are_placed_and_erased_by_one_at_a_time(attach: Attach, act: str) -> None:
    attachment = attach(made.png())

    def run() -> None:
        try:
            attach(made.png()) if act == "attach" else discard(attachment)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with attachment_files.locked([attachment.digest]):
            call = thread.submit(run)
            with pytest.raises(TimeoutError):
                call.result(timeout=0.5)
            assert is_kept(attachment)
        call.result()

    assert is_kept(attachment) == (act == "attach")


HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.sqlite
@pytest.mark.skipif(sys.platform == "win32", reason="the site is one process there")
def test_files_are_placed_by_one_process_at_a_time(attachments_dir: Path) -> None:
    lock = attachment_files.folder() / "lock"
    command = [sys.executable, "-c", HOLDER, str(lock)]

    def take() -> None:
        with attachment_files.locked([]):
            pass

    with (
        subprocess.Popen(  # noqa: S603 - the few lines above
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder,
        ThreadPoolExecutor(1) as thread,
    ):
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        call = thread.submit(take)
        with pytest.raises(TimeoutError):
            call.result(timeout=0.5)
        holder.communicate()
        call.result()
