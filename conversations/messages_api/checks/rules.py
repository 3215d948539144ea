"""What one model takes, as far as that is known; what is not known is let pass."""

from dataclasses import dataclass

from conversations.messages_api.model_records import ModelRecord

STRICT_VERSION = "2026-10-21"
LARGE_WINDOW_TOKENS = 1_000_000
IMAGES_LIMIT = 600
IMAGES_LIMIT_OF_SMALL_WINDOWS = 100
IMAGE_LIMIT_CHARS = 10 * 1000 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is taken. The defaults refuse only what every server of the API refuses.

    `sampling` are temperature, top_p and top_k; `prefill` is a last message of the
    assistant; `system_messages` those within the conversation; `forced_tools` the
    choices any and tool; `cited_input` documents of the assistant and citations in
    questions. `thinking` and `effort` hold the modes and levels taken, None for all.
    `image_chars` counts base64.
    """

    sampling: bool = True
    prefill: bool = True
    system_messages: bool = True
    forced_tools: bool = True
    cited_input: bool = True
    images: bool = True
    documents: bool = True
    thinking: frozenset[str] | None = None
    effort: frozenset[str] | None = None
    max_output_tokens: int | None = None
    images_limit: int = IMAGES_LIMIT
    image_chars: int = IMAGE_LIMIT_CHARS


def rules_of(record: ModelRecord, *, version: str = STRICT_VERSION) -> Rules:
    """The rules that follow from a model's own record and the version asked for.

    A model that thinks adaptively is one of those that take no prefill.
    """
    capabilities = record.capabilities
    thinking = capabilities.thinking
    window = record.max_input_tokens or LARGE_WINDOW_TOKENS
    is_small = window < LARGE_WINDOW_TOKENS
    return Rules(
        sampling=version != STRICT_VERSION,
        cited_input=version != STRICT_VERSION,
        prefill="adaptive" not in (thinking or ()),
        images=capabilities.image_input is not False,
        documents=capabilities.pdf_input is not False,
        thinking=thinking,
        effort=capabilities.effort,
        max_output_tokens=record.max_output_tokens,
        images_limit=IMAGES_LIMIT_OF_SMALL_WINDOWS if is_small else IMAGES_LIMIT,
    )
