"""The warehouses of one comparison: each empty at first, loaded from the same files, and built."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clickstar_parity.extract import Side
from clickstar_run.problems import Problem
from clickstar_run.settings import read_settings
from private_postgres import PostgresUnavailableError, private_postgres
from redshift_standin import (
    STANDIN,
    RedshiftAbsentError,
    RedshiftUnavailableError,
    certificates,
    endpoint_settings,
    running_redshift,
)

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "redshift": "Redshift"}
# On a cluster that people work with, the comparison keeps to schemas of its own.
SCHEMA_PREFIX = "parity_"
NO_REDSHIFT = f"Redshift was left out: CLICKSTAR_REDSHIFT_HOST names none (no {STANDIN})."


@contextmanager
def running(engine: str, scratch: Path) -> Iterator[dict[str, str] | None]:
    """Start what an engine needs; the variables that reach it, or None where it cannot be had.

    Raises Problem when it should be there and does not start.
    """
    if engine == "duckdb":
        yield {"CLICKSTAR_DUCKDB_PATH": str(scratch / "warehouse.duckdb")}
    elif engine == "postgres":
        try:
            with private_postgres() as server:
                yield server.create_database("clickstar_parity")
        except PostgresUnavailableError as error:
            raise Problem(str(error)) from error
    else:
        try:
            with (
                running_redshift(scratch / "standin", endpoint_settings(os.environ)) as redshift,
                certificates(redshift.settings),
            ):
                yield redshift.settings
        except RedshiftAbsentError:
            yield None
        except RedshiftUnavailableError as error:
            raise Problem(str(error)) from error


def build(engine: str, reached_by: Mapping[str, str], landing: str, scratch: Path) -> Side:
    """Load every file into an engine's warehouse and build all of it but the tests.

    Raises Problem when a step fails; what it said is in the message.
    """
    environment = {
        **os.environ,
        **reached_by,
        "TARGET": engine,
        "CLICKSTAR_SCHEMA_PREFIX": SCHEMA_PREFIX,
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
        "DBT_PROFILES_DIR": str(ROOT),
    }
    _step(
        f"{NAMES[engine]}: loading",
        environment,
        *(sys.executable, str(ROOT / "scripts" / "load.py"), "load"),
        *("--landing", landing, "--target", engine),
    )
    _step(
        f"{NAMES[engine]}: building",
        environment,
        *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build"),
        *("--full-refresh", "--exclude-resource-type", "test", "unit_test"),
    )
    return Side(NAMES[engine], read_settings(environment), scratch / "target")


def _step(name: str, environment: Mapping[str, str], *command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = f"{done.stdout.strip()}\n{done.stderr.strip()}".strip()[-2000:]
        raise Problem(f"{name} failed:\n{said}")
