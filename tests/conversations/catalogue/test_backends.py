"""From the environment's settings to providers."""

import pytest
from pytest_django import Settings

from conversations.catalogue.backends import configured
from conversations.providers.anthropic import AnthropicProvider
from conversations.providers.chat_completions import ChatCompletionsProvider


@pytest.fixture(autouse=True)
def bare(settings: Settings) -> None:
    for name in ("API_KEY", "AUTH_TOKEN", "AUTH_STYLE", "BASE_URL"):
        setattr(settings, f"ANTHROPIC_{name}", "")
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.DEFAULT_MODEL = ""


def back_end() -> AnthropicProvider:
    [provider] = configured()
    assert isinstance(provider, AnthropicProvider)
    return provider


def test_without_a_back_end_this_machine_answers() -> None:
    assert [provider.name for provider in configured()] == ["local", "scripted"]


def test_a_key_is_sent_as_such(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-1"
    assert back_end()._base_url == "https://api.anthropic.com"
    assert (back_end()._credential, back_end()._auth_style) == ("sk-1", "x-api-key")


def test_a_token_is_sent_as_bearer(settings: Settings) -> None:
    settings.ANTHROPIC_AUTH_TOKEN = "token"
    assert (back_end()._credential, back_end()._auth_style) == ("token", "bearer")


@pytest.mark.parametrize("style", ["bearer", "none", " X-Api-Key "])
def test_the_style_can_be_told(settings: Settings, style: str) -> None:
    settings.ANTHROPIC_API_KEY = "sk-1"
    settings.ANTHROPIC_AUTH_STYLE = style
    assert back_end()._auth_style == style.strip().lower()


def test_a_base_url_alone_is_a_back_end(settings: Settings) -> None:
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:8080/v1"
    assert back_end()._base_url == "http://127.0.0.1:8080/v1"
    assert back_end()._credential == ""


def test_the_default_model_is_known_at_once(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-1"
    settings.DEFAULT_MODEL = "claude-opus-5-5"
    assert [model.id for model in back_end().known] == ["claude-opus-5-5"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("OPENAI_API_KEY", "sk-1"), ("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")],
)
def test_a_key_or_a_base_url_makes_a_back_end_of_chat_completions(
    settings: Settings, name: str, value: str
) -> None:
    setattr(settings, name, value)
    settings.DEFAULT_MODEL = "claude-like"
    [provider] = configured()
    assert isinstance(provider, ChatCompletionsProvider)
    assert [model.id for model in provider.known] == ["claude-like"]


@pytest.mark.parametrize(
    ("default", "names"),
    [
        ("claude-sonnet-5-5", [["claude-sonnet-5-5"], []]),
        ("gpt-5", [[], ["gpt-5"]]),
        ("", [[], []]),
    ],
)
def test_both_back_ends_are_served_and_the_default_model_belongs_to_one(
    settings: Settings, default: str, names: list[list[str]]
) -> None:
    settings.ANTHROPIC_API_KEY = settings.OPENAI_API_KEY = "sk-1"
    settings.DEFAULT_MODEL = default
    providers = configured()
    assert [provider.name for provider in providers] == ["anthropic", "openai"]
    assert [[each.id for each in provider.known] for provider in providers] == names


def test_further_headers_are_read_a_line_each(settings: Settings) -> None:
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:8080"
    settings.ANTHROPIC_CUSTOM_HEADERS = "X-Team: blue\nnothing\n anthropic-version : 1 "
    assert back_end()._headers == {"X-Team": "blue", "anthropic-version": "1"}
