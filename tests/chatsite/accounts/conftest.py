"""What several tests of sign-in need."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests import identity_provider
from tests.identity_provider import IdentityProvider


@pytest.fixture(scope="session")
def _running_provider() -> Iterator[IdentityProvider]:
    """One provider for all tests."""
    with identity_provider.running() as provider:
        yield provider


@pytest.fixture
def provider(
    _running_provider: IdentityProvider, settings: Settings, db: None
) -> IdentityProvider:
    """A provider that the site is set up for."""
    identity_provider.configure(settings, _running_provider.url)
    return _running_provider
