"""Requests that the Messages API refuses, by name, each with the field at fault."""

from conversations.messages_api import MessageRequest, Rules
from conversations.messages_api.checks.rules import IMAGE_LIMIT_CHARS
from tests.request_words import (
    CALL,
    CITED_PDF,
    HOUR,
    MARK,
    MARKED,
    PDF,
    PICTURE,
    RESULT,
    SCHEMA,
    TEXT,
    TOOL,
    asked,
    document,
    formatted,
    image,
    said,
)

REFUSED: dict[str, tuple[str, MessageRequest]] = {
    "no message": ("messages", said()),
    "first words of the assistant": ("messages.0.role", said(("assistant", "Hi"))),
    "another role": ("messages.0.role", said(("tool", "Hi"))),
    "no words": ("messages.0.content", asked("")),
    "blank words": ("messages.0.content", asked(" \n")),
    "no blocks": ("messages.1.content", said(("user", "x"), ("assistant", []))),
    "a blank block": (
        "messages.0.content.1.text",
        asked([TEXT, {"type": "text", "text": "\t"}]),
    ),
    "a block without type": ("messages.0.content.0.type", asked([{"text": "x"}])),
    "a call of the user": ("messages.0.content.0.type", asked([CALL])),
    "a picture of the assistant": (
        "messages.1.content.0.type",
        said(("user", "x"), ("assistant", [PICTURE])),
    ),
    "an instruction with a picture": (
        "messages.1.content.0.type",
        said(("user", "x"), ("system", [PICTURE])),
    ),
    "an instruction after words": (
        "messages.2.role",
        said(("user", "x"), ("assistant", "y"), ("system", "z")),
    ),
    "an instruction before a question": (
        "messages.1.role",
        said(("user", "x"), ("system", "y"), ("user", "z")),
    ),
    "a call without result": (
        "messages.1.content.0.id",
        said(("user", "x"), ("assistant", [CALL])),
    ),
    "a call and other words": (
        "messages.1.content.0.id",
        said(("user", "x"), ("assistant", [CALL]), ("user", [TEXT])),
    ),
    "a call answered too late": (
        "messages.1.content.0.id",
        said(
            ("user", "x"),
            ("assistant", [CALL]),
            ("user", "y"),
            ("assistant", "z"),
            ("user", [RESULT]),
        ),
    ),
    "a result after words": (
        "messages.2.content.2",
        said(
            ("user", "x"),
            ("assistant", [CALL]),
            ("user", [RESULT, TEXT, {**RESULT, "tool_use_id": "t2"}]),
        ),
    ),
    "a result of no call": ("messages.0.content.0.tool_use_id", asked([RESULT])),
    "two calls of one id": (
        "messages.1.content.1.id",
        said(("user", "x"), ("assistant", [CALL, CALL])),
    ),
    "a picture without source": (
        "messages.0.content.0.source",
        asked([{"type": "image"}]),
    ),
    "an empty picture": ("messages.0.content.0.source.data", asked(image(data=""))),
    "a picture with a prefix": (
        "messages.0.content.0.source.data",
        asked(image(data="data:image/png;base64,iVBO")),
    ),
    "a picture with line ends": (
        "messages.0.content.0.source.data",
        asked(image(data="iV\nBO")),
    ),
    "a picture of another kind": (
        "messages.0.content.0.source.media_type",
        asked(image(media_type="image/tiff")),
    ),
    "a picture too large": (
        "messages.0.content.0.source.data",
        asked(image(data="x" * (IMAGE_LIMIT_CHARS + 1))),
    ),
    "a picture without address": (
        "messages.0.content.0.source.url",
        asked(image(type="url")),
    ),
    "too many pictures": ("messages.0.content.600", asked([PICTURE] * 601)),
    "a picture too many in a result": (
        "messages.2.content.0.content.1",
        said(
            ("user", [PICTURE] * 599),
            ("assistant", [CALL]),
            ("user", [{**RESULT, "content": [PICTURE, PICTURE]}]),
        ),
    ),
    "a document of another kind": (
        "messages.0.content.0.source.media_type",
        asked(document({"type": "base64", "media_type": "text/csv", "data": "x"})),
    ),
    "a document of nothing": (
        "messages.0.content.0.source.content",
        asked(document({"type": "content", "content": []})),
    ),
    "documents cited by half": (
        "messages.0.content.1.citations.enabled",
        asked([CITED_PDF, PDF]),
    ),
    "citations of a format": (
        "messages.0.content.0.citations.enabled",
        asked([CITED_PDF], **formatted(SCHEMA)),
    ),
    "blank system": ("system", asked(system=" ")),
    "a blank block of system": (
        "system.0.text",
        asked(system=[{"type": "text", "text": ""}]),
    ),
    "a picture as system": ("system.0.type", asked(system=[PICTURE])),
    "no tokens": ("max_tokens", asked(max_tokens=-1)),
    "half a token": ("max_tokens", asked(max_tokens=0.5)),
    "a small budget": (
        "thinking.budget_tokens",
        asked(thinking={"type": "enabled", "budget_tokens": 1023}),
    ),
    "a budget of all": (
        "thinking.budget_tokens",
        asked(thinking={"type": "enabled", "budget_tokens": 4096}),
    ),
    "heat": ("temperature", asked(temperature=3)),
    "half a nucleus": ("top_p", asked(top_p="0.5")),
    "a blank stop": ("stop_sequences.1", asked(stop_sequences=["END", "\n"])),
    "personal data": ("metadata.name", asked(metadata={"name": "Ada"})),
    "a number as user": ("metadata.user_id", asked(metadata={"user_id": 5})),
    "another format": (
        "output_config.format.type",
        asked(output_config={"format": {"type": "xml"}}),
    ),
    "no schema": ("output_config.format.schema", asked(**formatted(None))),
    "an open object": (
        "output_config.format.schema.properties.a.items.additionalProperties",
        asked(
            **formatted(
                {
                    **SCHEMA,
                    "properties": {"a": {"type": "array", "items": {"type": "object"}}},
                }
            )
        ),
    ),
    "an open choice": (
        "output_config.format.schema.anyOf.0.additionalProperties",
        asked(**formatted({"anyOf": [{"type": "object"}]})),
    ),
    "a name with blanks": ("tools.0.name", asked(tools=[{**TOOL, "name": "look up"}])),
    "a name of two": ("tools.1.name", asked(tools=[TOOL, TOOL])),
    "input that is no object": (
        "tools.0.input_schema.type",
        asked(tools=[{**TOOL, "input_schema": {"type": "string"}}]),
    ),
    "too many strict tools": (
        "tools",
        asked(tools=[{**TOOL, "name": f"t{n}", "strict": True} for n in range(21)]),
    ),
    "domains of both kinds": (
        "tools.0.blocked_domains",
        asked(
            tools=[
                {
                    "type": "web_search_20250305",
                    "allowed_domains": ["a"],
                    "blocked_domains": ["b"],
                }
            ]
        ),
    ),
    "a domain with a scheme": (
        "tools.0.allowed_domains.0",
        asked(tools=[{"type": "w", "allowed_domains": ["https://example.org"]}]),
    ),
    "a choice of nothing": ("tool_choice", asked(tool_choice={"type": "any"})),
    "a choice of another": (
        "tool_choice.name",
        asked(tools=[TOOL], tool_choice={"type": "tool", "name": "hear"}),
    ),
    "a choice of tomorrow": (
        "tool_choice.type",
        asked(tools=[TOOL], tool_choice={"type": "maybe"}),
    ),
    "a forced call with a budget": (
        "tool_choice.type",
        asked(
            tools=[TOOL],
            tool_choice={"type": "any"},
            thinking={"type": "enabled", "budget_tokens": 1024},
        ),
    ),
    "five breakpoints": (
        "messages.0.content.4.cache_control",
        asked([MARKED] * 5),
    ),
    "a fifth for all": ("cache_control", asked([MARKED] * 4, cache_control=MARK)),
    "an hour after minutes": (
        "messages.0.content.0.cache_control.ttl",
        asked([{**TEXT, "cache_control": HOUR}], system=[MARKED]),
    ),
    "a cache for days": (
        "messages.0.content.0.cache_control.ttl",
        asked([{**TEXT, "cache_control": {"type": "ephemeral", "ttl": "2d"}}]),
    ),
    "a cache for good": (
        "messages.0.content.0.cache_control.type",
        asked([{**TEXT, "cache_control": {"type": "eternal"}}]),
    ),
    "a mark on thinking": (
        "messages.1.content.0.cache_control",
        said(
            ("user", "x"),
            ("assistant", [{"type": "thinking", "cache_control": MARK}]),
        ),
    ),
    "a fifth mark in a result": (
        "messages.2.content.0.content.4.cache_control",
        said(
            ("user", "x"),
            ("assistant", [CALL]),
            ("user", [{**RESULT, "content": [MARKED] * 5}]),
        ),
    ),
}

