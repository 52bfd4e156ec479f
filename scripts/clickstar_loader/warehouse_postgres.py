"""PostgreSQL as the warehouse: DuckDB parses in memory, rows arrive by COPY through a pipe."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import duckdb
import psycopg
import pyarrow as pa

from .columns import Parse
from .contract import Table
from .sql import literal, quoted
from .warehouse import (
    LEDGER,
    REJECTS,
    USER_AGENTS,
    WarehouseError,
    prepare_parser,
)
from .warehouse_server import ServerWarehouse

_CSV = "format csv, header false, nullstr '\\N'"
_LOCK_NAME = "clickstar loader"


class PostgresWarehouse(ServerWarehouse):
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
        self._wait_for_turn(
            lambda: bool(self.query(attempt)[0][0]), announce, self._wait_seconds, 0.25
        )

    def begin(self) -> None:
        self.execute("begin")

    def commit(self) -> None:
        self.execute("commit")

    def rollback(self) -> None:
        if not self._session.closed:
            self.execute("rollback")

    def append_all(self, table: str, parse: Parse) -> int:
        return self._copy(table, parse.columns, parse.accepted())

    def append_rows(self, table: str, rows: pa.Table) -> None:
        names = ", ".join(quoted(name) for name in rows.column_names)
        self.parser.execute(f"create or replace temp table parsed as select {names} from rows")
        self._send(table, tuple(rows.column_names))

    def _send(self, table: str, columns: tuple[str, ...]) -> int:
        names = ", ".join(quoted(name) for name in columns)
        return self._copy(table, columns, f"select {names} from parsed")

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

    def _catalog(self, statement: str) -> list[tuple[Any, ...]]:
        return self.query(statement)

    def create_table(self, name: str, columns: dict[str, str], contract: Table | None) -> None:
        super().create_table(name, columns, contract)
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
