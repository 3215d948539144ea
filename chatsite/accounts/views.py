"""Pages around sign-in that django-allauth does not have, or has otherwise."""

from typing import Any, override

from allauth.account.views import LoginView, LogoutView, PasswordResetView
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from chatsite.accounts import setup
from chatsite.accounts.forms import AdministratorForm


class SignInView(LoginView):  # type: ignore[misc]  # allauth has no types
    """The one door: single sign-on, passkey, or name and password."""

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the fields unless only single sign-on is meant to be used.

        An administrator whose identity provider is down adds `?local=1`.
        """
        asked = "local" in self.request.GET or self.request.method == "POST"
        return {
            **super().get_context_data(**kwargs),
            "sign_on_name": settings.OIDC_ISSUER and settings.OIDC_NAME,
            "asks_for_password": asked or not settings.OIDC_ONLY,
        }


@method_decorator(never_cache, name="dispatch")
class SignOutView(LogoutView):  # type: ignore[misc]  # allauth has no types
    """Sign out, and have the browser forget the drafts that it kept."""

    @override
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session; drafts live in the browser's storage of this site."""
        response: HttpResponse = super().post(*args, **kwargs)
        response.headers["Clear-Site-Data"] = '"storage"'
        return response


class PasswordLostView(PasswordResetView):  # type: ignore[misc]  # allauth has no types
    """Send a reset link; where no mail is sent, say who can make one."""

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Without mail there is no form to fill in."""
        if not settings.EMAIL_URL:
            return render(request, "account/password_reset_by_hand.html")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Send the admin's visitors through the one sign-in page, which is throttled."""
    if request.user.is_authenticated:
        raise PermissionDenied
    after = urlencode({"next": request.GET.get("next", "/admin/")})
    return redirect(f"{settings.LOGIN_URL}?{after}")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first administrator; only a POST that succeeds uses the link up."""
    if not setup.link_works(token):
        return render(request, "setup_void.html", status=404)
    form = AdministratorForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        return render(request, "setup.html", {"form": form}, status=status)
    if setup.use_link(token=token, **form.cleaned_data) is None:
        return render(request, "setup_void.html", status=404)
    messages.success(request, "The administrator is made. Sign in to begin.")
    # Signing in at once shows whether the password was typed as it was meant.
    return redirect(settings.LOGIN_URL)
