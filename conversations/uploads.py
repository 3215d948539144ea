"""A file becomes an attachment, or a reason why not; unsent ones are erased."""

from __future__ import annotations

import logging
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations import attachment_files, measures, pictures
from conversations.models import Attachment

if TYPE_CHECKING:
    from chatsite.accounts.models import User

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_PICTURES_IN_A_MESSAGE = 20
# Bounds the disk that one person can fill without sending anything.
MAX_UNSENT = 40
MAX_NAME_LENGTH = 255  # characters
UNSENT_LIFETIME = timedelta(days=1)

_KEPT = "The rest of your message is kept."
_WORDS = {
    "type": "This file is not a picture that can be sent. {kept} JPEG, PNG, GIF and"
    " WebP pictures can be attached.",
    "size": "This file is larger than {limit_mb} MB. {kept} Attach a smaller copy"
    " of it.",
    "empty": "This file is empty. {kept} It may not have been saved completely:"
    " choose it again.",
    "broken": "This picture is damaged or cut off and cannot be opened. {kept} Save or"
    " download it again and attach the new copy.",
    "pixels": "This picture has more than {limit_mp} million pixels. {kept} Attach a"
    " smaller copy of it.",
    "bomb": "This picture takes too much memory or time to open. {kept} Attach a"
    " smaller copy of it, or a screenshot.",
    "busy": "Too many pictures are being read at this moment. {kept} Attach this one"
    " again in a minute.",
    "unsent": "You have {limit} files that are attached and not sent. {kept} Send or"
    " remove some of them first.",
    "count": "A message can hold {limit} pictures. {kept} Remove some of them and send"
    " the others with your next message.",
    "storage": "The place where pictures are kept does not answer. {kept} Attach this"
    " one again in a minute.",
    "gone": "A picture of this message is no longer here: it was removed, sent, or"
    " left unsent for a day. {kept} Attach it again.",
}


class Refused(Exception):  # noqa: N818 - a finding about the file, not a fault
    """A file or a choice of files that is not taken.

    `code` is one of type, size, empty, broken, pixels, bomb, busy, storage, unsent,
    count and gone; `message` says it to the person.
    """

    def __init__(self, code: str, **facts: object) -> None:
        """Find the words for `code` and put the facts into them."""
        measures.UPLOADS_REFUSED.labels(code).inc()
        self.code = code
        self.message = _WORDS[code].format(kept=_KEPT, **facts)
        super().__init__(self.message)


class Readable(Protocol):
    """A binary file, or what a form makes of one."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A picture that has been decoded and cleaned, in its scratch folder."""

    picture: pictures.Picture
    digest: str
    thumbnail_digest: str
    size_bytes: int


def accept(*, owner: User, name: str, stream: Readable, size_bytes: int) -> Attachment:
    """Keep the picture in `stream` as an unsent attachment of `owner`.

    Blocks while a child decodes. `size_bytes` is what the sender declared; more than
    MAX_FILE_BYTES is refused, declared or not. Raises Refused.
    """
    check_unsent(owner)
    with attachment_files.scratch() as folder:
        prepared = prepare(folder=folder, stream=stream, size_bytes=size_bytes)
        return keep(owner=owner, name=name, prepared=prepared)


def check_unsent(owner: User) -> None:
    """Raise Refused if `owner` has as many unsent files as one person may have."""
    if Attachment.objects.unsent_of(owner).count() >= MAX_UNSENT:
        raise Refused("unsent", limit=MAX_UNSENT)


def prepare(*, folder: Path, stream: Readable, size_bytes: int) -> Prepared:
    """Decode and clean the picture in `stream`, into `folder`; no database.

    Blocks while a child decodes. Raises Refused.
    """
    original = folder / "original"
    _copy(stream, original, size_bytes)
    try:
        picture = pictures.decode(original)
    except pictures.Undecodable as found:
        limit_mp = found.facts.get("limit", 0) // 1_000_000
        raise Refused(found.code, limit_mp=limit_mp) from found
    return Prepared(
        picture=picture,
        digest=attachment_files.digest_of(picture.path),
        thumbnail_digest=attachment_files.digest_of(picture.thumbnail_path),
        size_bytes=picture.path.stat().st_size,
    )


