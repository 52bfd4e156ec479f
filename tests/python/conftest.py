"""What every test may use: the repository, the shared sample data, a PostgreSQL and a Redshift."""

from __future__ import annotations

import os
import re
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_postgres import PostgresServer, PostgresUnavailableError, private_postgres
from redshift_standin import (
    Redshift,
    RedshiftAbsentError,
    RedshiftUnavailableError,
    endpoint_settings,
    running_redshift,
)
from warehouses import DATABASE

REPOSITORY = Path(__file__).resolve().parents[2]
# The Redshift that the caller wants the tests to use is set aside under other names, which the
# workers of pytest-xdist inherit; no test finds it by accident.
ASIDE = "TESTS_OF_"


def pytest_configure() -> None:
    """Forget the caller's warehouse, so that no test can write to one that somebody works with."""
    for name in list(os.environ):
        if name.startswith("CLICKSTAR_REDSHIFT_"):
            os.environ[ASIDE + name] = os.environ[name]
        if name in ("TARGET", "LANDING") or (
            name.startswith("CLICKSTAR_") and name != "CLICKSTAR_SHARED_DATA"
        ):
            del os.environ[name]
    # A run publishes what the portal has: no test may publish somebody's.
    os.environ["MDM_DATABASE_URL"] = f"sqlite:///{REPOSITORY / 'mdm' / 'var' / 'no-portal.sqlite3'}"
    # `make` tells its children about its options and how deep they are; a test that calls make must
    # not inherit that.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        os.environ.pop(name, None)
    # Ended from outside, still stop the PostgreSQL server that a fixture started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root folder of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real sample data beside the repository, or skip the test."""
    folder = Path(os.environ.get("CLICKSTAR_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared sample data: set CLICKSTAR_SHARED_DATA (tried {folder})")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Return a real PostgreSQL on a free port of 127.0.0.1 that lives as long as the session."""
    try:
        with private_postgres() as server:
            yield server
    except PostgresUnavailableError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redshift]:
    """Return a Redshift: the endpoint of CLICKSTAR_REDSHIFT_HOST or the stand-in; or skip."""
    named = {name.removeprefix(ASIDE): value for name, value in os.environ.items()}
    try:
        endpoint = endpoint_settings(named)
        with running_redshift(tmp_path_factory.mktemp("redshift"), endpoint) as running:
            yield running
    except RedshiftAbsentError as error:
        pytest.skip(str(error))
    except RedshiftUnavailableError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def redshift_environment(redshift: Redshift) -> Iterator[dict[str, str]]:
    """Return the variables (TARGET, CLICKSTAR_REDSHIFT_*, AWS_*) of a new warehouse for a test.

    Its schemas have a prefix, so that a test on a cluster touches nothing else there.
    """
    environment = redshift.environment()
    yield environment
    redshift.drop(environment)


@pytest.fixture
def postgres_environment(
    postgres_server: PostgresServer, request: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    """Return the variables (TARGET, CLICKSTAR_POSTGRES_*) of a new database for this test."""
    words = re.sub(r"[^a-z0-9]+", "_", request.node.name.lower())
    name = f"{words[:50]}_{uuid.uuid4().hex[:8]}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def postgres_warehouse(postgres_server: PostgresServer) -> Iterator[dict[str, str]]:
    """Return the same, of the database that dbt has parsed the project for already."""
    yield postgres_server.create_database(DATABASE)
    postgres_server.drop_database(DATABASE)


@pytest.fixture
def duckdb_environment(tmp_path: Path) -> dict[str, str]:
    """Return the variables (TARGET, CLICKSTAR_DUCKDB_PATH) of a new file for this test."""
    return {"TARGET": "duckdb", "CLICKSTAR_DUCKDB_PATH": str(tmp_path / "clickstar.duckdb")}
