"""The addresses of the pages and partials of the chat."""

from django.urls import URLPattern

app_name = "conversations"
urlpatterns: list[URLPattern] = []
