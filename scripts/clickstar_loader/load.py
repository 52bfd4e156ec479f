"""One file, one transaction: its rows, its rejects and its row of the ledger, or nothing.

For each file: is it known and unchanged? has its content another name? If neither, its records
are read in batches, DuckDB types each batch, the engine stores what is accepted, and the rest is
kept with its reason. Then the books are balanced: records = accepted + rejected, counted by
Python on the one hand and by the engine on the other, or everything is rolled back.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from . import interruption
from .columns import MISSING, Parse, parse_query, path_columns
from .content import Source, compression_of, content_hash, plain_bytes
from .contract import FilePattern, Table, is_time_zone
from .discover import FileState, Landing, LandingFile, path_values
from .errors import SetAside, UsageError
from .fields import (
    Fields,
    dialect_of,
    json_documents,
    keyed_fields,
    parquet_fields,
    text_fields,
)
from .ledger import DUPLICATE, LOADED, SET_ASIDE, Entry, Ledger, file_id, hash_with_path
from .records import RAW_TEXT, Batch, Piece, read_batches
from .report import UNCHANGED, FileOutcome, LoadOutcome, Reporter, counted
from .settings import DEMO_SALT_WARNING, Settings
from .sql import literal
from .user_agents import parsed_user_agents
from .warehouse import REJECTS, USER_AGENTS, Warehouse, lean_planning
from .xml_records import xml_records

_LARGEST_DOCUMENT = 256 << 20
_AT_ONCE = 100_000
# Of so many alike records one may differ; where more do, the quick query costs more than it saves.
_FEW = 1_000


class Loader:
    """Loads the files of a landing place into a warehouse that is open."""

    def __init__(
        self,
        settings: Settings,
        tables: list[Table],
        landing: Landing,
        warehouse: Warehouse,
        reporter: Reporter,
    ) -> None:
        self._settings = settings
        self._tables = tables
        self._landing = landing
        self._warehouse = warehouse
        self._reporter = reporter
        self._irregular: set[FilePattern] = set()

    def load(self, only: str | None = None) -> LoadOutcome:
        """Load what is new or changed; with ``only``, that one file whether changed or not.

        Raises UsageError when ``only`` is not a file of a contract, WarehouseError when the
        warehouse fails.
        """
        files, unmatched = self._landing.discover(self._tables)
        if only is not None:
            files, unmatched = [self._find(files, only)], []
        outcome = LoadOutcome(unmatched=unmatched, closed=self._landing.closed)
        if self._settings.uses_demo_salt and any(table.pii for table in self._tables):
            outcome.warnings.append(DEMO_SALT_WARNING)
        replayed = files[0].table.identifier if only is not None else None
        problems = self._warehouse.prepare(self._tables, replayed)
        self._ledger = Ledger(self._warehouse)
        self._batch_id = self._ledger.next_batch()
        with self._reporter.progress(sum(file.state.size for file in files)):
            for file in files:
                interruption.obey()
                problem = problems.get(file.table.identifier)
                outcome.files.append(self._load_file(file, problem, forced=only is not None))
        return outcome

    def _find(self, files: list[LandingFile], wanted: str) -> LandingFile:
        given = Path(wanted).absolute().as_posix()
        root = self._landing.location
        for file in files:
            if wanted == file.path or given == f"{root}/{file.path}":
                return file
            if wanted == f"{root}/{file.path}":
                return file
        raise UsageError(
            f"{wanted} is not a file of {root} that a contract takes: give its path as `status` "
            "and the ledger write it."
        )

    def _load_file(self, file: LandingFile, problem: str | None, forced: bool) -> FileOutcome:
        state, digest, started_at = file.state, "", _now()
        self._advanced = 0
        try:
            state = self._landing.state(file.path)
            outcome = self._known(file, state, None, forced)
            if outcome is None and problem is not None:
                raise SetAside(problem)
            if outcome is None:
                _refuse_nothing(file, state)
                with self._landing.local_copy(file.path) as path:
                    digest = content_hash(path)
                    values = path_values(file.path, file.table.path_keys)
                    digest = hash_with_path(digest, values)
                    outcome = self._known(file, state, digest, forced)
                    if outcome is None:
                        entry = _entry(file, state, digest, started_at, self._batch_id)
                        outcome = self._store(file, path, entry, values)
            return outcome
        except SetAside as reason:
            interruption.obey()
            entry = _entry(file, state, digest, started_at, self._batch_id)
            return self._set_aside(entry, str(reason))
        finally:
            self._reporter.advance(file.path, max(0, file.state.size - self._advanced))

    def _known(
        self, file: LandingFile, state: FileState, digest: str | None, forced: bool
    ) -> FileOutcome | None:
        """The outcome of a file that is as it was; by its state, or its content's hash."""
        if forced:
            return None
        table = file.table.identifier
        for entry in (self._ledger.aside(table, file.path), self._ledger.current(table, file.path)):
            if entry is None or not entry.content_hash:
                continue  # nothing is known of a content that could not be read: try again
            if digest is None and not entry.has_state(state):
                continue
            if digest is not None:
                if entry.content_hash != digest:
                    continue
                self._warehouse.begin()
                self._ledger.touch(entry, state)
                self._warehouse.commit()
            if entry.status == SET_ASIDE:
                return _outcome(entry)
            return FileOutcome(
                *(file.path, file.table.source, table, UNCHANGED),
                nothing_accepted=_nothing_accepted(entry),
            )
        return None

    def _store(
        self, file: LandingFile, path: Path, entry: Entry, values: dict[str, str]
    ) -> FileOutcome:
        """Load the content, or note that another file has it, in one transaction."""
        holder = self._ledger.holder(entry.table_name, entry.content_hash, but_not=entry.path)
        self._warehouse.begin()
        try:
            if holder is not None:
                reason = f"it has the same content as {holder.path}, which is loaded"
                entry = replace(entry, status=DUPLICATE, reason=reason)
            else:
                current = self._ledger.current(entry.table_name, entry.path)
                if current is not None and current.file_id == entry.file_id:
                    self._ledger.remove_rows(current)
                entry = FileLoad(
                    *(self._settings, self._warehouse, self._reporter, file, entry, values),
                    irregular=self._irregular,
                ).run(path)
                self._advanced = entry.size_bytes
            if self._landing.state(file.path) != FileState(entry.size_bytes, entry.modified_at):
                raise SetAside(
                    "the file changed while it was read, so it is still being written; it is "
                    "tried again at the next load"
                )
            self._ledger.record(replace(entry, loaded_at=_now()))
            self._warehouse.commit()
        except BaseException:
            self._warehouse.rollback()
            self._ledger.read()
            raise
        return _outcome(entry)

    def _set_aside(self, entry: Entry, reason: str) -> FileOutcome:
        entry = replace(entry, status=SET_ASIDE, reason=reason[:1000])
        self._warehouse.begin()
        self._ledger.record(entry)
        self._warehouse.commit()
        return _outcome(entry)


