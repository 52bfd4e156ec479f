"""Compare what incremental models have with what a full refresh makes of the same tables."""

from __future__ import annotations

from collections.abc import Mapping

from warehouses import Warehouse

# The rows of each model, each with its text: what differs is found by the text.
Rows = dict[str, dict[str, tuple[object, ...]]]


def rows(warehouse: Warehouse, models: Mapping[str, str]) -> Rows:
    """Return the rows of models, which are given with their schemas."""
    return {
        model: {str(row): row for row in warehouse.query(f"select * from {schema}.{model}")}
        for model, schema in models.items()
    }


def made_anew(warehouse: Warehouse, models: Mapping[str, str]) -> Rows:
    """Return the rows that the models have in a copy of a warehouse in which they are made anew."""
    copy = warehouse.copied(warehouse.folder / "copy")
    copy.dbt("run", "--full-refresh", "--select", *models)
    return rows(copy, models)


def differing(one: Rows, other: Rows) -> dict[str, int]:
    """Return the number of rows that only one of the two has, of the models with such rows."""
    counts = {model: len(one[model].keys() ^ other[model].keys()) for model in one}
    return {model: count for model, count in counts.items() if count}
