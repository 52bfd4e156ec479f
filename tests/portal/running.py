"""A portal that runs as people start it, in a process of its own with a database of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    """A portal that serves: its address, what it said until then, and what it said at its end."""

    address: str
    said: str
    ended: str = ""


def clean_environment() -> dict[str, str]:
    """The variables of this process without any that names a portal, a warehouse or files."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MDM_", "CLICKSTAR_"))
        and name not in ("TARGET", "LANDING", "PORT", "DJANGO_SETTINGS_MODULE")
    }


def portal_environment(folder: Path, **more: str) -> dict[str, str]:
    """The variables of a portal whose database and landing files are in a folder."""
    return clean_environment() | {
        "MDM_DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
        "LANDING": str(folder / "landing"),
        "CLICKSTAR_DUCKDB_PATH": str(folder / "clickstar.duckdb"),
        "COLUMNS": "200",
        **more,
    }


def manage(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the portal to its end."""
    return subprocess.run(
        [sys.executable, PROJECT / "mdm" / "manage.py", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def running_portal(environment: dict[str, str], project: Path = PROJECT) -> Iterator[Running]:
    """Start the portal of a project folder, and end it with Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, project / "mdm" / "manage.py", "start"],
        cwd=project,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"http://127\.0\.0\.1:\d+/", said)
    try:
        assert found is not None, said
        portal = Running(found[0], said)
        yield portal
    finally:
        process.send_signal(signal.SIGINT)
        ended, _ = process.communicate(timeout=30)
    portal.ended = ended
    assert process.returncode == 0, said + ended
