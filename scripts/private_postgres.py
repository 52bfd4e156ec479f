"""A PostgreSQL of one's own: started on a free port of 127.0.0.1, and removed afterwards.

The tests, the linter and the benchmark use it, so that none of them ever touches a server that
somebody works on. As a command it runs another command with the connection in its environment:

    python scripts/private_postgres.py -- dbt build
    python scripts/private_postgres.py --check      only says whether the programs are there
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

USER = "clickstar"
ADMIN_DATABASE = "postgres"
START_SECONDS = 60
# Nothing here has to survive a crash, and tests write a lot.
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "max_wal_size": "2GB",
    "timezone": "UTC",
}


class PostgresUnavailableError(RuntimeError):
    """No PostgreSQL server could be started; the message is one sentence for a person."""


@dataclass(frozen=True)
class PostgresServer:
    """A running private server. It trusts this machine's connections: there is no password.

    Attributes:
        port: where it listens.
        pid: the process that started all other processes of the server.
    """

    port: int
    pid: int
    host: str = "127.0.0.1"
    user: str = USER

    def environment(self, database: str) -> dict[str, str]:
        """Return the variables that make the loader and dbt work on ``database`` of this server."""
        return {
            "TARGET": "postgres",
            "CLICKSTAR_POSTGRES_HOST": self.host,
            "CLICKSTAR_POSTGRES_PORT": str(self.port),
            "CLICKSTAR_POSTGRES_USER": self.user,
            "CLICKSTAR_POSTGRES_PASSWORD": "",
            "CLICKSTAR_POSTGRES_DATABASE": database,
        }

    def connect(self, database: str = ADMIN_DATABASE) -> psycopg.Connection:
        """Open an autocommit connection to ``database``."""
        return psycopg.connect(
            host=self.host, port=self.port, user=self.user, dbname=database, autocommit=True
        )

    def create_database(self, name: str, template: str = "template1") -> dict[str, str]:
        """Create a database, empty or a copy of another one, and return its ``environment``."""
        with self.connect() as connection:
            connection.execute(
                psycopg.sql.SQL("create database {} template {}").format(
                    _identifier(name), _identifier(template)
                )
            )
        return self.environment(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, closing whatever is still connected to it."""
        with self.connect() as connection:
            connection.execute(
                psycopg.sql.SQL("drop database if exists {} with (force)").format(_identifier(name))
            )


def _identifier(name: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(name)


def find_binaries() -> Path | None:
    """Return the folder that holds ``postgres`` and ``initdb``, newest version first, or None."""
    candidates = [shutil.which("postgres"), shutil.which("initdb")]
    for pattern in (
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql*/bin",
    ):
        root, _, rest = pattern[1:].partition("/")
        folders = sorted(Path(f"/{root}").glob(rest), reverse=True)
        candidates += [str(folder / "postgres") for folder in folders]
    for candidate in candidates:
        if candidate is None:
            continue
        folder = Path(candidate).resolve().parent
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    return None


def _install_with_apt() -> None:
    # A cluster that starts by itself would take port 5432: we only want the programs.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    print("PostgreSQL is missing here; installing it with apt-get …", flush=True)
    for arguments in (
        ["update", "-q"],
        ["install", "-qy", "--no-install-recommends", "postgresql"],
    ):
        subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def ensure_binaries() -> Path:
    """Return the folder of the server programs; root on Debian or Ubuntu installs them.

    Raises PostgresUnavailableError with a sentence that says how to install them.
    """
    found = find_binaries()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with suppress(subprocess.CalledProcessError):
            _install_with_apt()
        found = find_binaries()
    if found is None:
        command = (
            "brew install postgresql@16"
            if platform.system() == "Darwin"
            else "sudo apt-get install postgresql"
        )
        raise PostgresUnavailableError(
            "The tests need PostgreSQL (its programs initdb and postgres) and found none in PATH"
            f" or /usr/lib/postgresql: install them with `{command}` and run this again."
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(psycopg.OperationalError):
            server.connect().close()
            return
        time.sleep(0.1)
    raise PostgresUnavailableError(
        f"The private PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}"
    )


@contextmanager
def private_postgres(more_settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """Start a server on a free port, yield it, and stop and delete it at the end.

    ``more_settings`` go before those that the tests use, such as ``work_mem``.

    Raises PostgresUnavailableError when it cannot be installed or started.
    """
    binaries = ensure_binaries()
    scratch = Path(tempfile.mkdtemp(prefix="clickstar-postgres-"))
    # PostgreSQL refuses to run as root, so root lends it to the account that its package made.
    account: dict[str, str | list[str]] = {}
    if os.geteuid() == 0:
        account = {"user": "postgres", "group": "postgres", "extra_groups": []}
        scratch.chmod(0o755)
    data, log = scratch / "data", scratch / "server.log"
    data.mkdir(mode=0o700)
    if account:
        shutil.chown(data, "postgres", "postgres")
    process: subprocess.Popen[bytes] | None = None
    try:
        with log.open("ab") as output:
            made = subprocess.run(
                [
                    *(binaries / "initdb", "-D", data, "-U", USER, "-A", "trust"),
                    *("-E", "UTF8", "--locale=C", "--no-sync"),
                ],
                cwd=scratch,
                stdout=output,
                stderr=output,
                check=False,
                **account,  # type: ignore[call-overload]
            )
            if made.returncode != 0:
                raise PostgresUnavailableError(
                    f"initdb failed: {log.read_text(errors='replace')[-500:].strip()}"
                )
            port = _free_port()
            wanted = {**SERVER_SETTINGS, **(more_settings or {})}
            settings = [f"--{name}={value}" for name, value in wanted.items()]
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-p", str(port), *settings],
                cwd=scratch,
                stdout=output,
                stderr=output,
                **account,  # type: ignore[call-overload]
            )
            server = PostgresServer(port=port, pid=process.pid)
        _wait_until_ready(server, process, log)
        yield server
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # the fast shutdown: it ends every session
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(scratch, ignore_errors=True)


def main() -> int:
    """Run a command against a private server and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--check", action="store_true", help="only make sure the programs are there"
    )
    parser.add_argument("command", nargs="*", help="what to run, after --")
    arguments = parser.parse_args()
    # A killed run must still stop the server that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments.check:
            ensure_binaries()
            return 0
        with private_postgres() as server:
            environment = os.environ | server.create_database("clickstar")
            return subprocess.run(arguments.command, env=environment, check=False).returncode
    except PostgresUnavailableError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