class FileLoad:
    """The loading of one file's content within an open transaction.

    ``values`` are those that its path names; ``irregular`` are the patterns whose JSON records
    turned out to differ in their keys, which is remembered from file to file.
    """

    def __init__(
        self,
        settings: Settings,
        warehouse: Warehouse,
        reporter: Reporter,
        file: LandingFile,
        entry: Entry,
        values: dict[str, str],
        irregular: set[FilePattern],
    ) -> None:
        self._settings = settings
        self._warehouse = warehouse
        self._reporter = reporter
        self._file = file
        self._table = file.table
        self._entry = entry
        self._values = values
        self._irregular = irregular
        self._records = self._accepted = self._rejected = 0
        self._unknown: dict[str, None] = {}
        self._verdicts: set[tuple[str | None, str]] = set()
        self._lineage = {
            "_file_id": f"cast({entry.file_id} as bigint)",
            "_batch_id": f"cast({entry.batch_id} as bigint)",
            "_loaded_at": f"timestamp {literal(_now().isoformat(sep=' '))}",
        }

    def run(self, path: Path) -> Entry:
        """Load it; the completed row of the ledger.

        Raises SetAside when the file cannot be loaded, WarehouseError when the warehouse fails.
        """
        self._table = _in_its_zone(self._table, self._values)
        try:
            self._warehouse.parser.execute(f"set TimeZone = {literal(self._table.timezone)}")
            self._path_values = path_columns(self._warehouse.parser, self._table, self._values)
            if self._file.pattern.format == "parquet":
                self._load_parquet(path)
            else:
                self._load_text(path)
        except duckdb.Error as error:
            raise SetAside(
                f"DuckDB cannot read it ({_first_line(error)}); deliver it again, or correct the "
                "contract and replay it"
            ) from error
        if self._records != self._accepted + self._rejected:
            raise SetAside(
                f"{counted(self._records, 'record')} read but {self._accepted} accepted and "
                f"{self._rejected} rejected; report this as a defect of the loader"
            )
        if self._records and not self._accepted and len(self._verdicts) == 1:
            column, reason = next(iter(self._verdicts))
            if reason == MISSING:
                raise SetAside(
                    f"no record has the required column {column}; deliver the file with it, or "
                    f"correct the contract {self._table.origin.name} and replay the file"
                )
        if self._table.user_agent is not None and self._accepted:
            self._add_user_agents(self._table.user_agent)
        keys = self._warehouse.extra_keys(self._table.identifier, self._entry.file_id)
        self._unknown |= dict.fromkeys(key for key in keys if key not in self._file.pattern.names)
        unknown = ", ".join(self._unknown)
        return replace(
            self._entry,
            records=self._records,
            accepted=self._accepted,
            rejected=self._rejected,
            unknown_columns=unknown.encode()[:4000].decode(errors="ignore") or None,
        )

    def _load_text(self, path: Path) -> None:
        pattern = self._file.pattern
        if pattern.record is not None:
            self._load_xml(path, pattern.record)
            return
        dialect = dialect_of(self._table, pattern)
        with plain_bytes(path, self._entry.compression) as source:
            if pattern.format == "json":
                self._load_document(source)
                return
            done = 0
            for batch in read_batches(source, dialect):
                self._load_batch(batch)
                self._reporter.advance(self._file.path, source.position - done)
                done = source.position

    def _load_xml(self, path: Path, record: str) -> None:
        first, done = 1, 0
        with plain_bytes(path, self._entry.compression) as source:
            for texts in xml_records(source, record):
                batch = document_batch(first, pa.array(texts, pa.string()))
                self._load_batch(batch)
                first += batch.count
                self._reporter.advance(self._file.path, source.position - done)
                done = source.position

    def _load_document(self, source: Source) -> None:
        parts, size = [], 0
        while part := source.read(1 << 22):
            parts.append(part)
            size += len(part)
            if size > _LARGEST_DOCUMENT:
                raise SetAside(
                    f"a JSON document of more than {_LARGEST_DOCUMENT >> 20} MB is not read as a "
                    "whole; deliver it as ndjson or in parts"
                )
        try:
            text = b"".join(parts).removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        except UnicodeDecodeError as error:
            raise SetAside(
                f"byte {error.start} of the document is not UTF-8; deliver it as UTF-8"
            ) from error
        if not text.strip():
            return
        records = json_documents(self._warehouse.parser, text, self._file.pattern)
        del text, parts
        first = 1
        for part in records.to_batches(max_chunksize=_AT_ONCE):
            batch = document_batch(first, part.column(0))
            self._load_batch(batch)
            first += batch.count

    def _load_batch(self, batch: Batch) -> None:
        """Store what is accepted of a batch, and keep the rest with its reasons.

        Records of JSON that are alike are read by one quick query; what that does not take, as all
        of any other format, is judged by the careful one.
        """
        fields = text_fields(self._table, self._file.pattern, batch)
        self._unknown |= dict.fromkeys(fields.unknown)
        may_hold_nul = any(_may_hold_nul(piece.data) for _, piece in batch.pieces)
        careful = self._parse(fields, may_hold_nul)
        left = batch.table.column("line_number").to_numpy()
        self._records += batch.count
        quick = None
        if self._file.pattern not in self._irregular:
            quick = keyed_fields(self._table, self._file.pattern, batch)
        if quick is not None:
            most = len(left) // _FEW
            left = self._accept(self._parse(quick, may_hold_nul), batch.as_json(), left)
            left = self._reject(careful, careful.unreadable(), batch, left)
            if len(left) > most:
                self._irregular.add(self._file.pattern)
        left = self._accept(careful, batch.only(left), left)
        left = self._reject(careful, careful.unreadable(), batch, left)
        self._reject(careful, careful.rejected(), batch, left)
        if batch.unreadable:
            self._reject_unreadable(careful, batch)

    def _parse(self, fields: Fields, may_hold_nul: bool) -> Parse:
        return parse_query(
            *(self._table, self._file.pattern, fields, self._lineage, self._settings.salt),
            may_hold_nul=may_hold_nul,
            path_values=self._path_values,
        )

    def _accept(
        self, parse: Parse, records: pa.Table, left: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Store those of the records that the query accepts; the numbers of the others."""
        if not len(left):
            return left
        accepted = self._warehouse.append(self._table.identifier, parse, records)
        refused = np.setdiff1d(left, accepted, assume_unique=True)
        self._accepted += len(left) - len(refused)
        return refused

    def _reject(
        self, parse: Parse, query: str, batch: Batch, records: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Keep those of the records that the query rejects with reasons; the others' numbers."""
        if not len(records):
            return records
        found = self._rejected_of(query, batch.only(records))
        numbers = found.column("line_number").to_numpy()
        if len(numbers):
            self._keep_rejects(parse, found, batch.raw_text(numbers))
        return np.setdiff1d(records, numbers, assume_unique=True)

    def _rejected_of(self, query: str, records: pa.Table | None) -> pa.Table:
        # DuckDB finds `records` by its Python name.
        parser = self._warehouse.parser
        with lean_planning(parser):
            return parser.sql(query).to_arrow_table()

    def _reject_unreadable(self, parse: Parse, batch: Batch) -> None:
        numbers = np.array(sorted(batch.unreadable), dtype=np.int64)
        hidden = [
            _hide_by_place(raw, self._table, self._file.pattern, batch.fields)
            for raw in batch.raw_text(numbers)
        ]
        found = pa.table(
            {
                "line_number": numbers,
                "verdict": pa.array([0] * len(numbers), pa.int32()),
                "unreadable": [batch.unreadable[number] for number in numbers.tolist()],
                "personal": pa.array([None] * len(numbers), pa.list_(pa.string())),
            }
        )
        self._keep_rejects(parse, found, hidden)

    def _keep_rejects(self, parse: Parse, found: pa.Table, raw: list[bytes]) -> None:
        pattern = self._file.pattern
        verdicts = found.column("verdict").to_pylist()
        reasons = found.column("unreadable").to_pylist()
        if pattern.format == "access_log":
            raw = [
                _hide_by_place(text, self._table, pattern, ()) if verdict == 0 else text
                for text, verdict in zip(raw, verdicts, strict=True)
            ]
        checks = [
            parse.checks[verdict - 1] if verdict else (None, reason)
            for verdict, reason in zip(verdicts, reasons, strict=True)
        ]
        self._verdicts.update(checks)
        self._rejected += len(checks)
        hidden = self._hidden(
            found.append_column(
                "raw_text",
                pa.array(
                    [text.decode(errors="replace").replace("\0", "\ufffd") for text in raw],
                    pa.string(),
                ),
            )
        )
        count = len(checks)
        self._warehouse.append_rows(
            REJECTS,
            pa.table(
                {
                    "file_id": pa.array([self._entry.file_id] * count, pa.int64()),
                    "line_number": found.column("line_number"),
                    "column_name": pa.array([column for column, _ in checks], pa.string()),
                    "reason": pa.array([reason for _, reason in checks], pa.string()),
                    "raw_text": hidden,
                    "source_name": pa.array([self._table.source] * count, pa.string()),
                    "table_name": pa.array([self._table.identifier] * count, pa.string()),
                    "rejected_at": pa.array([_now()] * count, pa.timestamp("us")),
                }
            ),
        )

    def _hidden(self, texts: pa.Table) -> pa.ChunkedArray:
        """The raw texts without personal data: known values, named JSON keys, address shapes."""
        relation = "texts"
        if self._file.pattern.format in ("ndjson", "json", "xml", "parquet"):
            for name in self._table.pii:
                key = re.escape(re.split(r"[.\[]", name)[-1])
                value = f'("{key}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"?|[^,}}\\s]+)'
                relation = _replaced(
                    relation,
                    f"regexp_replace(raw_text, {literal(value)}, '\\1\"[personal]\"', 'g')",
                )
        for place in range(1, len(self._table.pii) + 1):
            value = f"coalesce(nullif(personal[{place}], ''), '[personal]')"
            doubled = f"replace({value}, '\"', '\"\"')"
            relation = _replaced(
                relation,
                f"replace(replace(raw_text, {doubled}, '[personal]'), {value}, '[personal]')",
            )
        relation = _replaced(relation, "mask_text(raw_text)")
        return (
            self._warehouse.parser.sql(
                f"select cut_bytes(raw_text, {RAW_TEXT}) as raw_text from {relation}"
            )
            .to_arrow_table()
            .column("raw_text")
        )

    def _load_parquet(self, path: Path) -> None:
        """Store the accepted records in one pass; look for the others only if there are any."""
        reader = f"read_parquet({literal(str(path))})"
        with plain_bytes(path, "none"):
            pass  # only to say in a sentence that it cannot be opened
        counted = self._warehouse.parser.execute(f"select count(*) from {reader}").fetchall()
        self._records = int(counted[0][0])
        fields = parquet_fields(self._warehouse.parser, self._table, self._file.pattern, path)
        self._unknown |= dict.fromkeys(fields.unknown)
        parse = self._parse(fields, may_hold_nul=True)
        self._accepted = self._warehouse.append_all(self._table.identifier, parse)
        if self._accepted == self._records:
            return
        found = self._rejected_of(parse.rejected(), None)
        for start in range(0, found.num_rows, _AT_ONCE):
            part = found.slice(start, _AT_ONCE)
            self._keep_rejects(parse, part, self._parquet_texts(path, part))

    def _parquet_texts(self, path: Path, wanted: pa.Table) -> list[bytes]:
        """The rejected records as JSON, the nearest that Parquet has to a raw text."""
        rows = self._warehouse.parser.execute(
            f"""
            select cut_bytes(cast(to_json(found) as varchar), {RAW_TEXT})
            from (
                select file.* from read_parquet({literal(str(path))}, file_row_number = true)
                    as file
                inner join wanted on file.file_row_number + 1 = wanted.line_number
            ) as found
            order by found.file_row_number
            """
        ).fetchall()
        return [str(row[0]).encode() for row in rows]

    def _add_user_agents(self, column: str) -> None:
        """Parse the user agents of the file's rows that were never seen before."""
        relation = self._warehouse.relation
        rows = self._warehouse.query(
            f"""
            select distinct arrived.{column}
            from {relation(self._entry.table_name)} as arrived
            where
                arrived._file_id = {self._entry.file_id}
                and arrived.{column} is not null
                and not exists (
                    select 1 from {relation(USER_AGENTS)} as known
                    where known.user_agent = arrived.{column}
                )
            """
        )
        if rows:
            self._warehouse.append_rows(USER_AGENTS, parsed_user_agents([row[0] for row in rows]))


def document_batch(first: int, records: pa.Array) -> Batch:
    """The elements of a JSON document as a batch of records."""
    texts = pa.concat_arrays([records.cast(pa.string())])
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[: len(texts) + 1].astype(np.int64)
    piece = Piece(texts.buffers()[2].to_pybytes(), offsets[:-1], offsets[1:], texts=texts)
    numbers = np.arange(first, first + len(texts), dtype=np.int64)
    return Batch(
        first=first,
        count=len(texts),
        table=pa.table({"line_number": numbers, "record": texts}),
        unreadable={},
        fields=(),
        separator="",
        pieces=[(first, piece)],
    )


def _may_hold_nul(data: bytes) -> bool:
    """Whether JSON text may have an escaped NUL: the shorter search is the cheaper by far."""
    return b"\\" in data and b"\\u0000" in data


def _replaced(relation: str, text: str) -> str:
    """The relation with another raw text."""
    return f"(select personal, {text} as raw_text from {relation})"


def _hide_by_place(raw: bytes, table: Table, pattern: FilePattern, names: tuple[str, ...]) -> bytes:
    """A record that could not be read, without what stands where personal data belongs.

    With fields too many or too few, personal data may have shifted by as many places; all of
    these are hidden.
    """
    if pattern.format == "access_log":
        words = raw.split(b" ", 3)
        for place, name in enumerate(("host", "ident", "user")):
            if name in table.pii and place < len(words):
                words[place] = b"[personal]"
        return b" ".join(words)
    if not names:
        return raw
    delimiter = {"cloudfront": "\t", "alb": " "}.get(pattern.format, pattern.delimiter).encode()
    parts = raw.split(delimiter)
    shift = len(parts) - len(names)
    kinds = dict(table.pii)
    if pattern.format == "csv" and not pattern.header and not pattern.names:
        kinds = {
            column.name: table.pii[column.field]
            for column in table.columns
            if column.field in table.pii
        }
    for place, name in enumerate(names):
        # An address is recognised by its shape, wherever it stands.
        if kinds.get(name, "ip") == "ip":
            continue
        for other in range(place + min(shift, 0), place + max(shift, 0) + 1):
            if 0 <= other < len(parts):
                parts[other] = b"[personal]"
    return delimiter.join(parts)


def _in_its_zone(table: Table, values: dict[str, str]) -> Table:
    """The table with the time zone that the file's path names, if its contract says so."""
    key = table.timezone_key
    if key is None:
        return table
    timezone = values.get(key) or table.timezone
    if not timezone:
        raise SetAside(
            f"the path does not name the time zone of its times; put it into a folder {key}=<IANA "
            f"name>, or give the contract {table.origin.name} a default and replay the file"
        )
    if not is_time_zone(timezone):
        raise SetAside(
            f"the path's {key} is {timezone[:100]!r}, which is not a time zone; rename the folder "
            "to an IANA name such as Europe%2FBerlin"
        )
    return replace(table, timezone=timezone)


def _refuse_nothing(file: LandingFile, state: FileState) -> None:
    """Refuse a file of no bytes where even no records take some; it was not delivered whole."""
    kind = compression_of(file.path)
    if kind == "none" and file.pattern.format in ("parquet", "json", "xml"):
        kind = file.pattern.format
    if state.size == 0 and kind != "none":
        raise SetAside(f"the file has no bytes, which is no {kind}; deliver it again")


def _entry(
    file: LandingFile, state: FileState, digest: str, started_at: datetime, batch_id: int
) -> Entry:
    return Entry(
        file_id=file_id(file.table.identifier, digest),
        source_name=file.table.source,
        table_name=file.table.identifier,
        path=file.path,
        file_format=file.pattern.format,
        compression=compression_of(file.path),
        size_bytes=state.size,
        modified_at=state.modified_at,
        content_hash=digest,
        status=LOADED,
        batch_id=batch_id,
        started_at=started_at,
    )


def _outcome(entry: Entry) -> FileOutcome:
    return FileOutcome(
        path=entry.path,
        source=entry.source_name,
        table=entry.table_name,
        status=entry.status,
        reason=entry.reason,
        records=entry.records,
        accepted=entry.accepted,
        rejected=entry.rejected,
        unknown_columns=entry.unknown_columns.split(", ") if entry.unknown_columns else [],
        nothing_accepted=_nothing_accepted(entry),
    )


def _nothing_accepted(entry: Entry) -> bool:
    """Whether it is a loaded file whose every record was rejected."""
    return entry.status == LOADED and entry.records > 0 and entry.accepted == 0


def _first_line(error: Exception) -> str:
    """An engine's message without the values in it, which may be personal."""
    line = str(error).strip().split("\n")[0]
    return re.sub(r"\"[^\"]*\"|'[^']*'", "…", line)[:300].rstrip(".")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
