"""The page that an invitation leads to."""

from allauth.account.utils import perform_login
from django.conf import settings
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from chatsite.accounts import invitations
from chatsite.accounts.forms import JoinForm
from chatsite.accounts.models import Invitation, User


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Let the invited person choose a name and a password, or sign on; once."""
    invitation = invitations.find(token)
    if invitation is None or invitation.state != "open":
        return _void(request, invitation)
    if request.user.is_authenticated:
        return _page(request, invitation, None, status=200)
    invitations.keep_pending(request, invitation)
    person = User(email=invitation.email)
    form = JoinForm(request.POST or None, instance=person)
    if request.method == "GET" or settings.OIDC_ONLY or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        return _page(request, invitation, form, status=status)
    return _joined(request, invitation, form)


def _joined(
    request: HttpRequest, invitation: Invitation, form: JoinForm
) -> HttpResponse:
    chosen = form.cleaned_data
    try:
        person = invitations.accept(
            invitation, username=chosen["username"], password=chosen["password"]
        )
    except IntegrityError:
        # Somebody took the name between the check and now.
        form.add_error("username", "A user with that username already exists.")
        return _page(request, invitation, form, status=422)
    if person is None:
        return _void(request, Invitation.objects.get(pk=invitation.pk))
    response: HttpResponse = perform_login(
        request, person, email_verification=settings.ACCOUNT_EMAIL_VERIFICATION
    )
    return response


def _page(
    request: HttpRequest, invitation: Invitation, form: JoinForm | None, *, status: int
) -> HttpResponse:
    context = {
        "invitation": invitation,
        "form": form,
        "asks_for_password": form is not None and not settings.OIDC_ONLY,
        "sign_on_name": settings.OIDC_ISSUER and settings.OIDC_NAME,
    }
    return render(request, "account/invitation.html", context, status=status)


def _void(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    context = {"state": invitation.state if invitation else "unknown"}
    return render(request, "account/invitation_void.html", context, status=404)
