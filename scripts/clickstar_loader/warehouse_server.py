"""What engines behind a server share: DuckDB parses in memory, and the rows are sent from there."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .columns import Parse
from .warehouse import Warehouse, WarehouseError, lean_planning


class ServerWarehouse(Warehouse):
    """A warehouse behind a server: DuckDB parses in memory, and the rows are sent from there.

    Attributes:
        name: the server and database, for people.
    """

    name: str

    @abstractmethod
    def _send(self, table: str, columns: tuple[str, ...]) -> int:
        """Send these columns of the parser's table ``parsed`` to a table; how many rows."""

    @abstractmethod
    def _catalog(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query that looks at the engine's catalog only."""

    def _wait_for_turn(
        self,
        is_locked: Callable[[], bool],
        announce: Callable[[str], None],
        wait_seconds: float,
        pause_seconds: float,
    ) -> None:
        """Try for the loader's lock until it is there, with a pause in between.

        Raises WarehouseError when another loader still has it after ``wait_seconds``.
        """
        deadline = time.monotonic() + wait_seconds
        waited = False
        while not is_locked():
            if time.monotonic() >= deadline:
                raise WarehouseError(
                    f"Another loader is still at work on {self.schema} at {self.name}: run this "
                    "again when it is done."
                )
            if not waited:
                announce(
                    f"Another loader is at work on {self.schema} at {self.name}; waiting for it "
                    f"up to {wait_seconds:.0f} seconds."
                )
                waited = True
            time.sleep(pause_seconds)

    def append(self, table: str, parse: Parse, records: pa.Table) -> NDArray[np.int64]:
        # DuckDB finds `records` by its Python name.
        with lean_planning(self.parser):
            self.parser.execute(f"create or replace temp table parsed as {parse.accepted()}")
        self._send(table, parse.columns)
        found = self.parser.execute("select _line_number from parsed").fetchnumpy()["_line_number"]
        return np.asarray(found, dtype=np.int64)

    def table_types(self) -> dict[str, dict[str, str]]:
        types: dict[str, dict[str, str]] = {}
        for table, column, data_type in self._catalog(
            "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) "
            "from pg_attribute as a join pg_class as c on c.oid = a.attrelid "
            "join pg_namespace as n on n.oid = c.relnamespace "
            "where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p') "
            f"and n.nspname = {self.literal(self.schema)} order by c.relname, a.attnum"
        ):
            types.setdefault(str(table), {})[str(column)] = str(data_type)
        return types

    def catalog_type(self, data_type: str) -> str:
        if data_type.startswith("varchar"):
            return data_type.replace("varchar", "character varying")
        return "timestamp without time zone" if data_type == "timestamp" else data_type
