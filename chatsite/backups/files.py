"""The files of attachments, wherever the site keeps them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from django.db.models import Q

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
    named = Q(digest=digest) | Q(thumbnail_digest=digest)
    return Attachment.objects.filter(named).exists()
