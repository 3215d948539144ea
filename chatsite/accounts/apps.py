"""The Django app of the people."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and sign-in."""

    name = "chatsite.accounts"
    verbose_name = "People"
