"""The addresses of sign-in; the rest of django-allauth's pages is not offered."""

from allauth.account import views as allauth
from django.urls import path, re_path

from chatsite.accounts import sign_on_views, views

urlpatterns = [
    path("login/", views.SignInView.as_view(), name="account_login"),
    path("oidc/login/", sign_on_views.begin, name="oidc_login"),
    path("oidc/login/callback/", sign_on_views.callback, name="oidc_callback"),
    path(
        "oidc/cancelled/", sign_on_views.cancelled, name="socialaccount_login_cancelled"
    ),
    path("logout/", views.SignOutView.as_view(), name="account_logout"),
    path("signup/", allauth.signup, name="account_signup"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/set/", allauth.password_set, name="account_set_password"),
    path(
        "password/reset/",
        views.PasswordLostView.as_view(),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        allauth.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
