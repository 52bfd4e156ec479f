"""Compare what incremental models have with what a full refresh makes of the same tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from warehouses import Warehouse

# The rows of each model, and how many times it has each.
Rows = dict[str, Counter[tuple[object, ...]]]


def rows(warehouse: Warehouse, models: Mapping[str, str]) -> Rows:
    """Return the rows of models, which are given with their schemas."""
    return {
        model: Counter(warehouse.query(f"select * from {schema}.{model}"))
        for model, schema in models.items()
    }


def made_anew(warehouse: Warehouse, models: Mapping[str, str]) -> Rows:
    """Return the rows that the models have in a copy of a warehouse in which they are made anew."""
    copy = warehouse.copied(warehouse.folder / "copy")
    copy.dbt("run", "--full-refresh", "--select", *models)
    return rows(copy, models)


def differing(one: Rows, other: Rows) -> dict[str, int]:
    """Return the number of rows that only one of the two has, of the models with such rows."""
    counts = {
        model: ((one[model] - other[model]) + (other[model] - one[model])).total() for model in one
    }
    return {model: count for model, count in counts.items() if count}


def built_as_anew(warehouse: Warehouse, models: Mapping[str, str], what: str) -> Rows:
    """Build models after something changed: their rows, which must be those of a full refresh."""
    warehouse.dbt("run", "--select", *models)
    built = rows(warehouse, models)
    assert not differing(built, made_anew(warehouse, models)), what
    return built
