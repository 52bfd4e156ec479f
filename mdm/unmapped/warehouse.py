"""Read the ids that nobody mapped from the warehouse, wherever it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

MART = "fct_unmapped_members"
COLUMNS = (
    "network_code", "kind", "source_id", "delivered_name", "delivered_website", "click_host",
    "clicks", "commissions", "reporting_net_commission_amount", "reporting_currency_code",
    "has_missing_rate", "first_seen_at", "last_seen_at",
)  # fmt: skip
PORTS = {"postgres": "5432", "redshift": "5439"}
BUILD_IT = "build it first, with `make run` or `make build`"


class NoWarehouse(Exception):
    """The warehouse cannot be asked; the message says in a sentence why, and what to do."""


def unmapped_members(environment: Mapping[str, str] = os.environ) -> list[tuple[Any, ...]]:
    """The rows of the mart, by COLUMNS; from the place that TARGET and profiles.yml name.

    Raises:
        NoWarehouse: in a sentence.
    """
    target = environment.get("TARGET") or "duckdb"
    schema = f"{environment.get('CLICKSTAR_SCHEMA_PREFIX', '')}marts"
    query = f'select {", ".join(COLUMNS)} from "{schema}".{MART}'
    try:
        connection = _connection(target, environment)
        try:
            cursor = connection.cursor()
            cursor.execute(query)
            return list(map(tuple, cursor.fetchall()))
        finally:
            connection.close()
    except NoWarehouse:
        raise
    except Exception as error:  # each engine has its own
        what = str(error).strip().partition("\n")[0]
        raise NoWarehouse(
            f"The unmapped ids cannot be read from {schema}.{MART} of the warehouse ({what}): if it"
            f" is not there yet, {BUILD_IT}."
        ) from error


def _connection(target: str, environment: Mapping[str, str]) -> Any:
    if target == "duckdb":
        import duckdb

        name = environment.get("CLICKSTAR_DUCKDB_PATH") or "warehouse/clickstar.duckdb"
        path = Path(settings.PROJECT_DIR, name)
        if not path.is_file():
            raise NoWarehouse(f"There is no warehouse at {path}: {BUILD_IT}.")
        # The portal only looks: it must not stand in the way of a run longer than it reads.
        return duckdb.connect(str(path), read_only=True)
    if target not in PORTS:
        raise NoWarehouse(
            f"TARGET={target} is not an engine: choose one of duckdb, {', '.join(PORTS)}."
        )
    of = f"CLICKSTAR_{target.upper()}_"
    server: dict[str, Any] = {
        "host": environment.get(f"{of}HOST", "127.0.0.1"),
        "port": int(environment.get(f"{of}PORT", PORTS[target])),
        "user": environment.get(f"{of}USER", "clickstar"),
        "password": environment.get(f"{of}PASSWORD", ""),
    }
    database = environment.get(f"{of}DATABASE", "clickstar")
    if target == "postgres":
        import psycopg

        return psycopg.connect(**server, dbname=database)
    import redshift_connector

    return redshift_connector.connect(**server, database=database)
