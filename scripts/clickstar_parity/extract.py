"""The rows of a query, from any engine into one DuckDB in which they are compared."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from clickstar_run.problems import Problem, explain
from clickstar_run.settings import Settings
from clickstar_run.warehouse import reading

AT_ONCE = 20_000
# Redshift's driver names types by PostgreSQL's numbers.
REDSHIFT_TYPES = {
    16: "boolean",
    20: "bigint",
    21: "smallint",
    23: "integer",
    25: "varchar",
    700: "real",
    701: "double precision",
    1042: "char",
    1043: "varchar",
    1082: "date",
    1114: "timestamp",
    1184: "timestamptz",
    1700: "numeric",
}
# One word for what the engines and the contracts spell in several ways.
SPELLINGS = {
    "int2": "smallint",
    "int4": "integer",
    "int": "integer",
    "int8": "bigint",
    "float4": "real",
    "float": "real",
    "float8": "double precision",
    "double": "double precision",
    "bool": "boolean",
    "decimal": "numeric",
    "text": "varchar",
    "bpchar": "varchar",
    "char": "varchar",
    "character": "varchar",
    "character varying": "varchar",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}


@dataclass(frozen=True)
class Type:
    """A type in one spelling for all engines.

    Attributes:
        name: the word, for example `bigint`, `varchar`, `numeric`.
        size: what stands in brackets: `(18, 6)`, `(64,)`; empty where the engine keeps none.
    """

    name: str
    size: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Write it as SQL does."""
        return f"{self.name}({', '.join(map(str, self.size))})" if self.size else self.name

    @property
    def is_exact_number(self) -> bool:
        """Whether its values are compared as decimals."""
        return self.name in ("smallint", "integer", "bigint", "hugeint", "numeric")

    @property
    def is_double(self) -> bool:
        """Whether its values carry an error of rounding."""
        return self.name in ("double precision", "real")

    def agrees_with(self, other: Type) -> bool:
        """Whether two engines hold the same type; sizes count where both keep one."""
        return self.name == other.name and (
            not self.size or not other.size or self.size == other.size
        )


def type_of(text: str) -> Type:
    """Read a type as an engine or a contract writes it."""
    written = re.fullmatch(r"\s*([a-z0-9 ]+?)\s*(?:\(([\d\s,]+)\))?([a-z ]*)", text.lower())
    if written is None:
        return Type(text.lower())
    word = " ".join(f"{written[1]}{written[3] or ''}".split())
    size = tuple(int(part) for part in (written[2] or "").split(",") if part.strip())
    name = SPELLINGS.get(word, word)
    return Type(name, size if name in ("varchar", "numeric") else ())


@dataclass(frozen=True)
class Side:
    """One warehouse of a comparison.

    Attributes:
        name: its name for people.
        settings: how to reach it.
        target_path: the folder in which dbt wrote its manifest.
    """

    name: str
    settings: Settings
    target_path: Path

    @property
    def manifest(self) -> Path:
        """What dbt knows of the project."""
        return self.target_path / "manifest.json"

    @property
    def semantic_manifest(self) -> Path:
        """What MetricFlow reads."""
        return self.target_path / "semantic_manifest.json"


