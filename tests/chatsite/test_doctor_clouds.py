"""What the doctor advises where a cloud is not set up."""

import pytest
from pytest_django import Settings

from chatsite.doctor.backends import check_backends

CANARY = "canary-0123456789abcdef"


@pytest.fixture(autouse=True)
def bare(settings: Settings) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        setattr(settings, name, "")
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""


@pytest.mark.parametrize(
    ("models", "unset", "advised"),
    [
        ("BEDROCK_MODELS", "AWS_REGION", "Set AWS_REGION."),
        (
            "VERTEX_MODELS",
            "ANTHROPIC_VERTEX_PROJECT_ID",
            "Set ANTHROPIC_VERTEX_PROJECT_ID.",
        ),
        (
            "FOUNDRY_MODELS",
            "ANTHROPIC_FOUNDRY_RESOURCE",
            "Set ANTHROPIC_FOUNDRY_RESOURCE.",
        ),
    ],
)
def test_what_is_not_set_is_named(
    settings: Settings, models: str, unset: str, advised: str
) -> None:
    setattr(settings, models, ["m"])
    setattr(settings, unset, "")
    [finding] = check_backends()
    assert finding.advice == advised


def test_a_credential_that_is_missing_is_told_by_its_cloud(settings: Settings) -> None:
    settings.FOUNDRY_MODELS = ["m"]
    settings.ANTHROPIC_FOUNDRY_RESOURCE = "team"
    settings.AZURE_CLIENT_ID = CANARY
    [finding] = check_backends()
    assert "ANTHROPIC_FOUNDRY_API_KEY" in finding.advice
    assert CANARY not in f"{finding.words} {finding.advice}"


def test_a_cloud_that_was_not_asked_is_not_said_to_answer(settings: Settings) -> None:
    settings.FOUNDRY_MODELS = ["one", "two"]
    settings.ANTHROPIC_FOUNDRY_RESOURCE = "team"
    settings.ANTHROPIC_FOUNDRY_API_KEY = CANARY
    [finding] = check_backends()
    assert finding.level == "ok"
    assert "set up for 2 models" in finding.words
    assert CANARY not in finding.words
