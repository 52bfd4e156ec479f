"""The loader's way into Redshift: the same rows as on DuckDB, once, whatever goes wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from loader_helpers import (
    EVENT_FILES,
    PATIENCE,
    Lab,
    assert_says,
    column,
    contract_table,
    csv_events,
    json_events,
    ndjson,
    new_lab,
    parquet_events,
    write_contract,
)
from redshift_standin import Redshift, connect, s3

REQUEST = (
    b'192.0.2.7 - ana [21/Jun/2026:14:29:53 +0000] "GET /a?b=c HTTP/1.1" 200 12 "-" "Mozilla/5.0"\n'
)


def write_files(landing: Path) -> None:
    """Write files of each format, with bad records, unknown fields and multi-byte texts."""
    bad = b'{"eventId": "bad", "quantity": "abc"}\n{"eventId": \n'
    more = '{"eventId": "event-9001", "more": {"a": "b\\\\c"}, "note": "café 😀"}\n'.encode()
    contents = {
        "events/a.ndjson": ndjson(range(300)) + bad + more,
        "events/it's \\ b.csv": csv_events(range(300, 600)) + b"one,column,more\n",
        "events/c.parquet": parquet_events(range(600, 900)),
        "events/d.json": json_events(range(900, 1000)),
        "events/same as a.ndjson": ndjson(range(300)) + bad + more,
        "requests/e.log": REQUEST * 3 + b"no request\n",
    }
    for name, content in contents.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """Return what a DuckDB warehouse holds of the same files."""
    lab = new_lab(tmp_path_factory.mktemp("duckdb"))
    write_files(lab.landing)
    lab.load()
    return lab.content()


@pytest.fixture
def lab(tmp_path: Path, redshift_environment: dict[str, str]) -> Lab:
    """Return a new lab with a Redshift warehouse."""
    lab = new_lab(tmp_path, warehouse=redshift_environment)
    write_files(lab.landing)
    return lab


def objects(environment: Mapping[str, str]) -> list[str]:
    """Return the keys of what the loader left on S3."""
    _, _, bucket, folder = environment["CLICKSTAR_REDSHIFT_S3_PREFIX"].split("/", 3)
    return [item.key for item in s3(environment).Bucket(bucket).objects.filter(Prefix=folder)]


def assert_right(lab: Lab, expected: dict[str, list[tuple[Any, ...]]]) -> None:
    """Fail unless the warehouse holds the rows, once, and S3 nothing."""
    lab.assert_accounted()
    found = lab.content()
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table
    assert objects(lab.warehouse) == []


def test_every_format_gives_the_rows_of_duckdb_and_again_nothing(
    lab: Lab, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    lab.load()
    assert_right(lab, expected)
    lab.load()
    assert_right(lab, expected)
    status = lab.run("status", "--json").json["sources"]
    assert {entry["table_name"]: entry["rows"] for entry in status} == {
        "lab__events": 1001,
        "lab__requests": 3,
    }
    assert lab.run("rejects", "--json").json["total"] == 4
    assert lab.run("replay", "events/a.ndjson").code == 0
    assert_right(lab, expected)


def test_a_text_too_long_in_bytes_is_a_reject_with_its_reason(
    tmp_path: Path, redshift_environment: dict[str, str]
) -> None:
    """Guards that characters are not counted for bytes: COPY would refuse the whole file."""
    lab = new_lab(tmp_path, warehouse=redshift_environment)
    texts = ["é" * 100, "é" * 101, "😀" * 50, "😀" * 51, "a" * 200]
    lines = [json.dumps({"eventId": f"e{n}", "note": text}) for n, text in enumerate(texts)]
    lab.write("events/a.ndjson", "\n".join(lines))
    lab.load()
    notes = lab.rows("select note from raw.lab__events order by event_id")
    assert [row[0] for row in notes] == [texts[0], texts[2], texts[4]]
    rejects = [
        (r["line_number"], r["column_name"], r["reason"]) for r in lab.rejects("events/a.ndjson")
    ]
    assert rejects == [(2, "note", "longer than 200 bytes"), (4, "note", "longer than 200 bytes")]


def backend(redshift: Redshift) -> psycopg.Connection:
    """Return a session of the superuser on the stand-in's PostgreSQL, past the proxy."""
    return psycopg.connect(
        host="127.0.0.1", port=redshift.backend_port, user="rsadmin", dbname="dev"
    )


