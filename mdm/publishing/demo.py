"""Logins for trying the portal out: everybody knows them, so production has none."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import get_random_string

from changes.roles import APPROVER, STEWARD, VIEWER

# Two approvers: nobody approves the own change.
DEMO_LOGINS = {
    "viewer": "demo-viewer-looks",
    "steward": "demo-steward-asks",
    "approver": "demo-approver-decides",
    "approver2": "demo-approver-decides-too",
}
ROLES = {"viewer": VIEWER, "steward": STEWARD, "approver": APPROVER, "approver2": APPROVER}


def make_demo_logins() -> None:
    """Make the demo's logins in a portal that nobody can enter yet.

    Raises:
        ImproperlyConfigured: in production.
    """
    if settings.PRODUCTION:
        raise ImproperlyConfigured("A portal in production has no demo logins.")
    if User.objects.exists():
        return
    # A slow hash would protect what everybody knows; Django makes a slow one at the first login.
    hasher = PBKDF2PasswordHasher()
    for name, password in DEMO_LOGINS.items():
        user = User.objects.create(
            username=name,
            password=hasher.encode(password, get_random_string(22), iterations=1),
            is_staff=True,
        )
        user.groups.add(Group.objects.get(name=ROLES[name]))


def demo_logins_that_work() -> list[User]:
    """The users who still have the password that everybody knows."""
    return [
        user
        for user in User.objects.filter(username__in=DEMO_LOGINS, is_active=True).order_by("pk")
        if check_password(DEMO_LOGINS[user.username], user.password)
    ]
