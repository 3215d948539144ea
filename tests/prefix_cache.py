"""A server that caches by prefix, as far as a test of marks needs one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversations.messages_api import MessageRequest, Usage, read_usage

LOOKBACK_BLOCKS = 20
SMALLEST_PREFIX_TOKENS = 512


@dataclass
class PrefixCache:
    """A server that knows again each prefix which ended at a mark.

    From a mark it looks back over a number of blocks for the longest it knows.
    """

    known: set[str] = field(default_factory=set)

    def answer(self, request: MessageRequest) -> Usage:
        prefix, size = "", 0
        ends: list[tuple[str, int]] = []
        marks: list[int] = []
        for place, (block, is_marked) in enumerate(_blocks_of(request)):
            prefix += block
            size += max(1, len(block) // 4)
            ends.append((str(hash(prefix)), size))
            if is_marked and size >= SMALLEST_PREFIX_TOKENS:
                marks.append(place)
        read = max((self._read(ends, mark) for mark in marks), default=0)
        kept = ends[marks[-1]][1] if marks else 0
        self.known.update(ends[mark][0] for mark in marks)
        return read_usage(
            {
                "input_tokens": size - max(kept, read),
                "cache_creation_input_tokens": max(0, kept - read),
                "cache_read_input_tokens": read,
            }
        )

    def _read(self, ends: list[tuple[str, int]], mark: int) -> int:
        near = ends[max(0, mark - LOOKBACK_BLOCKS) : mark + 1]
        return max((size for end, size in near if end in self.known), default=0)


def _blocks_of(request: MessageRequest) -> Iterator[tuple[str, bool]]:
    body = request.body(stream=True)
    contents = [("tools", body.get("tools", [])), ("system", body.get("system", []))]
    contents += [(each["role"], each["content"]) for each in body["messages"]]
    for role, content in contents:
        words = [{"type": "text", "text": content}]
        for block in words if isinstance(content, str) else content:
            plain = {k: v for k, v in block.items() if k != "cache_control"}
            yield json.dumps([role, plain]), "cache_control" in block


def share_read(usage: list[Usage]) -> float:
    """Which share of all prompts' tokens was read from the cache."""
    prompts = sum(each.prompt_tokens for each in usage)
    return sum(each.cache_read_tokens for each in usage) / prompts
