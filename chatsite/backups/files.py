"""The files of attachments, wherever the site keeps them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from django.core.files.storage import Storage

from chatsite.backups.archive import BackupError
from conversations import attachment_files
from conversations.models import Attachment


def whole(digest: str) -> bytes | None:
    """The bytes of the file that `digest` names; None where they are not those."""
    try:
        data = attachment_files.read(digest)
    except FileNotFoundError:
        return None
    except attachment_files.Unreachable as error:
        raise BackupError(f"The storage of attachments fails: {error}.") from error
    return data if hashlib.sha256(data).hexdigest() == digest else None


def keep(files: Iterable[Path]) -> int:
    """Move `files`, each named by its digest, to where they belong; how many.

    For a site at rest: nobody erases files meanwhile.
    """
    kept = 0
    for file in files:
        try:
            attachment_files.place(file, file.name)
        except attachment_files.Unreachable as error:
            raise BackupError(f"The storage of attachments fails: {error}.") from error
        kept += 1
    return kept


def is_named(digest: str) -> bool:
    """Whether an attachment needs this file at this moment."""
    return Attachment.objects.naming(digest).exists()


def copy(database: str, source: Storage, target: Storage) -> tuple[int, int]:
    """Copy what attachments of `database` need, and read it again from `target`.

    Returns how many files stand there now, and how many `source` has not, or not
    right. Raises BackupError where the target has something else afterwards.
    """
    rows = Attachment.objects.using(database)
    each = rows.values_list("digest", "thumbnail_digest", "text_digest")
    named = {digest for row in each for digest in row}
    digests = [name for name in named if attachment_files.DIGEST.fullmatch(name)]
    kept = sum(_arrives(source, target, digest) for digest in digests)
    return kept, len(digests) - kept


def _arrives(source: Storage, target: Storage, digest: str) -> bool:
    if _is_right(target, digest):
        return True
    if not _is_right(source, digest):
        return False
    name = attachment_files.name_of(digest)
    with source.open(name) as file:
        target.save(name, file)
    if not _is_right(target, digest):
        raise BackupError(f"The file {digest} did not arrive whole.")
    return True


def _is_right(store: Storage, digest: str) -> bool:
    name = attachment_files.name_of(digest)
    if not store.exists(name):
        return False
    with store.open(name) as file:
        return hashlib.sha256(file.read()).hexdigest() == digest
