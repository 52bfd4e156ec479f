"""Drive the project as its commands do, and compare two warehouses row by row."""

from __future__ import annotations

import atexit
import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import psycopg

from builds import Builds, Outcome
from clickstar_parity.compare import compare_relations
from clickstar_parity.extract import Side
from clickstar_run.settings import read_settings
from redshift_standin import connect

ROOT = Path(__file__).resolve().parents[2]
# The database of a warehouse. Its name is in all that dbt parses, so it is always the same one.
DATABASE = "warehouse"
# The settings with which dbt parses the project as it does without them.
NOT_PARSED = {
    "CLICKSTAR_THREADS",
    "PGTZ",
    "TARGET",
    *(f"CLICKSTAR_POSTGRES_{name}" for name in ("HOST", "PORT", "USER", "PASSWORD")),
}


@dataclass(frozen=True)
class Warehouse:
    """One warehouse and the environment in which the project's commands reach it.

    Attributes:
        target: `duckdb`, `postgres` or `redshift`.
        folder: scratch folder; dbt's target and log folders and a DuckDB file live in it.
        settings: environment variables beyond those of the running process.
        project: the dbt project's folder.
    """

    target: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    project: Path = ROOT

    @property
    def file(self) -> Path:
        """The DuckDB file of a `duckdb` warehouse."""
        return self.folder / f"{DATABASE}.duckdb"

    def schema(self, name: str) -> str:
        """The schema that is called so where no prefix is set."""
        return f"{self.settings.get('CLICKSTAR_SCHEMA_PREFIX', '')}{name}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command."""
        return {
            **os.environ,
            "TARGET": self.target,
            "CLICKSTAR_DUCKDB_PATH": str(self.file),
            "CLICKSTAR_SALT": "a salt for tests",
            "DBT_TARGET_PATH": str(
                (self.folder if self.project == ROOT else self.project) / "target"
            ),
            "DBT_PROFILES_DIR": str(self.project),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            **self.settings,
        }

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder; with `check`, fail unless it exits with 0."""
        done = subprocess.run(
            command,
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            said = f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
            raise AssertionError(f"{' '.join(command)}\n{said}")
        return done

    @property
    def is_parsed_as_others(self) -> bool:
        """Whether dbt parses the project for it as for any other warehouse of its engine."""
        database = self.settings.get("CLICKSTAR_POSTGRES_DATABASE")
        return (
            self.project == ROOT
            and (self.target == "duckdb" or database == DATABASE)
            and self.settings.keys() - {"CLICKSTAR_POSTGRES_DATABASE"} <= NOT_PARSED
        )

    def load(self, landing: Path) -> None:
        """Load every file of a landing folder."""
        if self.is_parsed_as_others:
            self._check(
                _builds(self.target).run(self.environment, landing=landing), f"load {landing}"
            )
        else:
            script = str(ROOT / "scripts" / "load.py")
            self.run(sys.executable, script, "load", "--landing", str(landing))

    def copied(self, folder: Path) -> Warehouse:
        """Return a copy of a DuckDB warehouse in a folder, which is emptied before."""
        copy = Warehouse("duckdb", folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        # What was written last may still be in the log beside the file.
        self.execute("checkpoint")
        shutil.copy(self.file, copy.file)
        return copy

    def execute(self, sql: str) -> None:
        """Run statements on a DuckDB or PostgreSQL warehouse."""
        if self.target == "postgres":
            with self._postgres() as session:
                session.execute(sql.encode())
            return
        with duckdb.connect(str(self.file)) as connection:
            connection.execute(sql)

    def dbt(self, *arguments: str) -> str:
        """Run one dbt command and return what it printed."""
        if self.is_parsed_as_others and "--vars" not in arguments:
            outcome = _builds(self.target).run(self.environment, arguments, aloud=True)
            return self._check(outcome, f"dbt {' '.join(arguments)}")
        return self.run(str(Path(sys.executable).with_name("dbt")), *arguments).stdout

    @staticmethod
    def _check(outcome: Outcome, command: str) -> str:
        if outcome.failed:
            raise AssertionError(f"{command}\n{outcome.printed[-6000:]}\n{outcome.said[:3000]}")
        return outcome.printed

    def metrics(self, metrics: str, group_by: str) -> dict[tuple[str, ...], dict[str, str]]:
        """Ask MetricFlow for metrics: their values as text, by the values of the dimensions.

        MetricFlow reads the manifest in `target/` of the project's folder: use a copy of the
        project (see `project_copy`).
        """
        path = self.folder / "metrics.csv"
        path.unlink(missing_ok=True)
        self.run(
            str(Path(sys.executable).with_name("mf")),
            *("query", "--metrics", metrics, "--group-by", group_by, "--csv", str(path)),
        )
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        names = metrics.split(",")
        return {
            tuple(value for name, value in row.items() if name not in names): {
                name: row[name] for name in names
            }
            for row in rows
        }

    def tables(self, schema: str) -> list[str]:
        """The names of the tables and views of a schema (named without prefix), sorted."""
        rows = self.query(
            "select table_name from information_schema.tables"
            f" where table_schema = '{self.schema(schema)}'"
        )
        return sorted(str(row[0]) for row in rows)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a query."""
        if self.target == "duckdb":
            with duckdb.connect(str(self.file), read_only=True) as connection:
                return connection.sql(sql).fetchall()
        if self.target == "redshift":
            with connect(self.environment) as session, session.cursor() as cursor:
                cursor.execute(sql)
                return [tuple(row) for row in cursor.fetchall()]
        with self._postgres() as session:
            return list(session.execute(sql.encode()).fetchall())

    @property
    def side(self) -> Side:
        """The warehouse as one of a comparison."""
        return Side(
            f"{self.target} {self.folder.name}",
            read_settings(self.environment),
            Path(self.environment["DBT_TARGET_PATH"]),
        )

    def _postgres(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.environment["CLICKSTAR_POSTGRES_HOST"],
            port=int(self.environment["CLICKSTAR_POSTGRES_PORT"]),
            user=self.environment["CLICKSTAR_POSTGRES_USER"],
            password=self.environment["CLICKSTAR_POSTGRES_PASSWORD"],
            dbname=self.environment["CLICKSTAR_POSTGRES_DATABASE"],
        )


