"""Which rows a person may see, and which rows a page needs: the only such rules."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from django.db import connection, models
from django.db.models import Q
from django.db.models.expressions import Combinable

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
        rows = self.select_related("turn__compaction").prefetch_related(*shown)
        found = rows.in_bulk(ids)
        return [found[key] for key in ids if key in found]


def branch_ids(leaf_id: uuid.UUID, *, limit: int) -> list[uuid.UUID]:
    """The keys of the last `limit` messages that end in `leaf_id`, oldest first."""
    rows = _rows(_BRANCH_SQL, [_written(leaf_id), limit - 1])
    return [_read(key) for (key,) in rows]


# Children are written after their parents, so the newest row below a message ends
# a branch, the one that was worked on last.
_NEWEST_SQL = """
WITH RECURSIVE below(id, created_at) AS (
    SELECT id, created_at FROM conversations_message WHERE id = %s
    UNION ALL
    SELECT m.id, m.created_at
    FROM conversations_message m JOIN below ON m.parent_id = below.id
)
SELECT id FROM below ORDER BY created_at DESC LIMIT 1
"""


def newest_below(message_id: uuid.UUID) -> uuid.UUID:
    """The end of the branch through a message that was worked on last."""
    ((found,),) = _rows(_NEWEST_SQL, [_written(message_id)])
    return _read(found)


# Written out, for each change of a conversation begins with it. `trashed_at` itself
# comes back: SQLite 3.40 answers IS NOT NULL wrongly in a RETURNING clause.
_COUNT_SQL = """
UPDATE conversations_conversation SET version = version + 1 WHERE id = %s
RETURNING version, branch_version, leaf_id, title, trashed_at
"""


class Counted(NamedTuple):
    """What a conversation's row says once its version is counted up."""

    version: int
    branch_version: int
    leaf_id: uuid.UUID | None
    title: str
    is_trashed: bool


def count_version(conversation_id: uuid.UUID) -> Counted | None:
    """Lock a conversation's row and count its version up; None if it is gone."""
    for row in _rows(_COUNT_SQL, [_written(conversation_id)]):
        version, branch_version, leaf, title, trashed_at = row
        leaf_id = None if leaf is None else _read(leaf)
        is_trashed = trashed_at is not None
        return Counted(version, branch_version, leaf_id, title, is_trashed)
    return None


_VERSIONS_SQL = """
SELECT id, parent_id FROM conversations_message WHERE {where} ORDER BY created_at, id
"""


def versions_below(
    conversation_id: uuid.UUID, parents: Collection[uuid.UUID | None]
) -> dict[uuid.UUID | None, list[uuid.UUID]]:
    """The keys of the messages below each of `parents`, the oldest first.

    None stands for the messages that a conversation begins with.
    """
    keys = [_written(parent) for parent in parents if parent is not None]
    conditions = []
    if keys:
        # Without the conversation, whose messages SQLite would all go through.
        conditions.append(f"parent_id IN ({', '.join(['%s'] * len(keys))})")
    if None in parents:
        conditions.append("(conversation_id = %s AND parent_id IS NULL)")
        keys.append(_written(conversation_id))
    sql = _VERSIONS_SQL.format(where=" OR ".join(conditions))
    found: dict[uuid.UUID | None, list[uuid.UUID]] = {each: [] for each in parents}
    for key, parent in _rows(sql, keys):
        found[None if parent is None else _read(parent)].append(_read(key))
    return found


def _rows(sql: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[Any] = cursor.fetchall()
        return rows


def _written(key: uuid.UUID) -> Any:
    """A key as the database takes it, where nothing else converts it."""
    return key if connection.features.has_native_uuid_field else key.hex


def _read(key: Any) -> uuid.UUID:
    return key if isinstance(key, uuid.UUID) else uuid.UUID(key)


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

    def silent_since(self, moment: datetime | Combinable) -> Self:
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

    def naming(self, digest: str) -> Self:
        """Those that need the file of `digest`."""
        return self.filter(
            Q(digest=digest) | Q(thumbnail_digest=digest) | Q(text_digest=digest)
        )
