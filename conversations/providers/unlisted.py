"""Models that no list describes: what is assumed of them, and said."""

from collections.abc import Sequence

from conversations.messages_api import ProviderError
from conversations.providers.base import ModelInfo

# Thinking counts as output and is on by default: room for it and a long answer.
MAX_OUTPUT_TOKENS = 16_384
# For models that do not tell their limit, most of them small.
UNTOLD_OUTPUT_TOKENS = 8_192
TITLES_LINE = "haiku"
UNKNOWN_SIGHT = "Whether this model sees pictures is not known; it is sent them."
# How servers say that they have no such endpoint.
NO_ENDPOINT_STATUSES = frozenset({404, 405, 501})

_LINES = ("haiku", "sonnet", "opus", "fable", "mythos")


def unlisted_model(model_id: str, provider: str) -> ModelInfo:
    """A model of which only the id is known: of Claude's lines all read documents."""
    line = line_in(model_id)
    return ModelInfo(
        id=model_id,
        name=model_id,
        provider=provider,
        images=True,
        max_output_tokens=UNTOLD_OUTPUT_TOKENS,
        note=UNKNOWN_SIGHT,
        titles=True,
        caching=True,
        documents=line is not None,
        line=line,
    )


def claude_models(ids: Sequence[str], provider: str) -> list[ModelInfo]:
    """The models that an operator named; all of Claude's lines see and read.

    Titles are asked of the first of the cheapest line, if there is one.
    """
    titles_model = next((each for each in ids if line_in(each) == TITLES_LINE), None)
    return [
        ModelInfo(
            id=each,
            name=each,
            provider=provider,
            images=True,
            max_output_tokens=MAX_OUTPUT_TOKENS if line else UNTOLD_OUTPUT_TOKENS,
            note="" if line else UNKNOWN_SIGHT,
            titles=True,
            titles_model=titles_model,
            caching=True,
            documents=line is not None,
            line=line,
        )
        for each, line in zip(ids, map(line_in, ids), strict=True)
    ]


def line_in(model_id: str) -> str | None:
    """The family that an id names, if it names one."""
    return next((line for line in _LINES if line in model_id.lower()), None)


def has_no_endpoint(error: ProviderError) -> bool:
    """Whether this is how a server says that it was asked for what it has not."""
    no_json = error.code == "unexpected_response" and error.status == 200
    return no_json or error.status in NO_ENDPOINT_STATUSES
