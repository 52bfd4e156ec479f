"""The first page: what waits for the person who looks at it, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from changes.models import ChangeRequest
from changes.names import with_names
from changes.waiting import open_requests, waiting_for
from portal.navigation import groups
from unmapped.models import UnmappedId

LAST_CHANGES = 6


@dataclass(frozen=True)
class Card:
    """A number that asks for something to be done, and where to do it."""

    title: str
    number: int
    sentence: str
    link: str
    calls: bool = False


def page(request: HttpRequest) -> dict[str, Any]:
    """What the template of the home page shows."""
    user = request.user
    assert isinstance(user, User)
    applied = ChangeRequest.objects.filter(status=ChangeRequest.Status.APPLIED)
    waiting = waiting_for(user)
    mine = open_requests().filter(requested_by=user)
    looks = user.has_perm("changes.view_changerequest")
    return {
        "cards": cards(user, waiting, mine),
        "waiting": _newest(waiting),
        "mine": _newest(mine),
        "last_changes": _newest(
            applied.order_by("-decided_at", "-id") if looks else applied.none()
        ),
        "groups": groups(request),
        "decides": user.has_perm("changes.approve_changerequest"),
        "looks": looks,
        "asks": user.has_perm("records.change_partner"),
    }


def cards(
    user: User, waiting: QuerySet[ChangeRequest], mine: QuerySet[ChangeRequest]
) -> list[Card]:
    """The numbers on top: each role sees those that it can do something about."""
    listed = reverse("admin:changes_changerequest_changelist")
    found = []
    if user.has_perm("changes.approve_changerequest"):
        number = waiting.count()
        sentence = "by others wait for your approval" if number else "Nothing waits for you."
        found.append(
            Card("To approve", number, sentence, f"{listed}?whose=waiting", calls=number > 0)
        )
    if user.has_perm("records.change_partner"):
        number = mine.count()
        sentence = "of yours wait for an approver" if number else "You wait for nobody."
        found.append(
            Card("Your requests", number, sentence, f"{listed}?whose=mine&status__exact=open")
        )
    if user.has_perm("unmapped.view_unmappedid") and user.has_perm("records.change_partner"):
        number = UnmappedId.objects.waiting().count()
        sentence = "stand for no record yet" if number else "Every id stands for a record."
        queue = reverse("admin:unmapped_unmappedid_changelist")
        found.append(Card("Unmapped ids", number, sentence, queue, calls=number > 0))
    return found


def _newest(requests: QuerySet[ChangeRequest]) -> list[ChangeRequest]:
    return with_names(requests.select_related("requested_by", "decided_by")[:LAST_CHANGES])
