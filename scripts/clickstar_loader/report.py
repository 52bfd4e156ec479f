"""What the person at the terminal, or the machine behind it, reads.

Results go to standard output, what happens meanwhile to standard error. With ``--json`` standard
output is one JSON document and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rich.box import HEAVY
from rich.console import Console
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

UNCHANGED = "unchanged"


@dataclass
class FileOutcome:
    """What became of one file; ``status`` as in the ledger, or unchanged.

    ``nothing_accepted``: every record of it was rejected, now or, where it is unchanged, before.
    """

    path: str
    source: str
    table: str
    status: str
    reason: str | None = None
    records: int = 0
    accepted: int = 0
    rejected: int = 0
    unknown_columns: list[str] = field(default_factory=list)
    nothing_accepted: bool = False


@dataclass
class LoadOutcome:
    """What became of a whole run."""

    files: list[FileOutcome] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def count(self, status: str) -> int:
        """How many files have the status."""
        return sum(file.status == status for file in self.files)

    @property
    def exit_code(self) -> int:
        """1 when a file or folder needs a person, otherwise 0.

        Single rejected records are told and do not count; a file without an accepted record does.
        """
        nothing_accepted = any(file.nothing_accepted for file in self.files)
        return 1 if self.count("set_aside") or nothing_accepted or self.closed else 0

    def as_json(self) -> dict[str, Any]:
        """The document that ``load --json`` prints."""
        loaded = [file for file in self.files if file.status == "loaded"]
        return {
            "files": [asdict(file) for file in self.files],
            "unmatched": self.unmatched,
            "closed": self.closed,
            "warnings": self.warnings,
            "totals": {
                "loaded": len(loaded),
                "unchanged": self.count(UNCHANGED),
                "duplicate": self.count("duplicate"),
                "set_aside": self.count("set_aside"),
                "records": sum(file.records for file in loaded),
                "accepted": sum(file.accepted for file in loaded),
                "rejected": sum(file.rejected for file in loaded),
            },
            "exit_code": self.exit_code,
        }


def counted(count: int, word: str) -> str:
    """A number and what is counted: `1 file`, `1,000 files`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def show_warning(console: Console, sentence: str) -> None:
    """Print what must not be overlooked: in a frame on a terminal, else as one line."""
    if console.is_terminal:
        console.print(Panel(Text(sentence, style="yellow"), box=HEAVY, border_style="yellow"))
    else:
        console.print(f"Warning: {sentence}", markup=False, soft_wrap=True)


class Reporter:
    """Says what happens."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, markup=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def say(self, sentence: str) -> None:
        """A sentence about what is going on."""
        self.err.print(sentence)

    def document(self, content: dict[str, Any]) -> None:
        """The JSON document of a command."""
        print(json.dumps(content, indent=2, ensure_ascii=False, default=_plain))

    @contextmanager
    def progress(self, total_bytes: int) -> Iterator[None]:
        """Show a bar of stored bytes where there is a terminal and it takes over a second."""
        if not self.err.is_terminal or self.as_json:
            yield
            return
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=self.err,
            transient=True,
        )
        self._task = self._progress.add_task("loading", total=total_bytes, visible=False)
        with self._progress:
            try:
                yield
            finally:
                self._progress = None

    def advance(self, path: str, stored_bytes: int) -> None:
        """So many bytes more are done."""
        if self._progress is not None and self._task is not None:
            elapsed = self._progress.tasks[0].elapsed or 0.0
            self._progress.update(
                self._task, advance=stored_bytes, description=path, visible=elapsed > 1.0
            )

    def load(self, outcome: LoadOutcome) -> None:
        """The result of a load."""
        if self.as_json:
            self.document(outcome.as_json())
            return
        for file in outcome.files:
            if file.status == "set_aside":
                self.out.print(f"Set aside: {file.path}: {file.reason}.")
            elif file.status == "duplicate":
                self.out.print(f"Duplicate: {file.path}: {file.reason}.")
            elif file.nothing_accepted:
                self.out.print(
                    f"Nothing accepted: {file.path}: every record of it was rejected; see why with "
                    f".venv/bin/python scripts/load.py rejects --table {file.table}, then deliver "
                    "it again, or correct the contract and replay it."
                )
            if file.unknown_columns and file.status == "loaded":
                names = ", ".join(file.unknown_columns)
                self.out.print(
                    f"Unknown columns in {file.path}: {names}; they are kept in _extra of "
                    f"{file.table} until the contract names them."
                )
        for folder in outcome.closed:
            self.out.print(
                f"Not looked into: {folder}: the folder cannot be read; give the loader's user "
                "the permission to, and load again."
            )
        if outcome.unmatched:
            shown = ", ".join(outcome.unmatched[:10])
            more = len(outcome.unmatched) - 10
            self.out.print(
                f"No contract takes {shown}{f' and {more} more' if more > 0 else ''}: correct a "
                "pattern in a source's contract, or remove the file."
            )
        totals = outcome.as_json()["totals"]
        if totals["loaded"]:
            self._loaded_table(outcome)
        words = [f"{counted(totals['loaded'], 'file')} loaded"]
        words += [
            text
            for name, text in (
                ("unchanged", f"{totals['unchanged']:,} unchanged"),
                ("duplicate", counted(totals["duplicate"], "duplicate")),
                ("set_aside", f"{totals['set_aside']:,} set aside"),
            )
            if totals[name]
        ]
        self.out.print(
            f"{', '.join(words)}; {counted(totals['records'], 'record')} = "
            f"{totals['accepted']:,} accepted + {totals['rejected']:,} rejected."
        )
        if totals["rejected"]:
            self.out.print("See the rejects with: .venv/bin/python scripts/load.py rejects")
        for warning in outcome.warnings:
            show_warning(self.err, warning)

    def _loaded_table(self, outcome: LoadOutcome) -> None:
        by_table: dict[str, list[int]] = {}
        for file in outcome.files:
            if file.status == "loaded":
                sums = by_table.setdefault(file.table, [0, 0, 0, 0])
                for place, value in enumerate((1, file.records, file.accepted, file.rejected)):
                    sums[place] += value
        self.table(
            ["table", "files", "records", "accepted", "rejected"],
            [[name, *sums] for name, sums in sorted(by_table.items())],
        )

    def table(self, header: list[str], rows: list[list[Any]]) -> None:
        """A table of results; numbers to the right."""
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for place, name in enumerate(header):
            numeric = any(isinstance(row[place], int) for row in rows)
            shown.add_column(
                name, justify="right" if numeric else "left", overflow="fold", no_wrap=False
            )
        for row in rows:
            shown.add_row(*(Text(_shown(value)) for value in row))
        self.out.print(shown)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
