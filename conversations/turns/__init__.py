"""Every write that spans rows: sync, atomic, compare-and-set, announced on commit.

`start` asks and queues, `end` checkpoints and finishes, `branch` moves between the
versions of a conversation, `compact` puts a summary in the place of what was said.
Whoever may call has been checked by the caller, who got the rows from a queryset that
authorises.
"""

from conversations.turns.branch import (
    edit_question,
    regenerate_turn,
    retry_turn,
    show_version,
    withdraw_turn,
)
from conversations.turns.compact import (
    end_compaction,
    reserve_compaction,
    start_compaction,
    undo_compaction,
)
from conversations.turns.end import (
    Checkpoint,
    Ending,
    Outcome,
    begin_turn,
    checkpoint,
    end_turn,
    interrupt_silent_turns,
    next_attempt,
    next_call,
    note_omission,
    put_back,
    request_stop,
    withdraw_attempt,
)
from conversations.turns.settings import change_settings
from conversations.turns.start import (
    Claim,
    Conflict,
    Question,
    send_queued,
    start_conversation,
    start_turn,
    turn_of_key,
)
from conversations.turns.substitute import NOT_ASKED, Substitute, substitute_model

__all__ = [
    "NOT_ASKED",
    "Checkpoint",
    "Claim",
    "Conflict",
    "Ending",
    "Outcome",
    "Question",
    "Substitute",
    "begin_turn",
    "change_settings",
    "checkpoint",
    "edit_question",
    "end_compaction",
    "end_turn",
    "interrupt_silent_turns",
    "next_attempt",
    "next_call",
    "note_omission",
    "put_back",
    "regenerate_turn",
    "request_stop",
    "reserve_compaction",
    "retry_turn",
    "send_queued",
    "show_version",
    "start_compaction",
    "start_conversation",
    "start_turn",
    "substitute_model",
    "turn_of_key",
    "undo_compaction",
    "withdraw_attempt",
    "withdraw_turn",
]
