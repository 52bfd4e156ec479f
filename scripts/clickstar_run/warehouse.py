"""Reading from the warehouse of any engine, for what is shown at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol

from clickstar_run.problems import Problem, explain
from clickstar_run.settings import Server, Settings

CONNECT_SECONDS = 10


class Cursor(Protocol):
    """The part of a DB-API cursor that is needed here."""

    def execute(self, statement: str, /) -> Any: ...  # noqa: D102
    def fetchall(self) -> Sequence[Any]: ...  # noqa: D102


def _connect(settings: Settings) -> Any:
    server = settings.server
    if server is None:
        import duckdb

        return duckdb.connect(str(settings.duckdb_path), read_only=True)
    if settings.target == "postgres":
        import psycopg

        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=server.database,
            connect_timeout=CONNECT_SECONDS,
        )
    import redshift_connector

    return redshift_connector.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=server.database,
        timeout=CONNECT_SECONDS,
    )


def _unreachable(settings: Settings, server: Server, error: Exception) -> Problem:
    name = settings.target.upper()
    engine = settings.warehouse.partition(",")[0]
    detail = str(error).splitlines()[0].rpartition(" failed: ")[2].removeprefix("FATAL:").strip()
    return Problem(
        f"{engine} is not reachable as {server.user}@{server.host}:{server.port}/{server.database}"
        f" ({detail}): start it, or set CLICKSTAR_{name}_HOST, _PORT, _USER, _PASSWORD and"
        " _DATABASE."
    )


def check_reachable(settings: Settings) -> None:
    """Raise Problem, in one sentence, when the server of this target does not let us in."""
    if settings.server is None:
        return
    try:
        _connect(settings).close()
    except Exception as error:  # each driver has exceptions of its own
        raise _unreachable(settings, settings.server, error) from error


@contextmanager
def reading(settings: Settings) -> Iterator[Cursor]:
    """Open the warehouse for reading, for as long as the block lasts.

    Raises Problem when it cannot be opened, for example because another program is writing to it.
    """
    try:
        opened = _connect(settings)
    except Exception as error:  # each driver has exceptions of its own
        raise Problem(explain(error)) from error
    with closing(opened) as connection:
        yield connection.cursor()


def rows(cursor: Cursor, statement: str) -> list[tuple[Any, ...]]:
    """Run a query and return its rows."""
    cursor.execute(statement)
    return [tuple(row) for row in cursor.fetchall()]
