"""The page of one's own account: ways to sign in, second factors, sessions."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from chatsite.accounts import factors, sessions
from chatsite.accounts.models import User
from chatsite.accounts.people import enters_by_provider_only


@never_cache
@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Show how the person signs in, and where they are signed in."""
    person = _person(request)
    kept = Authenticator.objects.filter(user=person).order_by("created_at")
    here = request.session.session_key
    context = {
        "sign_on_name": settings.OIDC_ISSUER and settings.OIDC_NAME,
        "is_connected": SocialAccount.objects.filter(
            user=person, provider=settings.OIDC_ISSUER
        ).exists(),
        "has_own_ways": not enters_by_provider_only(person),
        "app": kept.filter(type=Authenticator.Type.TOTP).first(),
        "passkeys": kept.filter(type=Authenticator.Type.WEBAUTHN),
        "codes": kept.filter(type=Authenticator.Type.RECOVERY_CODES).first(),
        "owes_factor": factors.is_required(person)
        and not kept.filter(type__in=factors.FACTORS).exists(),
        "sessions": [
            (session, sessions.device(session.user_agent), session.session_key == here)
            for session in sessions.standing(person)
        ],
    }
    return render(request, "account/account.html", context)


@never_cache
@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the person's own sessions."""
    session = get_object_or_404(UserSession, pk=pk, user=_person(request))
    if session.session_key == request.session.session_key:
        return redirect("account_logout")
    sessions.end_session(session)
    messages.success(request, "The session has ended.")
    return redirect("account")


@never_cache
@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of the person's sessions but this one."""
    for session in sessions.standing(_person(request)):
        if session.session_key != request.session.session_key:
            sessions.end_session(session)
    messages.success(request, "All other sessions have ended.")
    return redirect("account")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the views are behind sign-in
    return request.user
