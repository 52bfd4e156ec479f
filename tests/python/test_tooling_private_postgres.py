"""The private PostgreSQL that the tests stand on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import private_postgres as module
from private_postgres import PostgresServer, PostgresUnavailableError, private_postgres


def test_each_test_gets_an_empty_database_of_its_own(
    postgres_server: PostgresServer, postgres_environment: dict[str, str]
) -> None:
    with postgres_server.connect(postgres_environment["CLICKSTAR_POSTGRES_DATABASE"]) as connection:
        tables = connection.execute(
            "select count(*) from pg_tables where schemaname = 'public'"
        ).fetchone()
        zone = connection.execute("show timezone").fetchone()
    assert tables == (0,)
    assert zone == ("UTC",)
    assert postgres_environment["CLICKSTAR_POSTGRES_HOST"] == "127.0.0.1"


def test_the_server_is_gone_afterwards() -> None:
    with private_postgres() as server:
        server.connect().close()
    with pytest.raises(psycopg.OperationalError):
        server.connect()


def test_a_command_sees_the_connection_and_its_exit_code_comes_back(repository: Path) -> None:
    code = (
        "import os, psycopg, sys;"
        "e = os.environ;"
        "psycopg.connect(host=e['CLICKSTAR_POSTGRES_HOST'], port=e['CLICKSTAR_POSTGRES_PORT'],"
        " user=e['CLICKSTAR_POSTGRES_USER'], dbname=e['CLICKSTAR_POSTGRES_DATABASE']).close();"
        "sys.exit(7)"
    )
    script = repository / "scripts" / "private_postgres.py"
    done = subprocess.run(
        [sys.executable, script, "--", sys.executable, "-c", code], capture_output=True, check=False
    )
    assert done.returncode == 7, done.stderr.decode()


def test_without_postgresql_one_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "find_binaries", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(PostgresUnavailableError, match=r"install them with `.+`") as raised:
        module.ensure_binaries()
    assert str(raised.value).count("\n") == 0
