"""CLICKSTAR_READERS on PostgreSQL: who is named may read the marts, and nothing else.

Broken, a report builder sees raw records and rejected ones, or nobody sees anything after a build.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from private_postgres import PostgresServer
from warehouses import Warehouse, demo_landing

# Roles belong to the server, not to a database.
READERS, ANALYST, STRANGER = "access_readers", "access_analyst", "access_stranger"
KINDS = "('r', 'v', 'm', 'p', 'f')"
LASTING = "n.nspname not like 'pg_temp%' and n.nspname not like 'pg_toast%'"
EMPTY_BUILD = ("build", "--empty", "--full-refresh", "--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def warehouse(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Return a warehouse with all tables that dbt built twice for a group of readers."""
    folder = tmp_path_factory.mktemp("access")
    settings = {
        **postgres_server.create_database("access_of_readers"),
        "CLICKSTAR_READERS": READERS,
    }
    with postgres_server.connect() as session:
        session.execute(f"create role {READERS}".encode())
        session.execute(f"create role {ANALYST} login in role {READERS}".encode())
        session.execute(f"create role {STRANGER} login".encode())
    built = Warehouse("postgres", folder, settings)
    built.load(demo_landing(folder, "--clicks", "200"))
    built.dbt(*EMPTY_BUILD)
    yield built
    postgres_server.drop_database("access_of_readers")
    with postgres_server.connect() as session:
        for role in (ANALYST, STRANGER, READERS):
            session.execute(f"drop role {role}".encode())


def relations(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Return schema and name of every table and view of the database, PostgreSQL's own excepted."""
    rows = warehouse.query(
        "select n.nspname, c.relname from pg_class as c"
        " join pg_namespace as n on n.oid = c.relnamespace"
        f" where c.relkind in {KINDS} and n.nspname not in ('pg_catalog', 'information_schema')"
        f" and {LASTING} order by 1, 2"
    )
    return [(str(schema), str(name)) for schema, name in rows]


def allowed(warehouse: Warehouse, user: str, statement: str) -> bool:
    """Return whether PostgreSQL lets a user do something; it is rolled back."""
    environment = warehouse.environment
    with psycopg.connect(
        host=environment["CLICKSTAR_POSTGRES_HOST"],
        port=int(environment["CLICKSTAR_POSTGRES_PORT"]),
        user=user,
        dbname=environment["CLICKSTAR_POSTGRES_DATABASE"],
    ) as session:
        try:
            session.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            return False
        finally:
            session.rollback()
    return True


def readable(warehouse: Warehouse, user: str) -> set[tuple[str, str]]:
    """Return the relations that a user can select from."""
    return {
        (schema, name)
        for schema, name in relations(warehouse)
        if allowed(warehouse, user, f'select * from "{schema}"."{name}" limit 0')
    }


def rights(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """Return every right that anybody has on a schema, table or view."""
    return warehouse.query(
        # Temporary tables, such as those of snapshots, are their session's alone.
        "select nspname, '', cast(nspacl as text) from pg_namespace as n"
        f" where {LASTING} union all"
        " select n.nspname, c.relname, cast(c.relacl as text) from pg_class as c"
        " join pg_namespace as n on n.oid = c.relnamespace"
        f" where c.relkind in {KINDS} and {LASTING} order by 1, 2"
    )


def test_a_reader_selects_from_every_mart_and_from_nothing_else(warehouse: Warehouse) -> None:
    marts = {(schema, name) for schema, name in relations(warehouse) if schema == "marts"}
    others = {schema for schema, _ in relations(warehouse)} - {"marts"}
    assert ("marts", "fct_clicks") in marts and ("marts", "dim_date_relative") in marts
    assert others >= {"raw", "staging", "intermediate", "seeds"}
    assert readable(warehouse, ANALYST) == marts
    assert readable(warehouse, STRANGER) == set()
    for statement in (
        "insert into marts.dim_network (network_key) values (0)",
        "update marts.dim_network set network_key = 0",
        "delete from marts.dim_network",
        "truncate marts.dim_network",
        "create table marts.mine (nothing integer)",
        "create table raw.mine (nothing integer)",
    ):
        assert not allowed(warehouse, ANALYST, statement), statement


def test_a_second_build_grants_the_same(warehouse: Warehouse) -> None:
    """Guards that it can be repeated, and that a swapped table is readable as the old one was."""
    before = rights(warehouse)
    assert any(READERS in str(right) for right in before)
    warehouse.dbt(*EMPTY_BUILD)
    assert rights(warehouse) == before


def test_who_is_not_named_any_more_loses_the_table(warehouse: Warehouse) -> None:
    after = Warehouse(
        "postgres", warehouse.folder, {**warehouse.settings, "CLICKSTAR_READERS": STRANGER}
    )
    after.dbt("run", "--empty", "--select", "dim_network")
    assert ("marts", "dim_network") not in readable(after, ANALYST)
    assert readable(after, STRANGER) == {("marts", "dim_network")}
