"""Where this run reads from and writes to: the environment variables, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clickstar_loader.settings import is_memory
from clickstar_run.problems import Problem

TARGETS = ("duckdb", "postgres", "redshift")
DEFAULT_LANDING = "landing"
PORTS = {"postgres": "5432", "redshift": "5439"}


@dataclass(frozen=True)
class Server:
    """How to reach PostgreSQL or Redshift."""

    host: str
    port: int
    user: str
    password: str
    database: str


@dataclass(frozen=True)
class Settings:
    """One run: the engine, the landing folder, the warehouse and the prefix of its schemas."""

    target: str
    landing: str
    schema_prefix: str
    duckdb_path: Path
    server: Server | None

    @property
    def warehouse(self) -> str:
        """Return the name of the warehouse for people."""
        if self.server is None:
            return f"DuckDB, {self.duckdb_path}"
        name = "PostgreSQL" if self.target == "postgres" else "Redshift"
        return f"{name}, {self.server.database} at {self.server.host}:{self.server.port}"

    def schema(self, name: str) -> str:
        """Return the schema that is called ``name`` in production."""
        return f"{self.schema_prefix}{name}"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from variables; profiles.yml reads the same ones with the same defaults.

    Raises Problem when TARGET, a port, the number of threads or DuckDB's memory is not one that can
    be meant.
    """
    target = environment.get("TARGET") or "duckdb"
    if target not in TARGETS:
        raise Problem(f"TARGET={target} is not an engine: choose one of {', '.join(TARGETS)}.")
    # dbt takes anything else, an empty text too, for 0 and fails with a traceback.
    threads = environment.get("CLICKSTAR_THREADS", "1")
    if not threads.isdecimal() or int(threads) == 0:
        raise Problem(f"CLICKSTAR_THREADS is {threads!r}: it must be a whole number above 0.")
    memory = environment.get("CLICKSTAR_DUCKDB_MEMORY", "6GB")
    if target == "duckdb" and not is_memory(memory):
        raise Problem(f"CLICKSTAR_DUCKDB_MEMORY is {memory!r}: write a size such as 6GB.")
    server = None
    if target in PORTS:
        prefix = f"CLICKSTAR_{target.upper()}_"
        port = environment.get(f"{prefix}PORT", PORTS[target])
        if not port.isdecimal():
            raise Problem(f"{prefix}PORT={port} is not a port number.")
        server = Server(
            host=environment.get(f"{prefix}HOST", "127.0.0.1"),
            port=int(port),
            user=environment.get(f"{prefix}USER", "clickstar"),
            password=environment.get(f"{prefix}PASSWORD", ""),
            database=environment.get(f"{prefix}DATABASE", "clickstar"),
        )
    return Settings(
        target=target,
        landing=environment.get("LANDING") or DEFAULT_LANDING,
        schema_prefix=environment.get("CLICKSTAR_SCHEMA_PREFIX", ""),
        duckdb_path=Path(environment.get("CLICKSTAR_DUCKDB_PATH", "warehouse/clickstar.duckdb")),
        server=server,
    )
