"""Redshift as the warehouse: DuckDB parses, rows arrive as Parquet on S3 and by COPY.

A transaction collects its rows in Parquet files on S3, one folder per transaction and table, and
copies each table by a manifest before anything else is asked of the table; the ledger's row is
committed with them. The objects are deleted when the transaction has ended; those of a loader that
was killed, by the next one, before it writes its own.

What of this follows the Amazon Redshift Database Developer Guide names its page.
"""

from __future__ import annotations

import contextlib
import io
import json
import struct
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
import boto3.exceptions
import botocore.exceptions
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import redshift_connector
from redshift_connector.error import Error as DriverError

from .columns import Parse
from .contract import Table
from .errors import SetAside, UsageError
from .sql import quoted
from .warehouse import (
    LEDGER,
    USER_AGENTS,
    WarehouseError,
    lean_planning,
    prepare_parser,
    widens,
)
from .warehouse_server import ServerWarehouse

# Held by a loader for as long as it runs, and by each of its transactions: when a loader is killed,
# its last transaction may outlive its connection for a moment, and nobody may read the ledger then.
_LOADER_LOCK, _TRANSACTION_LOCK = "_loader_lock", "_transaction_lock"
_ATTEMPT_SECONDS = 1.0
_NUDGE_SECONDS = 60.0
# "…from 1 MB to 1 GB after compression" [c_best-practices-use-multiple-files].
_PART_BYTES = 64 << 20
_ROWS_AT_ONCE = 100_000
_STATEMENT_CANCELLED = "57014"
_DRIVER_ERRORS = (DriverError, OSError, struct.error)
_S3_ERRORS = (
    botocore.exceptions.BotoCoreError,
    botocore.exceptions.ClientError,
    boto3.exceptions.Boto3Error,
)


@dataclass(frozen=True)
class Staging:
    """Where the loader puts files for COPY, and the role by which Redshift reads them."""

    bucket: str
    folder: str
    iam_role: str

    def url(self, key: str) -> str:
        """The address of an object."""
        return f"s3://{self.bucket}/{key}"


def staging(prefix: str | None, iam_role: str | None) -> Staging:
    """The place that the two settings name.

    Raises UsageError when one is missing or the prefix is none of S3.
    """
    parts = urlsplit(prefix or "")
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageError(
            f"CLICKSTAR_REDSHIFT_S3_PREFIX is {prefix or ''!r}: set it to a place that Redshift "
            "can COPY from, such as s3://bucket/clickstar-loads."
        )
    if not iam_role:
        raise UsageError(
            "CLICKSTAR_REDSHIFT_IAM_ROLE is not set: name the role by which Redshift reads "
            f"{prefix} (its ARN, or default)."
        )
    return Staging(parts.netloc, parts.path.strip("/"), iam_role)


@dataclass
class _Part:
    """A Parquet file that is being written, without a name on this machine."""

    file: Any
    writer: pq.ParquetWriter
    rows: int = 0


@dataclass
class _Upload:
    """The rows of one table that wait for their COPY."""

    open: _Part | None = None
    done: list[tuple[str, int]] = field(default_factory=list)  # key and bytes of each part
    rows: int = 0
    # The condition that finds the rows again, where they carry the id of their file.
    found_by: str | None = None


