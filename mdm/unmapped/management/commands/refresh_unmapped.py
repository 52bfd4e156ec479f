"""Fill the queue from the warehouse: `mdm/manage.py refresh_unmapped`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from unmapped.models import UnmappedId
from unmapped.refresh import replace_queue
from unmapped.warehouse import NoWarehouse, unmapped_members


class Command(BaseCommand):
    """Replace the queue of unmapped ids."""

    help = "Replace the queue of unmapped ids by those of the warehouse (TARGET, profiles.yml)."

    def handle(self, *_: Any, **__: Any) -> str:
        """Do it and say how many wait."""
        try:
            total = replace_queue(unmapped_members())
        except NoWarehouse as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"The portal's database cannot be used ({str(error).splitlines()[0]}): run"
                " .venv/bin/python mdm/manage.py migrate, or correct MDM_DATABASE_URL."
            ) from error
        waiting = UnmappedId.objects.waiting().count()
        decided = f"; {total - waiting:,} more are decided already" if total > waiting else ""
        noun = "id waits" if waiting == 1 else "ids wait"
        return f"Queue: {waiting:,} unmapped {noun} for a decision in the portal{decided}."