def _copy(stream: Readable, target: Path, size_bytes: int) -> None:
    too_large = Refused("size", limit_mb=MAX_FILE_BYTES // 1024**2)
    if size_bytes > MAX_FILE_BYTES:
        raise too_large
    copied = 0
    with target.open("wb") as file:
        while chunk := stream.read(attachment_files.COPY_BYTES):
            copied += file.write(chunk)
            if copied > MAX_FILE_BYTES:
                raise too_large
    if not copied:
        raise Refused("empty")


def keep(*, owner: User, name: str, prepared: Prepared) -> Attachment:
    """Bring the files to where they stay, then make the row: never a row without.

    Raises Refused.
    """
    picture = prepared.picture
    digests = (prepared.digest, prepared.thumbnail_digest)
    with attachment_files.locked(digests), transaction.atomic():
        try:
            attachment_files.place(picture.path, prepared.digest)
            attachment_files.place(picture.thumbnail_path, prepared.thumbnail_digest)
        except attachment_files.Unreachable as error:
            logger.exception("An upload was not kept")
            raise Refused("storage") from error
        return Attachment.objects.create(
            owner=owner,
            name=safe_name(name),
            media_type=picture.media_type,
            digest=prepared.digest,
            size_bytes=prepared.size_bytes,
            width_px=picture.width_px,
            height_px=picture.height_px,
            thumbnail_digest=prepared.thumbnail_digest,
            thumbnail_media_type=picture.thumbnail_media_type,
        )


def safe_name(name: str) -> str:
    """The last part of `name`, fit to be shown: on one line and in one direction."""
    base = name.replace("\\", "/").rpartition("/")[2]
    # Controls, formats (bidi and zero-width marks among them), surrogates, and the
    # separators of lines and paragraphs.
    shown = "".join(
        " " if unicodedata.category(mark) in {"Cc", "Zl", "Zp"} else mark
        for mark in base
        if unicodedata.category(mark) not in {"Cf", "Cs", "Co", "Cn"}
    )
    return " ".join(shown.split())[:MAX_NAME_LENGTH].strip() or "picture"


def chosen(*, owner: User, ids: Sequence[uuid.UUID]) -> list[Attachment]:
    """The unsent attachments of `owner` that `ids` name, in that order, locked.

    Raises Refused (count, gone) when the message cannot hold them all.
    """
    if len(ids) > MAX_PICTURES_IN_A_MESSAGE:
        raise Refused("count", limit=MAX_PICTURES_IN_A_MESSAGE)
    # In one order: two messages with the same pictures must not wait for each other.
    unsent = Attachment.objects.unsent_of(owner).filter(pk__in=ids).order_by("pk")
    found = {picture.pk: picture for picture in unsent.select_for_update()}
    if set(found) != set(ids):
        raise Refused("gone")
    return [found[key] for key in dict.fromkeys(ids)]


def read_bytes(attachment: Attachment) -> bytes:
    """The picture as it is sent: at most 1.1 MB.

    Raises FileNotFoundError if it is lost, and attachment_files.Unreachable.
    """
    return attachment_files.read(attachment.digest)


def discard(attachment: Attachment) -> bool:
    """Erase `attachment` if it is still unsent; whether it was."""
    unsent = Attachment.objects.filter(pk=attachment.pk, message=None)
    erased, _ = unsent.delete()
    if erased:
        erase_files((attachment.digest, attachment.thumbnail_digest))
    return bool(erased)


def erase_unsent(older_than: timedelta = UNSENT_LIFETIME) -> int:
    """Erase what was uploaded longer ago and never sent; the number of attachments."""
    old = Attachment.objects.filter(
        message=None, created_at__lt=timezone.now() - older_than
    )
    erased = sum(discard(attachment) for attachment in old)
    attachment_files.sweep_scratch(older_than)
    return erased


def erase_files(digests: Iterable[str]) -> None:
    """Once this transaction has been committed, erase the files that no row names.

    Whoever deletes rows of attachments calls this with both of their digests.
    """
    transaction.on_commit(lambda: _erase_unreferenced(sorted(set(digests))))


def _erase_unreferenced(digests: Sequence[str]) -> None:
    with attachment_files.locked(digests):
        for digest in digests:
            named = Q(digest=digest) | Q(thumbnail_digest=digest)
            if not Attachment.objects.filter(named).exists():
                _erase(digest)


def _erase(digest: str) -> None:
    try:
        attachment_files.erase(digest)
    except attachment_files.Unreachable:
        # The rows are gone, which is what was asked for.
        logger.exception("The file %s is left without a row", digest)
