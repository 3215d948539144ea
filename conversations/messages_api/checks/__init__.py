"""Finds, before a request is sent, what the API would refuse in it.

Each finding is an `InvalidRequestError` that names the field. Kinds of blocks, tools
and modes that nobody knows yet are let pass.
"""

from conversations.messages_api.checks.breakpoints import check_breakpoints
from conversations.messages_api.checks.conversation import check_conversation
from conversations.messages_api.checks.parameters import check_parameters
from conversations.messages_api.checks.rules import Rules, rules_of
from conversations.messages_api.checks.tools import check_tools
from conversations.messages_api.requests import MessageRequest

__all__ = ["Rules", "check_request", "rules_of"]


def check_request(
    request: MessageRequest, rules: Rules | None = None, *, stream: bool = True
) -> None:
    """Raise `InvalidRequestError` for the first thing that would be refused.

    How many bytes the request has is told when it is encoded.
    """
    rules = rules or Rules()
    body = request.body(stream=stream)
    check_parameters(body, rules)
    check_tools(body, rules)
    check_conversation(body, rules)
    check_breakpoints(body)
