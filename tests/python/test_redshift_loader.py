"""The loader's way into Redshift: the same rows as on DuckDB, once, whatever goes wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Mapping
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
    kill_after,
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


def test_killed_again_and_again_gives_the_same_rows(
    lab: Lab, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    started = time.monotonic()
    lab.load()
    whole = time.monotonic() - started
    for place in range(len(list(lab.landing.rglob("*.*")))):
        for path in lab.landing.rglob("*.ndjson"):
            path.write_bytes(path.read_bytes() + b"\n")
        kill_after(lab, whole * (0.3 + 0.1 * place))
        lab.assert_accounted()
    write_files(lab.landing)
    lab.load()
    found = {name: rows for name, rows in lab.content().items() if name.startswith("lab")}
    assert found == {name: rows for name, rows in expected.items() if name.startswith("lab")}
    assert objects(lab.warehouse) == []


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
    raw = f"{lab.warehouse['CLICKSTAR_SCHEMA_PREFIX']}raw"
    with psycopg.connect(
        host="127.0.0.1", port=redshift.backend_port, user="rsadmin", dbname="dev"
    ) as session:
        session.execute(f"lock table {raw}._files in share mode".encode())
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
    lab: Lab, redshift_environment: dict[str, str]
) -> None:
    """Guards the way through sys_load_error_detail; the other files are loaded."""
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
    if redshift.backend_port is None:
        pytest.skip("ends sessions, which a test does not do on a real cluster")
    process = lab.start("load")
    time.sleep(2.5)
    redshift.administer(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'dbt_user'"
    )
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in stdout + stderr, stdout + stderr
    lab.load()
    assert_right(lab, expected)
