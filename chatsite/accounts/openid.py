"""Single sign-on by OpenID Connect: the conversation with the identity provider.

Loaded where there is one: it brings a HTTP client of its own. What a person may do once
the provider has named them is decided in `joining` and `rights`.
"""

from typing import Any, override

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import (
    OpenIDConnectProvider,
)
from allauth.socialaccount.providers.openid_connect.views import (
    OpenIDConnectOAuth2Adapter,
)
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import urlencode

from chatsite.accounts.claims import verified_email

DISCOVERY_LIFETIME_S = 600
WELL_KNOWN = "/.well-known/openid-configuration"


def nonce_of(code_verifier: str) -> str:
    """Return the nonce that goes with a PKCE verifier.

    The verifier never leaves the session before the code is exchanged, so neither can
    the nonce be guessed, nor need it be kept beside the verifier.
    """
    return salted_hmac("oidc-nonce", code_verifier, algorithm="sha256").hexdigest()


class SignOnAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Discovery, tokens and claims, with every check that the standard asks for."""

    _code_verifier = ""

    @property
    @override
    def openid_config(self) -> dict[str, Any]:
        """What the provider says about itself, asked for at most every ten minutes."""
        issuer = settings.OIDC_ISSUER
        key = f"oidc-discovery:{issuer}"
        config: dict[str, Any] | None = cache.get(key)
        if config is None:
            config = self._fetch(issuer.rstrip("/") + WELL_KNOWN)
            if config.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
                raise OAuth2Error("The discovery document names another issuer.")
            cache.set(key, config, DISCOVERY_LIFETIME_S)
        return config

    @override
    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return the address that is registered with the provider."""
        address: str = build_absolute_uri(request, reverse("oidc_callback"))
        return address

    @override
    def get_access_token_data(
        self,
        request: HttpRequest,
        app: SocialApp,
        client: Any,
        pkce_code_verifier: str | None = None,
    ) -> dict[str, Any]:
        """Exchange the code; remember the verifier for the nonce."""
        self._code_verifier = pkce_code_verifier or ""
        data: dict[str, Any] = super().get_access_token_data(
            request, app, client, pkce_code_verifier
        )
        return data

    @override
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return who the provider says it is; raise OAuth2Error where in doubt."""
        claims = self._identity(app, kwargs["response"].get("id_token") or "")
        if "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("The user info is about somebody else.")
            claims |= more
        return self.get_provider().sociallogin_from_response(request, claims)

    def _identity(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwtkit.verify_and_decode(
                credential=id_token,
                keys_url=self.openid_config["jwks_uri"],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (KeyError, ValueError) as error:
            raise OAuth2Error("The ID token cannot be read.") from error
        nonce = str(claims.get("nonce", ""))
        if not constant_time_compare(nonce, nonce_of(self._code_verifier)):
            raise OAuth2Error("The ID token answers another sign-in.")
        if not claims.get("sub"):
            raise OAuth2Error("The ID token names nobody.")
        return claims

    def _fetch(self, url: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            response = session.get(url)
            response.raise_for_status()
        found = response.json()
        if not isinstance(found, dict):
            raise OAuth2Error("The discovery document is no object.")
        return found


class SingleSignOn(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """The one identity provider that the environment names."""

    id = "oidc"
    name = "Single sign-on"
    oauth2_adapter_class = SignOnAdapter
    pkce_enabled_default = True

    @override
    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the address that begins a sign-in."""
        query = f"?{urlencode(kwargs)}" if kwargs else ""
        return f"{reverse('oidc_login')}{query}"

    @override
    def get_callback_url(self) -> str:
        """Return the path that the provider sends people back to."""
        return reverse("oidc_callback")

    @override
    def get_pkce_params(self) -> dict[str, Any]:
        """Return challenge and verifier, and the nonce with them."""
        pair: dict[str, Any] = super().get_pkce_params()
        return {**pair, "nonce": nonce_of(pair["code_verifier"])}

    @override
    def get_scope(self) -> list[str]:
        """Return what the operator asks for; `openid` is what makes it sign-in."""
        return list({"openid": None, **dict.fromkeys(settings.OIDC_SCOPES)})

    @override
    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return names and address; an address nobody vouches for is not kept."""
        fields: dict[str, Any] = super().extract_common_fields(data)
        return {**fields, "email": verified_email(data) or None}

    @override
    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """Return none: the person's own column holds the one that counts."""
        return []
