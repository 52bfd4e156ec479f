"""Compile a macro call as dbt does, so that a test can run its SQL over rows of its own."""

from __future__ import annotations

from warehouses import Warehouse


def render(jinja: str, warehouse: Warehouse) -> str:
    """Return the SQL that a piece of a model compiles to.

    Args:
        jinja: a macro call, such as `{{ scd2('history', ['code'], ['name']) }}`.
        warehouse: what it is compiled for; nothing need be there.
    """
    options = ("--quiet", "--no-introspect", "--no-populate-cache")
    return warehouse.dbt("compile", *options, "--inline", jinja)
