"""What is known, and what is assumed, of models of servers that list little but ids.

What a list says counts first: context and pictures as OpenRouter, vLLM, llama.cpp,
Mistral and Groq tell them. Then the name counts, and what is assumed is said.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conversations.messages_api import ModelRecord
from conversations.providers.base import ModelInfo

# Reasoning counts as output: room for it and a long answer.
MAX_OUTPUT_TOKENS = 16_384
UNTOLD_OUTPUT_TOKENS = 8_192
# An answer may take this share of a small context; the rest is for the question.
SMALL_CONTEXT_SHARE = 2

_UNKNOWN_SIGHT = "Whether this model sees pictures is not known; it is sent them."
_ASSUMED_SIGHT = "That this model sees pictures is assumed from its name."
_ASSUMED_BLINDNESS = "That this model sees no pictures is assumed from its name."

# What lists hold beside models that answer questions.
_OTHER_TRADES = re.compile(
    r"embed|whisper|\btts\b|dall-e|gpt-image|moderation|realtime|transcri|sora|rerank"
    r"|babbage|davinci|gpt-3\.5-turbo-instruct|gpt-audio|audio-preview"
)
# Families that are known to see pictures, then those that are known not to. The first
# word found counts, so that a seeing model of a blind family stands above it.
_SIGHT = (
    (True, r"vision|[-_]vl\d*\b|\bvl[-_]|llava|pixtral|moondream|internvl|minicpm-v"),
    (False, r"gpt-3\.5|gpt-4(-0\d{3}|-32k)?$|\bo1-mini|\bo3-mini|gpt-oss"),
    (True, r"gpt-4o|gpt-4\.\d|gpt-4-turbo|gpt-5|chatgpt|\bo[134]\b|claude|gemini"),
    (True, r"llama-?4|gemma-?3|mistral-(small|medium)-3"),
    (False, r"deepseek|mixtral|codestral|llama-?[23]|coder|smollm|phi-?[23]\b|qwq"),
)
_SMALL_OUTPUT = re.compile(r"gpt-3\.5|gpt-4(-0\d{3}|-turbo.*)?$")
_SMALL_OUTPUT_TOKENS = 4_096
_THINKING = re.compile(r"\bo[134]\b|gpt-5|gpt-oss|deepseek-r|reason|think|qwq")


def answers_questions(model_id: str) -> bool:
    """Whether the name is not one of a model that does something else."""
    return _OTHER_TRADES.search(model_id.lower()) is None


def listed(record: ModelRecord, provider: str) -> ModelInfo:
    """A model as its server lists it."""
    told, assumed = _told_sight(record), _sight_by_name(record.id)
    context = record.max_input_tokens or _context(record.raw)
    return ModelInfo(
        id=record.id,
        name=record.display_name,
        provider=provider,
        images=told if told is not None else assumed is not False,
        max_output_tokens=_output(record, context),
        context_tokens=context,
        note="" if told is not None else _note(assumed),
        titles=True,
        created_at=record.created_at or "",
    )


def unlisted(model_id: str, provider: str) -> ModelInfo:
    """A model of which nothing is known but its name."""
    assumed = _sight_by_name(model_id)
    return ModelInfo(
        id=model_id,
        name=model_id,
        provider=provider,
        images=assumed is not False,
        max_output_tokens=_usual_output(model_id),
        note=_note(assumed),
        titles=True,
    )


def _note(assumed: bool | None) -> str:  # noqa: FBT001 - the one fact
    if assumed is None:
        return _UNKNOWN_SIGHT
    return _ASSUMED_SIGHT if assumed else _ASSUMED_BLINDNESS


def _sight_by_name(model_id: str) -> bool | None:
    name = model_id.lower()
    return next((sees for sees, words in _SIGHT if re.search(words, name)), None)


def _told_sight(record: ModelRecord) -> bool | None:
    if record.image_input is not None:
        return record.image_input
    match record.raw:
        case {"architecture": {"input_modalities": list(kinds)}}:
            return "image" in kinds
        case {"capabilities": {"vision": bool(sees)}}:
            return sees
    return None


def _context(raw: Mapping[str, Any]) -> int | None:
    meta = raw.get("meta")
    counts = [
        *(raw.get(key) for key in ("context_length", "max_model_len")),
        *(raw.get(key) for key in ("context_window", "max_context_length")),
        meta.get("n_ctx") if isinstance(meta, Mapping) else None,
    ]
    return next(_counts(counts), None)


def _output(record: ModelRecord, context: int | None) -> int:
    raw = record.raw
    top = raw.get("top_provider")
    told = [
        record.max_output_tokens,
        raw.get("max_completion_tokens"),
        top.get("max_completion_tokens") if isinstance(top, Mapping) else None,
    ]
    limit = min(next(_counts(told), _usual_output(record.id)), MAX_OUTPUT_TOKENS)
    return min(limit, context // SMALL_CONTEXT_SHARE) if context else limit


def _usual_output(model_id: str) -> int:
    name = model_id.lower()
    if _SMALL_OUTPUT.search(name):
        return _SMALL_OUTPUT_TOKENS
    return MAX_OUTPUT_TOKENS if _THINKING.search(name) else UNTOLD_OUTPUT_TOKENS


def _counts(values: list[Any]) -> Iterator[int]:
    return (value for value in values if type(value) is int and value > 1)
