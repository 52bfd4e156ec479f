"""What production refuses, besides what Django's own checks find."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError


@register(Tags.security)
def demo_logins(app_configs: Any, **_: Any) -> list[Error]:
    """Refuse logins that everybody knows; a database that is not there yet has none."""
    if not settings.PRODUCTION:
        return []
    from publishing.demo import demo_logins_that_work

    try:
        names = ", ".join(user.username for user in demo_logins_that_work())
    except DatabaseError:
        return []
    if not names:
        return []
    hint = "Give them passwords of their own (manage.py changepassword NAME), or let them rest."
    return [Error(f"Everybody knows the passwords of the demo: {names}.", hint, id="portal.E001")]


def refuse_unsafe_start() -> None:
    """Refuse to serve what a check would refuse.

    Raises:
        ImproperlyConfigured: with what is wrong, and what to do.
    """
    for error in demo_logins(None):
        raise ImproperlyConfigured(f"{error.msg} {error.hint}")
