"""A request of the Messages API as the body of a chat completion.

What has no counterpart is left out: thinking blocks, steps of server tools, citations,
cache breakpoints, `top_k`, tools that the Messages API itself runs. Of documents and
pictures that cannot be sent a line of text remains.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from conversations.chat_completions.messages import joined_text, messages_of
from conversations.messages_api import MessageRequest
from conversations.messages_api.events import Json

# More are refused by OpenAI.
STOP_LIMIT = 4

_SAMPLING = ("temperature", "top_p")
_TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def body_of(request: MessageRequest, *, stream: bool, official: bool) -> Json:
    """The body of `POST /chat/completions`; for `official` see the dialect."""
    wire = request.body(stream=stream)
    body: Json = {
        "model": request.model,
        "messages": [*_instructions(wire, official), *messages_of(wire, official)],
        "max_completion_tokens" if official else "max_tokens": request.max_tokens,
    }
    if request.stop_sequences:
        body["stop"] = list(request.stop_sequences)[:STOP_LIMIT]
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    body |= {key: wire[key] for key in _SAMPLING if key in wire}
    return body | _reasoning(wire) | _format(wire) | _tools(wire) | _who(wire, official)


def _instructions(wire: Json, official: bool) -> Iterator[Json]:  # noqa: FBT001 - passed on
    text = joined_text(wire.get("system"), "\n\n")
    if text:
        yield {"role": "developer" if official else "system", "content": text}


def _reasoning(wire: Json) -> Json:
    effort = _within(wire, "output_config").get("effort")
    if _within(wire, "thinking").get("type") == "disabled":
        effort = "none"
    return {"reasoning_effort": effort} if effort else {}


def _format(wire: Json) -> Json:
    wanted = _within(_within(wire, "output_config"), "format")
    if wanted.get("type") != "json_schema":
        return {}
    schema = {"name": "answer", "schema": wanted.get("schema", {}), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _tools(wire: Json) -> Json:
    tools = [_tool(each) for each in wire.get("tools") or () if _is_ours(each)]
    if not tools:
        return {}
    choice = _within(wire, "tool_choice")
    found: Json = {"tools": tools}
    if choice.get("type") in _TOOL_CHOICES:
        found["tool_choice"] = _TOOL_CHOICES[choice["type"]]
    elif choice.get("type") == "tool":
        function = {"name": choice.get("name")}
        found["tool_choice"] = {"type": "function", "function": function}
    if choice.get("disable_parallel_tool_use"):
        found["parallel_tool_calls"] = False
    return found


def _is_ours(tool: Mapping[str, Any]) -> bool:
    return tool.get("type") in {None, "custom"}


def _tool(tool: Mapping[str, Any]) -> Json:
    function = {
        "name": tool.get("name"),
        "description": tool.get("description"),
        "parameters": tool.get("input_schema"),
        "strict": tool.get("strict"),
    }
    told = {key: value for key, value in function.items() if value is not None}
    return {"type": "function", "function": told}


def _who(wire: Json, official: bool) -> Json:  # noqa: FBT001 - passed on
    person = _within(wire, "metadata").get("user_id")
    return {"safety_identifier": person} if official and person else {}


def _within(wire: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = wire.get(key)
    return value if isinstance(value, Mapping) else {}
