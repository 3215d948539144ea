"""What a list of conversations says of each: its state, its messages, its tokens."""

from collections.abc import Iterable
from typing import TypedDict, override

from django.contrib.admin.views.main import ChangeList
from django.db.models import (
    Count,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django_stubs_ext import WithAnnotations

from conversations.ledger.models import Call
from conversations.models import Conversation, Message, Turn

INPUT_FIELDS = (
    "input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
)


class Figures(TypedDict):
    """What is counted; tokens are those of every call, titles included."""

    state: str | None
    message_count: int
    tokens_in: int
    tokens_out: int


type ConversationWithFigures = WithAnnotations[Conversation, Figures]


def newest_state() -> Subquery:
    """The status of the newest turn of the outer conversation."""
    turns = Turn.objects.filter(conversation=OuterRef("pk"))
    return Subquery(turns.order_by("-created_at", "-id").values("status")[:1])


def _sum_of_calls(*fields: str) -> Coalesce:
    total = sum(
        (Coalesce(F(name), 0) for name in fields[1:]), Coalesce(F(fields[0]), 0)
    )
    calls = Call.objects.filter(conversation_id=OuterRef("pk")).order_by()
    sums = calls.values("conversation_id").values(total=Sum(total))
    return Coalesce(Subquery(sums, output_field=IntegerField()), Value(0))


def _message_count() -> Coalesce:
    messages = Message.objects.filter(conversation=OuterRef("pk")).order_by()
    counts = messages.values("conversation").values(total=Count("pk"))
    return Coalesce(Subquery(counts, output_field=IntegerField()), Value(0))


def with_figures(rows: QuerySet[Conversation]) -> QuerySet[ConversationWithFigures]:
    """Annotate each conversation with its `Figures`."""
    return rows.annotate(
        state=newest_state(),
        message_count=_message_count(),
        tokens_in=_sum_of_calls(*INPUT_FIELDS),
        tokens_out=_sum_of_calls("output_tokens"),
    )


def of_page(shown: Iterable[Conversation]) -> list[ConversationWithFigures]:
    """Read the figures of the conversations of one page, in one query."""
    keys = [conversation.pk for conversation in shown]
    rows = Conversation.objects.filter(pk__in=keys).select_related("owner")
    found = with_figures(rows).in_bulk()
    return [found[key] for key in keys if key in found]


class PageWithFigures(ChangeList):
    """A page of the list; figures are read for what it shows, not for all rows.

    Sorting the table first and counting afterwards keeps the page as quick with a
    hundred thousand conversations as with a hundred.
    """

    @override
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = of_page(self.result_list)
