"""The same on PostgreSQL: records, history and requests live in the schema `mdm` of a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from private_postgres import PostgresServer, private_postgres
from running import manage, portal_environment

HERE = Path(__file__).parent
# Everything that touches the database by more than Django's usual means.
ON_POSTGRESQL = (
    "test_api.py", "test_batches.py", "test_changes.py", "test_deciding.py", "test_history.py",
    "test_publishing.py", "test_queue.py",
)  # fmt: skip


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


RIGHTS = """
    select
        relname,
        case when has_table_privilege(oid, 'select') then 'read' else '' end
        || case when has_table_privilege(oid, 'insert, update, delete, truncate') then 'write'
            else '' end
    from pg_class
    where relkind = 'r' and relnamespace = 'mdm'::regnamespace
"""


def test_the_warehouses_role_reads_the_histories_and_nothing_else(
    server: PostgresServer, tmp_path: Path
) -> None:
    url = database_url(server, "granted")
    done = manage(
        "migrate", "--verbosity", "0",
        environment=portal_environment(tmp_path, MDM_DATABASE_URL=url),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (HERE.parents[1] / "docs" / "master_data.md").read_text(encoding="utf-8")
    [granting] = re.findall(r"```sql\n(create role dbt_reader.*?)```", page, re.S)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(granting)
        owner.execute("set role dbt_reader")
        tables: dict[str, str] = dict(owner.execute(RIGHTS).fetchall())
        assert len(tables) > 40
        for name, rights in tables.items():
            assert rights == ("read" if name.endswith("_history") else ""), name
        for name in ("auth_user", "django_session", "api_token", "partner"):
            assert name in tables
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(f"select * from mdm.{name}")
        owner.execute("select * from mdm.partner_history")
        owner.execute("reset role")
        owner.execute("drop owned by dbt_reader; drop role dbt_reader")
