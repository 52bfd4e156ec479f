"""A list of values in a condition keeps the same rows, however it is written for the engine."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rendering import render
from warehouses import Warehouse

LISTS = [list(range(3, 3 + 2 * size, 2)) for size in (0, 1, 2, 3, 10, 50, 51)]


def test_a_list_keeps_its_values_and_no_others(tmp_path: Path) -> None:
    """Beside another condition, and negated, as by models that leave out files that are gone."""
    calls = ";".join(f"{{{{ in_list('number', {values}) }}}}" for values in LISTS)
    conditions = render(calls, Warehouse("duckdb", tmp_path, {})).split(";")
    with duckdb.connect() as connection:
        connection.execute("create table numbers as select range as number from range(120)")

        def kept(condition: str) -> list[int]:
            rows = connection.execute(f"select number from numbers where {condition} order by 1")
            return [row[0] for row in rows.fetchall()]

        for values, condition in zip(LISTS, conditions, strict=True):
            assert kept(condition) == values
            assert kept(f"number < 20 and {condition}") == [n for n in values if n < 20]
            assert kept(f"not ({condition})") == [n for n in range(120) if n not in values]
