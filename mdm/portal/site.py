"""The portal's site: everybody with an account is let in, and sees what the role allows."""

from __future__ import annotations

from functools import update_wrapper
from typing import Any

from django.contrib.auth.forms import AuthenticationForm as AnyActiveUser
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from portal import home


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """The login of every active account: accounts are made for this portal only."""

    def confirm_login_allowed(self, user: User) -> None:
        """Refuse those whose account rests, and nobody else ("staff" says nothing here)."""
        AnyActiveUser.confirm_login_allowed(self, user)


class PortalSite(UnfoldAdminSite):  # type: ignore[misc]
    """The admin site of the portal."""

    login_form = LoginForm
    index_title = "Home"
    index_template = "portal/home.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Every active account has a place here; what it may do, its role says."""
        return bool(request.user.is_authenticated and request.user.is_active)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuse what no database stores before a page looks for it; no browser sends it."""
        page = super().admin_view(view, cacheable)

        def storable(request: HttpRequest, *values: Any, **named: Any) -> Any:
            posted = request.POST.lists() if request.method == "POST" else ()
            if any("\x00" in text for name, texts in posted for text in (name, *texts)):
                return HttpResponseBadRequest("The form holds a character that cannot be stored.")
            return page(request, *values, **named)

        return update_wrapper(storable, page)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what waits for the person, and what happened last."""
        context = {**home.page(request), **(extra_context or {})}
        response: HttpResponse = super().index(request, context)
        return response
