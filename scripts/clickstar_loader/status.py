"""What is in the warehouse, by source; and the rejected records."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from .contract import Table
from .errors import LoaderError, UsageError
from .report import Reporter, counted
from .sql import quoted
from .warehouse import LEDGER, REJECTS, Warehouse

_REJECT_COLUMNS = (
    "source_name", "table_name", "path", "line_number", "column_name", "reason", "raw_text",
    "rejected_at",
)  # fmt: skip


def show_status(warehouse: Warehouse, tables: list[Table], reporter: Reporter) -> None:
    """Files, rows, rejects and the newest event of each table, and the files set aside."""
    existing = warehouse.table_types()
    sums = {
        row[0]: row[1:]
        for row in warehouse.query(
            f"""
            select
                table_name,
                sum(case when status = 'loaded' then 1 else 0 end),
                sum(case when status = 'set_aside' then 1 else 0 end),
                sum(case when status = 'loaded' then accepted else 0 end),
                sum(case when status = 'loaded' then rejected else 0 end),
                max(case when status = 'loaded' then loaded_at end)
            from {warehouse.relation(LEDGER)}
            group by table_name
            """
        )
    }
    entries = []
    for table in tables:
        files, aside, rows, rejects, loaded_at = sums.get(table.identifier, (0, 0, 0, 0, None))
        newest = None
        if table.event_time is not None and table.event_time in existing.get(table.identifier, {}):
            newest = warehouse.query(
                f"select max({quoted(table.event_time)}) "
                f"from {warehouse.relation(table.identifier)}"
            )[0][0]
        entries.append(
            {
                "source_name": table.source,
                "table_name": table.identifier,
                "files": int(files),
                "set_aside": int(aside),
                "rows": int(rows),
                "rejects": int(rejects),
                "newest_event": newest,
                "last_loaded_at": loaded_at,
            }
        )
    aside_files = [
        {"path": path, "table_name": name, "reason": reason}
        for path, name, reason in warehouse.query(
            f"select path, table_name, reason from {warehouse.relation(LEDGER)} "
            "where status = 'set_aside' order by path"
        )
    ]
    if reporter.as_json:
        reporter.document({"sources": entries, "set_aside": aside_files})
        return
    reporter.table(
        ["table", "files", "set aside", "rows", "rejects", "newest event (UTC)", "loaded (UTC)"],
        [
            [
                entry["table_name"],
                entry["files"],
                entry["set_aside"],
                entry["rows"],
                entry["rejects"],
                entry["newest_event"],
                entry["last_loaded_at"],
            ]
            for entry in entries
        ],
    )
    for file in aside_files:
        reporter.out.print(f"Set aside: {file['path']}: {file['reason']}.")


def show_rejects(
    warehouse: Warehouse,
    tables: list[Table],
    reporter: Reporter,
    table: str | None,
    limit: int,
    export: Path | None,
) -> None:
    """The rejected records of the loaded files, newest first; or all of them as a CSV file.

    Raises UsageError when nothing was ever loaded into ``table`` and no contract describes it, and
    LoaderError when the CSV cannot be written.
    """
    if table is not None:
        loaded = warehouse.query(f"select distinct table_name from {warehouse.relation(LEDGER)}")
        if table not in {row[0] for row in loaded} | {known.identifier for known in tables}:
            raise UsageError(f"There is no raw table {table!r}: load.py status lists them.")
    where = f"where rejects.table_name = {warehouse.literal(table)}" if table else ""
    total = warehouse.query(
        f"select count(*) from {warehouse.relation(REJECTS)} as rejects {where}"
    )[0][0]
    rows = warehouse.query(
        f"""
        select
            rejects.source_name, rejects.table_name, files.path, rejects.line_number,
            rejects.column_name, rejects.reason, rejects.raw_text, rejects.rejected_at
        from {warehouse.relation(REJECTS)} as rejects
        inner join {warehouse.relation(LEDGER)} as files
            on rejects.file_id = files.file_id and files.status = 'loaded'
        {where}
        order by rejects.rejected_at desc, files.path, rejects.line_number
        {"" if export else f"limit {limit}"}
        """
    )
    if export is not None:
        _export(export, rows)
        if reporter.as_json:
            reporter.document({"total": total, "exported_to": str(export)})
        else:
            reporter.out.print(f"{counted(total, 'rejected record')} written to {export}.")
        return
    if reporter.as_json:
        rejects = [dict(zip(_REJECT_COLUMNS, row, strict=True)) for row in rows]
        reporter.document({"total": total, "rejects": rejects})
        return
    reporter.table(
        ["file", "record", "column", "reason", "text"],
        [[row[2], row[3], row[4], row[5], _start(row[6])] for row in rows],
    )
    reporter.out.print(
        f"{len(rows):,} of {counted(total, 'rejected record')}; all with --export FILE.csv"
        if total
        else "No record was rejected."
    )


def _export(export: Path, rows: list[tuple[Any, ...]]) -> None:
    try:
        with export.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_REJECT_COLUMNS)
            writer.writerows(rows)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise LoaderError(
            f"The rejected records cannot be written to {export} ({reason}): give another file."
        ) from error


def _start(text: str | None) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= 80 else line[:79] + "…"