class RedshiftWarehouse(ServerWarehouse):
    """A Redshift database; one loader at a time writes a schema, by the lock of a table."""

    def __init__(
        self,
        connection: dict[str, Any],
        place: Staging,
        schema: str,
        threads: int,
        memory: str,
        wait_seconds: float,
    ) -> None:
        super().__init__(schema)
        self._parameters = connection
        self._place = place
        self._threads = threads
        self._memory = memory
        self._wait_seconds = wait_seconds
        address = f"{connection['host']}:{connection['port']}"
        self.name = f"{address}/{connection['database']}"
        names = (place.folder, address.replace(":", "_"), connection["database"], schema)
        self._folder = "/".join(name for name in names if name)
        self._session: Any = None
        self._lock_session: Any = None
        self._in_transaction = False
        self._transactions = 0
        self._uploads: dict[str, _Upload] = {}
        self._columns: dict[str, dict[str, str]] = {}
        self._found_extra: set[str] = set()

    # --- Connection and lock -------------------------------------------------------------------

    def open(self, announce: Callable[[str], None], read_only: bool = False) -> None:
        self._session = self._connect()
        self.parser = duckdb.connect()
        prepare_parser(self.parser, self._threads, self._memory)
        if read_only:
            return
        self._s3 = boto3.client("s3")
        self._take_lock(announce)
        self._started_at = self.query("select getdate()")[0][0]
        self._delete_objects(self._folder)

    def close(self) -> None:
        for session in (self._session, self._lock_session):
            if session is not None:
                with contextlib.suppress(*_DRIVER_ERRORS):  # it may be gone already
                    session.close()
        if hasattr(self, "parser"):
            self.parser.close()

    def _connect(self) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # the driver's own
                session = redshift_connector.connect(**self._parameters)
            # `timeout` is the socket's: it would end a long COPY, too.
            session._usock.settimeout(None)
        except _DRIVER_ERRORS as error:
            raise WarehouseError(
                f"Redshift at {self.name} cannot be reached ({_message(error)}): check "
                "CLICKSTAR_REDSHIFT_HOST, _PORT, _USER, _PASSWORD, _DATABASE and _SSLMODE, and "
                "that the cluster is available and lets this machine in."
            ) from error
        session.autocommit = True
        return session

    def _take_lock(self, announce: Callable[[str], None]) -> None:
        self._make_lock_tables()
        self._lock_session = self._connect()
        # An attempt waits for a moment itself.
        self._wait_for_turn(self._locked, announce, self._wait_seconds, 0)
        self._nudged_at = time.monotonic()

    def _make_lock_tables(self) -> None:
        names = (_LOADER_LOCK, _TRANSACTION_LOCK)
        for _ in range(3):
            if set(names) <= set(self.table_types()):
                return
            try:
                self.execute(f"create schema if not exists {quoted(self.schema)}")
                for name in names:
                    self.execute(
                        f"create table if not exists {self.relation(name)} (nothing smallint)"
                    )
            except WarehouseError:
                time.sleep(_ATTEMPT_SECONDS)  # another loader is making them
        if not set(names) <= set(self.table_types()):
            raise WarehouseError(
                f"The schema {self.schema} at {self.name} cannot be made: grant create on the "
                f"database to {self._parameters['user']}, or make the schema and own it."
            )

    def _locked(self) -> bool:
        """Try for a moment to lock the loader's table; the lock lasts as its transaction does.

        LOCK waits as long as it takes [r_LOCK]; statement_timeout ends the waiting.
        """
        cursor = self._lock_session.cursor()
        try:
            cursor.execute(f"set statement_timeout to {int(_ATTEMPT_SECONDS * 1000)}")
            cursor.execute("begin")
            cursor.execute(f"lock table {self.relation(_LOADER_LOCK)}")
            cursor.execute("set statement_timeout to 0")
        except _DRIVER_ERRORS as error:
            if _code(error) != _STATEMENT_CANCELLED and "cancel" not in _message(error).lower():
                raise self._failed(error) from error
            cursor.execute("rollback")
            return False
        return True

    def _check_lock(self) -> None:
        """Keep the lock's session from being closed as idle, and see that it still lives."""
        if time.monotonic() - self._nudged_at < _NUDGE_SECONDS:
            return
        try:
            self._lock_session.cursor().execute("select 1")
        except _DRIVER_ERRORS as error:
            raise WarehouseError(
                f"Redshift at {self.name} closed the session that keeps other loaders away "
                f"({_message(error)}): run this again; what was loaded before is safe."
            ) from error
        self._nudged_at = time.monotonic()

    # --- Transactions --------------------------------------------------------------------------

    def begin(self) -> None:
        self._check_lock()
        self.execute("begin")
        self._in_transaction = True
        # First of all: a transaction's view of the tables is that of its first statement
        # [c_serial_isolation], so that what was committed before the lock was free is seen.
        self.execute(f"lock table {self.relation(_TRANSACTION_LOCK)}")
        self._transactions += 1
        self._columns.clear()
        self._found_extra.clear()

    def commit(self) -> None:
        self._copy_all()
        self.execute("commit")
        self._in_transaction = False
        self._delete_objects(self._transaction_folder)

    def rollback(self) -> None:
        self._uploads.clear()
        if not self._in_transaction:
            return
        self._in_transaction = False
        self.execute("rollback")
        self._delete_objects(self._transaction_folder)

    # --- Rows ----------------------------------------------------------------------------------

    def append_all(self, table: str, parse: Parse) -> int:
        with lean_planning(self.parser):
            self.parser.execute(f"create or replace temp table parsed as {parse.accepted()}")
        return self._send(table, parse.columns)

    def append_rows(self, table: str, rows: pa.Table) -> None:
        if table == LEDGER:
            self._insert(table, rows)
            return
        names = ", ".join(quoted(name) for name in rows.column_names)
        self.parser.execute(f"create or replace temp table parsed as select {names} from rows")
        self._send(table, tuple(rows.column_names))

    def _insert(self, table: str, rows: pa.Table) -> None:
        """Insert a few rows as they are: an object on S3 for one row is not worth its way."""
        names = ", ".join(quoted(name) for name in rows.column_names)
        marks = "(" + ", ".join(["%s"] * rows.num_columns) + ")"
        values = [value for row in rows.to_pylist() for value in row.values()]
        self._copy_all()
        try:
            self._session.cursor().execute(
                f"insert into {self.relation(table)} ({names}) "
                f"values {', '.join([marks] * rows.num_rows)}",
                tuple(values),
            )
        except _DRIVER_ERRORS as error:
            raise self._failed(error) from error

    def _send(self, table: str, columns: tuple[str, ...]) -> int:
        """Put the rows of `parsed` with those that wait for the table's COPY; how many.

        "COPY inserts values into the target table's columns in the same order as the columns occur
        in the columnar data files" [copy-usage_notes-copy-from-columnar]: every column of the table
        is written, in the table's order and of its type.
        """
        selected = ", ".join(
            f"cast({quoted(name) if name in columns else 'null'} as {data_type}) as {quoted(name)}"
            for name, data_type in self._columns_of(table).items()
        )
        if "_extra" in columns:
            keys = self.parser.execute(
                "select distinct unnest(json_keys(_extra)) from parsed where _extra is not null"
            ).fetchall()
            self._found_extra.update(row[0] for row in keys)
        upload = self._uploads.setdefault(table, _Upload())
        for name in {"_file_id", "file_id"} & set(columns):
            ids = self.parser.execute(f"select max({name}) from parsed").fetchall()
            if ids[0][0] is not None:
                upload.found_by = f"{name} = {ids[0][0]}"
        reader = self.parser.sql(f"select {selected} from parsed").to_arrow_reader(_ROWS_AT_ONCE)
        added = 0
        for batch in reader:
            if not batch.num_rows:
                continue
            part = upload.open
            if part is None:
                # Without a name, it goes when this process does.
                file = tempfile.TemporaryFile()  # noqa: SIM115
                # Redshift reads the 96-bit timestamps that Spark and Hive write; whether it takes
                # the newer 64-bit ones, the guide does not say.
                writer = pq.ParquetWriter(
                    file, reader.schema, compression="snappy", use_deprecated_int96_timestamps=True
                )
                part = upload.open = _Part(file, writer)
            part.writer.write_batch(batch)
            part.rows += batch.num_rows
            added += batch.num_rows
            if part.file.tell() >= _PART_BYTES:
                self._finish_part(table, upload)
        upload.rows += added
        return added

    def _columns_of(self, table: str) -> dict[str, str]:
        if table not in self._columns:
            self._columns = self.table_types()
        return self._columns[table]

    def _finish_part(self, table: str, upload: _Upload) -> None:
        part = upload.open
        if part is None:
            return
        part.writer.close()
        size = part.file.tell()
        part.file.seek(0)
        key = f"{self._transaction_folder}/{table}/part-{len(upload.done):05}.parquet"
        try:
            self._s3.upload_fileobj(part.file, self._place.bucket, key)
        except _S3_ERRORS as error:
            raise self._unwritable(error) from error
        upload.done.append((key, size))
        upload.open = None

    def _copy_all(self) -> None:
        """Copy what waits into its tables, table by table."""
        while self._uploads:
            table = next(iter(self._uploads))
            upload = self._uploads.pop(table)
            self._finish_part(table, upload)
            if upload.done:
                self._copy(table, upload)

    def _copy(self, table: str, upload: _Upload) -> None:
        """COPY the parts that the manifest names, all of them or none.

        "The meta key contains a content_length … for columnar files" and "mandatory" makes a
        missing file an error [loading-data-files-using-manifest].
        """
        entries = [
            {"url": self._place.url(key), "mandatory": True, "meta": {"content_length": size}}
            for key, size in upload.done
        ]
        manifest = f"{self._transaction_folder}/{table}/manifest.json"
        try:
            self._s3.put_object(
                Bucket=self._place.bucket,
                Key=manifest,
                Body=json.dumps({"entries": entries}).encode(),
            )
        except _S3_ERRORS as error:
            raise self._unwritable(error) from error
        role = self._place.iam_role
        statement = (
            f"copy {self.relation(table)} from {self.literal(self._place.url(manifest))} "
            f"iam_role {'default' if role == 'default' else self.literal(role)} "
            "format as parquet manifest"
        )
        try:
            self._session.cursor().execute(statement)
        except _DRIVER_ERRORS as error:
            raise self._copy_failed(table, upload, error) from error
        self._check_count(table, upload)

    def _check_count(self, table: str, upload: _Upload) -> None:
        """Count on the other side what was sent there; the books of the file must balance."""
        if upload.found_by is None:
            return
        counted = self._ask(f"select count(*) from {self.relation(table)} where {upload.found_by}")
        if int(counted[0][0]) != upload.rows:
            raise WarehouseError(
                f"Redshift at {self.name} has {counted[0][0]} of {upload.rows} rows that were "
                f"copied into {self.schema}.{table}: nothing of the file was kept; run this again, "
                "and report it as a defect of the loader if that does not help."
            )

    def _copy_failed(self, table: str, upload: _Upload, error: Exception) -> Exception:
        """What COPY could not take, from sys_load_error_detail, as the reason of the file."""
        message = _message(error)
        found: list[tuple[Any, ...]] = []
        try:
            # The transaction has failed; only a new one can look at what Redshift noted of it.
            self._session.cursor().execute("rollback")
            self._in_transaction = False
            folder = self._place.url(f"{self._transaction_folder}/{table}/")
            found = self._ask(
                "select rtrim(file_name), line_number, rtrim(column_name), rtrim(error_message) "
                "from sys_load_error_detail "
                f"where strpos(file_name, {self.literal(folder)}) = 1 "
                f"and start_time >= {self.literal(str(self._started_at))} "
                "order by start_time desc limit 1"
            )
        except _DRIVER_ERRORS:
            pass  # then what COPY said itself must do
        if not found:
            self._discard(self._transaction_folder)
            return WarehouseError(
                f"Redshift at {self.name} refused to COPY into {self.schema}.{table} ({message}): "
                f"see that the role of CLICKSTAR_REDSHIFT_IAM_ROLE can list and read "
                f"{self._place.url(self._folder)}, then run this again; what was loaded before is "
                "safe."
            )
        url, row, column, reason = found[0]
        record = self._record_of(url, row, upload)
        self._discard(self._transaction_folder)
        place = f" of record {record:,}" if record is not None else ""
        where = f"the column {column}" if column else "a value"
        return SetAside(
            f"Redshift refused {where}{place} for {self.schema}.{table} ({_plain(reason)}); "
            "correct the contract or the table, and replay the file"
        )

    def _record_of(self, url: str, row: int, upload: _Upload) -> int | None:
        """The number in its file of a record that COPY names by its part and its row there."""
        for key, _ in upload.done:
            if self._place.url(key) != url:
                continue
            try:
                content = self._s3.get_object(Bucket=self._place.bucket, Key=key)["Body"].read()
                numbers = pq.read_table(io.BytesIO(content), columns=["_line_number"])
                return int(numbers.column(0)[row - 1].as_py())
            except (*_S3_ERRORS, pa.ArrowException, LookupError, TypeError, ValueError):
                return None  # a table without line numbers, or a row that Redshift does not know
        return None

    def extra_keys(self, table: str, file_id: int) -> list[str]:
        """The names in ``_extra`` of the rows of this transaction, which are the file's.

        Redshift has no function for the keys of a JSON text; DuckDB had the rows in its hands.
        """
        return sorted(self._found_extra)

    # --- Statements ----------------------------------------------------------------------------

    def execute(self, statement: str) -> None:
        self._copy_all()
        try:
            self._session.cursor().execute(statement)
        except _DRIVER_ERRORS as error:
            raise self._failed(error) from error

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        self._copy_all()
        try:
            return self._ask(statement)
        except _DRIVER_ERRORS as error:
            raise self._failed(error) from error

    def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self._session.cursor()
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]

    def literal(self, text: str) -> str:
        # "…backslash is an escape character in string literals" on Redshift.
        return super().literal(text.replace("\\", "\\\\"))

    # --- Tables --------------------------------------------------------------------------------

    def _catalog(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            return self._ask(statement)
        except _DRIVER_ERRORS as error:
            raise self._failed(error) from error

    def create_table(self, name: str, columns: dict[str, str], contract: Table | None) -> None:
        """Create a raw table.

        Rows arrive in the order of their loading time, which is therefore the order to sort by: the
        tables stay sorted without a vacuum, and a file's rows lie together. Small tables that
        everything is joined with are on every node.
        """
        listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        everywhere = name in (LEDGER, USER_AGENTS)
        order = next((c for c in ("_loaded_at", "rejected_at", "loaded_at") if c in columns), None)
        self.execute(
            f"create table {self.relation(name)} ({listed}) "
            f"diststyle {'all' if everywhere else 'even'}"
            + (f" sortkey ({quoted(order)})" if order else "")
        )

    def _convert(self, name: str, column: str, present: str, data_type: str) -> None:
        if widens(present, self.catalog_type(data_type)):
            # "…can't be run within a transaction block" [r_ALTER_TABLE].
            self.commit()
            self.execute(
                f"alter table {self.relation(name)} alter column {quoted(column)} type {data_type}"
            )
            self.begin()
            return
        # The type of another column cannot be altered at all [r_ALTER_TABLE]: a new one takes over.
        relation, old, new = (
            self.relation(name),
            quoted(column),
            quoted(f"{column[:50]}__converted"),
        )
        try:
            self.execute(f"alter table {relation} add column {new} {data_type}")
            self.execute(f"update {relation} set {new} = cast({old} as {data_type})")
            self.execute(f"alter table {relation} drop column {old}")
            self.execute(f"alter table {relation} rename column {new} to {old}")
        except WarehouseError as error:
            raise WarehouseError(
                f"The column {column} of {self.schema}.{name} cannot be converted from {present} "
                f"to {data_type} because of the rows it holds: drop the table and load its files "
                "again, or correct the contract."
            ) from error

    # --- Objects -------------------------------------------------------------------------------

    @property
    def _transaction_folder(self) -> str:
        return f"{self._folder}/{self._transactions:06}"

    def _delete_objects(self, folder: str) -> None:
        """Delete every object below a folder; only the loader that holds the lock writes there."""
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._place.bucket, Prefix=f"{folder}/"
            )
            for page in pages:
                keys = [{"Key": found["Key"]} for found in page.get("Contents", ())]
                if keys:
                    self._s3.delete_objects(Bucket=self._place.bucket, Delete={"Objects": keys})
        except _S3_ERRORS as error:
            raise self._unwritable(error) from error

    def _discard(self, folder: str) -> None:
        """Delete the objects if that can be done; what remains goes at the next load."""
        with contextlib.suppress(WarehouseError):
            self._delete_objects(folder)

    # --- Sentences -----------------------------------------------------------------------------

    def _failed(self, error: BaseException) -> WarehouseError:
        return WarehouseError(
            f"Redshift at {self.name} refused the work ({_message(error)}): correct that and "
            "run this again; what was loaded before is safe."
        )

    def _unwritable(self, error: Exception) -> WarehouseError:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        return WarehouseError(
            f"The loader's place {self._place.url(self._folder)} cannot be written ({reason}): "
            "check CLICKSTAR_REDSHIFT_S3_PREFIX and the AWS credentials of this machine, then run "
            "this again; what was loaded before is safe."
        )


def _code(error: BaseException) -> str:
    """The SQLSTATE of an error of the server, or nothing."""
    told = error.args[0] if error.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


def _message(error: BaseException) -> str:
    """The first line of what the server or the driver said."""
    told = error.args[0] if error.args else None
    text = str(told.get("M", "")) if isinstance(told, dict) else str(error)
    text = " ".join(text.strip().split("\n")[0].split())
    return (text or type(error).__name__)[:200].rstrip(".")


def _plain(reason: str) -> str:
    return " ".join(reason.split())[:200].rstrip(".")
