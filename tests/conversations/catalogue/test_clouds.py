"""From the environment's settings to the clouds."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from conversations.catalogue.backends import configured
from conversations.messages_api import ProviderError
from conversations.providers.base import Provider
from tests.settings_child import settings_of

CANARY = "canary-0123456789abcdef"
KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_REGION",
    "ANTHROPIC_VERTEX_PROJECT_ID",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_RESOURCE",
)


@pytest.fixture(autouse=True)
def bare(settings: Settings) -> None:
    for name in ("API_KEY", "AUTH_TOKEN", "AUTH_STYLE", "BASE_URL"):
        setattr(settings, f"ANTHROPIC_{name}", "")
    settings.DEFAULT_MODEL = ""


def offered() -> dict[str, list[str]]:
    return {each.name: [model.id for model in each.known] for each in configured()}


def connected_to(provider: Provider) -> str:
    """The client's own words for where it speaks to, which no secret is in."""
    cloud: Any = provider
    words = repr(cloud._connect())
    assert CANARY not in words
    return words


def test_keys_alone_switch_no_cloud_on(settings: Settings) -> None:
    for name in KEYS:
        setattr(settings, name, CANARY)
    assert list(offered()) == ["local", "scripted"]


def test_named_models_switch_their_clouds_on(settings: Settings) -> None:
    settings.BEDROCK_MODELS = ["eu.anthropic.claude-sonnet-4-6"]
    settings.VERTEX_MODELS = ["claude-sonnet-4-6", "claude-haiku-5-5"]
    settings.FOUNDRY_MODELS = ["our-sonnet"]
    assert offered() == {
        "bedrock": ["eu.anthropic.claude-sonnet-4-6"],
        "vertex": ["claude-sonnet-4-6", "claude-haiku-5-5"],
        "foundry": ["our-sonnet"],
    }


def test_a_cloud_stands_behind_the_messages_api(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-1"
    settings.FOUNDRY_MODELS = ["our-sonnet"]
    assert list(offered()) == ["anthropic", "foundry"]


def test_a_default_model_of_a_cloud_is_not_asked_of_the_messages_api(
    settings: Settings,
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-1"
    settings.FOUNDRY_MODELS = ["our-sonnet"]
    settings.DEFAULT_MODEL = "our-sonnet"
    assert offered() == {"anthropic": [], "foundry": ["our-sonnet"]}


def test_bedrock_is_where_its_region_is(settings: Settings) -> None:
    settings.BEDROCK_MODELS, settings.AWS_REGION = ["m"], "eu-west-1"
    settings.AWS_BEARER_TOKEN_BEDROCK = CANARY
    [provider] = configured()
    assert "bedrock-runtime.eu-west-1.amazonaws.com" in connected_to(provider)


def test_bedrock_is_where_its_endpoint_is_named(settings: Settings) -> None:
    settings.BEDROCK_MODELS, settings.AWS_REGION = ["m"], "eu-west-1"
    settings.AWS_ENDPOINT_URL_BEDROCK_RUNTIME = "http://127.0.0.1:1"
    [provider] = configured()
    assert "http://127.0.0.1:1" in connected_to(provider)


def test_vertex_is_in_its_region(settings: Settings) -> None:
    settings.VERTEX_MODELS, settings.CLOUD_ML_REGION = ["m"], "eu"
    settings.ANTHROPIC_VERTEX_PROJECT_ID = "team-1"
    [provider] = configured()
    assert "aiplatform.eu.rep.googleapis.com" in connected_to(provider)


def test_foundry_is_at_its_resource(settings: Settings) -> None:
    settings.FOUNDRY_MODELS, settings.ANTHROPIC_FOUNDRY_API_KEY = ["m"], CANARY
    settings.ANTHROPIC_FOUNDRY_RESOURCE = "team"
    [provider] = configured()
    assert "https://team.services.ai.azure.com/anthropic" in connected_to(provider)


@pytest.mark.parametrize(
    ("name", "code"),
    [("BEDROCK", "region"), ("VERTEX", "project"), ("FOUNDRY", "resource")],
)
async def test_what_is_missing_is_said_when_it_is_asked(
    settings: Settings, name: str, code: str
) -> None:
    settings.AWS_REGION = settings.ANTHROPIC_VERTEX_PROJECT_ID = ""
    setattr(settings, f"{name}_MODELS", ["m"])
    [provider] = configured()
    with pytest.raises(ProviderError) as caught:
        await provider.models()
    assert caught.value.code == code


def test_the_names_of_the_clouds_own_tools_are_read(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        BEDROCK_MODELS="one, two",
        AWS_DEFAULT_REGION="eu-north-1",
        GOOGLE_CLOUD_PROJECT="team-1",
    )
    assert settings["BEDROCK_MODELS"] == ["one", "two"]
    assert settings["AWS_REGION"] == "eu-north-1"
    assert settings["ANTHROPIC_VERTEX_PROJECT_ID"] == "team-1"
    assert settings["CLOUD_ML_REGION"] == "global"
