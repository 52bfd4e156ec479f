"""The same on PostgreSQL: records, history and requests live in the schema `mdm` of a server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_postgres import PostgresServer, private_postgres

HERE = Path(__file__).parent
# Everything that touches the database by more than Django's usual means.
ON_POSTGRESQL = ("test_changes.py", "test_history.py", "test_publishing.py", "test_queue.py")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with private_postgres() as server:
        yield server


def database_url(server: PostgresServer, name: str) -> str:
    of = server.create_database(name)
    return (
        f"postgresql://{of['CLICKSTAR_POSTGRES_USER']}:{of['CLICKSTAR_POSTGRES_PASSWORD']}"
        f"@{of['CLICKSTAR_POSTGRES_HOST']}:{of['CLICKSTAR_POSTGRES_PORT']}/{name}"
    )


def test_the_portals_tests_pass_on_postgresql(server: PostgresServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
         *(str(HERE / name) for name in ON_POSTGRESQL)],
        env={**os.environ, "MDM_DATABASE_URL": database_url(server, "portal")},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
