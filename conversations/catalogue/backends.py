"""The providers that the settings name."""

from django.conf import settings

from conversations.messages_api.endpoint import AuthStyle
from conversations.providers.anthropic import AnthropicProvider
from conversations.providers.base import Provider
from conversations.providers.local import LocalProvider
from conversations.providers.scripted import ScriptedProvider


def configured() -> list[Provider]:
    """The back end of the environment; without one, what this machine has."""
    key, token = settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_AUTH_TOKEN
    if not (key or token or settings.ANTHROPIC_BASE_URL):
        return [LocalProvider(), ScriptedProvider()]
    return [
        AnthropicProvider(
            base_url=settings.ANTHROPIC_BASE_URL,
            credential=key or token,
            auth_style=_auth_style("x-api-key" if key else "bearer"),
            default_model=settings.DEFAULT_MODEL,
        )
    ]


def _auth_style(usual: AuthStyle) -> AuthStyle:
    match settings.ANTHROPIC_AUTH_STYLE.strip().lower():
        case "x-api-key":
            return "x-api-key"
        case "bearer":
            return "bearer"
        case "none":
            return "none"
    return usual
