"""Where things are: from the environment, with the defaults that dbt's profile has too."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .errors import UsageError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEMO_SALT = "clickstar-demo-salt"
DEMO_SALT_WARNING = (
    "CLICKSTAR_SALT is not set, so personal data is hashed with the public demo salt: set it to a "
    "secret of your own before you load real data."
)
TARGETS = ("duckdb", "postgres", "redshift")


@dataclass(frozen=True)
class Settings:
    """Everything a run needs to know about its surroundings."""

    landing: str
    contracts: Path
    target: str
    schema_prefix: str
    duckdb_path: Path
    threads: int
    memory_limit: str
    salt: str
    wait_seconds: float

    @property
    def raw_schema(self) -> str:
        """The schema of the raw tables, prefixed as dbt's sources are."""
        return f"{self.schema_prefix}raw"

    @property
    def uses_demo_salt(self) -> bool:
        """Whether personal data would be hashed with the salt that everybody knows."""
        return self.salt == DEMO_SALT


def salt_from_environment() -> str:
    """The salt that personal data is hashed with; without one of our own, the demo's."""
    return os.environ.get("CLICKSTAR_SALT") or DEMO_SALT


def settings_from_environment(
    landing: str | None = None,
    contracts: str | None = None,
    target: str | None = None,
    wait_seconds: float = 600.0,
) -> Settings:
    """Settings from the environment, overridden by what the command line gave.

    A relative path from the environment is meant from the project's root, as in dbt; one from
    the command line from the current directory.
    """
    chosen = target or os.environ.get("TARGET") or "duckdb"
    if chosen not in TARGETS:
        raise UsageError(
            f"The loader has no target {chosen!r}: set TARGET or --target to one of "
            f"{', '.join(TARGETS)}."
        )
    prefix = os.environ.get("CLICKSTAR_SCHEMA_PREFIX", "")
    if not re.fullmatch(r"([a-z_][a-z0-9_]*)?", prefix):
        raise UsageError(
            f"CLICKSTAR_SCHEMA_PREFIX is {prefix!r}: use lower-case letters, digits and "
            "underscores, starting with a letter."
        )
    threads = os.environ.get("CLICKSTAR_THREADS") or "2"
    if not threads.isdigit() or int(threads) < 1:
        raise UsageError(f"CLICKSTAR_THREADS is {threads!r}: it must be a whole number above 0.")
    memory = os.environ.get("CLICKSTAR_LOADER_MEMORY")
    if memory and not is_memory(memory):
        raise UsageError(f"CLICKSTAR_LOADER_MEMORY is {memory!r}: write a size such as 1200MB.")
    return Settings(
        landing=_landing(landing),
        contracts=(
            Path(contracts).absolute() if contracts else PROJECT_ROOT / "models" / "staging"
        ),
        target=chosen,
        schema_prefix=prefix,
        duckdb_path=PROJECT_ROOT
        / (os.environ.get("CLICKSTAR_DUCKDB_PATH") or "warehouse/clickstar.duckdb"),
        threads=int(threads),
        memory_limit=memory or "1200MB",
        salt=salt_from_environment(),
        wait_seconds=wait_seconds,
    )


def is_memory(text: str) -> bool:
    """Whether DuckDB understands a limit of its memory."""
    try:
        duckdb.connect(config={"memory_limit": text}).close()
    except duckdb.Error:
        return False
    return True


def _landing(given: str | None) -> str:
    if given:
        return given if "://" in given else str(Path(given).absolute())
    configured = os.environ.get("LANDING") or "landing"
    return configured if "://" in configured else str(PROJECT_ROOT / configured)
