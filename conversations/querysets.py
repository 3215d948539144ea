"""Which rows a person may see, and which rows a page needs: the only such rules."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, models
from django.db.models import Q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from chatsite.accounts.models import User
    from conversations.models import (
        Attachment,  # noqa: F401 - named in a string
        Conversation,  # noqa: F401 - named in a string
        Message,
        Turn,  # noqa: F401 - named in a string
    )


SEARCH_WORDS = 50  # more than a title holds


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Conversations, by who may see them and where they stand."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those that `user` may open, write to and watch: the one rule of access."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(owner=user)

    def listed(self) -> Self:
        """Those outside the trash, the newest activity first."""
        return self.filter(trashed_at=None).order_by("-updated_at", "-id")

    def trashed(self) -> Self:
        """Those in the trash, the last deleted first."""
        return self.exclude(trashed_at=None).order_by("-trashed_at", "-id")

    def titled(self, words: str) -> Self:
        """Those whose title holds every one of `words`, in any case."""
        found = self
        for word in words.replace("\0", " ").split()[:SEARCH_WORDS]:
            found = found.filter(title__icontains=word)
        return found


# Walking from a leaf to its ancestors reads only the rows of one branch, so that
# a page costs the same in a conversation of fifty messages and of five thousand.
_BRANCH_SQL = """
WITH RECURSIVE branch(id, parent_id, distance) AS (
    SELECT id, parent_id, 0 FROM conversations_message WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, branch.distance + 1
    FROM conversations_message m JOIN branch ON m.id = branch.parent_id
    WHERE branch.distance < %s
)
SELECT id FROM branch ORDER BY distance DESC
"""


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, by branch."""

    def branch(self, leaf_id: uuid.UUID | None, *, limit: int) -> list[Message]:
        """The last `limit` messages that end in `leaf_id`, the oldest first.

        Each comes with its turn (answers), its `pictures` and its `asked_turns`
        (questions), in four queries.
        """
        if leaf_id is None:
            return []
        ids = branch_ids(leaf_id, limit=limit)
        shown: tuple[Any, ...] = (
            models.Prefetch("attachments", to_attr="pictures"),
            models.Prefetch("turns", to_attr="asked_turns"),
        )
        rows = self.select_related("turn").prefetch_related(*shown)
        found = rows.in_bulk(ids)
        return [found[key] for key in ids if key in found]


def branch_ids(leaf_id: uuid.UUID, *, limit: int) -> list[uuid.UUID]:
    """The keys of the last `limit` messages that end in `leaf_id`, oldest first."""
    native = connection.features.has_native_uuid_field
    with connection.cursor() as cursor:
        key: Any = leaf_id if native else leaf_id.hex
        cursor.execute(_BRANCH_SQL, [key, limit - 1])
        rows = cursor.fetchall()
    return [row[0] if native else uuid.UUID(row[0]) for row in rows]


# Written out, for SQLite finds a partial index by the words of a query alone.
_UNFINISHED_SQL = """
SELECT status, model, COUNT(*) FROM conversations_turn
WHERE status IN ('queued', 'pending', 'streaming') GROUP BY status, model
"""


def unfinished_turns() -> list[tuple[str, str, int]]:
    """How many turns run or wait on the whole site, by status and model."""
    with connection.cursor() as cursor:
        cursor.execute(_UNFINISHED_SQL)
        rows: list[tuple[str, str, int]] = cursor.fetchall()
    return rows


class TurnQuerySet(models.QuerySet["Turn"]):
    """Turns, by state and by the sign of life of the process that runs them."""

    def running(self) -> Self:
        """Those that a process has, or should have, in hand."""
        return self.filter(status__in=("pending", "streaming"))

    def unfinished(self) -> Self:
        """Those that run or wait, the oldest first."""
        unfinished = ("queued", "pending", "streaming")
        return self.filter(status__in=unfinished).order_by("created_at", "id")

    def queued(self) -> Self:
        """Those that wait for the answer before them, the oldest first."""
        return self.filter(status="queued").order_by("created_at", "id")

    def silent_since(self, moment: datetime) -> Self:
        """Running ones whose process has given no sign of life since `moment`."""
        return self.running().filter(
            Q(heartbeat_at__lt=moment) | Q(heartbeat_at=None, created_at__lt=moment)
        )


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Attachments, by who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those that `user` uploaded, or that stand in a conversation of theirs."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(
            Q(message=None, owner=user) | Q(message__conversation__owner=user)
        )

    def unsent_of(self, user: User) -> Self:
        """Those that `user` uploaded and has not sent yet."""
        return self.filter(owner=user, message=None)
