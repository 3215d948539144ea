"""What a model did beside its words: thoughts, searches, pages read, code run.

Steps stand in the order in which they came. A step is a pure function of its content
blocks, so that a page that followed an answer equals one that is loaded afresh.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from conversations.rendering.sanitising import normalise
from conversations.rendering.toolsteps import Facts, facts_of

type Block = Mapping[str, Any]


@dataclass(slots=True)
class Step:
    """One step: thoughts, or a call of a tool and what came of it."""

    number: int
    kind: str
    thoughts: list[str] = field(default_factory=list)
    call: Block = field(default_factory=dict)
    result: Block = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The thoughts so far."""
        return "".join(self.thoughts)

    def facts(self, *, running: bool) -> Facts:
        """What is said of a call."""
        return facts_of(self.call, self.result, running=running)


@dataclass(frozen=True, slots=True)
class StepsUpdate:
    """What changed in the steps since the last update.

    `base` and `end` count characters of thoughts, and one for each other change.
    `changed` are steps to be shown anew; `grown` is text, not HTML, for the end of the
    thoughts of the step of that number.
    """

    base: int
    end: int
    changed: SafeString
    grown: Mapping[int, str]


class Steps:
    """The steps of one answer, while it is written or afterwards.

    What a piece of thought costs does not depend on how much was thought before.
    """

    def __init__(self, *, running: bool = True) -> None:
        self.end = 0
        self._running = running
        self._base = 0
        self._steps: list[Step] = []
        self._calls: dict[str, Step] = {}
        self._thinking: Step | None = None
        self._changed: dict[int, Step] = {}
        self._grown: dict[int, list[str]] = {}

    def begin(self, block: Block) -> None:
        """Take a content block that begins, with all that it has so far."""
        kind = str(block.get("type"))
        self._thinking = None
        if kind == "thinking":
            self.think(block.get("thinking"))
        elif kind == "redacted_thinking":
            self._change(self._added("redacted"))
        elif kind in _CALLS:
            step = self._added("tool")
            step.call = block
            self._calls[str(block.get("id"))] = step
            self._change(step, 1 + bool(block.get("input")))
        elif kind.endswith("_tool_result"):
            step = self._calls.get(str(block.get("tool_use_id"))) or self._added("tool")
            step.result = block
            self._change(step)

    def think(self, text: object) -> None:
        """Take more of the thoughts of the block that began last."""
        if not isinstance(text, str) or not text:
            return
        self.end += len(text)
        typed = normalise(text.replace("\r", ""))
        step = self._thinking
        if step is None:
            step = self._thinking = self._added("thinking")
            self._changed[step.number] = step
        elif step.number not in self._changed:
            self._grown.setdefault(step.number, []).append(typed)
        step.thoughts.append(typed)

    def complete(self, block: Block) -> None:
        """Take the input of a call, once it is whole."""
        step = self._calls.get(str(block.get("id")))
        if step is not None and block.get("input") and not step.call.get("input"):
            step.call = block
            self._change(step)

    def update(self) -> StepsUpdate | None:
        """Return what is new since the last update; None where nothing is."""
        if self.end == self._base:
            return None
        changed = self._rendered(self._changed.values())
        grown = {number: "".join(texts) for number, texts in self._grown.items()}
        update = StepsUpdate(self._base, self.end, changed, grown)
        self._base, self._changed, self._grown = self.end, {}, {}
        return update

    def snapshot(self) -> StepsUpdate:
        """Return the whole as it was last updated, for a page that holds nothing."""
        return StepsUpdate(0, self._base, self._rendered(self._steps), {})

    def _added(self, kind: str) -> Step:
        step = Step(len(self._steps), kind)
        self._steps.append(step)
        return step

    def _change(self, step: Step, times: int = 1) -> None:
        self.end += times
        self._changed[step.number] = step

    def _rendered(self, steps: Iterable[Step]) -> SafeString:
        return _markup(steps, running=self._running)


def render_steps(content: Iterable[Block]) -> SafeString:
    """Return safe HTML of the steps of an answer that has ended."""
    steps = Steps(running=False)
    for block in content:
        steps.begin(block)
    update = steps.update()
    return update.changed if update else SafeString("")


def _markup(steps: Iterable[Step], *, running: bool) -> SafeString:
    rendered = [
        render_to_string(
            "conversations/steps.html#step",
            {"step": step, "facts": step.facts(running=running)},
        )
        for step in steps
    ]
    # Every part was rendered by a template.
    return mark_safe("".join(rendered))  # noqa: S308 - see above


_CALLS = frozenset({"server_tool_use", "mcp_tool_use"})
