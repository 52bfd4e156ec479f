"""What the black-box tests of the loader share: a warehouse to look into, a contract, some files.

Nothing here imports the loader. A test writes files, runs ``scripts/load.py`` as a person would,
and asks the warehouse by SQL; so it holds for any loader that keeps the promises of the design.
"""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
import zstandard

from redshift_standin import connect

REPOSITORY = Path(__file__).resolve().parents[2]
LOADER = REPOSITORY / "scripts" / "load.py"
SALT = "a salt of the tests"
PATIENCE = 120
EPOCH = datetime(1970, 1, 1)

TABLE_COLUMNS = {
    "ledger": (
        "file_id",
        "source_name",
        "table_name",
        "path",
        "file_format",
        "compression",
        "size_bytes",
        "content_hash",
        "status",
        "reason",
        "records",
        "accepted",
        "rejected",
        "unknown_columns",
    ),
    "rejects": ("file_id", "line_number", "column_name", "reason", "raw_text", "table_name"),
}


@dataclass(frozen=True)
class Outcome:
    """How one command of the loader ended and everything that it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Return everything the command said."""
        return self.stdout + self.stderr

    @property
    def words(self) -> str:
        """Return everything it said in one line of lower case."""
        return " ".join(self.text.lower().split())

    @property
    def json(self) -> Any:
        """Return standard output read as one JSON document."""
        return json.loads(self.stdout)


def run_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without any setting of Clickstar's, then with ``changes``."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TARGET", "LANDING") and not name.startswith("CLICKSTAR_")
    }
    return {**kept, "CLICKSTAR_SALT": SALT, "COLUMNS": "400", **changes}


