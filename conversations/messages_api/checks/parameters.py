"""The fields of a request beside its messages and tools."""

from collections.abc import Mapping, Sequence
from typing import Any

from conversations.messages_api.checks.rules import Rules
from conversations.messages_api.errors import InvalidRequestError

SMALLEST_BUDGET_TOKENS = 1024

_RANGES = {"temperature": (0, 2), "top_p": (0, 1), "top_k": (0, float("inf"))}


def check_parameters(body: Mapping[str, Any], rules: Rules) -> None:
    """Limits, sampling, thinking, output and the like."""
    if not body["model"]:
        raise InvalidRequestError("model", "No model is named.")
    _check_max_tokens(body, rules)
    _check_sampling(body, rules)
    _check_thinking(body, rules)
    _check_output(body.get("output_config") or {}, rules)
    _check_stop_sequences(body.get("stop_sequences") or ())
    _check_metadata(body.get("metadata") or {})


def _check_max_tokens(body: Mapping[str, Any], rules: Rules) -> None:
    limit = body["max_tokens"]
    most = rules.max_output_tokens
    if type(limit) is not int or limit < 0:
        raise InvalidRequestError("max_tokens", "This is no number of tokens.")
    if limit == 0 and (reason := _hindrance_to_warming(body)):
        raise InvalidRequestError("max_tokens", f"0 does not go with {reason}.")
    if most is not None and limit > most:
        raise InvalidRequestError("max_tokens", f"The model gives at most {most}.")


def _hindrance_to_warming(body: Mapping[str, Any]) -> str:
    """What keeps a request from only filling the cache; empty if nothing does."""
    kinds = {
        "stream": body.get("stream"),
        "thinking": _kind(body, "thinking") == "enabled",
        "output_config.format": (body.get("output_config") or {}).get("format"),
        "tool_choice": _kind(body, "tool_choice") in {"any", "tool"},
    }
    return next((name for name, is_set in kinds.items() if is_set), "")


def _check_sampling(body: Mapping[str, Any], rules: Rules) -> None:
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        if value is None:
            continue
        if not rules.sampling:
            raise InvalidRequestError(name, "The model takes no such setting.")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            raise InvalidRequestError(name, "The value is out of range.")


def _check_thinking(body: Mapping[str, Any], rules: Rules) -> None:
    mode = _kind(body, "thinking")
    if mode is None:
        return
    if rules.thinking is not None and mode not in rules.thinking:
        raise InvalidRequestError("thinking.type", "The model has no such mode.")
    if mode != "enabled":
        return
    budget = body["thinking"].get("budget_tokens")
    if type(budget) is not int or budget < SMALLEST_BUDGET_TOKENS:
        words = f"At least {SMALLEST_BUDGET_TOKENS} tokens are needed."
        raise InvalidRequestError("thinking.budget_tokens", words)
    if budget >= body["max_tokens"]:
        words = "The budget leaves nothing of max_tokens for the answer."
        raise InvalidRequestError("thinking.budget_tokens", words)


def _check_output(output: Mapping[str, Any], rules: Rules) -> None:
    effort = output.get("effort")
    if effort is not None and rules.effort is not None and effort not in rules.effort:
        raise InvalidRequestError(
            "output_config.effort", "The model has no such level."
        )
    wanted = output.get("format")
    if wanted is None:
        return
    path = "output_config.format"
    if not isinstance(wanted, Mapping) or wanted.get("type") != "json_schema":
        raise InvalidRequestError(f"{path}.type", "Only json_schema is a format.")
    _check_schema(f"{path}.schema", wanted.get("schema"))


def _check_schema(path: str, schema: Any) -> None:
    if not isinstance(schema, Mapping):
        raise InvalidRequestError(path, "This is no schema.")
    is_open = schema.get("additionalProperties") is not False
    if schema.get("type") == "object" and is_open:
        words = "An object of the answer needs this to be false."
        raise InvalidRequestError(f"{path}.additionalProperties", words)
    for key in ("properties", "$defs"):
        for name, inner in (schema.get(key) or {}).items():
            _check_schema(f"{path}.{key}.{name}", inner)
    if isinstance(schema.get("items"), Mapping):
        _check_schema(f"{path}.items", schema["items"])
    for key in ("anyOf", "allOf"):
        for number, inner in enumerate(schema.get(key) or ()):
            _check_schema(f"{path}.{key}.{number}", inner)


def _check_stop_sequences(sequences: Sequence[Any]) -> None:
    for number, sequence in enumerate(sequences):
        if not isinstance(sequence, str) or not sequence.strip():
            words = "A stop sequence is more than white space."
            raise InvalidRequestError(f"stop_sequences.{number}", words)


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    for key, value in metadata.items():
        if key != "user_id":
            raise InvalidRequestError(f"metadata.{key}", "There is no such field.")
        if value is not None and not isinstance(value, str):
            raise InvalidRequestError("metadata.user_id", "This is no text.")


def _kind(body: Mapping[str, Any], key: str) -> Any:
    value = body.get(key)
    return value.get("type") if isinstance(value, Mapping) else None