def raw_schema(lab: Lab) -> str:
    """Return the name of the raw schema."""
    return f"{lab.warehouse['CLICKSTAR_SCHEMA_PREFIX']}raw"


def lock_holders(session: psycopg.Connection, lab: Lab, table: str, granted: bool) -> list[int]:
    """Return the processes of PostgreSQL that hold, or wait for, an exclusive lock on a table."""
    found = session.execute(
        "select l.pid from pg_locks as l join pg_class as c on c.oid = l.relation"
        " join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = %s and c.relname = %s and l.granted = %s"
        " and l.mode = 'AccessExclusiveLock'",
        (raw_schema(lab), table, granted),
    ).fetchall()
    session.commit()  # or the next look would see what this one saw
    return [int(row[0]) for row in found]


def wait_for(process: subprocess.Popen[str], happened: Callable[[], object], what: str) -> None:
    """Wait until something has happened while a loader is at work; fail when it ends before."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if process.poll() is not None:
            pytest.fail(f"the loader ended before {what}: {process.communicate()}")
        if time.monotonic() > deadline:
            pytest.fail(f"the loader never came to {what}")
        time.sleep(0.02)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a loader with its children, and fail unless it was alive until then."""
    os.killpg(process.pid, signal.SIGKILL)
    stdout, stderr = process.communicate()
    assert process.returncode == -signal.SIGKILL, stdout + stderr


