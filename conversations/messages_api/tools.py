"""Tools and the choice among them, as values that a request carries."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

type Tool = dict[str, Any]
type Choice = Literal["auto", "any", "tool", "none"]

WEB_SEARCH = "web_search_20250305"
WEB_FETCH = "web_fetch_20250910"
CODE_EXECUTION = "code_execution_20250825"


def client_tool(
    name: str, description: str, schema: Mapping[str, Any], *, strict: bool = False
) -> Tool:
    """A tool that runs here; `schema` is the JSON Schema of its input."""
    tool: Tool = {"name": name, "description": description, "input_schema": schema}
    return {**tool, "strict": True} if strict else tool


def web_search(
    *,
    max_uses: int | None = None,
    allowed_domains: Sequence[str] = (),
    blocked_domains: Sequence[str] = (),
    user_location: Mapping[str, str] | None = None,
) -> Tool:
    """Search of the web by the server; `user_location` has city, country, timezone."""
    location = {"type": "approximate", **user_location} if user_location else None
    return _server_tool(
        WEB_SEARCH,
        "web_search",
        max_uses=max_uses,
        allowed_domains=list(allowed_domains),
        blocked_domains=list(blocked_domains),
        user_location=location,
    )


def web_fetch(
    *,
    max_uses: int | None = None,
    allowed_domains: Sequence[str] = (),
    blocked_domains: Sequence[str] = (),
    max_content_tokens: int | None = None,
    citations: bool = True,
) -> Tool:
    """Pages and PDFs that the conversation names, fetched by the server."""
    return _server_tool(
        WEB_FETCH,
        "web_fetch",
        max_uses=max_uses,
        allowed_domains=list(allowed_domains),
        blocked_domains=list(blocked_domains),
        max_content_tokens=max_content_tokens,
        citations={"enabled": True} if citations else None,
    )


def code_execution() -> Tool:
    """Code that the server runs, in a container without a network."""
    return _server_tool(CODE_EXECUTION, "code_execution")


def tool_choice(
    kind: Choice = "auto", name: str = "", *, parallel: bool = True
) -> dict[str, Any]:
    """Which tools are called: as the model likes, any, the one of `name`, or none."""
    choice: dict[str, Any] = {"type": kind}
    if kind == "tool":
        choice["name"] = name
    if not parallel and kind != "none":
        choice["disable_parallel_tool_use"] = True
    return choice


def _server_tool(kind: str, name: str, **settings: Any) -> Tool:
    given = {key: value for key, value in settings.items() if value}
    return {"type": kind, "name": name, **given}
