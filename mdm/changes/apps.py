"""Makes the roles after migrations."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ChangesConfig(AppConfig):
    """Requests to change master records."""

    name = "changes"
    verbose_name = "Changes"

    def ready(self) -> None:
        """Give the roles their rights after every migration, new entities included."""
        post_migrate.connect(_after_migrations, sender=self)


def _after_migrations(**_: Any) -> None:
    from changes.roles import make_roles

    make_roles()
