"""Keeps the triggers of the history through migrations."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class RecordsConfig(AppConfig):
    """The master records."""

    name = "records"
    verbose_name = "Master data"

    def ready(self) -> None:
        """Take the triggers away before a migration, and bring them back after it."""
        pre_migrate.connect(_before_migrations, sender=self)
        post_migrate.connect(_after_migrations, sender=self)


def _before_migrations(**_: Any) -> None:
    from django.db import connection

    from records.triggers import drop_triggers

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("create schema if not exists mdm")
    drop_triggers()


def _after_migrations(**_: Any) -> None:
    from django.db import connection

    from records.triggers import ALL, create_triggers, record_differences

    # A migration may go back to before the tables.
    if {tables.record for tables in ALL} <= set(connection.introspection.table_names()):
        create_triggers()
        record_differences("changed while the tables were migrated")
