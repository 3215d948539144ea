"""The providers that the settings name."""

from collections.abc import Sequence

from django.conf import settings

from conversations.catalogue.clouds import configured_clouds
from conversations.messages_api.endpoint import AuthStyle
from conversations.providers.anthropic import AnthropicProvider
from conversations.providers.base import Provider
from conversations.providers.chat_completions import ChatCompletionsProvider
from conversations.providers.local import LocalProvider
from conversations.providers.scripted import ScriptedProvider


def configured() -> list[Provider]:
    """The back ends of the environment; without one, what this machine has."""
    back_ends: list[Provider] = []
    clouds = configured_clouds()
    default = _default_beside(clouds)
    if _names_messages():
        key, token = settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_AUTH_TOKEN
        back_ends.append(
            AnthropicProvider(
                base_url=settings.ANTHROPIC_BASE_URL,
                credential=key or token,
                auth_style=_auth_style("x-api-key" if key else "bearer"),
                default_model="" if _is_others_default() else default,
                headers=_headers_in(settings.ANTHROPIC_CUSTOM_HEADERS),
            )
        )
    if _names_chat_completions():
        is_own = _is_others_default() or not _names_messages()
        back_ends.append(
            ChatCompletionsProvider(
                base_url=settings.OPENAI_BASE_URL,
                credential=settings.OPENAI_API_KEY,
                default_model=default if is_own else "",
            )
        )
    back_ends += clouds
    return back_ends or [LocalProvider(), ScriptedProvider()]


def _headers_in(text: str) -> dict[str, str]:
    """The headers of as many lines; a line without a colon is none."""
    pairs = [line.partition(":") for line in text.splitlines()]
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _names_messages() -> bool:
    key, token = settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_AUTH_TOKEN
    return bool(key or token or settings.ANTHROPIC_BASE_URL)


def _names_chat_completions() -> bool:
    return bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL)


def _default_beside(clouds: Sequence[Provider]) -> str:
    """The default model, unless it is one named of a cloud."""
    named = {model.id for cloud in clouds for model in cloud.known}
    return "" if settings.DEFAULT_MODEL in named else settings.DEFAULT_MODEL


def _is_others_default() -> bool:
    """Whether the default model, before it is listed, is taken for one of OpenAI's.

    Of two back ends only one can be meant, and Claude is hardly ever served by both.
    """
    name = settings.DEFAULT_MODEL.lower()
    return _names_chat_completions() and "claude" not in name


def _auth_style(usual: AuthStyle) -> AuthStyle:
    match settings.ANTHROPIC_AUTH_STYLE.strip().lower():
        case "x-api-key":
            return "x-api-key"
        case "bearer":
            return "bearer"
        case "none":
            return "none"
    return usual