def test_killed_again_and_again_gives_the_same_rows(
    lab: Lab, redshift: Redshift, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    """Kill it in an open transaction, each time a little later, and see that it was open."""
    if redshift.backend_port is None:
        pytest.skip("looks for the loader's lock where a real cluster does not show it")
    lab.load()
    with backend(redshift) as session:

        def is_open() -> bool:
            return bool(lock_holders(session, lab, "_transaction_lock", True))

        def killed_while_open(delay: float) -> bool:
            """Load anew and kill it in a transaction; whether there still was one by then."""
            for path in lab.landing.rglob("*.ndjson"):
                path.write_bytes(path.read_bytes() + b"\n")
            process = lab.start("load")
            wait_for(process, is_open, "a transaction")
            time.sleep(delay)
            while process.poll() is None:
                if is_open():
                    kill(process)
                    return True
            return False

        for place in range(len(list(lab.landing.rglob("*.*")))):
            delay = 0.15 * place
            # A fast machine has loaded everything by then: so earlier.
            while not killed_while_open(delay):
                assert delay > 0.001, "no load was met in a transaction"
                delay /= 2
            lab.assert_accounted()
    write_files(lab.landing)
    lab.load()
    found = {name: rows for name, rows in lab.content().items() if name.startswith("lab")}
    assert found == {name: rows for name, rows in expected.items() if name.startswith("lab")}
    assert objects(lab.warehouse) == []


def test_the_last_transaction_of_a_killed_loader_is_waited_for(
    lab: Lab, redshift: Redshift, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    """Guards the second lock: a commit may arrive after the connection of its loader is gone.

    A session plays that transaction: rows and ledger of a file, not committed yet, and the lock.
    """
    if redshift.backend_port is None:
        pytest.skip("plays a transaction, which a test does not do on a real cluster")
    lab.load()
    raw = raw_schema(lab)
    file_id = lab.file("events/c.parquet")["file_id"]
    of_file = {"lab__events": f"_file_id = {file_id}", "_files": f"file_id = {file_id}"}
    with backend(redshift) as session, backend(redshift) as looking:
        for table, mine in of_file.items():
            session.execute(
                f"create temp table kept{table} as"
                f" select * from {raw}.{table} where {mine}".encode()
            )
            session.execute(f"delete from {raw}.{table} where {mine}".encode())
        session.commit()
        assert lab.rows(f"select count(*) from raw.lab__events where _file_id = {file_id}") == [
            (0,)
        ]
        session.execute(f"lock table {raw}._transaction_lock".encode())
        for table in of_file:
            session.execute(f"insert into {raw}.{table} select * from kept{table}".encode())
        process = lab.start("load")
        try:
            wait_for(
                process,
                lambda: lock_holders(looking, lab, "_transaction_lock", False),
                "waiting for the other's transaction",
            )
            session.commit()
            stdout, stderr = process.communicate(timeout=PATIENCE)
        finally:
            if process.poll() is None:
                kill(process)
    assert process.returncode == 0, stdout + stderr
    assert_right(lab, expected)


def test_what_a_killed_loader_left_on_s3_is_deleted_and_nothing_else(lab: Lab) -> None:
    """Guards that the prefix does not fill up, and that another warehouse's files stay."""
    lab.load()
    raw = raw_schema(lab)
    settings = lab.warehouse
    _, _, bucket, folder = settings["CLICKSTAR_REDSHIFT_S3_PREFIX"].split("/", 3)
    server = f"{settings['CLICKSTAR_REDSHIFT_HOST']}_{settings['CLICKSTAR_REDSHIFT_PORT']}"
    place = f"{folder}/{server}/{settings['CLICKSTAR_REDSHIFT_DATABASE']}"
    left = [f"{place}/{raw}/000777/lab__events/{name}" for name in ("part-00000.parquet", "m.json")]
    others = [f"{place}/{raw}_of_another/000001/part.parquet", f"{folder}/readme"]
    for key in (*left, *others):
        s3(settings).Bucket(bucket).put_object(Key=key, Body=b"left behind")
    lab.load()
    assert sorted(objects(settings)) == sorted(others)


def test_rows_that_do_not_arrive_undo_the_file(lab: Lab, redshift: Redshift) -> None:
    """Guards the count after COPY: the books of a file must balance on the other side."""
    if redshift.backend_port is None:
        pytest.skip("loses a row on purpose, by a trigger, which Redshift does not have")
    for path in list(lab.landing.rglob("*.*")):
        path.unlink()
    lab.write("events/a.ndjson", ndjson(range(5)))
    lab.load()
    raw = raw_schema(lab)
    redshift.administer(
        f"create function {raw}.lose() returns trigger language plpgsql as"
        " 'begin if new._line_number = 3 then return null; end if; return new; end'",
        f"create trigger lose before insert on {raw}.lab__events"
        f" for each row execute function {raw}.lose()",
    )
    lab.write("events/b.ndjson", ndjson(range(5, 9)))
    outcome = lab.load_with_trouble()
    assert_says(outcome, "3 of 4 rows", "lab__events", "nothing of the file was kept")
    assert lab.rows("select count(*) from raw.lab__events") == [(5,)]
    lab.assert_accounted()
    assert objects(lab.warehouse) == []
    redshift.administer(f"drop trigger lose on {raw}.lab__events")
    lab.load()
    assert lab.file("events/b.ndjson")["accepted"] == 4
    lab.assert_accounted()


def test_two_loaders_at_once_load_each_row_once(
    lab: Lab, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: lab.run("load"), range(2)))
    assert [outcome.code for outcome in outcomes] == [0, 0], [o.text for o in outcomes]
    assert_right(lab, expected)


def test_rows_and_ledger_are_one_transaction_and_the_manifest_is_whole(
    lab: Lab, redshift: Redshift, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    """Stop the loader between its COPY and its ledger, look, and kill it there."""
    if redshift.backend_port is None:
        pytest.skip("needs a lock that lets readers through, which Redshift does not have")
    (lab.landing / "hold").mkdir()
    for path in list(lab.landing.glob("*/*")):
        path.rename(lab.landing / "hold" / path.name)
    lab.run("load")  # makes the tables
    write_files(lab.landing)
    with backend(redshift) as session:
        session.execute(f"lock table {raw_schema(lab)}._files in share mode".encode())
        process = lab.start("load")
        try:
            deadline = time.monotonic() + PATIENCE
            while not any("_rejects/manifest.json" in key for key in objects(lab.warehouse)):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            time.sleep(1)
            assert lab.rows("select count(*) from raw.lab__events") == [(0,)]
            keys = objects(lab.warehouse)
            bucket = s3(lab.warehouse).Bucket(
                lab.warehouse["CLICKSTAR_REDSHIFT_S3_PREFIX"].split("/")[2]
            )
            bodies = {key: bucket.Object(key).get()["Body"].read() for key in keys}
            [manifest] = [key for key in keys if key.endswith("lab__events/manifest.json")]
            entries = json.loads(bodies[manifest])["entries"]
            assert entries
            for entry in entries:
                body = bodies[entry["url"].split("/", 3)[3]]
                assert entry["mandatory"] is True
                assert entry["meta"] == {"content_length": len(body)}
                schema = pq.read_schema(io.BytesIO(body))
                assert str(schema.field("amount").type) == "decimal128(18, 6)"
                assert str(schema.field("small").type) == "int16"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        session.rollback()
    assert lab.rows("select count(*) from raw.lab__events") == [(0,)]
    lab.load()
    assert_right(lab, expected)


def test_what_copy_refuses_sets_its_file_aside_with_the_reason(
    lab: Lab, redshift: Redshift, redshift_environment: dict[str, str]
) -> None:
    """Guards the way through sys_load_error_detail, where others note errors, too."""
    for path in list(lab.landing.rglob("*.*")):
        path.unlink()
    lab.write("events/a.ndjson", ndjson(range(5)))
    lab.load()
    raw = f"{redshift_environment['CLICKSTAR_SCHEMA_PREFIX']}raw"
    with connect(redshift_environment) as session, session.cursor() as cursor:
        # The table that a person made otherwise than the contract says.
        cursor.execute(f"alter table {raw}.lab__events drop column quantity")
        cursor.execute(
            f"alter table {raw}.lab__events add column quantity integer default 0 not null"
        )
        session.commit()
    lab.write("events/b.ndjson", ndjson(range(5, 9)) + b'{"eventId": "no-quantity"}\n')
    lab.write("events/c.ndjson", ndjson(range(9, 12)))
    if redshift.backend_port is not None:
        redshift.administer(
            "insert into rs_meta.load_errors"
            " (starttime, filename, line_number, colname, err_reason)"
            " values (clock_timestamp() + interval '1 hour', 's3://elsewhere/part.parquet', 1,"
            " 'note', 'an error of somebody else')"
        )
    outcome = lab.load_with_trouble()
    assert "set aside" in outcome.words, outcome.text
    entry = lab.file("events/b.ndjson", "set_aside")
    assert_says(outcome, "events/b.ndjson")
    assert "record 5" in entry["reason"] and "quantity" in entry["reason"], entry["reason"]
    assert lab.file("events/c.ndjson")["accepted"] == 3
    lab.assert_accounted()
    assert objects(lab.warehouse) == []


def test_a_longer_column_and_another_type_are_taken_over(
    tmp_path: Path, redshift_environment: dict[str, str]
) -> None:
    lab = new_lab(tmp_path, warehouse=redshift_environment)

    def contract(note: str, quantity: str) -> None:
        columns = [
            column("event_id", "varchar(64)", field="eventId", required=True),
            column("note", note),
            column("quantity", quantity),
        ]
        write_contract(lab.contracts, [contract_table("events", EVENT_FILES, columns)])

    contract("varchar(5)", "integer")
    lab.write("events/a.ndjson", '{"eventId": "a", "note": "abcde", "quantity": 7}\n')
    lab.load()
    contract("varchar(10)", "integer")
    # No longer than before: the stand-in would go on refusing more bytes, which Redshift does not.
    lab.write("events/b.ndjson", '{"eventId": "b", "note": "vwxyz", "quantity": 8}\n')
    lab.load()
    contract("varchar(10)", "numeric(10,2)")
    assert lab.run("replay", "events/b.ndjson").code == 0
    rows = lab.rows("select event_id, note, quantity from raw.lab__events order by event_id")
    assert rows == [("a", "abcde", Decimal("7.00")), ("b", "vwxyz", Decimal("8.00"))]
    schema = f"{redshift_environment['CLICKSTAR_SCHEMA_PREFIX']}raw"
    kinds = lab.rows(
        "select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a"
        " join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace"
        f" where c.relname = 'lab__events' and n.nspname = '{schema}'"
    )
    assert dict(kinds)["note"] == "character varying(10)"
    assert dict(kinds)["quantity"] == "numeric(10,2)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CLICKSTAR_REDSHIFT_PORT": "1"}, ["cannot be reached", "CLICKSTAR_REDSHIFT_HOST"]),
        ({"CLICKSTAR_REDSHIFT_PORT": "five"}, ["CLICKSTAR_REDSHIFT_PORT is 'five'"]),
        ({"CLICKSTAR_REDSHIFT_IAM_ROLE": ""}, ["CLICKSTAR_REDSHIFT_IAM_ROLE is not set"]),
        ({"CLICKSTAR_REDSHIFT_S3_PREFIX": "/loads"}, ["CLICKSTAR_REDSHIFT_S3_PREFIX is '/loads'"]),
        (
            {"CLICKSTAR_REDSHIFT_S3_PREFIX": "s3://there-is-no-such-bucket/x"},
            ["s3://there-is-no-such-bucket/x", "cannot be written"],
        ),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    lab: Lab, changes: dict[str, str], words: list[str]
) -> None:
    lab.extra = changes
    assert_says(lab.load_with_trouble(), *words)


