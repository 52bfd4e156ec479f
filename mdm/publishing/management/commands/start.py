"""Start the portal on this machine: `make mdm`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands
from django.db import connection
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from publishing.adopt import adopt, is_empty
from publishing.command import LandingCommand, lacks_migrations
from publishing.demo import DEMO_LOGINS, demo_logins_that_work, make_demo_logins
from publishing.landing import Landing
from publishing.management.commands.adopt import said as said_of_adopting
from publishing.server import HOST, PortTaken, open_server

STOPPED = "Stopped. `make mdm` starts it again, with everything that was entered."


class Command(LandingCommand):
    """Make the database ready, fill it once, and serve it until Ctrl-C."""

    makes_tables = True
    help = "Start the portal on this machine; an empty one adopts the records of the landing files."

    def work(self, landing: Landing) -> str:
        """Serve until somebody ends it."""
        if settings.PRODUCTION:
            raise CommandError(
                "This server is for one machine. In production run: .venv/bin/gunicorn --chdir mdm"
                " portal.wsgi"
            )
        # Ended from outside it leaves as with Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        console = Console(highlight=False)
        try:
            port = _port()
            prepare(console, landing)
            with open_server(port) as server:
                show(console, server.server_port)
                server.serve_forever()
        except PortTaken as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            return STOPPED
        return ""


def prepare(console: Console, landing: Landing) -> None:
    """Migrate, fill an empty portal, make its logins, and ask the warehouse for unmapped ids."""
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        Path(database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    if lacks_migrations():
        console.print("Making the portal's tables …")
        call_command("migrate", verbosity=0, interactive=False)
    if is_empty():
        console.print(said_of_adopting(adopt(landing)), markup=False, soft_wrap=True)
    make_demo_logins()
    if _there_is_a_warehouse() and "refresh_unmapped" in get_commands():
        try:
            call_command("refresh_unmapped")
        except CommandError as error:
            console.print(str(error), style="yellow", markup=False, soft_wrap=True)


def show(console: Console, port: int) -> None:
    """Print where the portal is, and who may enter."""
    table = Table(title="Logins of the demo", title_justify="left", box=SIMPLE_HEAD)
    for column in ("login", "password", "may"):
        table.add_column(column)
    may = {"viewer": "look", "steward": "ask for changes", "approver": "approve those of others"}
    for user in demo_logins_that_work():
        role = user.groups.values_list("name", flat=True)[0]
        table.add_row(user.username, DEMO_LOGINS[user.username], may[role])
    console.print(f"\nThe master-data portal is at [bold]http://{HOST}:{port}/[/bold]")
    if table.rows:
        console.print(table)
    elif not User.objects.exists():
        console.print("Nobody can enter yet: mdm/manage.py createsuperuser makes a login.")
    console.print("Ctrl-C ends it.")


def _port() -> int | None:
    text = os.environ.get("PORT", "")
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PortTaken(f"PORT={text} is not a port number.")
    return int(text)


def _there_is_a_warehouse() -> bool:
    if os.environ.get("TARGET", "duckdb") != "duckdb":
        return True
    path = os.environ.get("CLICKSTAR_DUCKDB_PATH") or "warehouse/clickstar.duckdb"
    return (settings.PROJECT_DIR / path).is_file()
