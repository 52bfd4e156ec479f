"""The page of one's own tokens."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDateWidget

from api.models import LONGEST, ApiToken, make_token
from portal.lists import OfferedOnly


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is asked for a new token."""

    class Meta:
        model = ApiToken
        fields = ("name", "expires_on")
        widgets: ClassVar = {"expires_on": UnfoldAdminDateWidget}

    def clean_expires_on(self) -> dt.date:
        """Refuse a day that is over, or more than a year ahead."""
        day: dt.date = self.cleaned_data["expires_on"]
        today = timezone.now().date()
        if not today <= day <= today + LONGEST:
            raise forms.ValidationError("Choose a day from today to a year ahead.")
        return day


@admin.register(ApiToken)
class ApiTokenAdmin(OfferedOnly, ModelAdmin):  # type: ignore[misc]
    """Everybody makes, sees and revokes their own tokens; superusers revoke everybody's."""

    form = TokenForm
    list_display = ("name", "created_at", "expires_on", "last_used_on", "revoked_at")
    list_display_links = None
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """One's own; all for superusers, who may have to revoke what somebody has lost."""
        tokens: QuerySet[ApiToken] = super().get_queryset(request)
        if request.user.is_superuser:
            return tokens.select_related("user")
        return tokens.filter(user_id=request.user.pk or 0)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """The columns; whose a token is where there are others'."""
        return ("user", *self.list_display) if request.user.is_superuser else self.list_display

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may log in has tokens."""
        return bool(request.user.is_active)

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Whether it is one's own, or a superuser looks."""
        own = obj is None or obj.user_id == request.user.pk
        return bool(request.user.is_active and (own or request.user.is_superuser))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may log in makes tokens: they carry no more than one's own rights."""
        return bool(request.user.is_active)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """A token stays as it is, or is revoked."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """A revoked token stays in the list."""
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Make one at a time: its text is shown once."""
        buttons = ("show_save_and_add_another", "show_save_and_continue")
        context = {**dict.fromkeys(buttons, False), **(extra_context or {})}
        response: HttpResponse = super().add_view(request, form_url, context)
        return response

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Offer three months."""
        return {"expires_on": timezone.now().date() + dt.timedelta(days=90)}

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Make the token; its text lives as long as this request."""
        assert request.user.is_authenticated
        made, obj.text = make_token(request.user, obj.name, obj.expires_on)  # type: ignore[attr-defined]
        obj.pk = made.pk

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the text of the token, this once."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Your new token: {obj.name}",
            "token": obj,
        }
        return TemplateResponse(request, "admin/api/token_made.html", context)

    @admin.action(description="Revoke the chosen tokens", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Let tokens work no more."""
        revoked = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        sentence = "1 token works" if revoked == 1 else f"{revoked} tokens work"
        self.message_user(request, f"{sentence} no more.", messages.SUCCESS)
