"""What django-allauth asks the site: who may join, and what a sign-out ends."""

from typing import Any, override

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chatsite.accounts.models import User
from chatsite.accounts.people import enters_by_provider_only
from chatsite.accounts.sessions import close_sockets


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closed sign-up; sockets end with the sign-in that opened them."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "This username and password do not match.",
        "too_many_login_attempts": (
            "Too many failed attempts. Wait five minutes, then try again."
        ),
    }

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Strangers join only where the operator says so."""
        return bool(settings.SIGNUP)

    @override
    def pre_login(
        self, request: HttpRequest, user: User, **kwargs: Any
    ) -> HttpResponse | None:
        """Stop whoever is switched off, or came by a way that is not offered."""
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        came_by_provider = "sociallogin" in (kwargs["signal_kwargs"] or {})
        if response or came_by_provider or not enters_by_provider_only(user):
            return response
        page = {"reason": "way", "sign_on_name": settings.OIDC_NAME}
        return render(request, "socialaccount/refused.html", page, status=403)

    @override
    def logout(self, request: HttpRequest) -> None:
        """End this session and the sockets that it opened."""
        person, session = request.user, request.session.session_key
        super().logout(request)
        if isinstance(person, User):
            close_sockets(person, session=session)

    @override
    def set_password(self, user: User, password: str) -> None:
        """A new password ends the sockets that the old one opened.

        Whom the provider brought has none, also not by a link of the mail.
        """
        if enters_by_provider_only(user):
            raise PermissionDenied
        super().set_password(user, password)
        close_sockets(user)
