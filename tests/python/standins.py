"""Put tables of given rows where upstream models belong: a test builds only what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import duckdb
import psycopg

from redshift_standin import connect
from warehouses import Warehouse


def literal(value: object) -> str:
    """Return a value as SQL that every engine reads alike."""
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return str(value).lower()
        case datetime():
            return f"timestamp '{value.isoformat(sep=' ')}'"
        case date():
            return f"date '{value.isoformat()}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def stand_in(
    warehouse: Warehouse, relation: str, columns: str, rows: Sequence[Sequence[object]]
) -> None:
    """Create a table, and its schema, with the given rows.

    Args:
        warehouse: where.
        relation: schema and name, such as `staging.stg_loader__files`.
        columns: names and types, as in create table.
        rows: values in the order of the columns.
    """
    statements = [
        f"create schema if not exists {relation.split('.')[0]}",
        f"create table {relation} ({columns})",
    ]
    if rows:
        written = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows)
        statements.append(f"insert into {relation} values {written}")
    execute(warehouse, *statements)


def execute(warehouse: Warehouse, *statements: str) -> None:
    """Run statements in a warehouse."""
    if warehouse.target == "duckdb":
        # The file must have the format that dbt's profile asks for.
        with duckdb.connect(
            str(warehouse.file), config={"storage_compatibility_version": "v1.4.0"}
        ) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    if warehouse.target == "redshift":
        with connect(warehouse.environment) as session, session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            session.commit()
        return
    with psycopg.connect(
        host=warehouse.environment["CLICKSTAR_POSTGRES_HOST"],
        port=int(warehouse.environment["CLICKSTAR_POSTGRES_PORT"]),
        user=warehouse.environment["CLICKSTAR_POSTGRES_USER"],
        password=warehouse.environment["CLICKSTAR_POSTGRES_PASSWORD"],
        dbname=warehouse.environment["CLICKSTAR_POSTGRES_DATABASE"],
        autocommit=True,
    ) as session:
        for statement in statements:
            session.execute(statement.encode())
