"""Who may join by single sign-on, as whom, and which account it opens."""

import logging
from typing import Any, override

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from chatsite.accounts import invitations, rights
from chatsite.accounts.claims import verified_email
from chatsite.accounts.models import Provisioned, User

logger = logging.getLogger(__name__)


def refuse(
    request: HttpRequest, reason: str, *, status: int = 403
) -> ImmediateHttpResponse:
    """Return the exception that ends a sign-in with a page that says why.

    `reason` is one of those that templates/socialaccount/refused.html has words for.
    """
    page = render(
        request, "socialaccount/refused.html", {"reason": reason}, status=status
    )
    return ImmediateHttpResponse(page)


class JoiningAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """One provider, named by the environment; a first sign-in makes the account."""

    @override
    def list_apps(
        self,
        request: HttpRequest | None,
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """Return the provider of the environment; none is kept in the database.

        Its issuer is part of who a person is: another provider's ids are others.
        """
        if not settings.OIDC_ISSUER:
            return []
        # Here it is first needed, and loads much.
        from chatsite.accounts.openid import SingleSignOn

        registry.register(SingleSignOn)
        return [
            SocialApp(
                provider=SingleSignOn.id,
                provider_id=settings.OIDC_ISSUER,
                name=settings.OIDC_NAME,
                client_id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
                settings={"server_url": settings.OIDC_ISSUER},
            )
        ]

    @override
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse, link, or go on; the rights follow the claims each time."""
        claims = sociallogin.account.extra_data
        if not rights.may_enter(claims):
            if sociallogin.is_existing:
                rights.withdraw(sociallogin.user)
            raise refuse(request, "group")
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        if not sociallogin.is_existing:
            self._admit(request, sociallogin, claims)
        if sociallogin.is_existing:
            rights.follow(sociallogin.user, claims)

    @override
    def is_open_for_signup(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        """Whoever was admitted has an account made."""
        return True

    @override
    def is_auto_signup_allowed(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        """No form asks what the provider has said."""
        return True

    @override
    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None
    ) -> User:
        """Make the account, under a name that nobody has."""
        claims = sociallogin.account.extra_data
        sociallogin.user.username = _free_name(claims)
        invitation = invitations.pending(request)
        try:
            with transaction.atomic():
                person: User = super().save_user(request, sociallogin, form)
                rights.follow(person, claims)
                if invitation and not invitations.use(invitation, person):
                    raise refuse(request, "again", status=409)
        except IntegrityError as error:
            # Two sign-ins took the same name at once: the second tries again.
            raise refuse(request, "again", status=409) from error
        return person

    @override
    def get_connect_redirect_url(
        self, request: HttpRequest, socialaccount: SocialAccount
    ) -> str:
        """Return to the page where the connecting began."""
        return reverse("account")

    @override
    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Log the kind of failure; its text may hold what the provider answered."""
        kind = type(exception).__name__ if exception else error
        logger.warning("A sign-in by %s failed: %s.", settings.OIDC_NAME, kind)

    def _admit(
        self, request: HttpRequest, sociallogin: SocialLogin, claims: dict[str, Any]
    ) -> None:
        email = verified_email(claims)
        domain = email.rpartition("@")[2]
        allowed = {name.lower().lstrip("@") for name in settings.ALLOWED_EMAIL_DOMAINS}
        is_invited = invitations.pending(request) is not None
        if allowed and not is_invited and (not email or domain not in allowed):
            raise refuse(request, "domain")
        holder = _holder_of(email)
        if holder is None:
            return
        if not may_be_linked(holder):
            raise refuse(request, "taken")
        sociallogin.connect(request, holder)


def may_be_linked(holder: User) -> bool:
    """Whether a verified address alone opens this account from now on.

    Never an administrator's: they connect the provider themselves, signed in. Always
    one that the provider has made.
    """
    is_its_own = Provisioned.objects.filter(person=holder).exists()
    return (
        (settings.OIDC_LINK_BY_EMAIL or is_its_own)
        and holder.is_active
        and not (holder.is_staff or holder.is_superuser)
        and not SocialAccount.objects.filter(user=holder).exists()
    )


def _holder_of(email: str) -> User | None:
    if not email:
        return None
    return User.objects.filter(email__iexact=email).order_by("pk").first()


def _free_name(claims: dict[str, Any]) -> str:
    preferred = str(claims.get("preferred_username") or "").partition("@")[0]
    wanted = [preferred, verified_email(claims), claims.get("name"), "person"]
    name: str = get_account_adapter().generate_unique_username(wanted)
    return name