class Extract:
    """Copies the results of one warehouse's queries into the DuckDB of a comparison.

    Attributes:
        side: the warehouse.
    """

    def __init__(
        self,
        side: Side,
        connection: duckdb.DuckDBPyConnection,
        scratch: Path,
        until_the_end: ExitStack,
    ) -> None:
        self.side = side
        self._connection = connection
        self._scratch = scratch
        self._until_the_end = until_the_end
        self._cursor: Any = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Open the warehouse: a file for as long as the block lasts, a server to the very end.

        Raises Problem when it cannot be opened.
        """
        if self.side.settings.server is None:
            path = self.side.settings.duckdb_path
            if not path.exists():
                raise Problem(f"There is no warehouse {path}: load and build it first.")
            try:
                self._connection.execute(f"attach '{path}' as {_quoted(path.stem)} (read_only)")
            except duckdb.Error as error:
                raise Problem(explain(error)) from error
            try:
                yield
            finally:
                # Two files of one name cannot be attached at once.
                self._connection.execute(f"detach {_quoted(path.stem)}")
            return
        if self._cursor is None:
            self._cursor = self._until_the_end.enter_context(reading(self.side.settings))
            self._speak_utc()
        yield

    def _speak_utc(self) -> None:
        if self.side.settings.target == "postgres":
            self._cursor.execute("set time zone 'UTC'")

    def relation(self, schema: str, table: str) -> str:
        """The name of a relation in this warehouse's SQL."""
        within = f"{_quoted(schema)}.{_quoted(table)}"
        if self.side.settings.server is None:
            return f"{_quoted(self.side.settings.duckdb_path.stem)}.{within}"
        return within

    def columns(self, query: str) -> dict[str, Type]:
        """The columns of a query's result and their types.

        Raises Problem, in one sentence, when the warehouse refuses the query.
        """
        wrapped = f"select * from ({query}) as parity_columns limit 0"
        try:
            if self.side.settings.server is None:
                described = self._connection.execute(f"describe {wrapped}").fetchall()
                return {str(row[0]): type_of(str(row[1])) for row in described}
            self._cursor.execute(wrapped)
            if self.side.settings.target == "postgres":
                return {column.name: type_of(column.type_display) for column in self._description()}
            return {
                str(row["label"].decode() if isinstance(row["label"], bytes) else row["label"]):
                    _redshift_type(row)
                for row in self._cursor.ps["row_desc"]
            }  # fmt: skip
        except Exception as error:  # each driver has exceptions of its own
            raise self._refused(error) from error

    def copy(self, query: str, table: str) -> int:
        """Copy the result of a query into a table of the comparison, and count its rows.

        Values of DuckDB keep their types, those of the other engines arrive as text.
        """
        try:
            if self.side.settings.server is None:
                self._connection.execute(f"create or replace table {table} as {query}")
                return self._count(table)
            if self.side.settings.target == "postgres":
                return self._copy_csv(query, table)
            return self._copy_rows(query, table)
        except Problem:
            raise
        except Exception as error:  # each driver has exceptions of its own
            raise self._refused(error) from error

    def _copy_csv(self, query: str, table: str) -> int:
        path = self._scratch / f"{table}.csv"
        # Every value is quoted, so that null and the empty text differ and no line is empty.
        statement = (
            f"copy ({query}) to stdout (format csv, header, null '\\N', force_quote *)".encode()
        )
        with path.open("wb") as file, self._cursor.copy(statement) as blocks:
            for block in blocks:
                file.write(block)
        sent = int(self._cursor.rowcount)
        with path.open(encoding="utf-8", newline="") as file:
            names = file.readline().rstrip("\n").split(",")
        columns = ", ".join(f"'{name.strip(chr(34))}': 'varchar'" for name in names)
        self._connection.execute(
            f"create or replace table {table} as select * from read_csv('{path}', header = true,"
            f" auto_detect = false, columns = {{{columns}}}, delim = ',', quote = '\"',"
            " escape = '\"', nullstr = '\\N', allow_quoted_nulls = false, new_line = '\\n',"
            " parallel = false, max_line_size = 100000000)"
        )
        path.unlink()
        arrived = self._count(table)
        if arrived != sent:
            raise Problem(f"{self.side.name} sent {sent} rows and {arrived} of them were read.")
        return arrived

    def _copy_rows(self, query: str, table: str) -> int:
        self._cursor.execute(query)
        names = [str(column[0]) for column in self._description()]
        columns = ", ".join(f"{_quoted(name)} varchar" for name in names)
        self._connection.execute(f"create or replace table {table} ({columns})")
        while rows := self._cursor.fetchmany(AT_ONCE):
            texts = zip(*([_text(value) for value in row] for row in rows), strict=True)
            arrived = pa.table([pa.array(column, pa.string()) for column in texts], names=names)
            self._connection.register("parity_arrived", arrived)
            self._connection.execute(f"insert into {table} select * from parity_arrived")
            self._connection.unregister("parity_arrived")
        return self._count(table)

    def _count(self, table: str) -> int:
        [[count]] = self._connection.execute(f"select count(*) from {table}").fetchall()
        return int(count)

    def _description(self) -> list[Any]:
        return list(self._cursor.description)

    def _refused(self, error: Exception) -> Problem:
        connection = getattr(self._cursor, "connection", None)
        if connection is not None:
            connection.rollback()
            self._speak_utc()
        reason = " ".join(explain(error).split("\n")[0].split())
        return Problem(f"{self.side.name} refuses the query: {reason}")


def _redshift_type(row: dict[str, Any]) -> Type:
    name = REDSHIFT_TYPES.get(row["type_oid"], f"type {row['type_oid']}")
    modifier = row["type_modifier"] - 4
    size: tuple[int, ...] = ()
    if modifier >= 0 and name == "numeric":
        size = (modifier >> 16, modifier & 0xFFFF)
    elif modifier >= 0 and name == "varchar":
        size = (modifier,)
    return Type(SPELLINGS.get(name, name), size)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return repr(value) if isinstance(value, float) else str(value)


def _quoted(name: str) -> str:
    return f'"{name}"'
