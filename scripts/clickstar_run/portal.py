"""The master-data portal's part of a run: before loading it publishes, after building it learns.

Django is started only where there is a portal, and in a process of its own: it takes seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from clickstar_run.problems import Problem
from clickstar_run.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
MANAGE = PROJECT / "mdm" / "manage.py"
DATABASE = PROJECT / "mdm" / "var" / "portal.sqlite3"  # as in mdm/portal/settings.py


def there_is_a_portal(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the portal's database exists; a server is asked by the portal itself."""
    url = environment.get("MDM_DATABASE_URL", f"sqlite:///{DATABASE}")
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).is_file()


def publish(console: Console, settings: Settings) -> None:
    """Write what is new in the portal to the landing folder, and say so in a line.

    Raises Problem, in a sentence, when a history lost what was published of it.
    """
    done = _manage("publish", "--landing", settings.landing)
    if done.returncode != 0:
        raise Problem(_last_words(done))
    console.print(done.stdout.strip(), markup=False)


def refresh_queue(console: Console) -> None:
    """Tell the portal which networks' ids no record stands for, and say so in a line.

    The warehouse is built by now: what goes wrong here is told, and spoils nothing.
    """
    done = _manage("refresh_unmapped")
    if done.returncode == 0:
        console.print(done.stdout.strip(), markup=False)
    else:
        console.print(
            f"The portal's queue of unmapped ids is as it was: {_last_words(done)}",
            style="yellow",
            markup=False,
        )


def start() -> None:
    """Start the portal in place of this program; its own command says where it is."""
    os.execv(sys.executable, [sys.executable, str(MANAGE), "start"])


def _manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, MANAGE, *arguments, "--no-color"],
        capture_output=True,
        text=True,
        check=False,
    )


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    said = (done.stderr.strip() or done.stdout.strip()).removeprefix("CommandError: ")
    # Of a fault that nobody foresaw, the last line of its traceback.
    return said.splitlines()[-1] if "Traceback" in said else said
