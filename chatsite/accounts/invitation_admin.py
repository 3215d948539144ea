"""Invitations in the admin: make one, hand its link over, revoke it."""

from typing import Any, override

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from chatsite.accounts import invitations
from chatsite.accounts.models import Invitation


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin[Invitation]):
    """An invitation is made and revoked, not changed."""

    list_display = ("email", "state", "created_by", "created_at", "expires_at")
    list_select_related = ("created_by",)
    search_fields = ("email",)
    date_hierarchy = "created_at"
    fields = ("email", "groups", "expires_at")
    actions = ("revoke",)

    @override
    def has_change_permission(
        self, request: HttpRequest, obj: Invitation | None = None
    ) -> bool:
        """What was handed over stays what it was."""
        return False

    @override
    def has_delete_permission(
        self, request: HttpRequest, obj: Invitation | None = None
    ) -> bool:
        """Who invited whom stays known."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may invite may also think better of it."""
        return self.has_add_permission(request)

    @override
    def get_exclude(
        self, request: HttpRequest, obj: Invitation | None = None
    ) -> tuple[str, ...]:
        """Only administrators give rights."""
        return () if _is_administrator(request) else ("groups",)

    @override
    def get_fields(
        self, request: HttpRequest, obj: Invitation | None = None
    ) -> list[Any]:
        """Leave out what is excluded; on a made one show what became of it."""
        hidden = self.get_exclude(request, obj)
        shown = [name for name in self.fields if name not in hidden]
        after = ["state", "created_by", "used_by", "used_at", "revoked_at"]
        return [*shown, *after] if obj else shown

    @override
    def save_model(
        self,
        request: HttpRequest,
        obj: Invitation,
        form: ModelForm[Invitation],
        change: bool,
    ) -> None:
        """Give it its maker and its token, which is known for this request only."""
        obj.created_by = request.user  # type: ignore[assignment]  # signed in
        token = invitations.new_token(obj)
        obj.link = invitations.link_to(request, token)  # type: ignore[attr-defined]  # for response_add
        super().save_model(request, obj, form, change)

    @override
    def response_add(
        self,
        request: HttpRequest,
        obj: Invitation,
        post_url_continue: str | None = None,
    ) -> HttpResponse:
        """Show the link, once."""
        link: str = obj.link  # type: ignore[attr-defined]  # from save_model
        context = {
            **self.admin_site.each_context(request),
            "title": f"A link for {obj.email}",
            "invitation": obj,
            "link": link,
            "was_mailed": invitations.mail(obj, link),
        }
        response = TemplateResponse(request, "account/invitation_link.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(
        description="Revoke",
        permissions=["revoke"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def revoke(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        """Make the links void that nobody has used yet."""
        revoked = [it for it in chosen if invitations.revoke(it)]
        for invitation in revoked:
            self.log_change(request, invitation, "Revoked.")
        what = "invitation is" if len(revoked) == 1 else "invitations are"
        messages.success(request, f"{len(revoked)} {what} revoked.")


def _is_administrator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