class Lab:
    """A landing folder, a folder of contracts and one warehouse (DuckDB or PostgreSQL)."""

    def __init__(self, root: Path, warehouse: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.landing = root / "landing"
        self.contracts = root / "contracts"
        self.path = root / "warehouse" / "clickstar.duckdb"
        for folder in (self.landing, self.contracts, self.path.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.warehouse = dict(
            warehouse or {"TARGET": "duckdb", "CLICKSTAR_DUCKDB_PATH": str(self.path)}
        )
        self.extra: dict[str, str] = {}

    @property
    def is_postgres(self) -> bool:
        """Tell whether the warehouse is a PostgreSQL database."""
        return self.warehouse["TARGET"] == "postgres"

    def write(self, name: str, content: bytes | str) -> Path:
        """Write a landing file and return its path."""
        target = self.landing / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of the loader on this landing folder and these contracts."""
        return [
            sys.executable,
            str(LOADER),
            *arguments,
            "--landing",
            str(self.landing),
            "--contracts",
            str(self.contracts),
        ]

    def environment(self) -> dict[str, str]:
        """Return the environment in which the loader works on this warehouse."""
        return run_environment({**self.warehouse, **self.extra})

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start the loader in a process group of its own and return at once."""
        return subprocess.Popen(
            self.command(*(arguments or ("load",))),
            env=self.environment(),
            cwd=self.root,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **options,
        )

    def run(self, *arguments: str, **options: Any) -> Outcome:
        """Run a command of the loader (``load`` unless told) and return what it said."""
        process = self.start(*arguments, **options)
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            pytest.fail(f"the loader still ran after {PATIENCE} s: {stdout}{stderr}")
        outcome = Outcome(process.returncode, stdout, stderr)
        assert "Traceback" not in outcome.text, outcome.text
        return outcome

    def load(self, *arguments: str, **options: Any) -> Outcome:
        """Load, and fail unless the loader says that nothing needs a person."""
        outcome = self.run("load", *arguments, **options)
        assert outcome.code == 0, outcome.text
        return outcome

    def load_with_trouble(self, *arguments: str, **options: Any) -> Outcome:
        """Load, and fail unless the loader says in one sentence that something needs a person."""
        outcome = self.run("load", *arguments, **options)
        assert outcome.code not in (0, None), outcome.text
        assert outcome.code > 0, f"ended by signal {-outcome.code}: {outcome.text}"
        return outcome

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the warehouse, which says `raw` for the raw schema."""
        if self.warehouse["TARGET"] == "redshift":
            raw = f"{self.warehouse['CLICKSTAR_SCHEMA_PREFIX']}raw"
            written = query.replace("raw.", f"{raw}.").replace("'raw'", f"'{raw}'")
            with connect(self.warehouse) as server, server.cursor() as cursor:
                cursor.execute(written)
                return [tuple(row) for row in cursor.fetchall()]
        if self.is_postgres:
            with psycopg.connect(
                host=self.warehouse["CLICKSTAR_POSTGRES_HOST"],
                port=self.warehouse["CLICKSTAR_POSTGRES_PORT"],
                user=self.warehouse["CLICKSTAR_POSTGRES_USER"],
                password=self.warehouse["CLICKSTAR_POSTGRES_PASSWORD"],
                dbname=self.warehouse["CLICKSTAR_POSTGRES_DATABASE"],
            ) as server:
                return server.execute(query).fetchall()
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(query).fetchall()

    def records(self, kind: str, where: str = "true") -> list[dict[str, Any]]:
        """Return rows of the ledger or of the rejects, as dictionaries."""
        columns = TABLE_COLUMNS[kind]
        table = {"ledger": "raw._files", "rejects": "raw._rejects"}[kind]
        order = "path, status, file_id" if kind == "ledger" else "file_id, line_number"
        found = self.rows(
            f"select {', '.join(columns)} from {table} where {where} order by {order}"
        )
        return [dict(zip(columns, row, strict=True)) for row in found]

    def file(self, path: str, status: str = "loaded") -> dict[str, Any]:
        """Return the one ledger row of a landing file in a status."""
        quoted = path.replace("'", "''")
        found = self.records("ledger", f"path = '{quoted}' and status = '{status}'")
        if len(found) != 1:
            pytest.fail(f"{len(found)} {status} rows of {path}: {self.records('ledger')}")
        return found[0]

    def rejects(self, path: str) -> list[dict[str, Any]]:
        """Return the rejected records of the loaded version of a landing file, by line."""
        return self.records("rejects", f"file_id = {self.file(path)['file_id']}")

    def accepted(self, path: str, columns: Sequence[str]) -> dict[int, dict[str, Any]]:
        """Return line number → values of the accepted records of a landing file."""
        entry = self.file(path)
        found = self.rows(
            f"select _line_number, {', '.join(columns)} from raw.{entry['table_name']}"
            f" where _file_id = {entry['file_id']} order by _line_number"
        )
        lines = [row[0] for row in found]
        assert len(lines) == len(set(lines)), f"{path}: line numbers appear twice"
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in found}

    def raw_tables(self) -> list[str]:
        """Return the names of all raw tables of sources."""
        found = self.rows(
            "select table_name from information_schema.tables where table_schema = 'raw' order by 1"
        )
        return [row[0] for row in found if not row[0].startswith("_")]

    def assert_accounted(self) -> None:
        """Fail unless each record of each loaded file is one raw row or one reject."""
        ledger = self.records("ledger")
        loaded = {entry["file_id"]: entry for entry in ledger if entry["status"] == "loaded"}
        names = [entry["path"] for entry in loaded.values()]
        assert len(names) == len(set(names)), "one path has two loaded versions"
        lines: dict[int, list[int]] = {file_id: [] for file_id in loaded}
        kept = dict.fromkeys(loaded, 0)
        refused = dict.fromkeys(loaded, 0)
        for table in self.raw_tables():
            for file_id, line in self.rows(f"select _file_id, _line_number from raw.{table}"):
                assert file_id in loaded, f"rows of file {file_id} without a loaded ledger row"
                assert loaded[file_id]["table_name"] == table
                lines[file_id].append(line)
                kept[file_id] += 1
        for file_id, line in self.rows("select file_id, line_number from raw._rejects"):
            assert file_id in loaded, f"rejects of file {file_id} without a loaded ledger row"
            lines[file_id].append(line)
            refused[file_id] += 1
        for file_id, entry in loaded.items():
            counted = (kept[file_id] + refused[file_id], kept[file_id], refused[file_id])
            assert (entry["records"], entry["accepted"], entry["rejected"]) == counted, entry
            assert sorted(lines[file_id]) == list(range(1, entry["records"] + 1)), entry

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of the warehouse that a run decides, without times and batch numbers."""
        result = {}
        for table in self.raw_tables():
            columns = [
                row[0]
                for row in self.rows(
                    "select column_name from information_schema.columns where table_schema = 'raw'"
                    f" and table_name = '{table}' order by ordinal_position"
                )
                if row[0] not in ("_batch_id", "_loaded_at")
            ]
            result[table] = self.rows(
                f"select {', '.join(columns)} from raw.{table} order by _file_id, _line_number"
            )
        result["_files"] = self.rows(
            f"select {', '.join(TABLE_COLUMNS['ledger'])} from raw._files order by path, file_id"
        )
        result["_rejects"] = self.rows(
            f"select {', '.join(TABLE_COLUMNS['rejects'])} from raw._rejects"
            " order by file_id, line_number"
        )
        result["_user_agents"] = self.rows(
            "select user_agent, device_type, device_brand, device_model, browser_family, os_family"
            " from raw._user_agents order by user_agent"
        )
        return result


# --- The contract of the tests -------------------------------------------------------------------

LINEAGE: list[dict[str, Any]] = [
    {"name": "_file_id", "data_type": "bigint"},
    {"name": "_line_number", "data_type": "bigint"},
    {"name": "_batch_id", "data_type": "bigint"},
    {"name": "_loaded_at", "data_type": "timestamp"},
    {"name": "_extra", "data_type": "varchar(65535)"},
]


def column(name: str, data_type: str, **meta: Any) -> dict[str, Any]:
    """Return a column of a contract."""
    result: dict[str, Any] = {"name": name, "data_type": data_type}
    if meta:
        result["config"] = {"meta": meta}
    return result


def contract_table(
    name: str,
    files: Sequence[Mapping[str, Any]],
    columns: Sequence[Mapping[str, Any]],
    **landing: Any,
) -> dict[str, Any]:
    """Return a table of the source ``lab`` that reads ``files`` (patterns and formats)."""
    return {
        "name": name,
        "identifier": f"lab__{name}",
        "description": "One record of a test file.",
        "config": {
            "meta": {
                "landing": {"files": [dict(file) for file in files], "timezone": "UTC", **landing}
            }
        },
        "columns": [dict(item) for item in (*columns, *LINEAGE)],
    }


def write_contract(folder: Path, tables: Iterable[Mapping[str, Any]], source: str = "lab") -> None:
    """Write the contract of a source with these tables, in the way dbt reads it."""
    document = {
        "version": 2,
        "sources": [
            {
                "name": source,
                "description": "Files that the tests write.",
                "schema": "{{ env_var('CLICKSTAR_SCHEMA_PREFIX', '') }}raw",
                "tables": [dict(table) for table in tables],
            }
        ],
    }
    target = folder / source / f"_{source}__sources.yml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


EVENT_COLUMNS: list[dict[str, Any]] = [
    column("event_id", "varchar(64)", field="eventId", required=True),
    column("clicked_at", "timestamp", field="clickedAt"),
    column("amount", "numeric(18,6)"),
    column("quantity", "integer"),
    column("big", "bigint"),
    column("small", "smallint"),
    column("rate", "double precision"),
    column("is_paid", "boolean", field="paid"),
    column("day", "date"),
    column("note", "varchar(200)"),
    column("seen_at", "timestamp", field="seenMs", format="epoch_ms"),
    column("country", "varchar(2)", field="geo.country"),
    column("ip_hash", "varchar(32)", field="ip", pii="hash"),
    column("ip_prefix", "varchar(43)", field="ip", pii="prefix"),
    column("cookie_hash", "varchar(32)", field="cookie", pii="hash"),
    column("email_hash", "varchar(32)", field="email", pii="hash"),
]
EVENT_PII = {"ip": "ip", "cookie": "token", "email": "text"}
EVENT_VALUES = tuple(item["name"] for item in EVENT_COLUMNS[:12])
EVENT_FIELDS = (
    "eventId",
    "clickedAt",
    "amount",
    "quantity",
    "big",
    "small",
    "rate",
    "paid",
    "day",
    "note",
    "seenMs",
    "geo.country",
    "ip",
    "cookie",
    "email",
)


def events_table(name: str, files: Sequence[Mapping[str, Any]], **landing: Any) -> dict[str, Any]:
    """Return a table of the test's events, the same columns whatever the format."""
    return contract_table(
        name, files, EVENT_COLUMNS, **{"pii": EVENT_PII, "event_time": "clicked_at", **landing}
    )


def positioned(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the same columns read by position, for a file without a header."""
    fields: dict[str, int] = {}
    result = []
    for item in columns:
        meta = dict(item.get("config", {}).get("meta", {}))
        name = meta.get("field", item["name"])
        meta["position"] = fields.setdefault(name, len(fields) + 1)
        result.append({**item, "config": {"meta": meta}})
    return result


LOG_COLUMNS = [
    column("ip_hash", "varchar(32)", field="host", pii="hash"),
    column("ip_prefix", "varchar(43)", field="host", pii="prefix"),
    column("user_hash", "varchar(32)", field="user", pii="hash"),
    column("requested_at", "timestamp", field="time", required=True),
    column("method", "varchar(20)"),
    column("path", "varchar(2000)"),
    column("query", "varchar(2000)"),
    column("status", "smallint"),
    column("bytes", "bigint"),
    column("referrer", "varchar(2000)"),
    column("user_agent", "varchar(8192)"),
]
LOG_VALUES = (
    "requested_at",
    "method",
    "path",
    "query",
    "status",
    "bytes",
    "referrer",
    "user_agent",
)


def access_log_table(name: str = "requests", pattern: str = "requests/**/*.log*") -> dict[str, Any]:
    """Return a table of web server requests in the combined format."""
    return contract_table(
        name,
        [{"pattern": pattern, "format": "access_log"}],
        LOG_COLUMNS,
        null_values=["-"],
        pii={"host": "ip", "user": "token"},
        event_time="requested_at",
        user_agent="user_agent",
    )


# --- Records to put into files -------------------------------------------------------------------


ANY_COLUMN = "*"


@dataclass(frozen=True)
class Record:
    """A record of a file as it is written, and what must become of it.

    ``values`` are those of an accepted record; a rejected one names the ``column`` at fault (None:
    the record as a whole, ANY_COLUMN: whichever) and a ``marker`` that its raw text must show. Of
    an ``undecided`` record it only matters that it is exactly one record.
    """

    raw: bytes
    values: dict[str, Any] | None = None
    column: str | None = None
    marker: str = ""
    undecided: bool = False
    case: str = field(default="", compare=False)


def event(number: int, **changes: Any) -> dict[str, Any]:
    """Return the fields of a well-formed event, as a file writes them (all text)."""
    return {
        "eventId": f"event-{number}",
        "clickedAt": f"2024-03-{number % 28 + 1:02d}T10:20:{number % 60:02d}.250000Z",
        "amount": f"{number}.250000",
        "quantity": str(number),
        "big": str(number * 10_000_000_000),
        "small": str(number % 30_000),
        "rate": f"{number}.5",
        "paid": "true" if number % 2 else "false",
        "day": f"2024-03-{number % 28 + 1:02d}",
        "note": f"note {number}",
        "seenMs": str(1_709_000_000_000 + number * 1000),
        "geo.country": "DE",
        "ip": f"203.0.113.{number % 250 + 1}",
        "cookie": f"cookie-{number}-{number * 7919}",
        "email": f"person{number}@example.com",
        **changes,
    }


def event_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the warehouse must hold for an event: the test's own reading of its fields."""

    def read(name: str, convert: Any) -> Any:
        text = fields.get(name)
        return None if text in (None, "") else convert(text)

    def moment(text: str) -> datetime:
        read_with_zone = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return read_with_zone.astimezone(UTC).replace(tzinfo=None)

    return {
        "event_id": read("eventId", str),
        "clicked_at": read("clickedAt", moment),
        "amount": read("amount", lambda text: Decimal(text).quantize(Decimal("0.000001"))),
        "quantity": read("quantity", int),
        "big": read("big", int),
        "small": read("small", int),
        "rate": read("rate", float),
        "is_paid": read("paid", lambda text: text == "true"),
        "day": read("day", date.fromisoformat),
        "note": read("note", str),
        "seen_at": read("seenMs", lambda text: EPOCH + timedelta(milliseconds=int(text))),
        "country": read("geo.country", str),
    }


# A value that its column cannot hold: case, field of the file, what is written, column.
BAD_VALUES: tuple[tuple[str, str, str, str], ...] = (
    ("integer from a word", "quantity", "abc", "quantity"),
    ("integer with a fraction", "quantity", "1.5", "quantity"),
    ("integer out of range", "quantity", "99999999999", "quantity"),
    ("smallint out of range", "small", "40000", "small"),
    ("bigint out of range", "big", "9223372036854775808", "big"),
    ("numeric out of range", "amount", "1000000000000", "amount"),
    ("numeric with a comma", "amount", "12,50", "amount"),
    ("double from a word", "rate", "fast", "rate"),
    ("double out of range", "rate", "1e400", "rate"),
    ("boolean from a word", "paid", "maybe", "is_paid"),
    ("a day that is not", "day", "2024-02-30", "day"),
    ("a day too early", "day", "1969-12-31", "day"),
    ("a day too late", "day", "2055-01-01", "day"),
    ("a time from a word", "clickedAt", "yesterday", "clicked_at"),
    ("a time that is not", "clickedAt", "2024-04-31T00:00:00Z", "clicked_at"),
    ("a time too early", "clickedAt", "1969-12-31T23:59:59Z", "clicked_at"),
    ("a time too late", "clickedAt", "2055-01-01T00:00:00Z", "clicked_at"),
    ("a time in five digits", "clickedAt", "12024-01-01T00:00:00Z", "clicked_at"),
    ("milliseconds from a word", "seenMs", "noon", "seen_at"),
    ("milliseconds out of range", "seenMs", "99999999999999999999", "seen_at"),
    ("text longer than its bytes", "note", "é" * 101, "note"),
    ("country longer than its bytes", "geo.country", "DEU", "country"),
)
# Values at the edge of what a column holds.
EDGE_VALUES: tuple[dict[str, str], ...] = (
    {"day": "1970-01-01", "clickedAt": "1970-01-01T00:00:00Z"},
    {"day": "2054-12-31", "clickedAt": "2054-12-31T23:59:59.999999Z"},
    {"day": "2024-02-29", "clickedAt": "2024-02-29T23:30:00-02:00"},
    {"quantity": "-2147483648", "small": "-32768", "big": "-9223372036854775808"},
    {"quantity": "2147483647", "small": "32767", "big": "9223372036854775807"},
    {"amount": "999999999999.999999"},
    {"amount": "-999999999999.999999", "rate": "-1e300"},
    {"note": "é" * 100},
    {"note": "Grüße, 日本 🙂 'quoted' \\ back\\slash"},
    {"note": "two\nlines"},
    {"note": '"quoted" and, separated; by | tabs\t'},
    {
        name: ""
        for name in EVENT_FIELDS
        if name not in ("eventId", "ip", "cookie", "email", "clickedAt")
    },
)


def good_and_bad_events() -> list[tuple[dict[str, Any], str | None, str]]:
    """Return events in an order that mixes good and bad: fields, column at fault or None, case."""
    result: list[tuple[dict[str, Any], str | None, str]] = []
    number = 0
    for case, name, text, at_fault in BAD_VALUES:
        number += 1
        result.append((event(number), None, "good"))
        number += 1
        result.append((event(number, **{name: text}), at_fault, case))
    for changes in EDGE_VALUES:
        number += 1
        result.append((event(number, **changes), None, f"edge {sorted(changes)}"))
    number += 1
    result.append((event(number, eventId=""), "event_id", "a required value is missing"))
    return result


def assert_file_holds(
    lab: Lab, path: str, records: Sequence[Record], columns: Sequence[str]
) -> None:
    """Fail unless a loaded file has exactly these good rows and exactly these rejects."""
    found = lab.accepted(path, columns)
    rejects = {row["line_number"]: row for row in lab.rejects(path)}
    entry = lab.file(path)
    assert entry["records"] == len(records), f"{path}: {entry}"
    for n, record in enumerate(records, 1):
        where = f"{path} line {n} ({record.case})"
        assert (n in found) != (n in rejects), (
            f"{where}: not exactly once in the rows or the rejects"
        )
        if record.undecided:
            continue
        if record.values is not None:
            assert n in found, f"{where}: a good record was rejected: {rejects.get(n)}"
            expected = {name: record.values[name] for name in columns if name in record.values}
            assert {name: found[n][name] for name in expected} == expected, where
        else:
            assert n in rejects, f"{where}: a bad record was accepted: {found.get(n)}"
            reject = rejects[n]
            assert (
                record.column == ANY_COLUMN or (reject["column_name"] or None) == record.column
            ), f"{where}: {reject}"
            assert record.marker in reject["raw_text"], f"{where}: {reject}"
    for n, reject in rejects.items():
        where = f"{path} line {n}: {reject}"
        assert reject["reason"] and len(reject["reason"]) <= 500, where
        assert len(reject["raw_text"].encode()) <= 65535, where
        assert "\0" not in reject["raw_text"], where
    assert (entry["accepted"], entry["rejected"]) == (len(found), len(rejects))


def unique_name(word: str) -> str:
    """Return a name that no other test uses."""
    return f"{word}_{uuid.uuid4().hex[:10]}"


# --- Files of events, and the lab that reads them -------------------------------------------------

EVENT_FILES = [
    {"pattern": "events/**/*.ndjson*", "format": "ndjson"},
    {"pattern": "events/**/*.csv*", "format": "csv"},
    {"pattern": "events/**/*.json", "format": "json"},
    {"pattern": "events/**/*.parquet", "format": "parquet"},
]


def write_standard_contract(folder: Path, **landing: Any) -> None:
    """Write the contract of these tests: one table of events in any format, and one of requests."""
    write_contract(folder, [events_table("events", EVENT_FILES, **landing), access_log_table()])


def ndjson(numbers: range, **changes: Any) -> bytes:
    """Return events as NDJSON."""
    lines = []
    for number in numbers:
        fields = event(number, **changes)
        fields["geo"] = {"country": fields.pop("geo.country")}
        lines.append(json.dumps(fields) + "\n")
    return "".join(lines).encode()


def csv_events(numbers: range, **changes: Any) -> bytes:
    """Return events as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, EVENT_FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(event(number, **changes) for number in numbers)
    return text.getvalue().encode()


def parquet_events(numbers: range) -> bytes:
    """Return events as Parquet."""
    rows = [event(number) for number in numbers]
    names = [name for name in EVENT_FIELDS if name != "geo.country"]
    buffer = io.BytesIO()
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in names}), buffer)
    return buffer.getvalue()


def json_events(numbers: range) -> bytes:
    """Return events as a JSON array."""
    return b"[" + b",".join(ndjson(numbers).splitlines()) + b"]"


def parquet_of_bad_text() -> bytes:
    """Return Parquet with a text that is not UTF-8, as careless writers leave it."""
    raw = pa.array([b"good-1", b"bad-\xff\xfe", b"good-3"], pa.binary())
    text = pa.StringArray.from_buffers(3, raw.buffers()[1], raw.buffers()[2])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"eventId": ["a", "b", "c"], "note": text}), buffer)
    return buffer.getvalue()


def zst(content: bytes) -> bytes:
    """Return a zstd frame with a checksum."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


def new_lab(root: Path, **options: Any) -> Lab:
    """Return a lab with the contract of these tests."""
    lab = Lab(root, **options)
    write_standard_contract(lab.contracts)
    return lab


def event_ids(lab: Lab, path: str | None = None) -> list[str]:
    """Return the ids of all accepted events (of one file), sorted by number."""
    where = "" if path is None else f" where _file_id = {lab.file(path)['file_id']}"
    found = [row[0] for row in lab.rows(f"select event_id from raw.lab__events{where}")]
    return sorted(found, key=lambda name: int(name.split("-")[1]))


def names(numbers: range) -> list[str]:
    """Return the ids of events by their numbers."""
    return [f"event-{number}" for number in numbers]


def kill_after(lab: Lab, seconds: float) -> int:
    """Start a load, kill -9 it with its children after so many seconds, and return how it ended."""
    process = lab.start("load")
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    stdout, stderr = process.communicate()
    assert "Traceback" not in stdout + stderr, stdout + stderr
    return process.returncode


def assert_says(outcome: Outcome, *words: str) -> None:
    """Fail unless the loader's words contain all of these."""
    missing = [word for word in words if word.lower() not in outcome.words]
    assert not missing, f"not said: {missing}\n{outcome.text}"


def flipped(content: bytes, bit: int) -> bytes:
    """Return the content with one bit turned over."""
    result = bytearray(content)
    result[bit // 8] ^= 1 << (bit % 8)
    return bytes(result)
