"""Compile every model for one engine, as it is once its tables exist, so that it can be linted.

What is written to target/lint/ENGINE is what dbt would send: macros expanded, engine primitives
dispatched, incremental models in their incremental branch. DuckDB and PostgreSQL are throwaway
warehouses with empty tables; Redshift is compiled without any connection, so its incremental models
are in their first branch.

    python scripts/checks/compile_models.py duckdb|postgres|redshift
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parents[1]
OUTPUT = Path("target/lint")
COMPILE = ("compile", "--select", "resource_type:model", "--indirect-selection", "empty")


@contextmanager
def _warehouse(engine: str) -> Iterator[dict[str, str]]:
    """Yield the variables of an empty warehouse that is deleted afterwards."""
    sys.path.insert(0, str(SCRIPTS))
    from private_postgres import private_postgres

    if engine == "postgres":
        with private_postgres() as server:
            yield server.create_database("lint")
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield {"TARGET": engine, "CLICKSTAR_DUCKDB_PATH": f"{folder}/lint.duckdb"}


def _make_raw_tables() -> None:
    # An empty landing folder: the loader makes every table of every contract.
    with tempfile.TemporaryDirectory() as landing:
        made = subprocess.run(
            [sys.executable, SCRIPTS / "load.py", "load", "--landing", landing],
            capture_output=True,
            text=True,
            check=False,
        )
    if made.returncode != 0:
        raise SystemExit(f"The loader could not make the raw tables: {made.stdout}{made.stderr}")


def _answer_without_connection() -> None:
    """Let dbt compile for Redshift with nothing to connect to: nothing exists there yet."""
    from dbt.adapters.redshift.impl import RedshiftAdapter

    def nothing(*_: Any, **__: Any) -> list[Any]:
        return []

    for name in ("list_relations", "list_relations_without_caching"):
        setattr(RedshiftAdapter, name, nothing)


def _dbt(target_path: Path, *arguments: str) -> None:
    from dbt.cli.main import dbtRunner

    outcome = dbtRunner().invoke(
        [*("--log-level", "error"), *arguments, "--target-path", str(target_path)]
    )
    if not outcome.success:
        raise SystemExit(f"dbt {arguments[0]} failed: {outcome.exception or 'see above'}")


def compile_models(engine: str) -> Path:
    """Compile all models for ``engine`` and return the folder of their SQL.

    Raises SystemExit, with dbt's own message, when a model does not compile or does not run.
    """
    target_path = OUTPUT / engine
    shutil.rmtree(target_path / "compiled", ignore_errors=True)
    with _warehouse(engine) as environment:
        os.environ.update(environment)
        if engine == "redshift":
            _answer_without_connection()
            _dbt(target_path, *COMPILE, "--no-introspect", "--no-populate-cache")
        else:
            _make_raw_tables()
            _dbt(target_path, "seed", "--empty")
            _dbt(target_path, "run", "--empty")
            shutil.rmtree(target_path / "compiled", ignore_errors=True)
            _dbt(target_path, *COMPILE)
    return target_path / "compiled" / "clickstar" / "models"


def main() -> int:
    """Compile for the engine of the command line and print where the SQL is."""
    parser = argparse.ArgumentParser(description="Compile every model for one engine.")
    parser.add_argument("engine", choices=["duckdb", "postgres", "redshift"])
    print(compile_models(parser.parse_args().engine))
    return 0


if __name__ == "__main__":
    sys.exit(main())
