"""The clouds that the settings name models of; nothing else switches one on.

Keys alone do not: a machine may have them for its files or its other programs.
"""

from django.conf import settings

from conversations.providers.base import Provider
from conversations.providers.bedrock import bedrock
from conversations.providers.foundry import foundry
from conversations.providers.vertex import vertex


def configured_clouds() -> list[Provider]:
    """The clouds of the environment, in an order that does not change."""
    clouds: list[Provider] = []
    if settings.BEDROCK_MODELS:
        clouds.append(
            bedrock(
                settings.BEDROCK_MODELS,
                region=settings.AWS_REGION,
                endpoint_url=settings.AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
                api_key=settings.AWS_BEARER_TOKEN_BEDROCK,
            )
        )
    if settings.VERTEX_MODELS:
        clouds.append(
            vertex(
                settings.VERTEX_MODELS,
                project=settings.ANTHROPIC_VERTEX_PROJECT_ID,
                region=settings.CLOUD_ML_REGION,
                base_url=settings.ANTHROPIC_VERTEX_BASE_URL,
            )
        )
    if settings.FOUNDRY_MODELS:
        clouds.append(_foundry())
    return clouds


def _foundry() -> Provider:
    application = {
        "tenant": settings.AZURE_TENANT_ID,
        "client_id": settings.AZURE_CLIENT_ID,
        "client_secret": settings.AZURE_CLIENT_SECRET,
        "authority": settings.AZURE_AUTHORITY_HOST,
    }
    return foundry(
        settings.FOUNDRY_MODELS,
        resource=settings.ANTHROPIC_FOUNDRY_RESOURCE,
        base_url=settings.ANTHROPIC_FOUNDRY_BASE_URL,
        api_key=settings.ANTHROPIC_FOUNDRY_API_KEY,
        application=application,
    )
