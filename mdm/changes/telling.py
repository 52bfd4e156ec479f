"""What a person is told of changes that were asked for."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from changes.models import ChangeRequest


def tell(request: HttpRequest, sent: list[ChangeRequest]) -> None:
    """Say what became of what was asked for, and where to look at it."""
    waiting = [one for one in sent if one.status == ChangeRequest.Status.OPEN]
    counted = len(sent) - len(waiting)
    if not sent:
        messages.warning(request, "Nothing was changed, so nothing was sent.")
    if counted:
        text = "The change counts" if counted == 1 else f"{counted} changes count"
        messages.success(request, f"{text} at once: this portal needs no second pair of eyes.")
    if waiting:
        text = (
            "Sent to an approver: nothing changes until somebody else approves it."
            if len(waiting) == 1
            else f"{len(waiting)} changes were sent to an approver: nothing changes until somebody"
            " else approves them."
        )
        messages.success(
            request,
            format_html('{} <a class="said-link" href="{}">Look at it</a>', text, link(waiting)),
        )


def link(sent: list[ChangeRequest]) -> str:
    """The page of a request, or of all that were made together."""
    if len(sent) > 1 and sent[0].batch:
        return reverse("admin:changes_batch", args=[sent[0].batch])
    return reverse("admin:changes_changerequest_change", args=[sent[0].pk])


def counts_at_once(request: HttpRequest) -> bool:
    """Whether what the person asks for needs nobody else: an approver in a team of one."""
    return not settings.FOUR_EYES and request.user.has_perm("changes.approve_changerequest")


def user_of(request: HttpRequest) -> User:
    """Who looks at a page that nobody sees without a login."""
    assert isinstance(request.user, User)
    return request.user
