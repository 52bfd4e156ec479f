"""Drive the project as its commands do, and compare two warehouses row by row."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import psycopg

from redshift_standin import connect

ROOT = Path(__file__).resolve().parents[2]


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
        return self.folder / "warehouse.duckdb"

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

    def load(self, landing: Path) -> None:
        """Load every file of a landing folder."""
        script = str(ROOT / "scripts" / "load.py")
        self.run(sys.executable, script, "load", "--landing", str(landing))

    def dbt(self, *arguments: str) -> str:
        """Run one dbt command and return what it printed."""
        return self.run(str(Path(sys.executable).with_name("dbt")), *arguments).stdout

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

    def export(self, relation: str, columns: Sequence[str], path: Path) -> None:
        """Write the columns of a relation to a CSV file in which null is a backslash and N."""
        listed = ", ".join(f'"{column}"' for column in columns)
        if self.target == "duckdb":
            with duckdb.connect(str(self.file), read_only=True) as connection:
                connection.execute(
                    f"copy (select {listed} from {relation}) to '{path}' (header, nullstr '\\N')"
                )
            return
        if self.target == "redshift":
            _write_csv(path, columns, self.query(f"select {listed} from {relation}"))
            return
        with self._postgres() as session, path.open("wb") as file:
            sql = (
                f"copy (select {listed} from {relation}) to stdout (format csv, header, null '\\N')"
            )
            with session.cursor().copy(sql.encode()) as rows:
                for block in rows:
                    file.write(block)

    def _postgres(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.environment["CLICKSTAR_POSTGRES_HOST"],
            port=int(self.environment["CLICKSTAR_POSTGRES_PORT"]),
            user=self.environment["CLICKSTAR_POSTGRES_USER"],
            password=self.environment["CLICKSTAR_POSTGRES_PASSWORD"],
            dbname=self.environment["CLICKSTAR_POSTGRES_DATABASE"],
        )


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows as `export` does: every value quoted, null as a backslash and N without quotes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(",".join(columns) + "\n")
        for row in rows:
            file.write(",".join(_csv_value(value) for value in row) + "\n")


def _csv_value(value: object) -> str:
    if value is None:
        return "\\N"
    return '"' + str(value).replace('"', '""') + '"'


def project_copy(folder: Path) -> Path:
    """Copy the dbt project into a folder, for tools that write beside it."""
    for name in ("models", "macros", "seeds", "snapshots", "tests", "analyses"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("python"))
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def columns_of(warehouse: Warehouse, schema: str, table: str) -> list[tuple[str, str]]:
    """Names and types of a table's columns, by name."""
    rows = warehouse.query(
        "select column_name, data_type from information_schema.columns "
        f"where table_schema = '{warehouse.schema(schema)}' and table_name = '{table}' "
        "order by column_name"
    )
    return [(str(name), str(kind)) for name, kind in rows]


def differences(
    one: Warehouse, other: Warehouse, schema: str = "marts", tables: Iterable[str] | None = None
) -> list[str]:
    """Every table that differs between two warehouses, with what differs; empty when none does.

    Rows are compared whole, as multisets: a missing row, a second copy of a row and a changed value
    all count. Values of `double precision` are compared to nine decimals, all others exactly.
    """
    found: list[str] = []
    names = sorted(set(one.tables(schema)) | set(other.tables(schema)))
    for table in names if tables is None else tables:
        if not (table in one.tables(schema) and table in other.tables(schema)):
            found.append(f"{table}: is only in one of the warehouses")
            continue
        kinds = columns_of(one if one.target == "duckdb" else other, schema, table)
        names_there = {name for name, _ in columns_of(other, schema, table)}
        if {name for name, _ in kinds} != names_there:
            found.append(f"{table}: other columns: {sorted({n for n, _ in kinds} ^ names_there)}")
            continue
        found.extend(_row_differences(one, other, schema, table, kinds))
    return found


def _row_differences(
    one: Warehouse,
    other: Warehouse,
    schema: str,
    table: str,
    kinds: Sequence[tuple[str, str]],
) -> list[str]:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        typed = ", ".join(
            f'round(cast("{name}" as double), 9) as "{name}"'
            if kind == "DOUBLE"
            else f'cast("{name}" as {kind}) as "{name}"'
            for name, kind in kinds
        )
        for side, warehouse in (("one", one), ("other", other)):
            path = Path(folder) / f"{side}.csv"
            relation = f"{warehouse.schema(schema)}.{table}"
            warehouse.export(relation, [name for name, _ in kinds], path)
            connection.execute(
                f"create table {side} as select {typed} from read_csv("
                f"'{path}', header = true, all_varchar = true, nullstr = '\\N', delim = ',', "
                "quote = '\"', escape = '\"', max_line_size = 100000000)"
            )
        [counts] = connection.sql(
            "select (select count(*) from one), (select count(*) from other)"
        ).fetchall()
        only_one = connection.sql(
            "select * from one except all select * from other limit 3"
        ).fetchall()
        only_other = connection.sql(
            "select * from other except all select * from one limit 3"
        ).fetchall()
        if counts[0] == counts[1] and not only_one and not only_other:
            return []
        header = [name for name, _ in kinds]
        report = (
            f"{schema}.{table}: {counts[0]} and {counts[1]} rows\n  columns: {header}"
            f"\n  only in {one.target} {one.folder.name}: {only_one}"
            f"\n  only in {other.target} {other.folder.name}: {only_other}"
        )
        return [report]
