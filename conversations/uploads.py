"""A file becomes an attachment, or a reason why not; unsent ones are erased."""

from __future__ import annotations

import logging
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.db import transaction
from django.utils import timezone

from conversations import attachment_files, documents, measures, pictures
from conversations.confined import Undecodable
from conversations.models import Attachment

if TYPE_CHECKING:
    from chatsite.accounts.models import User

logger = logging.getLogger(__name__)

# What the dialog for choosing files shows first; others are found by their content.
ACCEPT = (
    "image/jpeg,image/png,image/gif,image/webp,application/pdf,.docx,text/*,.txt,.md,"
    ".csv,.tsv,.json,.jsonl,.yaml,.yml,.toml,.ini,.cfg,.log,.xml,.html,.css,.scss,.svg,"
    ".py,.ipynb,.js,.mjs,.jsx,.ts,.tsx,.go,.rs,.java,.kt,.c,.h,.cpp,.hpp,.cs,.rb,.php,"
    ".swift,.r,.sh,.sql,.tex,.diff,.patch"
)
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_FILES_IN_A_MESSAGE = 20
# In base64 a third more, and a request of the Messages API has 32 MB in all.
MAX_MESSAGE_BYTES = 22 * 1024 * 1024
# Bounds the disk that one person can fill without sending anything.
MAX_UNSENT = 40
MAX_NAME_LENGTH = 255  # characters
UNSENT_LIFETIME = timedelta(days=1)

# A rule of thumb where the model's own count is not to be had, in bytes of UTF-8.
BYTES_PER_TOKEN = 3.5

_KEPT = "The rest of your message is kept."
_OF_USE = "Pictures (JPEG, PNG, GIF, WebP), PDF, Word (DOCX) and text can be attached."
_WORDS = {
    "type": "This kind of file cannot be sent. {kept} {of_use}",
    "binary": "This file is neither a picture nor a text that can be read. {kept}"
    " {of_use}",
    "size": "This file is larger than {limit_mb} MB. {kept} Attach a smaller copy"
    " of it.",
    "empty": "This file is empty. {kept} It may not have been saved completely:"
    " choose it again.",
    "blank": "There is no text in this file. {kept} If it holds pictures of text,"
    " attach it as a PDF.",
    "broken": "This file is damaged or cut off and cannot be opened. {kept} Save or"
    " download it again and attach the new copy.",
    "encrypted": "This file is protected with a password. {kept} Save a copy without"
    " the password and attach that.",
    "pages": "This PDF has more than {limit} pages. {kept} Attach the part of it that"
    " matters.",
    "words": "The text of this file is longer than {limit_mb} MB. {kept} Attach the"
    " part of it that matters.",
    "pixels": "This picture has more than {limit_mp} million pixels. {kept} Attach a"
    " smaller copy of it.",
    "bomb": "This file takes too much memory or time to open. {kept} Attach a smaller"
    " copy of it, or a screenshot.",
    "busy": "Too many files are being read at this moment. {kept} Attach this one"
    " again in a minute.",
    "unsent": "You have {limit} files that are attached and not sent. {kept} Send or"
    " remove some of them first.",
    "count": "A message can hold {limit} files. {kept} Remove some of them and send"
    " the others with your next message.",
    "sum": "The files of a message can have {limit_mb} MB in all. {kept} Remove some"
    " of them and send the others with your next message.",
    "storage": "The place where files are kept does not answer. {kept} Attach this"
    " one again in a minute.",
    "gone": "A file of this message is no longer here: it was removed, sent, or"
    " left unsent for a day. {kept} Attach it again.",
}


class Refused(Exception):  # noqa: N818 - a finding about the file, not a fault
    """A file or a choice of files that is not taken.

    `code` is a key of the words above; `message` says it to the person.
    """

    def __init__(self, code: str, **facts: object) -> None:
        """Find the words for `code` and put the facts into them."""
        measures.UPLOADS_REFUSED.labels(code).inc()
        self.code = code
        self.message = _WORDS[code].format(kept=_KEPT, of_use=_OF_USE, **facts)
        super().__init__(self.message)


class Readable(Protocol):
    """A binary file, or what a form makes of one."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file that has been read, in its scratch folder.

    `files` are those to keep, by digest; `columns` is what the row says of them.
    """

    files: Mapping[str, Path]
    columns: Mapping[str, Any]


