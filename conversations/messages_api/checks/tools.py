"""The tools that a model may call, and the choice among them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from conversations.messages_api.checks.rules import Rules
from conversations.messages_api.errors import InvalidRequestError

STRICT_TOOLS_LIMIT = 20

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CHOICES = frozenset({"auto", "any", "tool", "none"})
_FORCED = frozenset({"any", "tool"})


def check_tools(body: Mapping[str, Any], rules: Rules) -> None:
    """Names, schemas, domains, and a choice that the tools and the model allow."""
    tools = body.get("tools") or ()
    names: set[str] = set()
    for number, tool in enumerate(tools):
        path = f"tools.{number}"
        _check_tool(path, tool)
        name = tool.get("name")
        if name in names:
            raise InvalidRequestError(f"{path}.name", "Another tool has this name.")
        names.add(name)
    if sum(tool.get("strict") is True for tool in tools) > STRICT_TOOLS_LIMIT:
        words = f"At most {STRICT_TOOLS_LIMIT} tools are strict."
        raise InvalidRequestError("tools", words)
    choice = body.get("tool_choice")
    if choice is not None:
        _check_choice(body, choice, names, rules)


def _check_tool(path: str, tool: Mapping[str, Any]) -> None:
    if tool.get("type") in {None, "custom"}:
        if _NAME.fullmatch(tool.get("name") or "") is None:
            words = "A name has 1 to 64 letters, digits, underscores and hyphens."
            raise InvalidRequestError(f"{path}.name", words)
        schema = tool.get("input_schema")
        if not isinstance(schema, Mapping) or schema.get("type") != "object":
            words = "The input of a tool is an object."
            raise InvalidRequestError(f"{path}.input_schema.type", words)
    if tool.get("allowed_domains") and tool.get("blocked_domains"):
        words = "Domains are either allowed or blocked."
        raise InvalidRequestError(f"{path}.blocked_domains", words)
    for key in ("allowed_domains", "blocked_domains"):
        _check_domains(f"{path}.{key}", tool.get(key) or ())


def _check_domains(path: str, domains: Sequence[str]) -> None:
    for number, domain in enumerate(domains):
        host = domain.partition("/")[0]
        if not domain.isascii() or "://" in domain or "*" in host:
            words = "A domain has no scheme, no letters but ASCII, and * in paths only."
            raise InvalidRequestError(f"{path}.{number}", words)


def _check_choice(
    body: Mapping[str, Any], choice: Mapping[str, Any], names: set[str], rules: Rules
) -> None:
    kind = choice.get("type")
    if kind not in _CHOICES:
        raise InvalidRequestError("tool_choice.type", "There is no such choice.")
    if kind == "tool" and choice.get("name") not in names:
        raise InvalidRequestError("tool_choice.name", "No tool has this name.")
    if kind not in _FORCED:
        return
    if not names:
        raise InvalidRequestError("tool_choice", "There is no tool to call.")
    if not rules.forced_tools:
        raise InvalidRequestError("tool_choice.type", "The model cannot be forced.")
    thinking = body.get("thinking")
    if isinstance(thinking, Mapping) and thinking.get("type") == "enabled":
        words = "A call cannot be forced with a budget for thinking."
        raise InvalidRequestError("tool_choice.type", words)