def test_a_lost_connection_is_one_sentence_and_the_next_run_completes(
    lab: Lab, redshift: Redshift, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    """End the loader's session while its transaction is open, with rows that were copied."""
    if redshift.backend_port is None:
        pytest.skip("ends sessions, which a test does not do on a real cluster")
    paths = {path: path.read_bytes() for path in lab.landing.rglob("*.*")}
    for path in paths:
        path.unlink()
    lab.run("load")  # makes the tables
    for path, content in paths.items():
        path.write_bytes(content)
    raw = raw_schema(lab)
    with backend(redshift) as session, backend(redshift) as looking:
        # The ledger's row is the last of a transaction; it has to wait, and so the loader stands.
        session.execute(f"lock table {raw}._files in share mode".encode())
        process = lab.start("load")

        def stands() -> list[int]:
            found = looking.execute(
                "select l.pid from pg_locks as l join pg_class as c on c.oid = l.relation"
                " join pg_namespace as n on n.oid = c.relnamespace"
                " where n.nspname = %s and c.relname = '_files' and not l.granted",
                (raw,),
            ).fetchall()
            looking.commit()
            return [int(row[0]) for row in found]

        try:
            wait_for(process, stands, "its ledger")
            [victim] = stands()
            assert lock_holders(looking, lab, "_transaction_lock", True) == [victim]
            assert looking.execute("select pg_terminate_backend(%s)", (victim,)).fetchone() == (
                True,
            )
            looking.commit()
            stdout, stderr = process.communicate(timeout=PATIENCE)
        finally:
            if process.poll() is None:
                kill(process)
        assert lock_holders(looking, lab, "_transaction_lock", True) == []
    assert process.returncode > 0, stdout + stderr
    assert "Traceback" not in stdout + stderr, stdout + stderr
    assert "redshift at" in (stdout + stderr).lower(), stdout + stderr
    for table in ("lab__events", "_files"):
        assert lab.rows(f"select count(*) from raw.{table}") == [(0,)]
    lab.load()
    assert_right(lab, expected)