REFUSED_BY_RULES: dict[str, tuple[str, Rules, MessageRequest]] = {
    "sampling": ("temperature", Rules(sampling=False), asked(temperature=1)),
    "prefill": (
        "messages.1.role",
        Rules(prefill=False),
        said(("user", "x"), ("assistant", "y")),
    ),
    "instructions": (
        "messages.1.role",
        Rules(system_messages=False),
        said(("user", "x"), ("system", "y")),
    ),
    "force": (
        "tool_choice.type",
        Rules(forced_tools=False),
        asked(tools=[TOOL], tool_choice={"type": "any"}),
    ),
    "cited questions": (
        "messages.0.content.0.citations",
        Rules(cited_input=False),
        asked([{**TEXT, "citations": [{"type": "char_location"}]}]),
    ),
    "documents of the assistant": (
        "messages.1.content.0.type",
        Rules(cited_input=False),
        said(("user", "x"), ("assistant", [PDF])),
    ),
    "images": ("messages.0.content.0", Rules(images=False), asked([PICTURE])),
    "documents": ("messages.0.content.0", Rules(documents=False), asked([PDF])),
    "many images": (
        "messages.0.content.1",
        Rules(images_limit=1),
        asked([PICTURE, PICTURE]),
    ),
    "thinking": (
        "thinking.type",
        Rules(thinking=frozenset({"adaptive"})),
        asked(thinking={"type": "disabled"}),
    ),
    "effort": (
        "output_config.effort",
        Rules(effort=frozenset({"low"})),
        asked(output_config={"effort": "max"}),
    ),
    "output": ("max_tokens", Rules(max_output_tokens=4095), asked()),
}
