"""The site's URLs: the admin, the accounts, the conversations."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from chatsite.accounts import invitation_views, views

handler404 = "chatsite.errors.page_not_found"

urlpatterns = [
    path("setup/<str:token>/", views.set_up, name="setup"),
    path("join/<str:token>/", invitation_views.join, name="invitation"),
    # Before the admin's own: sign-in, sign-out and password have one place each.
    path("admin/login/", views.admin_sign_in),
    path("admin/logout/", views.SignOutView.as_view()),
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="account_change_password"),
    ),
    path("admin/", admin.site.urls),
    path("accounts/", include("chatsite.accounts.urls")),
    path("scim/v2/", include("chatsite.accounts.scim_urls")),
    path("", include("conversations.urls")),
]
