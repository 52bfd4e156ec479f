"""A DuckDB file as the warehouse: it parses and stores in one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import filelock
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .columns import Parse
from .contract import Table
from .sql import literal, quoted
from .warehouse import Warehouse, WarehouseError, lean_planning, prepare_parser

_STORAGE_VERSION = "v1.4.0"  # as in dbt's profile: older readers open the file too
# Rows per block of a raw table. What fills a block goes straight into the file, compressed; the
# rest of a transaction is written to the log first and compressed later. With DuckDB's usual
# 122,880, most files would be written twice.
_ROW_GROUP = 30_720


class DuckDBWarehouse(Warehouse):
    """A DuckDB file. One process writes it: a lock beside the file is taken before connecting."""

    def __init__(
        self, path: Path, schema: str, threads: int, memory: str, wait_seconds: float
    ) -> None:
        super().__init__(schema)
        self.path = path
        self._threads = threads
        self._memory = memory
        self._wait_seconds = wait_seconds
        self._lock: filelock.FileLock | None = None

    def open(self, announce: Callable[[str], None], read_only: bool = False) -> None:
        if read_only and not self.path.exists():
            raise WarehouseError(
                f"There is no warehouse at {self.path} yet: load something first (make load)."
            )
        deadline = time.monotonic() + self._wait_seconds
        if not read_only:
            self._take_lock(announce)
        try:
            self.parser = self._connect(announce, read_only, deadline)
            prepare_parser(self.parser, self._threads, self._memory)
        except BaseException:
            self._release_lock()
            raise

    def close(self) -> None:
        try:
            if hasattr(self, "parser"):
                self.parser.close()
        finally:
            self._release_lock()

    def _take_lock(self, announce: Callable[[str], None]) -> None:
        lock_path = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = filelock.FileLock(lock_path)
            try:
                self._lock.acquire(timeout=0)
            except filelock.Timeout:
                announce(
                    f"Another loader is at work on {self.path}; waiting for it up to "
                    f"{self._wait_seconds:.0f} seconds."
                )
                self._lock.acquire(timeout=self._wait_seconds)
        except filelock.Timeout as error:
            raise WarehouseError(
                f"Another loader is still at work on {self.path}: run this again when it is done."
            ) from error
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise WarehouseError(
                f"The folder of the warehouse {self.path} cannot be written "
                f"({reason.lower()}): check its permissions and free space, or set "
                "CLICKSTAR_DUCKDB_PATH to another place."
            ) from error

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _connect(
        self, announce: Callable[[str], None], read_only: bool, deadline: float
    ) -> duckdb.DuckDBPyConnection:
        waited = False
        while True:
            connection = duckdb.connect()
            try:
                options = (
                    f"storage_version {literal(_STORAGE_VERSION)}, row_group_size {_ROW_GROUP}"
                )
                connection.execute(
                    f"attach {literal(str(self.path))} as warehouse "
                    f"({'read_only' if read_only else options})"
                )
                connection.execute("use warehouse")
                return connection
            except duckdb.Error as error:
                connection.close()
                message = str(error)
                if "lock" not in message.lower():
                    raise WarehouseError(
                        f"The warehouse {self.path} cannot be opened "
                        f"({describe(error)}): check its permissions and the free space, or set "
                        "CLICKSTAR_DUCKDB_PATH to another place."
                    ) from error
                if time.monotonic() >= deadline:
                    raise WarehouseError(
                        f"Another program has the warehouse {self.path} open: close it and run "
                        "this again."
                    ) from error
                if not waited:
                    announce(
                        f"Another program has the warehouse {self.path} open; waiting for it up "
                        f"to {self._wait_seconds:.0f} seconds."
                    )
                    waited = True
                time.sleep(0.5)

    def create_table(self, name: str, columns: dict[str, str], contract: Table | None) -> None:
        # DuckDB's own choice is a dictionary, which costs much to build where few values repeat.
        compression: dict[str, str] = {}
        if contract is not None:
            compression = dict.fromkeys(contract.varied_columns, "zstd")
            compression |= dict.fromkeys(contract.unrepeated_columns, "uncompressed")
        listed = ", ".join(
            f"{quoted(column)} {kind}"
            + (f" using compression {compression[column]}" if column in compression else "")
            for column, kind in columns.items()
        )
        self.execute(f"create table {self.relation(name)} ({listed})")

    def begin(self) -> None:
        self.execute("begin")

    def commit(self) -> None:
        self.execute("commit")

    def rollback(self) -> None:
        try:
            self.parser.execute("rollback")
        except duckdb.TransactionException:
            pass  # the engine ended the transaction itself when the statement failed
        except duckdb.Error as error:
            raise self._failed(error) from error

    def append(self, table: str, parse: Parse, records: pa.Table) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = records.column("line_number").to_numpy()
        if self._insert(table, parse, records) == len(numbers):
            return numbers
        # With `returning` DuckDB would not write while it reads; asking is cheaper.
        self.execute(
            f"select _line_number from {self.relation(table)} where _file_id = {parse.file_id} "
            f"and _line_number between {numbers[0]} and {numbers[-1]}"
        )
        return np.asarray(self.parser.fetchnumpy()["_line_number"], dtype=np.int64)

    def append_all(self, table: str, parse: Parse) -> int:
        return self._insert(table, parse, None)

    def _insert(self, table: str, parse: Parse, records: pa.Table | None) -> int:
        # DuckDB finds `records` by its Python name. (A registered view would keep every batch
        # alive until the transaction ends.)
        names = ", ".join(quoted(name) for name in parse.columns)
        statement = f"insert into {self.relation(table)} ({names}) {parse.accepted()}"
        try:
            with lean_planning(self.parser):
                count = self.parser.execute(statement).fetchall()
        except duckdb.Error as error:
            self._check_own(error)
            raise
        return int(count[0][0])

    def append_rows(self, table: str, rows: pa.Table) -> None:
        names = ", ".join(quoted(name) for name in rows.column_names)
        try:
            self.parser.execute(
                f"insert into {self.relation(table)} ({names}) select {names} from rows"
            )
        except duckdb.Error as error:
            raise self._failed(error) from error

    def execute(self, statement: str) -> None:
        try:
            self.parser.execute(statement)
        except duckdb.Error as error:
            raise self._failed(error) from error

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            return self.parser.execute(statement).fetchall()
        except duckdb.Error as error:
            raise self._failed(error) from error

    def extra_keys(self, table: str, file_id: int) -> list[str]:
        found = self.query(
            f"select distinct unnest(json_keys(_extra)) from {self.relation(table)} "
            f"where _file_id = {file_id} and _extra is not null order by 1"
        )
        return [row[0] for row in found]

    def table_types(self) -> dict[str, dict[str, str]]:
        types: dict[str, dict[str, str]] = {}
        for table, column, data_type in self.query(
            "select table_name, column_name, data_type from duckdb_columns() "
            f"where database_name = current_database() and schema_name = {literal(self.schema)}"
        ):
            types.setdefault(table, {})[column] = data_type.lower()
        return types

    def catalog_type(self, data_type: str) -> str:
        if data_type.startswith("varchar"):
            return "varchar"
        if data_type.startswith("numeric"):
            return data_type.replace("numeric", "decimal")
        return "double" if data_type == "double precision" else data_type

    def _check_own(self, error: duckdb.Error) -> None:
        """Raise when it is the warehouse that failed, not the file that is read."""
        message = str(error)
        own = ("No space left", "Could not write", "read-only", "Cannot execute statement")
        if isinstance(error, duckdb.FatalException | duckdb.InternalException) or any(
            sign in message for sign in (*own, str(self.path))
        ):
            raise self._failed(error) from error

    def _failed(self, error: duckdb.Error) -> WarehouseError:
        return WarehouseError(
            f"The warehouse {self.path} cannot be written ({describe(error)}): free some space or "
            "correct the permissions, then run this again; what was loaded before is safe."
        )


def describe(error: Exception) -> str:
    """The first line of an engine's message, short."""
    text = str(error).strip().split("\n")[0]
    for sign in ("No space left on device", "Permission denied", "read-only mode",
                 "Read-only file system"):  # fmt: skip
        if sign.lower() in str(error).lower():
            return sign.lower()
    return text[:200].rstrip(".")
