"""What the commands of this app share: the place of the landing files, and faults in a sentence."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from publishing.adopt import CannotAdopt
from publishing.landing import Landing, LandingProblem
from publishing.publish import HistoryShrank

MIGRATE = (
    "run .venv/bin/python mdm/manage.py migrate, or start it with make mdm; or correct"
    " MDM_DATABASE_URL"
)


def lacks_migrations() -> bool:
    """Whether the tables are not yet those of this version."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


class LandingCommand(BaseCommand):
    """A command between the portal's database and the landing folder."""

    # Values in tables of another version may mean something else.
    makes_tables = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the place of the landing files."""
        parser.add_argument("--landing", help="folder or s3:// prefix (default: LANDING)")

    def handle(self, *_: Any, **options: Any) -> str:
        """Do it and return what is said about it; what a person has to mend is no traceback."""
        try:
            landing = Landing(options["landing"])
            if not self.makes_tables and lacks_migrations():
                raise CommandError(
                    "The portal's database cannot be used, its tables are of another version:"
                    f" {MIGRATE}."
                )
            return self.work(landing)
        except (CannotAdopt, HistoryShrank, LandingProblem, OSError) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"The portal's database cannot be used ({str(error).splitlines()[0]}): {MIGRATE}."
            ) from error

    def work(self, landing: Landing) -> str:
        """Do it and return what is to be said."""
        raise NotImplementedError
