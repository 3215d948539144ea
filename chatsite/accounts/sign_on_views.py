"""Single sign-on: the way to the identity provider and back.

What only a site with a provider needs is imported once there turns out to be one.
"""

from typing import TYPE_CHECKING

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

if TYPE_CHECKING:
    from chatsite.accounts.openid import SingleSignOn


@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider; someone signed in connects their account.

    The page in between takes the form's end here: the policy of the pages forbids
    forms, and what they lead to, to go to other sites.
    """
    provider = _provider(request)
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error
    from requests import RequestException

    connects = request.user.is_authenticated
    process = AuthProcess.CONNECT if connects else AuthProcess.LOGIN
    after = None if connects else get_next_redirect_url(request)
    try:
        response = provider.redirect(request, process, next_url=after)
    except (RequestException, OAuth2Error, KeyError, ValueError) as error:
        # Whatever a provider that is down or wrongly set up makes of its answers.
        return _failed(request, provider, error)
    context = {"sign_on_name": settings.OIDC_NAME, "address": response["Location"]}
    return render(request, "socialaccount/login_redirect.html", context)


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take the provider's word for who this is, once."""
    provider = _provider(request)
    from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView

    from chatsite.accounts.openid import SignOnAdapter

    view = OAuth2CallbackView.adapter_view(SignOnAdapter(request, provider.sub_id))
    try:
        response: HttpResponse = view(request)
    except (KeyError, ValueError) as error:
        # Claims of another shape than the standard's.
        return _failed(request, provider, error)
    return response


@never_cache
@require_GET
def cancelled(_request: HttpRequest) -> HttpResponse:
    """Return to where another way can be chosen."""
    return redirect(settings.LOGIN_URL)


def _provider(request: HttpRequest) -> "SingleSignOn":
    if not settings.OIDC_ISSUER:
        raise Http404
    issuer = settings.OIDC_ISSUER
    provider: SingleSignOn = get_adapter(request).get_provider(request, issuer)
    return provider


def _failed(
    request: HttpRequest, provider: "SingleSignOn", error: Exception
) -> HttpResponse:
    page: HttpResponse = render_authentication_error(request, provider, exception=error)
    return page
