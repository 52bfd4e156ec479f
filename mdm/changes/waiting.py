"""Which requests wait, and for whom."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from changes.models import ChangeRequest


def open_requests() -> QuerySet[ChangeRequest]:
    """Requests that nobody has decided on."""
    return ChangeRequest.objects.filter(status=ChangeRequest.Status.OPEN)


def waiting_for(user: User) -> QuerySet[ChangeRequest]:
    """Open requests that this person may decide on: an approver's, except the own ones."""
    if not user.has_perm("changes.approve_changerequest"):
        return ChangeRequest.objects.none()
    others = open_requests()
    return others.exclude(requested_by=user) if settings.FOUR_EYES else others


def others_on_the_same_record(request: ChangeRequest) -> QuerySet[ChangeRequest]:
    """Other open requests for the record: when one is approved, the rest are out of date."""
    return (
        open_requests()
        .filter(entity=request.entity, code=request.code)
        .exclude(pk=request.pk)
        .select_related("requested_by")
    )
