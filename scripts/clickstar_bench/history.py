"""Make raw tables of any size from a loaded month: the month again and again, ever further back.

Loading fifty million clicks from files would take an hour and measure the loader, which has a part
of its own. So the files of one month are loaded as always, and DuckDB repeats that month in the raw
tables. A copy has other times (shifted by whole months), other ids of events, and other files: the
ledger has a row for each copy of each file, so that accepted + rejected = records read still holds.
Clicks a day, partners, pages and visitors stay those of the month; only the history grows, by
clicks and by the commissions that they led to.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from clickstar_bench.measure import REPOSITORY, BenchError

MONTH_DAYS = 30
# What DuckDB files are written in everywhere in the project.
STORAGE = "storage_version 'v1.4.0'"
LEDGERS = ("_files", "_rejects")
# The columns that name events are found by their values: codes, many of them different (a network
# tells of a commission some times). These have such values as well, and name what months share.
DIFFERENT = 0.25
LEAST_NAMES = 15
CODES = "[A-Za-z0-9._:=-]+"
SHARED = re.compile(
    "_(hash|prefix|url|name|website|organization)$|asin|sku|coupon|voucher|promo"
    "|(publisher|partner|affiliate|merchant|advertiser|program|site|campaign|creative|banner"
    "|tracking|offer|product)_(id|code|source_id)$"
)
# The parameter by which a landing page says whose click led to it (`click_id_parameter`).
CARRIER = "cst_click="
# Numbers of copies beyond those of any history: the days that are added to it.
DAY_COPIES = 1_000_000


def make_landing(landing: Path, clicks: int, environment: Mapping[str, str]) -> None:
    """Make the demo files of a month of ``clicks`` clicks.

    Raises BenchError with the last words of the command that failed.
    """
    options = ("--clicks", str(clicks), "--days", str(MONTH_DAYS), "--landing", str(landing))
    _run_script("make_demo.py", options, environment)


def load_month(landing: Path, warehouse: Path, environment: Mapping[str, str]) -> None:
    """Load the files of a month into a new DuckDB file.

    Raises BenchError with the last words of the command that failed.
    """
    loading = {**environment, "CLICKSTAR_DUCKDB_PATH": str(warehouse)}
    _run_script("load.py", ("load", "--landing", str(landing)), loading)


def _run_script(name: str, options: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "scripts" / name), *options],
        cwd=REPOSITORY,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise BenchError(f"`{name}` failed: {said}")


def repeat_month(month: Path, target: Path, copies: int) -> None:
    """Write a DuckDB file whose raw tables hold ``copies`` months, the last that of ``month``."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{month}' as month (read_only)")
        connection.execute(f"attach '{target}' as target ({STORAGE})")
        connection.execute("create schema target.raw")
        tables = [
            str(row[0])
            for row in connection.execute(
                "select table_name from duckdb_tables()"
                " where database_name = 'month' and schema_name = 'raw' order by table_name"
            ).fetchall()
        ]
        for table in tables:
            columns = _columns(connection, table)
            connection.execute(
                f"create table target.raw.{table} as select * from month.raw.{table} limit 0"
            )
            # Histories of master data and parsed user agents are the same for all months.
            grows = table in LEDGERS or ("_file_id" in columns and "history_id" not in columns)
            names = _event_names(connection, table, columns) if grows else set()
            for copy in reversed(range(copies if grows else 1)):
                listed = ", ".join(
                    _value(table, name, kind, copy, names) for name, kind in columns.items()
                )
                rows = "where table_name not like 'master_data__%'" if copy and grows else ""
                connection.execute(
                    f"insert into target.raw.{table} select {listed} from month.raw.{table}"
                    f" {rows if table in LEDGERS else ''}"
                )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'month'"
        " and schema_name = 'raw' and table_name = ? order by column_index",
        [table],
    ).fetchall()
    return {str(name): str(kind) for name, kind in rows}


