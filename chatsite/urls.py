"""The site's URLs: the admin, the accounts, the conversations."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("conversations.urls")),
]
