"""The parts beside the database: layer, cache, storage of attachments, mail."""

import asyncio
import uuid
from collections.abc import Iterator

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import DEFAULT_STORAGE_ALIAS, settings
from django.core import mail
from django.core.cache import cache, caches
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages

from chatsite.doctor.findings import Finding, fail, ok, warn
from chatsite.redis_cache import RedisOrMemory
from conversations.attachment_files import DIGEST
from conversations.models import Attachment

LAYER_TIMEOUT_S = 5.0


def check_layer() -> Iterator[Finding]:
    """Whether an event that is sent to a group arrives."""
    async_to_sync(_cross_layer)()
    yield ok("An event crossed the channel layer.")


async def _cross_layer() -> None:
    layer = get_channel_layer()
    assert layer is not None  # noqa: S101 - the settings name one
    group, channel = f"doctor.{uuid.uuid4()}", await layer.new_channel()
    async with asyncio.timeout(LAYER_TIMEOUT_S):
        await layer.group_add(group, channel)
        await layer.group_send(group, {"type": "doctor"})
        await layer.receive(channel)
        await layer.group_discard(group, channel)


def check_cache() -> Iterator[Finding]:
    """Whether what is put into the cache comes out again."""
    if isinstance(shared := caches["default"], RedisOrMemory):
        shared.ask_redis()
    key = f"doctor.{uuid.uuid4()}"
    cache.set(key, "doctor", timeout=60)
    kept = cache.get(key)
    cache.delete(key)
    if kept == "doctor":
        yield ok("The cache keeps what it is given.")
    else:
        yield fail("The cache forgets.", "Look at the memory limit of Redis.")


def check_storage() -> Iterator[Finding]:
    """Whether a file can be written, read and erased."""
    wanted = uuid.uuid4().hex
    name = default_storage.save(f"doctor/{wanted}", ContentFile(wanted.encode()))
    with default_storage.open(name) as file:
        read = file.read().decode()
    default_storage.delete(name)
    if read == wanted:
        yield ok("The storage of attachments takes, gives and erases.")
    else:
        yield fail("The storage gives another file than it took.", "Do not use it.")


def check_files() -> Iterator[Finding]:
    """Whether every attachment has its file, and every file its attachment."""
    names = ("digest", "thumbnail_digest", "text_digest")
    rows = Attachment.objects.values_list(*names)
    wanted = {digest for row in rows.iterator() for digest in row if digest}
    there = {name for name in _file_names() if DIGEST.fullmatch(name)}
    if lost := wanted - there:
        yield fail(
            f"{len(lost)} files of attachments are lost.",
            "Restore them from a backup: their names are digests of the database.",
        )
    if spare := there - wanted:
        yield warn(
            f"{len(spare)} files belong to no attachment.",
            "They harm nobody but the disk; uploads under way are among them.",
        )
    if not lost and not spare:
        yield ok(f"{len(there)} files, and each is that of an attachment.")


def _file_names() -> Iterator[str]:
    storage = storages[DEFAULT_STORAGE_ALIAS]
    if isinstance(storage, FileSystemStorage):
        for path in settings.ATTACHMENTS_DIR.rglob("*"):
            if path.is_file():
                yield path.name
    else:
        for each in storage.bucket.objects.all():  # type: ignore[attr-defined] # S3's
            yield each.key.rpartition("/")[2]


def check_mail() -> Iterator[Finding]:
    """Whether the mail server lets the site in."""
    if not settings.EMAIL_URL:
        yield ok("No mail is sent: administrators hand links over.")
        return
    connection = mail.mailers.default
    connection.open()
    connection.close()
    yield ok("The mail server takes the site's mail.")
