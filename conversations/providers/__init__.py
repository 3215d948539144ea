"""Who serves a model, where, with which credential; one module for each provider.

Nothing here knows Django. To add one, see "How to add a provider" in README.
"""

from conversations.providers.base import ModelInfo, Provider, ProviderStream

__all__ = ["ModelInfo", "Provider", "ProviderStream"]
