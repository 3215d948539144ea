"""People in the admin: add them, hand them a link, end their sign-in."""

from typing import Any, override

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from chatsite.accounts import factors
from chatsite.accounts.invitation_admin import InvitationAdmin
from chatsite.accounts.models import User
from chatsite.accounts.people import deactivate, password_link
from chatsite.accounts.sessions import close_sockets, end_sessions

__all__ = ["InvitationAdmin", "PersonAdmin"]

# What belongs to a person is dealt with on the person's own page; secrets on none.
for model in (
    Authenticator,
    EmailAddress,
    SocialAccount,
    SocialApp,
    SocialToken,
    UserSession,
):
    admin.site.unregister(model)

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """People are added and deactivated, never deleted: what they wrote is theirs."""

    list_display = ("username", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    readonly_fields = ("last_login", "date_joined")
    actions = ("make_link", "deactivate_people", "end_their_sessions", "reset_factors")
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    "email",
                    "usable_password",
                    "password1",
                    "password2",
                ),
                "description": "Without a password the next page shows a link, once,"
                " with which the person chooses one.",
            },
        ),
    )

    @override
    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Nobody is deleted."""
        return False

    @override
    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Only administrators change an administrator."""
        beyond = obj is not None and obj.is_superuser and not _is_administrator(request)
        return super().has_change_permission(request, obj) and not beyond

    @override
    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> tuple[Any, ...]:
        """Only administrators give rights."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if _is_administrator(request) else (*fields, *RIGHTS)

    @override
    def save_model(
        self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool
    ) -> None:
        """End the sessions of a person who is switched off or loses the admin."""
        super().save_model(request, obj, form, change)
        if change and {"is_active", "is_staff", "is_superuser"} & {*form.changed_data}:
            end_sessions(obj)

    @override
    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """End the sockets that the old password opened; its sessions end by it."""
        response = super().user_change_password(request, id, form_url)
        person = self.get_object(request, id)
        if request.method == "POST" and response.status_code == 302 and person:
            close_sockets(person)
        return response

    @override
    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the link at once to whoever added a person without a password."""
        if obj.has_usable_password():
            return super().response_add(request, obj, post_url_continue)
        return self._show_link(request, obj)

    @admin.action(
        description="Make a link to set a password",
        permissions=["change"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def make_link(
        self, request: HttpRequest, people: QuerySet[User]
    ) -> HttpResponse | None:
        """Show a link for one person, once."""
        person = people.first() if people.count() == 1 else None
        if person is None or not person.is_active:
            messages.error(request, "Choose one person who may sign in.")
            return None
        if not self.has_change_permission(request, person):
            messages.error(request, "Only an administrator can do this.")
            return None
        return self._show_link(request, person)

    @admin.action(
        description="Deactivate: end sign-in, sessions and open pages",
        permissions=["change"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def deactivate_people(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Deactivate all that may be: not oneself, not those with more rights."""
        ended = [
            person
            for person in self._changeable(request, people.filter(is_active=True))
            if person != request.user
        ]
        for person in ended:
            deactivate(person)
            self.log_change(request, person, "Deactivated.")
        who = "person" if len(ended) == 1 else "people"
        messages.success(request, f"{len(ended)} {who} can no longer sign in.")

    @admin.action(
        description="End all sessions and open pages",
        permissions=["change"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def end_their_sessions(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Sign people out everywhere; they may sign in again."""
        for person in self._changeable(request, people):
            count = end_sessions(person)
            self.log_change(request, person, f"Ended {count} sessions.")
            messages.success(request, f"{person} is signed out everywhere.")

    @admin.action(
        description="Reset second factors and passkeys",
        permissions=["change"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def reset_factors(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Help people who lost them; whoever has their password gets in again."""
        for person in self._changeable(request, people):
            count = factors.reset(person)
            self.log_change(request, person, f"Reset {count} second factors.")
            messages.success(request, f"{person} signs in without a second factor.")

    def _changeable(self, request: HttpRequest, people: QuerySet[User]) -> list[User]:
        return [it for it in people if self.has_change_permission(request, it)]

    def _show_link(self, request: HttpRequest, person: User) -> HttpResponse:
        self.log_change(request, person, "Made a link to set a password.")
        response = TemplateResponse(
            request,
            "account/password_link.html",
            {
                **self.admin_site.each_context(request),
                "title": f"A link for {person.get_username()}",
                "person": person,
                "link": password_link(person),
            },
        )
        add_never_cache_headers(response)
        return response


def _is_administrator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
