"""The commands: load, status, rejects and replay."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb

from . import interruption
from .contract import read_contracts
from .discover import Landing
from .errors import LoaderError, UsageError
from .load import Loader
from .report import Reporter
from .settings import TARGETS, Settings, settings_from_environment
from .status import show_rejects, show_status
from .warehouse import Warehouse
from .warehouse_duckdb import DuckDBWarehouse

_DESCRIPTION = """\
Loads landing files into the raw tables, accounting for every record.

  load         load what is new or changed (the default)
  status       files, rows, rejects and the newest event of each table
  rejects      the records that were rejected, and why
  replay FILE  load a file again, after its contract was corrected

Exit code: 0 all is well (rejected records are only reported), 1 something needs a person (also a
file whose every record was rejected), 2 a wrong command, setting or contract.
"""
_INTERRUPTED = 130
_INTERRUPTED_SENTENCE = (
    "Interrupted: the file at work was left out, those before it are loaded; run it again."
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code. Errors are sentences on standard error, never tracebacks."""
    options = _parser().parse_args(arguments)
    reporter = Reporter(options.json)
    interruption.watch()
    try:
        return _run(options, reporter)
    except KeyboardInterrupt:
        return _fail(reporter, _INTERRUPTED_SENTENCE, _INTERRUPTED)
    except Exception as error:
        # DuckDB and the drivers tell of an interruption in ways of their own.
        if interruption.was_asked():
            return _fail(reporter, _INTERRUPTED_SENTENCE, _INTERRUPTED)
        return _explain(reporter, error)


def _explain(reporter: Reporter, error: Exception) -> int:
    """Say what was wrong, as far as a person can do something about it; the exit code."""
    if isinstance(error, LoaderError):
        return _fail(reporter, str(error), error.exit_code)
    if isinstance(error, MemoryError):
        return _fail(reporter, "There is not enough memory: lower CLICKSTAR_LOADER_MEMORY.", 1)
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, (OSError, duckdb.Error)):
        reason = " ".join(str(error).split("\n")[0].split())
        return _fail(
            reporter, f"Something outside the loader failed ({reason}): see to it, run it again.", 1
        )
    raise error


def _run(options: argparse.Namespace, reporter: Reporter) -> int:
    if (options.file is not None) != (options.command == "replay"):
        raise UsageError("Only replay takes a FILE, and it needs one: load.py replay FILE.")
    settings = settings_from_environment(
        options.landing, options.contracts, options.target, options.wait
    )
    tables = read_contracts(settings.contracts)
    warehouse = _warehouse(settings)
    read_only = options.command in ("status", "rejects")
    landing = None if read_only else Landing(settings.landing)
    warehouse.open(reporter.say, read_only)
    try:
        if landing is not None:
            loader = Loader(settings, tables, landing, warehouse, reporter)
            outcome = loader.load(only=options.file)
            reporter.load(outcome)
            return outcome.exit_code
        if warehouse.is_missing():
            raise LoaderError(
                f"There is nothing in the schema {settings.raw_schema} yet: load something first "
                "(make load)."
            )
        if options.command == "status":
            show_status(warehouse, tables, reporter)
        else:
            show_rejects(warehouse, tables, reporter, options.table, options.limit, options.export)
        return 0
    finally:
        warehouse.close()


def _warehouse(settings: Settings) -> Warehouse:
    common = (settings.raw_schema, settings.threads, settings.memory_limit, settings.wait_seconds)
    if settings.target == "duckdb":
        return DuckDBWarehouse(settings.duckdb_path, *common)
    if settings.target == "redshift":
        return _redshift(*common)
    # Only who needs the driver waits for it.
    from .warehouse_postgres import PostgresWarehouse

    connection = {
        name: os.environ.get(f"CLICKSTAR_POSTGRES_{variable}") or default
        for name, variable, default in (
            ("host", "HOST", "127.0.0.1"),
            ("port", "PORT", "5432"),
            ("user", "USER", "clickstar"),
            ("password", "PASSWORD", ""),
            ("dbname", "DATABASE", "clickstar"),
        )
    }
    return PostgresWarehouse(connection, *common)


def _redshift(schema: str, threads: int, memory: str, wait_seconds: float) -> Warehouse:
    from .warehouse_redshift import RedshiftWarehouse, staging

    def given(name: str, default: str) -> str:
        return os.environ.get(f"CLICKSTAR_REDSHIFT_{name}") or default

    port, mode = given("PORT", "5439"), given("SSLMODE", "prefer")
    if not port.isdecimal():
        raise UsageError(f"CLICKSTAR_REDSHIFT_PORT is {port!r}: it must be a port number.")
    connection = {
        "host": given("HOST", "127.0.0.1"),
        "port": int(port),
        "user": given("USER", "clickstar"),
        "password": given("PASSWORD", ""),
        "database": given("DATABASE", "clickstar"),
        # The modes are those of dbt's profile; dbt-redshift gives the driver the same two.
        "ssl": mode != "disable",
        "sslmode": "verify-full" if mode == "verify-full" else "verify-ca",
        "timeout": 30,
    }
    place = staging(given("S3_PREFIX", ""), given("IAM_ROLE", ""))
    return RedshiftWarehouse(connection, place, schema, threads, memory, wait_seconds)


def _fail(reporter: Reporter, sentence: str, exit_code: int) -> int:
    if reporter.as_json:
        reporter.document({"error": sentence, "exit_code": exit_code})
    reporter.say(sentence)
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="load.py",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", nargs="?", default="load", choices=["load", "status", "rejects", "replay"]
    )
    parser.add_argument("file", nargs="?", help="the landing file to replay")
    parser.add_argument(
        "--landing", help="folder or s3:// prefix of the files (default: LANDING, or landing/)"
    )
    parser.add_argument("--target", choices=TARGETS, help="the engine (default: TARGET, or duckdb)")
    parser.add_argument("--contracts", help="folder of the contracts (default: models/staging)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--wait",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="how long to wait for another loader (default: 600)",
    )
    parser.add_argument("--table", help="rejects: only those of this raw table")
    parser.add_argument(
        "--limit", type=int, default=50, help="rejects: how many to show (default: 50)"
    )
    parser.add_argument("--export", type=Path, metavar="FILE", help="rejects: write all as CSV")
    return parser
