"""Sign-in that is set up by halves, or unsafely, is said at the start."""

from typing import Any

import pytest
from pytest_django import Settings

from chatsite.accounts.checks import check_provisioning, check_single_sign_on


@pytest.mark.parametrize(
    ("variables", "ids"),
    [
        ({}, []),
        ({"OIDC_ISSUER": "https://i.example.org", "OIDC_CLIENT_ID": "chat"}, []),
        ({"OIDC_ISSUER": "https://i.example.org"}, ["accounts.E001"]),
        ({"OIDC_ONLY": True}, ["accounts.E002"]),
        ({"OIDC_LINK_BY_EMAIL": True, "SIGNUP": True}, ["accounts.E003"]),
        ({"SCIM_TOKEN": "short"}, ["accounts.E004"]),
        ({"SCIM_TOKEN": "t" * 32}, []),
    ],
)
def test_what_does_not_fit_together_is_said(
    settings: Settings, variables: dict[str, Any], ids: list[str]
) -> None:
    """Each by an error of its own."""
    for name, value in variables.items():
        setattr(settings, name, value)
    found = check_single_sign_on() + check_provisioning()
    assert [message.id for message in found] == ids
