"""Who may do what: viewers look, stewards ask for changes, approvers decide on those of others."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

VIEWER, STEWARD, APPROVER = "viewer", "steward", "approver"


def make_roles() -> None:
    """Make the three roles as groups and give them exactly their rights.

    "add" and "change" are rights to ask: nothing is saved before somebody else approves it. Nobody
    may delete: records rest, and keys are never used again.
    """
    for name in ("records", "changes", "unmapped"):
        create_permissions(apps.get_app_config(name), verbosity=0)
    records = Permission.objects.filter(content_type__app_label="records")
    requests = Permission.objects.filter(content_type__app_label="changes")
    queue = Permission.objects.filter(content_type__app_label="unmapped")
    of_view = Q(codename__startswith="view_")
    of_edit = Q(codename__startswith="add_") | Q(codename__startswith="change_")
    # The history of a record is only looked at.
    of_edit &= ~Q(codename__contains="_historical")
    view = [*records.filter(of_view), *requests.filter(of_view), *queue.filter(of_view)]
    ask = [*records.filter(of_edit)]
    decide = [*requests.filter(codename="approve_changerequest")]
    for role, rights in ((VIEWER, view), (STEWARD, view + ask), (APPROVER, view + ask + decide)):
        Group.objects.get_or_create(name=role)[0].permissions.set(rights)
