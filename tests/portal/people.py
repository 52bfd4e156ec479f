"""What the portal's tests share: people of each role, and tables that can be emptied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from changes import roles, service
from changes.models import ChangeRequest
from records.triggers import drop_triggers

__all__ = [
    "Person",
    "_quick_passwords",
    "approver",
    "person",
    "real_transactions",
    "steward",
    "viewer",
]

Person = Callable[..., User]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Slow hashes protect passwords of people, and these belong to nobody."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person(db: None) -> Person:
    """Make a user of a role: `person(roles.STEWARD)`, `person(roles.APPROVER, "second")`."""

    def make(role: str, name: str = "") -> User:
        user = User.objects.create_user(name or role, password="correct horse battery")
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def viewer(person: Person) -> User:
    return person(roles.VIEWER)


@pytest.fixture
def steward(person: Person) -> User:
    return person(roles.STEWARD)


@pytest.fixture
def approver(person: Person) -> User:
    return person(roles.APPROVER)


def approve_together(requests: Iterable[ChangeRequest], user: User) -> dict[int, str]:
    """Approve requests in the order in which they were made; says by id what was refused of it."""
    refused = {}
    for request in sorted(requests, key=lambda one: one.pk):
        try:
            service.approve(request, user)
        except service.Refused as refusal:
            refused[request.pk] = str(refusal)
    return refused


@pytest.fixture
def real_transactions(transactional_db: Any) -> Iterator[None]:
    """A test whose transactions are real ones; its tables are emptied afterwards, histories too."""
    yield
    # Emptying a history is what the triggers refuse; the migration signal brings them back.
    drop_triggers()
