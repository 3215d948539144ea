"""The addresses of SCIM."""

from django.urls import path

from chatsite.accounts import scim_views as views

urlpatterns = [
    path("ServiceProviderConfig", views.configuration),
    path("ResourceTypes", views.types),
    path("Users", views.users),
    path("Users/<str:pk>", views.user),
    path("Groups", views.groups),
    path("Groups/<str:pk>", views.group),
]
