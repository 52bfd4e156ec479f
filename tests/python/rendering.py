"""Compile a macro call as dbt does, so that a test can run its SQL over rows of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def render(jinja: str, folder: Path, settings: Mapping[str, str]) -> str:
    """Return the SQL that a piece of a model compiles to.

    Args:
        jinja: a macro call, such as `{{ scd2('history', ['code'], ['name']) }}`.
        folder: scratch folder for what dbt writes.
        settings: environment variables that choose the warehouse.
    """
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("compile", "--quiet", "--no-introspect", "--no-populate-cache"),
            *("--inline", jinja),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "CLICKSTAR_SALT": "a salt for tests",
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            **settings,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
