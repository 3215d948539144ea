"""Who speaks when, and that every call of a tool has its result."""

from collections.abc import Mapping, Sequence
from typing import Any

from conversations.messages_api.checks.blocks import BlockCheck
from conversations.messages_api.checks.rules import Rules
from conversations.messages_api.errors import InvalidRequestError

MESSAGES_LIMIT = 100_000

_ROLES = frozenset({"user", "assistant", "system"})

type Json = Mapping[str, Any]


def check_conversation(body: Json, rules: Rules) -> None:
    """The system prompt and the messages."""
    messages: Sequence[Json] = body["messages"]
    output = body.get("output_config") or {}
    blocks = BlockCheck(rules, is_formatted=bool(output.get("format")))
    if body.get("system"):
        blocks.check("system", "system", body["system"])
    _check_roles(messages, rules)
    for number, message in enumerate(messages):
        path = f"messages.{number}.content"
        blocks.check(path, message["role"], message.get("content"))
    _check_system_messages(messages)
    _check_calls(messages)


def _check_roles(messages: Sequence[Json], rules: Rules) -> None:
    if not 1 <= len(messages) <= MESSAGES_LIMIT:
        words = f"A conversation has 1 to {MESSAGES_LIMIT} messages."
        raise InvalidRequestError("messages", words)
    for number, message in enumerate(messages):
        path = f"messages.{number}.role"
        if message.get("role") not in _ROLES:
            raise InvalidRequestError(path, "There is no such role.")
        if message["role"] == "system" and not rules.system_messages:
            raise InvalidRequestError(path, "The model takes the role nowhere here.")
    if messages[0]["role"] != "user":
        raise InvalidRequestError("messages.0.role", "The first message is the user's.")
    last = messages[-1]
    if last["role"] == "assistant" and not rules.prefill and not _is_paused(last):
        path = f"messages.{len(messages) - 1}.role"
        raise InvalidRequestError(path, "The model goes on with no words of its own.")


def _check_system_messages(messages: Sequence[Json]) -> None:
    for number, message in enumerate(messages):
        if message["role"] != "system":
            continue
        before, after = messages[number - 1], messages[number + 1 : number + 2]
        path = f"messages.{number}.role"
        if before["role"] != "user" and not _ends_in_result(before):
            words = "An instruction follows the user, or a result of the server."
            raise InvalidRequestError(path, words)
        if after and after[0]["role"] != "assistant":
            words = "An instruction is last, or the assistant comes next."
            raise InvalidRequestError(path, words)


def _check_calls(messages: Sequence[Json]) -> None:
    """Every call is answered in the next message of the user, and only there."""
    waiting: dict[str, str] = {}
    known: set[str] = set()
    may_answer = True
    role = ""
    for number, message in enumerate(messages):
        if message["role"] != role:
            _check_answered(waiting if message["role"] == "assistant" else {})
            role, may_answer = message["role"], True
        for place, block in enumerate(_blocks(message)):
            path = f"messages.{number}.content.{place}"
            kind = block.get("type")
            if kind == "tool_use":
                call_id = str(block.get("id"))
                if call_id in known:
                    raise InvalidRequestError(f"{path}.id", "Another call has this id.")
                known.add(call_id)
                waiting[call_id] = path
            elif kind == "tool_result":
                _take_result(path, block, waiting, may_answer=may_answer)
            elif role == "user":
                may_answer = False
                _check_answered(waiting)
    _check_answered(waiting)


def _take_result(
    path: str, block: Json, waiting: dict[str, str], *, may_answer: bool
) -> None:
    if not may_answer:
        raise InvalidRequestError(path, "Results stand before all else in a message.")
    if waiting.pop(str(block.get("tool_use_id")), None) is None:
        words = "The message before has no call that this answers."
        raise InvalidRequestError(f"{path}.tool_use_id", words)


def _check_answered(waiting: Mapping[str, str]) -> None:
    for path in waiting.values():
        words = "The next message has no result for this call."
        raise InvalidRequestError(f"{path}.id", words)


def _is_paused(message: Json) -> bool:
    return any(block.get("type") == "server_tool_use" for block in _blocks(message))


def _ends_in_result(message: Json) -> bool:
    blocks = _blocks(message)
    return bool(blocks) and str(blocks[-1].get("type")).endswith("_tool_result")


def _blocks(message: Json) -> Sequence[Json]:
    content = message.get("content")
    return () if isinstance(content, str) or not content else content
