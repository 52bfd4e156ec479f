"""Measure what the project promises about speed, and write a page of the results.

    python scripts/bench.py                     every part, at a size that takes a few minutes
    python scripts/bench.py --rows 100000       smaller and quicker
    python scripts/bench.py --part loader       one part
    python scripts/bench.py --runs 5            more repetitions

What is compared is CPU seconds (user and system, of the measured process and its children), because
the wall clock of a shared machine is noise. Both sides of a comparison run by turns on the same
files, and a ratio is taken within each turn. Results: ``bench.md`` and ``bench.json`` in
``target/bench``.

A new part is one function that takes ``Settings`` and returns a ``Report``, named in ``PARTS``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT_ROWS = 1_000_000
DEFAULT_RUNS = 3
FILES_PER_FORMAT = 10
# The promise: the loader's CPU seconds against those of DuckDB's own readers, at most.
PROMISED_RATIO = 1.5
PROMISED_MEGABYTES = 2048


class BenchError(RuntimeError):
    """A measurement could not be made; the message is one sentence for a person."""


@dataclass(frozen=True)
class Settings:
    """What the person asked for: rows per file format, repetitions, a folder for scratch files."""

    rows: int
    runs: int
    scratch: Path


@dataclass(frozen=True)
class Measurement:
    """What one process used: seconds of CPU and of the clock, largest memory in megabytes."""

    cpu_seconds: float
    wall_seconds: float
    megabytes: float


@dataclass(frozen=True)
class Comparison:
    """Several turns of ours and theirs on the same input."""

    name: str
    input_bytes: int
    rows: int
    ours: list[Measurement]
    theirs: list[Measurement]

    @property
    def ratios(self) -> list[float]:
        """Return our CPU seconds divided by theirs, turn by turn, sorted."""
        return sorted(
            mine.cpu_seconds / other.cpu_seconds
            for mine, other in zip(self.ours, self.theirs, strict=True)
        )

    @property
    def megabytes(self) -> float:
        """Return the largest memory that any of our turns used."""
        return max(turn.megabytes for turn in self.ours)


@dataclass(frozen=True)
class Report:
    """The result of one part: an explanation, its comparisons, and what was promised."""

    title: str
    explanation: str
    ours: str
    theirs: str
    comparisons: list[Comparison]
    promised_ratio: float
    promised_megabytes: float


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Measurement:
    """Run a command to its end and return what it and its children used.

    Raises BenchError with the command's last words when it fails.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=output, stderr=output, cwd=REPOSITORY
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode != 0:
            output.seek(0)
            words = output.read().decode(errors="replace").strip()[-2000:]
            raise BenchError(f"`{' '.join(command[:3])}` ended with {process.returncode}: {words}")
    # Linux counts the largest memory in kilobytes, macOS in bytes.
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Measurement(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


# --- The loader against DuckDB's own readers -----------------------------------------------------

CONTRACT = REPOSITORY / "models" / "staging" / "redirector" / "_redirector__sources.yml"
# How the fields of a click are made from its number `i` and the draws r1 to r4 (0 to 1, even).
FIELD_SQL = {
    "event_id": "md5(i::varchar)",
    "event_time": "strftime(clicked_at, '%Y-%m-%dT%H:%M:%S.%gZ')",
    "network": "list_extract(['awin', 'cj', 'impact', 'everflow'], 1 + (r1 * 4)::integer % 4)",
    "advertiser_id": "'A' || (pow(r2, 3) * 2000)::integer::varchar",
    "partner_id": "'P' || (pow(r3, 3) * 9000)::integer::varchar",
    "program_id": "'R' || (pow(r2, 3) * 3000)::integer::varchar",
    "campaign_id": "'C' || (r4 * 400)::integer::varchar",
    "creative_id": "'K' || (r1 * 5000)::integer::varchar",
    "sub_id": "case when r4 < 0.4 then 'newsletter, week ' || (r3 * 52)::integer::varchar end",
    "landing_url": (
        "'https://www.shop' || (r2 * 900)::integer::varchar || '.example/products/'"
        " || (r3 * 100000)::integer::varchar || '?utm_source=partner&utm_medium=affiliate"
        "&ref=' || i"
    ),
    "referrer_url": (
        "case when r1 < 0.8 then 'https://blog' || (r4 * 4000)::integer::varchar"
        " || '.example/reviews/' || (r2 * 300)::integer::varchar end"
    ),
    "user_agent": (
        "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'"
        " || (90 + (r4 * 40)::integer)::varchar || '.0.' || (r3 * 9)::integer::varchar"
        " || '.0 Safari/537.36'"
    ),
    "ip": (
        "'203.' || (r1 * 255)::integer::varchar || '.' || (r2 * 255)::integer::varchar || '.'"
        " || (r3 * 255)::integer::varchar"
    ),
    "country": "list_extract(['US', 'DE', 'GB', 'FR', 'NL', 'PL'], 1 + (r2 * 6)::integer % 6)",
    "cookie_id": "case when r3 < 0.9 then md5('v' || (r1 * 300000)::integer::varchar) end",
    "cpc": "(r4 * 2)::decimal(12, 4)",
    "currency": "list_extract(['USD', 'EUR', 'GBP'], 1 + (r3 * 3)::integer % 3)",
}
# One click in a hundred is delivered twice; one line in a thousand is cut short.
CLICKS_SQL = """
    select
        n,
        i,
        timestamp '2024-01-01' + to_milliseconds((i * 137) % 10000000000) as clicked_at,
        (hash(i, 1) % 1000003) / 1000003 as r1,
        (hash(i, 2) % 1000003) / 1000003 as r2,
        (hash(i, 3) % 1000003) / 1000003 as r3,
        (hash(i, 4) % 1000003) / 1000003 as r4
    from (select range as n, range - (range % 100 = 3)::integer as i from range({first}, {last}))
"""
CUT_SHORT = "case when n % 1000 = 7 then left(line, 60) else line end"
AS_LINES = "(format csv, header false, quote '', escape '', delimiter '\x1f', compression gzip)"


def contract_fields() -> dict[str, str]:
    """Return field of the redirector's files → DuckDB type, as the contract types them.

    Raises BenchError when the contract does not have the fields that the benchmark writes.
    """
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    types: dict[str, str] = {}
    for column in document["sources"][0]["tables"][0]["columns"]:
        meta = column.get("config", {}).get("meta", {})
        field = meta.get("field", column["name"])
        if not column["name"].startswith("_") and "url_parameter" not in meta:
            declared = (
                "varchar"
                if "pii" in meta
                else re.sub(r"varchar\(\d+\)", "varchar", column["data_type"])
            )
            types.setdefault(field, declared)
    missing = sorted(set(FIELD_SQL) - set(types))
    if missing:
        raise BenchError(
            f"{CONTRACT.relative_to(REPOSITORY)} has no field {', '.join(missing)} any more:"
            " name the fields in FIELD_SQL of scripts/bench.py as the contract does."
        )
    return {field: types[field] for field in FIELD_SQL}


def write_clicks(folder: Path, kind: str, rows: int) -> int:
    """Write the benchmark's clicks as files of one kind and return their bytes on disk."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for number in range(FILES_PER_FORMAT):
            bounds = [rows * part // FILES_PER_FORMAT for part in (number, number + 1)]
            clicks = CLICKS_SQL.format(first=bounds[0], last=bounds[1])
            fields = ", ".join(f"{sql} as {name}" for name, sql in FIELD_SQL.items())
            target = folder / f"clicks_{number:03d}.{kind}"
            if kind == "parquet":
                query, options = f"select {fields} from ({clicks})", "(format parquet)"
            elif kind == "ndjson.gz":
                pairs = ", ".join(f"{name} := {sql}" for name, sql in FIELD_SQL.items())
                query = (
                    f"select {CUT_SHORT} as line from"
                    f" (select n, to_json(struct_pack({pairs}))::varchar as line from ({clicks}))"
                )
                options = AS_LINES
            else:
                # Only these can hold a comma.
                quoted = [
                    f"""'"' || coalesce(({sql})::varchar, '') || '"'"""
                    if name in ("sub_id", "landing_url", "user_agent")
                    else f"coalesce(({sql})::varchar, '')"
                    for name, sql in FIELD_SQL.items()
                ]
                line = " || ',' || ".join(quoted)
                query = (
                    f"select '{','.join(FIELD_SQL)}' as line union all"
                    f" select {CUT_SHORT} from (select n, {line} as line from ({clicks}))"
                )
                options = AS_LINES
            connection.execute(f"copy ({query}) to '{target}' {options}")
    return sum(path.stat().st_size for path in folder.iterdir())


def lossy_query(folder: Path, kind: str, types: Mapping[str, str]) -> str:
    """Return DuckDB's own way from the files to a typed table, which loses what it cannot read."""
    files = f"'{folder}/*.{kind}'"
    columns = ", ".join(f"'{name}': '{kind_of}'" for name, kind_of in types.items())
    if kind == "parquet":
        typed = ", ".join(f"{name}::{kind_of} as {name}" for name, kind_of in types.items())
        return f"create table clicks as select {typed} from read_parquet({files})"
    if kind == "ndjson.gz":
        reader = f"read_json({files}, format = 'newline_delimited', ignore_errors = true"
    else:
        reader = f"read_csv({files}, header = true, ignore_errors = true"
    return f"create table clicks as select * from {reader}, columns = {{{columns}}})"


LOSSY_PROGRAM = """
import sys, duckdb
config = {"storage_compatibility_version": "v1.4.0", "threads": int(sys.argv[3])}
duckdb.connect(sys.argv[1], config=config).execute(sys.argv[2])
"""


def loader_part(settings: Settings) -> Report:
    """Compare the loader with DuckDB's typed ``read_*`` of the same files into a table."""
    types = contract_fields()
    threads = os.environ.get("CLICKSTAR_THREADS", "2")
    comparisons = []
    for kind in ("ndjson.gz", "csv.gz", "parquet"):
        landing = settings.scratch / kind
        size = write_clicks(landing / "redirector", kind, settings.rows)
        warehouse = settings.scratch / "warehouse" / "clickstar.duckdb"
        environment = {
            **os.environ,
            "TARGET": "duckdb",
            "CLICKSTAR_DUCKDB_PATH": str(warehouse),
            "CLICKSTAR_THREADS": threads,
            "CLICKSTAR_SALT": "benchmark",
        }
        commands = {
            "ours": [
                sys.executable,
                str(REPOSITORY / "scripts" / "load.py"),
                "load",
                "--landing",
                str(landing),
            ],
            "theirs": [
                sys.executable,
                "-c",
                LOSSY_PROGRAM,
                str(warehouse),
                lossy_query(landing / "redirector", kind, types),
                threads,
            ],
        }
        turns: dict[str, list[Measurement]] = {"ours": [], "theirs": []}
        for turn in range(settings.runs):
            # By turns first and second, so that a cache that one fills helps both.
            for side in ("ours", "theirs") if turn % 2 == 0 else ("theirs", "ours"):
                warehouse.parent.mkdir(exist_ok=True)
                turns[side].append(measure(commands[side], environment))
                for path in warehouse.parent.iterdir():
                    path.unlink()
        comparisons.append(Comparison(kind, size, settings.rows, turns["ours"], turns["theirs"]))
    return Report(
        title="Loader",
        explanation=(
            "The loader reads the redirector's clicks by the project's own contract: it checks"
            " every byte, types every value, keeps what it must reject, hashes personal data and"
            " writes the ledger, in transactions. DuckDB's own readers (`read_json` and `read_csv`"
            " with `ignore_errors`, `read_parquet`) put the same fields, with the same types, into"
            " a table and drop what they cannot read. One click in a hundred comes twice, one line"
            " in a thousand is cut short. Starting Python is in both."
        ),
        ours="loader",
        theirs="DuckDB",
        comparisons=comparisons,
        promised_ratio=PROMISED_RATIO,
        promised_megabytes=PROMISED_MEGABYTES,
    )


PARTS: dict[str, Callable[[Settings], Report]] = {"loader": loader_part}


# --- The page ------------------------------------------------------------------------------------


def table_of(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return the heading and the rows of a report's table, as texts."""
    heading = ["input", "rows", report.ours, report.theirs, "ratio", "range", "limit", "MB"]
    rows = []
    for item in report.comparisons:
        mine = statistics.median(turn.cpu_seconds for turn in item.ours)
        other = statistics.median(turn.cpu_seconds for turn in item.theirs)
        rows.append(
            [
                item.name,
                f"{item.rows:,}",
                f"{mine:.2f}",
                f"{other:.2f}",
                f"{statistics.median(item.ratios):.2f}",
                f"{item.ratios[0]:.2f}–{item.ratios[-1]:.2f}",
                f"{report.promised_ratio}",
                f"{item.megabytes:,.0f}",
            ]
        )
    return heading, rows


def machine() -> dict[str, Any]:
    """Return what the numbers depend on: processors, versions, date."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
    }


def write_page(out: Path, settings: Settings, reports: Mapping[str, Report]) -> Path:
    """Write the page for people and, beside it, the same as JSON; return the page's path."""
    out.mkdir(parents=True, exist_ok=True)
    about = machine()
    lines = [
        "# Benchmark",
        "",
        f"{about['date']} · {about['processors']} processors, {about['system']} ·"
        f" Python {about['python']}, DuckDB {about['duckdb']} · {settings.runs} runs by turns;"
        " CPU seconds are medians, a ratio is taken within each turn.",
    ]
    for report in reports.values():
        heading, rows = table_of(report)
        lines += ["", f"## {report.title}, CPU seconds", "", report.explanation, ""]
        lines += ["| " + " | ".join(heading) + " |", "|" + " --- |" * len(heading)]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    page = out / "bench.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    document = {
        "machine": about,
        "rows": settings.rows,
        "runs": settings.runs,
        "parts": {
            name: {
                **asdict(report),
                "comparisons": [
                    {
                        **asdict(item),
                        "ratio": {
                            "min": item.ratios[0],
                            "median": statistics.median(item.ratios),
                            "max": item.ratios[-1],
                        },
                    }
                    for item in report.comparisons
                ],
            }
            for name, report in reports.items()
        },
    }
    (out / "bench.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return page


def broken_promises(report: Report) -> list[str]:
    """Return a sentence for each promise that the numbers do not keep."""
    sentences = []
    for item in report.comparisons:
        ratio = statistics.median(item.ratios)
        if ratio > report.promised_ratio:
            sentences.append(
                f"{report.title}, {item.name}: {ratio:.2f} times the CPU seconds of"
                f" {report.theirs}, promised are at most {report.promised_ratio}."
            )
        if item.megabytes > report.promised_megabytes:
            sentences.append(
                f"{report.title}, {item.name}: {item.megabytes:,.0f} MB of memory, promised are at"
                f" most {report.promised_megabytes:,.0f}."
            )
    return sentences


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that were asked for, write the page, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description="Measure what the project promises about speed.")
    parser.add_argument("--part", choices=sorted(PARTS), action="append", help="only this part")
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, help="rows per file format")
    parser.add_argument("--runs", type=int, default=DEFAULT_RUNS, help="repetitions, by turns")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "target" / "bench")
    chosen = parser.parse_args(arguments)
    if chosen.rows < FILES_PER_FORMAT or chosen.runs < 1:
        parser.error(f"at least {FILES_PER_FORMAT} rows and one run are needed")
    console = Console()
    reports: dict[str, Report] = {}
    with tempfile.TemporaryDirectory(prefix="clickstar-bench-") as scratch:
        for name in chosen.part or PARTS:
            folder = Path(scratch) / name
            folder.mkdir()
            settings = Settings(chosen.rows, chosen.runs, folder)
            try:
                with console.status(f"measuring: {name}"):
                    reports[name] = PARTS[name](settings)
            except BenchError as error:
                console.print(f"[red]The benchmark stopped:[/red] {error}")
                return 1
    sentences = []
    for report in reports.values():
        heading, rows = table_of(report)
        table = Table(box=SIMPLE_HEAD, title=f"{report.title}, CPU seconds", title_justify="left")
        for number, name in enumerate(heading):
            table.add_column(name, justify="right" if number else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        sentences += broken_promises(report)
    page = write_page(chosen.out, settings, reports)
    console.print(f"The page: {page}, and the numbers as JSON beside it.")
    for sentence in sentences:
        console.print(f"[red]{sentence}[/red]")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
