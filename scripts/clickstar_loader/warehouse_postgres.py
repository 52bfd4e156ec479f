"""PostgreSQL as the warehouse: DuckDB parses in memory, rows arrive by COPY through a pipe."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray

from .columns import Parse
from .sql import literal, quoted
from .warehouse import (
    LEDGER,
    REJECTS,
    USER_AGENTS,
    Warehouse,
    WarehouseError,
    lean_planning,
    prepare_parser,
)

_CSV = "format csv, header false, nullstr '\\N'"
_LOCK_NAME = "clickstar loader"


class PostgresWarehouse(Warehouse):
    """A PostgreSQL database; one loader at a time writes a schema, by an advisory lock."""

    def __init__(
        self,
        connection: dict[str, str],
        schema: str,
        threads: int,
        memory: str,
        wait_seconds: float,
    ) -> None:
        super().__init__(schema)
        self._parameters = connection
        self._threads = threads
        self._memory = memory
        self._wait_seconds = wait_seconds
        self.name = f"{connection['host']}:{connection['port']}/{connection['dbname']}"

    def open(self, announce: Callable[[str], None], read_only: bool = False) -> None:
        try:
            self._session = psycopg.connect(
                **self._parameters,  # type: ignore[arg-type]
                autocommit=True,
                connect_timeout=10,
                options="-c timezone=UTC -c client_min_messages=warning",
            )
        except psycopg.Error as error:
            raise WarehouseError(
                f"PostgreSQL at {self.name} cannot be reached ({_first_line(error)}): check "
                "CLICKSTAR_POSTGRES_HOST, _PORT, _USER, _PASSWORD and _DATABASE, and that the "
                "server runs."
            ) from error
        self.parser = duckdb.connect()
        prepare_parser(self.parser, self._threads, self._memory)
        if not read_only:
            self._take_lock(announce)

    def close(self) -> None:
        self._session.close()
        if hasattr(self, "parser"):
            self.parser.close()

    def _take_lock(self, announce: Callable[[str], None]) -> None:
        attempt = (
            f"select pg_try_advisory_lock(hashtext({literal(_LOCK_NAME)}), "
            f"hashtext({literal(self.schema)}))"
        )
        deadline = time.monotonic() + self._wait_seconds
        waited = False
        while not self.query(attempt)[0][0]:
            if time.monotonic() >= deadline:
                raise WarehouseError(
                    f"Another loader is still at work on {self.schema} at {self.name}: run this "
                    "again when it is done."
                )
            if not waited:
                announce(
                    f"Another loader is at work on {self.schema} at {self.name}; waiting for it "
                    f"up to {self._wait_seconds:.0f} seconds."
                )
                waited = True
            time.sleep(0.25)

    def begin(self) -> None:
        self.execute("begin")

    def commit(self) -> None:
        self.execute("commit")

    def rollback(self) -> None:
        if not self._session.closed:
            self.execute("rollback")

    def append(self, table: str, parse: Parse, records: pa.Table) -> NDArray[np.int64]:
        # DuckDB finds `records` by its Python name.
        names = ", ".join(quoted(name) for name in parse.columns)
        with lean_planning(self.parser):
            self.parser.execute(f"create or replace temp table parsed as {parse.accepted()}")
        self._copy(table, parse.columns, f"select {names} from parsed")
        found = self.parser.execute("select _line_number from parsed").fetchnumpy()["_line_number"]
        return np.asarray(found, dtype=np.int64)

    def append_all(self, table: str, parse: Parse) -> int:
        return self._copy(table, parse.columns, parse.accepted())

    def append_rows(self, table: str, rows: pa.Table) -> None:
        names = ", ".join(quoted(name) for name in rows.column_names)
        self.parser.execute(f"create or replace temp table parsed as select {names} from rows")
        self._copy(table, tuple(rows.column_names), f"select {names} from parsed")

    def _copy(self, table: str, columns: tuple[str, ...], query: str) -> int:
        """Send the query's rows to the table; how many the server took.

        A pipe without a name leaves nothing behind when this process is killed.
        """
        names = ", ".join(quoted(name) for name in columns)
        reading, writing = os.pipe()
        failure: list[Exception] = []

        def write() -> None:
            try:
                self.parser.execute(f"copy ({query}) to '/dev/fd/{writing}' ({_CSV})")
            except Exception as error:
                failure.append(error)
            finally:
                os.close(writing)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            with self._session.cursor() as cursor:
                with cursor.copy(
                    f"copy {self.relation(table)} ({names}) from stdin (format csv, null '\\N')"
                ) as copy:
                    while data := os.read(reading, 1 << 20):
                        copy.write(data)
                    writer.join()
                    if failure:
                        raise failure[0]
                return cursor.rowcount
        except psycopg.Error as error:
            raise self._failed(error) from error
        finally:
            os.close(reading)
            writer.join()

    def execute(self, statement: str) -> None:
        try:
            self._session.execute(statement)
        except psycopg.Error as error:
            raise self._failed(error) from error

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            return self._session.execute(statement).fetchall()
        except psycopg.Error as error:
            raise self._failed(error) from error

    def extra_keys(self, table: str, file_id: int) -> list[str]:
        found = self.query(
            f"select distinct json_object_keys(_extra::json) from {self.relation(table)} "
            f"where _file_id = {file_id} and _extra is not null order by 1"
        )
        return [row[0] for row in found]

    def table_types(self) -> dict[str, dict[str, str]]:
        types: dict[str, dict[str, str]] = {}
        for table, column, data_type in self.query(
            "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) "
            "from pg_attribute as a join pg_class as c on c.oid = a.attrelid "
            "join pg_namespace as n on n.oid = c.relnamespace "
            "where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p') "
            f"and n.nspname = {literal(self.schema)}"
        ):
            types.setdefault(table, {})[column] = data_type
        return types

    def catalog_type(self, data_type: str) -> str:
        if data_type.startswith("varchar"):
            return data_type.replace("varchar", "character varying")
        return "timestamp without time zone" if data_type == "timestamp" else data_type

    def create_table(self, name: str, columns: dict[str, str], varied: frozenset[str]) -> None:
        super().create_table(name, columns, varied)
        if name == USER_AGENTS:
            # A B-tree holds no 8 kB value; the hash of one is unique enough to find it.
            self.execute(f"create index on {self.relation(name)} using hash (user_agent)")
        elif name in (LEDGER, REJECTS):
            self.execute(f"create index on {self.relation(name)} (file_id)")
        else:
            self.execute(f"create index on {self.relation(name)} (_file_id)")

    def _failed(self, error: psycopg.Error) -> WarehouseError:
        return WarehouseError(
            f"PostgreSQL at {self.name} refused the work ({_first_line(error)}): correct that and "
            "run this again; what was loaded before is safe."
        )


def _first_line(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error).strip().split("\n")[0]
    return (text or type(error).__name__)[:200].rstrip(".")