def _event_names(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]
) -> set[str]:
    texts = [
        name
        for name, kind in columns.items()
        if kind == "VARCHAR" and not name.startswith("_") and not SHARED.search(name)
    ]
    if table in LEDGERS or not texts:
        return set()
    tests = ", ".join(
        f"count(distinct {name}) >= greatest({LEAST_NAMES}, {DIFFERENT} * count({name}))"
        f" and bool_and(regexp_full_match({name}, '{CODES}'))"
        for name in texts
    )
    row = connection.execute(f"select {tests} from month.raw.{table}").fetchall()[0]
    return {name for name, differs in zip(texts, row, strict=True) if differs}


def _value(
    table: str,
    name: str,
    kind: str,
    copy: int,
    event_names: set[str],
    days_earlier: int | None = None,
) -> str:
    if copy == 0:
        return name
    if name in ("file_id", "_file_id"):
        # Stays a positive bigint below 2^62.
        return f"{name} % 4000000000000000000 + {copy} as {name}"
    if table == "_files" and name == "path":
        return f"{name} || '#{copy}' as {name}"
    if name in event_names or (table == "_files" and name == "content_hash"):
        return f"{_other_name(name, copy)} as {name}"
    if name in ("page_url", "page_urlquery"):
        carried = f"regexp_extract({name}, '{CARRIER}([0-9a-f]+)', 1)"
        return (
            f"case when contains({name}, '{CARRIER}')"
            f" then replace({name}, {carried}, {_other_name(carried, copy)}) else {name} end"
            f" as {name}"
        )
    if kind in ("TIMESTAMP", "DATE") and not name.startswith("_") and table not in LEDGERS:
        shift = MONTH_DAYS * copy if days_earlier is None else days_earlier
        return f"cast({name} - interval ({shift}) day as {kind}) as {name}"
    return name


def _other_name(name: str, copy: int) -> str:
    """The SQL of the text, as long, that stands for ``name`` in a copy, wherever it stands."""
    return f"left(repeat(md5({name} || '#{copy}'), 8), length({name}))"


def add_day(month: Path, warehouse: Path, day: int) -> None:
    """Append the month's last day to the raw tables once more, ``day`` days later, in new files."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{month}' as month (read_only)")
        connection.execute(f"attach '{warehouse}' as target ({STORAGE})")
        copy = DAY_COPIES + day
        for table in _growing_tables(connection):
            columns = _columns(connection, table)
            times = _columns_of(columns, "TIMESTAMP") or _columns_of(columns, "DATE")
            names = _event_names(connection, table, columns)
            listed = ", ".join(
                _value(table, name, kind, copy, names, -day) for name, kind in columns.items()
            )
            moment = f"coalesce({', '.join(times)})"
            connection.execute(
                f"create or replace temp table last_day as select * from month.raw.{table}"
                f" where cast({moment} as date)"
                f" = (select cast(max({moment}) as date) from month.raw.{table})"
            )
            connection.execute(f"insert into target.raw.{table} select {listed} from last_day")
            ledger = ", ".join(
                "found.records as " + name
                if name in ("records", "accepted")
                else "0 as rejected"
                if name == "rejected"
                else _value("_files", name, kind, copy, set())
                for name, kind in _columns(connection, "_files").items()
            )
            connection.execute(
                f"insert into target.raw._files select {ledger}"
                " from (select _file_id, count(*) as records from last_day group by _file_id)"
                " as found inner join (select * exclude (records) from month.raw._files) as files"
                " on files.file_id = found._file_id"
            )


def _columns_of(columns: dict[str, str], kind: str) -> list[str]:
    return [name for name, own in columns.items() if own == kind and not name.startswith("_")]


def _growing_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_columns() where database_name = 'month'"
        " and schema_name = 'raw' group by table_name having bool_or(column_name = '_file_id')"
        " and not bool_or(column_name = 'history_id') order by table_name"
    ).fetchall()
    return [str(row[0]) for row in rows]
