"""Reading what belongs to another: who may, for how long, and the row that says so."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from conversations.audit.models import Reading

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from chatsite.accounts.models import User

# How long one reason holds for pictures, other versions and older messages.
READING_VALID_S = 3600


def may_read_others(person: User | AnonymousUser) -> bool:
    """Whether `person` may read what others wrote, once they have said why."""
    return person.is_active and person.has_perm("audit.read_others")


def first_reading(
    *,
    reader: User,
    owner: User,
    conversation_id: uuid.UUID,
    reason: str,
    address: str,
) -> Reading:
    """The row, not yet written, of opening a conversation for `reason`."""
    return Reading(
        reader=reader,
        reader_name=reader.get_username(),
        owner=owner,
        owner_name=owner.get_username(),
        subject=Reading.Subject.CONVERSATION,
        subject_id=conversation_id,
        conversation_id=conversation_id,
        reason=reason,
        address=address,
    )


def later_reading(
    first: Reading, *, address: str, attachment_id: uuid.UUID | None = None
) -> Reading:
    """The row, not yet written, of reading on under the reason given for `first`.

    It speaks of a picture, or of another part of the conversation.
    """
    is_picture = attachment_id is not None
    subject = Reading.Subject.ATTACHMENT if is_picture else first.subject
    return Reading(
        reader_id=first.reader_id,
        reader_name=first.reader_name,
        owner_id=first.owner_id,
        owner_name=first.owner_name,
        subject=subject,
        subject_id=attachment_id or first.subject_id,
        conversation_id=first.conversation_id,
        reason=first.reason,
        first=first,
        address=address,
    )


def open_reading(
    key: uuid.UUID, *, reader: User, conversation_id: uuid.UUID
) -> Reading | None:
    """The reading that still lets `reader` go on in the conversation, if `key` does.

    Nobody goes on under another's reason, nor later than READING_VALID_S.
    """
    return Reading.objects.filter(
        pk=key,
        reader=reader,
        conversation_id=conversation_id,
        first=None,
        read_at__gt=timezone.now() - timedelta(seconds=READING_VALID_S),
    ).first()


@contextmanager
def recorded(reading: Reading) -> Iterator[Reading]:
    """Write the row in one transaction with what the block fetches.

    What was fetched may be shown once the block has been left: by then the row is
    committed. If it cannot be written the block does not run, and if it cannot be
    committed the exception keeps what was fetched from being shown.
    """
    with transaction.atomic():
        reading.save(force_insert=True)
        yield reading
