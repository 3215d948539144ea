"""What a page says of a call of the provider's tools, read with distrust.

Everything in a call was written by a model or taken from the web: nothing is relied on
to be there, and only http and https addresses become links.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conversations.rendering.sanitising import normalise

type Block = Mapping[str, Any]

# What is shown of a text that nobody bounded, in characters.
SHOWN_CHARS = 20_000
LINKS_SHOWN = 50

# Only ASCII: ignoring case, `re` takes the long s of U+017F for an s.
_WEB_ADDRESS = re.compile(r"(?ai:https?)://[^\s<>\"'`]+")


@dataclass(frozen=True, slots=True)
class Link:
    """A page on the web; `site` is its host."""

    url: str
    title: str
    site: str


@dataclass(frozen=True, slots=True)
class Facts:
    """One call in words: what was done, with what, and what came of it.

    `kind` is search, page, code or tool. `error` says why it failed.
    """

    kind: str
    words: str
    error: str = ""
    links: Sequence[Link] = ()
    code: str = ""
    output: str = ""
    files: Sequence[str] = ()

    @property
    def has_outcome(self) -> bool:
        """Whether there is more to see than the words."""
        return bool(self.links or self.code or self.output or self.files)


def facts_of(call: Block, result: Block, *, running: bool) -> Facts:
    """What is said of a call (empty if it is not known) and its result (if any)."""
    name = str(call.get("name") or _NAMES.get(str(result.get("type")), ""))
    told = call.get("input")
    asked = told if isinstance(told, Mapping) else {}
    content = result.get("content")
    state = "done" if result else "running" if running else "broken"
    if name.startswith("web_search"):
        return _search(asked, content, state)
    if name.startswith("web_fetch"):
        return _fetch(asked, content, state)
    if "code_execution" in name:
        return _code(name, asked, content, state)
    doing = {"done": "Used a tool", "running": "Using a tool", "broken": "Tool"}[state]
    shown = shown_line(name)
    words = f"{doing}: {shown}" if shown else doing
    return Facts("tool", words, _error(content, state))


def link_to(url: object, title: object = "") -> Link | None:
    """A link to a page on the web; None for an address that is none."""
    if not isinstance(url, str) or _WEB_ADDRESS.fullmatch(url) is None:
        return None
    try:
        site = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return Link(url, shown_line(title) or site, site.removeprefix("www."))


def _search(asked: Block, content: object, state: str) -> Facts:
    query = shown_line(asked.get("query"))
    quoted = f" for “{query}”" if query else ""
    doing = "Searching the web" if state == "running" else "Searched the web"
    found = [
        link
        for each in _blocks(content)
        if (link := link_to(each.get("url"), each.get("title")))
    ][:LINKS_SHOWN]
    error = _error(content, state)
    if state == "done" and not found and not error:
        error = "Nothing was found."
    return Facts("search", doing + quoted, error, links=found)


def _fetch(asked: Block, content: object, state: str) -> Facts:
    page = content if isinstance(content, Mapping) else {}
    document = page.get("content")
    title = document.get("title") if isinstance(document, Mapping) else ""
    link = link_to(page.get("url") or asked.get("url"), title)
    doing = "Reading a page" if state == "running" else "Read a page"
    words = f"{doing} of {link.site}" if link and link.site else doing
    return Facts(
        "page", words, _error(content, state), links=[] if link is None else [link]
    )


def _code(name: str, asked: Block, content: object, state: str) -> Facts:
    result = content if isinstance(content, Mapping) else {}
    code = shown_text(
        asked.get("code") or asked.get("file_text") or asked.get("new_str")
    )
    if name.startswith("text_editor"):
        doing = "Working on a file" if state == "running" else "Worked on a file"
        path = shown_line(asked.get("path"))
        words = f"{doing}: {path}" if path else doing
    else:
        words = "Running code" if state == "running" else "Ran code"
        code = code or shown_text(asked.get("command"))
    return Facts(
        "code",
        words,
        _error(content, state) or _return_code(result),
        code=code,
        output=_output(result),
        files=[shown_line(name) for name in _files(result)],
    )


def _output(result: Block) -> str:
    if "encrypted_stdout" in result:
        return shown_text(result.get("stderr"))
    shown = [result.get(key) for key in ("stdout", "stderr", "content")]
    return "\n".join(filter(None, map(shown_text, shown)))


def _return_code(result: Block) -> str:
    code = result.get("return_code")
    failed = isinstance(code, int) and code != 0
    return f"It ended with code {code}." if failed else ""


def _files(result: Block) -> Iterator[str]:
    for each in _blocks(result.get("content")):
        name = each.get("filename") or each.get("file_id")
        if isinstance(name, str):
            yield name


def _error(content: object, state: str) -> str:
    if state == "broken":
        return "It did not come to an end."
    if not isinstance(content, Mapping) or "error_code" not in content:
        return ""
    return _ERRORS.get(str(content["error_code"]), "It did not work.")


def _blocks(content: object) -> Sequence[Block]:
    if not isinstance(content, Sequence) or isinstance(content, str):
        return ()
    return [each for each in content if isinstance(each, Mapping)]


def shown_line(value: object) -> str:
    """A short text on one line."""
    words = " ".join(normalise(value).split()) if isinstance(value, str) else ""
    return words if len(words) <= 200 else f"{words[:199]}…"


def shown_text(value: object) -> str:
    text = normalise(value.replace("\r", "")) if isinstance(value, str) else ""
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}\n…"


# By type of a result whose call is not known.
_NAMES = {
    "web_search_tool_result": "web_search",
    "web_fetch_tool_result": "web_fetch",
    "code_execution_tool_result": "code_execution",
    "bash_code_execution_tool_result": "bash_code_execution",
    "text_editor_code_execution_tool_result": "text_editor_code_execution",
}

_ERRORS = {
    "too_many_requests": "There were too many requests at once.",
    "invalid_tool_input": "The model asked in a way that is not understood.",
    "max_uses_exceeded": "The answer had used it as often as it may.",
    "query_too_long": "The search had too many words.",
    "request_too_large": "The request was too large.",
    "unavailable": "It was not available.",
    "url_too_long": "The address is too long.",
    "url_not_allowed": "The address is not allowed.",
    "url_not_in_prior_context": "The address had not been named before.",
    "url_not_accessible": "The page could not be reached.",
    "unsupported_content_type": "The page is of a kind that cannot be read.",
    "content_too_large": "The page is too large.",
    "execution_time_exceeded": "The code ran for too long.",
    "output_file_too_large": "A file that it made is too large.",
    "file_not_found": "A file was not found.",
}