_at_the_end = ExitStack()
atexit.register(_at_the_end.close)


@cache
def _builds(target: str) -> Builds:
    """Start the process for an engine; it ends with this one."""
    return _at_the_end.enter_context(Builds({**os.environ, "TARGET": target}, ROOT))


@contextmanager
def building(warehouse: Warehouse) -> Iterator[Builds]:
    """Give the process that builds it: one of its own, where dbt parses the project otherwise."""
    if warehouse.is_parsed_as_others:
        yield _builds(warehouse.target)
    else:
        with Builds(warehouse.environment, warehouse.project) as builds:
            yield builds


def demo_landing(folder: Path, *options: str) -> Path:
    """Make demo files, with options of `make_demo.py`, in the folder's `landing`; return that."""
    landing = folder / "landing"
    Warehouse("duckdb", folder).run(
        *(sys.executable, str(ROOT / "scripts" / "make_demo.py"), "--landing", str(landing)),
        *options,
    )
    return landing


def project_copy(folder: Path) -> Path:
    """Copy the dbt project into a folder, for tools that write beside it."""
    for name in ("models", "macros", "seeds", "snapshots", "tests", "analyses"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("python"))
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def differences(
    one: Warehouse, other: Warehouse, relations: Iterable[str] | None = None
) -> list[str]:
    """Every mart and snapshot that differs between two warehouses, with what differs.

    Only the named relations, where some are named. The comparison is the one of `make parity`.
    """
    compared = compare_relations([one.side, other.side], relations)
    return [str(found) for found in compared if not found.is_equal]