def accept(*, owner: User, name: str, stream: Readable, size_bytes: int) -> Attachment:
    """Keep the file in `stream` as an unsent attachment of `owner`.

    Blocks while a child reads it. `size_bytes` is what the sender declared; more than
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
    """Find out by its content what is in `stream`, into `folder`; no database.

    A picture is made anew from its pixels; a document stays as it is, with its text
    beside it. Blocks while a child reads it. Raises Refused.
    """
    original = folder / "original"
    _copy(stream, original, size_bytes)
    with original.open("rb") as file:
        head = file.read(16)
    try:
        if pictures.is_picture(head):
            return _of_picture(pictures.decode(original))
        return _of_document(original, documents.read(original))
    except Undecodable as found:
        limit = found.facts.get("limit", 0)
        facts = {"limit": limit, "limit_mp": limit // 1_000_000}
        raise Refused(found.code, limit_mb=limit // 1024**2, **facts) from found


def _of_picture(picture: pictures.Picture) -> Prepared:
    digest = attachment_files.digest_of(picture.path)
    thumbnail_digest = attachment_files.digest_of(picture.thumbnail_path)
    return Prepared(
        files={digest: picture.path, thumbnail_digest: picture.thumbnail_path},
        columns={
            "digest": digest,
            "media_type": picture.media_type,
            "size_bytes": picture.path.stat().st_size,
            "width_px": picture.width_px,
            "height_px": picture.height_px,
            "thumbnail_digest": thumbnail_digest,
            "thumbnail_media_type": picture.thumbnail_media_type,
        },
    )


def _of_document(original: Path, document: documents.Document) -> Prepared:
    digest = attachment_files.digest_of(original)
    text_bytes = document.text_path.stat().st_size
    text_digest = attachment_files.digest_of(document.text_path) if text_bytes else ""
    files = {digest: original}
    if text_digest:
        files[text_digest] = document.text_path
    return Prepared(
        files=files,
        columns={
            "digest": digest,
            "media_type": document.media_type,
            "size_bytes": original.stat().st_size,
            "pages": document.pages,
            "text_digest": text_digest,
            "text_tokens": round(text_bytes / BYTES_PER_TOKEN),
        },
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
    with attachment_files.locked(prepared.files), transaction.atomic():
        try:
            for digest, path in prepared.files.items():
                attachment_files.place(path, digest)
        except attachment_files.Unreachable as error:
            logger.exception("An upload was not kept")
            raise Refused("storage") from error
        return Attachment.objects.create(
            owner=owner, name=safe_name(name), **prepared.columns
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
    return " ".join(shown.split())[:MAX_NAME_LENGTH].strip() or "file"


def chosen(*, owner: User, ids: Sequence[uuid.UUID]) -> list[Attachment]:
    """The unsent attachments of `owner` that `ids` name, in that order, locked.

    Raises Refused (count, gone, sum) when the message cannot hold them all.
    """
    if len(ids) > MAX_FILES_IN_A_MESSAGE:
        raise Refused("count", limit=MAX_FILES_IN_A_MESSAGE)
    # In one order: two messages with the same files must not wait for each other.
    unsent = Attachment.objects.unsent_of(owner).filter(pk__in=ids).order_by("pk")
    found = {file.pk: file for file in unsent.select_for_update()}
    if set(found) != set(ids):
        raise Refused("gone")
    if sum(file.size_bytes for file in found.values()) > MAX_MESSAGE_BYTES:
        raise Refused("sum", limit_mb=MAX_MESSAGE_BYTES // 1024**2)
    return [found[key] for key in dict.fromkeys(ids)]


def read_bytes(attachment: Attachment) -> bytes:
    """The file as it is kept; a picture has at most 1.1 MB.

    Raises FileNotFoundError if it is lost, and attachment_files.Unreachable.
    """
    return attachment_files.read(attachment.digest)


def read_text(attachment: Attachment) -> str:
    """The text of a document; none where it has none. Raises as `read_bytes` does."""
    if not attachment.text_digest:
        return ""
    return attachment_files.read(attachment.text_digest).decode()


def discard(attachment: Attachment) -> bool:
    """Erase `attachment` if it is still unsent; whether it was."""
    unsent = Attachment.objects.filter(pk=attachment.pk, message=None)
    erased, _ = unsent.delete()
    if erased:
        erase_files(attachment.digests)
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

    Whoever deletes rows of attachments calls this with all of their digests.
    """
    transaction.on_commit(lambda: _erase_unreferenced(sorted(set(digests))))


def _erase_unreferenced(digests: Sequence[str]) -> None:
    with attachment_files.locked(digests):
        for digest in digests:
            if not Attachment.objects.naming(digest).exists():
                _erase(digest)


def _erase(digest: str) -> None:
    try:
        attachment_files.erase(digest)
    except attachment_files.Unreachable:
        # The rows are gone, which is what was asked for.
        logger.exception("The file %s is left without a row", digest)
