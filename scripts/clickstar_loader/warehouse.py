"""The interface of an engine, and the raw tables that every engine has.

An engine stores rows; DuckDB parses them for each one, on the connection ``parser``. A further
engine is one more class with these methods; nothing else knows which engine it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .columns import Parse
from .contract import Table
from .errors import LoaderError
from .sql import create_macros, literal, quoted

LEDGER = "_files"
REJECTS = "_rejects"
USER_AGENTS = "_user_agents"

OWN_TABLES: dict[str, dict[str, str]] = {
    LEDGER: {
        "file_id": "bigint",
        "source_name": "varchar(63)",
        "table_name": "varchar(63)",
        "path": "varchar(1024)",
        "file_format": "varchar(20)",
        "compression": "varchar(8)",
        "size_bytes": "bigint",
        "modified_at": "timestamp",
        "content_hash": "varchar(64)",
        "status": "varchar(20)",
        "reason": "varchar(1000)",
        "records": "bigint",
        "accepted": "bigint",
        "rejected": "bigint",
        "unknown_columns": "varchar(4000)",
        "batch_id": "bigint",
        "started_at": "timestamp",
        "loaded_at": "timestamp",
    },
    REJECTS: {
        "file_id": "bigint",
        "line_number": "bigint",
        "column_name": "varchar(63)",
        "reason": "varchar(500)",
        "raw_text": "varchar(65535)",
        "source_name": "varchar(63)",
        "table_name": "varchar(63)",
        "rejected_at": "timestamp",
    },
    USER_AGENTS: {
        "user_agent": "varchar(8192)",
        "device_type": "varchar(20)",
        "device_brand": "varchar(100)",
        "device_model": "varchar(100)",
        "browser_family": "varchar(100)",
        "os_family": "varchar(100)",
        "parsed_at": "timestamp",
    },
}


class WarehouseError(LoaderError):
    """The warehouse cannot be used or written; the run ends."""


class Warehouse(ABC):
    """A warehouse whose raw schema is loaded into."""

    parser: duckdb.DuckDBPyConnection

    def __init__(self, schema: str) -> None:
        self.schema = schema

    def relation(self, table: str) -> str:
        """The raw table's qualified name in SQL."""
        return f"{quoted(self.schema)}.{quoted(table)}"

    def literal(self, text: str) -> str:
        """The text as a string in the engine's SQL."""
        return literal(text)

    @abstractmethod
    def open(self, announce: Callable[[str], None], read_only: bool = False) -> None:
        """Connect, as the only loader unless ``read_only``; wait for another one that is at work.

        Raises WarehouseError when that does not work; ``announce`` is told what is waited for.
        """

    @abstractmethod
    def close(self) -> None:
        """Disconnect; what was not committed is gone."""

    @abstractmethod
    def begin(self) -> None:
        """Start a transaction."""

    @abstractmethod
    def commit(self) -> None:
        """Make the transaction's changes lasting."""

    @abstractmethod
    def rollback(self) -> None:
        """Forget the transaction's changes."""

    @abstractmethod
    def append(self, table: str, parse: Parse, records: pa.Table) -> NDArray[np.int64]:
        """Store the accepted ones of the records; their line numbers."""

    @abstractmethod
    def append_all(self, table: str, parse: Parse) -> int:
        """Store the accepted records of a query that reads a file itself; how many."""

    @abstractmethod
    def append_rows(self, table: str, rows: pa.Table) -> None:
        """Store rows whose columns are named as the table's."""

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run a statement."""

    @abstractmethod
    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""

    @abstractmethod
    def table_types(self) -> dict[str, dict[str, str]]:
        """Raw table to column to type, types as the engine's catalog writes them."""

    @abstractmethod
    def catalog_type(self, data_type: str) -> str:
        """A contract's type as the engine's catalog writes it."""

    @abstractmethod
    def extra_keys(self, table: str, file_id: int) -> list[str]:
        """The names in ``_extra`` of a file's rows, sorted."""

    def is_missing(self) -> bool:
        """Whether nothing was ever loaded."""
        return LEDGER not in self.table_types()

    def prepare(self, tables: list[Table], replayed: str | None = None) -> dict[str, str]:
        """Create the raw schema and every table; add the columns that contracts gained.

        Returns:
            The tables whose columns have another type than their contract says, with the sentence
            that tells so. The table ``replayed`` is converted instead.
        """
        existing = self.table_types()
        wanted = OWN_TABLES | {table.identifier: table.schema_columns for table in tables}
        contracts = {table.identifier: table for table in tables}
        problems: dict[str, str] = {}
        self.begin()
        self.execute(f"create schema if not exists {quoted(self.schema)}")
        for name, columns in wanted.items():
            if name not in existing:
                self.create_table(name, columns, contracts.get(name))
                continue
            for column, data_type in columns.items():
                present = existing[name].get(column)
                if present is None:
                    self.execute(
                        f"alter table {self.relation(name)} add column {quoted(column)} {data_type}"
                    )
                elif present != self.catalog_type(data_type):
                    if name == replayed or widens(present, self.catalog_type(data_type)):
                        self._convert(name, column, present, data_type)
                    else:
                        problems[name] = (
                            f"the column {column} of {self.schema}.{name} is {present} in the "
                            f"warehouse and {data_type} in the contract; replay a file of the "
                            "table to convert it, or correct the contract"
                        )
        self.commit()
        return problems

    def create_table(self, name: str, columns: dict[str, str], contract: Table | None) -> None:
        """Create a raw table; its contract says which columns an engine may store otherwise."""
        listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        self.execute(f"create table {self.relation(name)} ({listed})")

    def _convert(self, name: str, column: str, present: str, data_type: str) -> None:
        try:
            self.execute(
                f"alter table {self.relation(name)} alter column {quoted(column)} "
                f"type {data_type} using cast({quoted(column)} as {data_type})"
            )
        except Exception as error:
            raise WarehouseError(
                f"The column {column} of {self.schema}.{name} cannot be converted from {present} "
                f"to {data_type} because of the rows it holds: drop the table and load its files "
                "again, or correct the contract."
            ) from error


def widens(present: str, wanted: str) -> bool:
    """Whether both are varchar, the wanted one not shorter."""
    prefix = "character varying("
    if not (present.startswith(prefix) and wanted.startswith(prefix)):
        return False
    return int(wanted[len(prefix) : -1]) >= int(present[len(prefix) : -1])


# Rules that make a parsing query no faster and its planning slower: what could be shared is
# shared by the way it is written; pushing the verdict down, or a column of a subquery up into
# what uses it, would compute it twice.
_NEEDLESS_RULES = (
    "filter_pushdown,common_subexpressions,join_order,statistics_propagation,"
    "projection_pullup,projection_placement"
)


@contextmanager
def lean_planning(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Plan the queries within, which parse records, without the rules that they do not need."""
    connection.execute(f"set disabled_optimizers = {literal(_NEEDLESS_RULES)}")
    # After an error the connection may take no statement any more; then the next use ends it.
    yield
    connection.execute("set disabled_optimizers = ''")


def prepare_parser(connection: duckdb.DuckDBPyConnection, threads: int, memory: str) -> None:
    """Settings and macros of a connection that parses records."""
    connection.execute(f"set threads = {threads}")
    connection.execute(f"set memory_limit = {literal(memory)}")
    connection.execute("set enable_progress_bar = false")
    # One checkpoint at the end; after each file it would compress the last rows again and again.
    connection.execute("set checkpoint_threshold = '2GB'")
    # A type of compression that costs much of the writing time and is hardly ever chosen.
    connection.execute("set disabled_compression_methods = 'fsst'")
    create_macros(connection)
